"""From distances to the weights of a graph. N: sensors."""

import math
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import DatasetFacts

BINARY, GAUSSIAN = RULES = ("binary", "gaussian")
THRESHOLD = 0.1


@dataclass(frozen=True)
class GraphOptions:
    """What the user says of a graph.

    Attributes:
        rule: "binary": an edge is 1. "gaussian": distances d become exp(-(d/sigma)²). None: by the catalogue, or by
            what the file holds.
        sigma: of the gaussian rule, in the unit of the distances; None: their population deviation in the network.
        threshold: weights below it become 0; None: 0.1.
        key: the array in an `.npz` file; None: the only one that fits.
    Raises: UserError if a value cannot be used.
    """

    rule: Optional[str] = None
    sigma: Optional[float] = None
    threshold: Optional[float] = None
    key: Optional[str] = None

    def __post_init__(self) -> None:
        if self.rule not in (None, *RULES):
            raise UserError("graph_rule", self.rule, f"one of {', '.join(RULES)}", "correct --graph-rule")
        if self.sigma is not None and not (math.isfinite(self.sigma) and self.sigma > 0):
            raise UserError("graph_sigma", self.sigma, "a distance above 0", "correct --graph-sigma")
        if self.threshold is not None and not 0 <= self.threshold < 1:
            raise UserError("threshold", self.threshold, "0 or more and below 1", "correct --threshold")
        if self.rule == BINARY:
            self.refuse_unused("the binary rule")

    def refuse_unused(self, rule: str) -> None:
        """Raise UserError if sigma or threshold were given, because `rule` does not use them."""
        for field, value in (("graph_sigma", self.sigma), ("threshold", self.threshold)):
            if value is not None:
                raise UserError(field, f"given with {rule}", fix="omit it, or add --graph-rule gaussian")


@dataclass(frozen=True)
class Gaussian:
    """The rule exp(-(d/sigma)²), with weights below the threshold as 0, and where its sigma is from."""

    sigma: float
    threshold: float
    origin: str

    def weights(self, distances: np.ndarray) -> np.ndarray:
        """Float32 weights in [0, 1] of distances of any shape, in the unit of sigma."""
        weights = np.exp(-np.square(np.asarray(distances, dtype=np.float64) / self.sigma))
        weights[weights < self.threshold] = 0
        return weights.astype(np.float32)

    def __str__(self) -> str:
        return f"gaussian, exp(-(d/sigma)^2) with sigma {self.sigma:.7g} ({self.origin}), below {self.threshold:g} cut"


def gaussian(distances: np.ndarray, options: GraphOptions, facts: Optional[DatasetFacts], field: str) -> Gaussian:
    """The gaussian rule for the distances of a network.

    Args:
        distances: all that are listed between its sensors, 0 or more.
        options: sigma and threshold, if the user gave them.
        facts: of the dataset, if it is in the catalogue, which may know its sigma.
        field: the argument that named the file, for the message.
    Raises: UserError if sigma must be computed and all distances are equal.
    """
    threshold = THRESHOLD if options.threshold is None else options.threshold
    own = float(np.std(distances, dtype=np.float64)) if distances.size else 0.0
    if options.sigma is not None:
        return Gaussian(options.sigma, threshold, "--graph-sigma")
    if facts is not None and facts.graph_sigma is not None:
        whole = facts.part_of or facts.name
        origin = f"of all sensors of {whole}, by the catalogue; the deviation of these distances is {own:.7g}"
        return Gaussian(facts.graph_sigma, threshold, origin)
    if own == 0 and distances.size:
        found = f"{distances.size} distances that are all {distances.flat[0]:g}, whose deviation is 0"
        raise UserError(field, found, "distances that differ", "give --graph-sigma, or --graph-rule binary")
    # any sigma gives the same to no distance
    return Gaussian(own or 1.0, threshold, f"the deviation of {distances.size} distances")
