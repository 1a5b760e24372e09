"""Which runs a table of the paper needs: models x datasets x seeds, and the configuration of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..data.catalog import dataset_facts
from ..errors import UserError
from ..legacy_checkout import ABSENT
from ..results import paper
from ..results.paper import ATTENTION, LEGACY_MODELS, LEGACY_PREFIX, SMALL_SUFFIX, legacy_name

# how the train command is told a model and a dataset: as a file, or as the name that takes its place
CONFIG = "baselines_cfg/{model}/{dataset}.py"
LEGACY_CONFIG = "legacy/{model}/{dataset}"

# models that have a small configuration
_WITH_SMALL = tuple(model for model, (backbone, _) in ATTENTION.items() if backbone == "STAEformer")


@dataclass(frozen=True)
class Table:
    """Models and datasets of a table, unless the command names others, and the stem of its files."""

    models: tuple[str, ...]
    datasets: tuple[str, ...]
    stem: str


DATASETS_TABLE = "table1"
TABLES = {
    DATASETS_TABLE: Table((), tuple(paper.TABLE1), "table1"),
    "table2": Table(("STAEformer_matmul", "STAEformer", "ELinFormer"), tuple(paper.TABLE2), "table2"),
    "table3": Table(tuple(paper.TABLE3), paper.TABLE3_DATASETS, "table3"),
    # attention_cpu.csv is the layer's benchmark
    "attention": Table(tuple(ATTENTION), tuple(paper.TABLE2), "attention_methods"),
}


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        model: as the results name it; small ones have their suffix.
        config: what the train command is told.
        epochs: None = the configuration's.
        is_legacy: whether the model is one of BasicTS 0.5.
    """

    model: str
    dataset: str
    seed: int
    config: str
    epochs: Optional[int] = None
    is_legacy: bool = False

    def __str__(self) -> str:
        return f"{self.model} {self.dataset} seed {self.seed}"

    def arguments(self, gpus: str) -> list[str]:
        """The arguments of the train command."""
        changes = ["--set", f"num_epochs={self.epochs}"] if self.epochs else []
        return ["-c", self.config, "--gpus", gpus, "--seed", str(self.seed), *changes]


def plan_runs(
    table: str,
    models: Optional[Sequence[str]] = None,
    datasets: Optional[Sequence[str]] = None,
    seeds: Sequence[int] = (42,),
    epochs: Optional[int] = None,
    small: bool = False,
) -> list[Run]:
    """The runs of a table: dataset by dataset, and for each seed every model.

    Args:
        models, datasets: None = the table's. Any dataset that is prepared or in the catalogue; any model that the train
            command knows, those of BasicTS 0.5 as legacy/<Model>.
        small: the small configuration of each model that has one.
    Raises: UserError for a dataset that is neither prepared nor in the catalogue, and for a model of the paper that
        cannot be run, if `models` names it.
    """
    for model in models or ():
        if model in ABSENT:
            raise UserError("--models", f"{model}: {ABSENT[model]}", "models that can be run", "omit it")
    runs = []
    for dataset in datasets or TABLES[table].datasets:
        if not Path("datasets", dataset, "meta.json").is_file():
            dataset_facts(dataset)
        for seed in seeds:
            for model in models or TABLES[table].models:
                if model not in ABSENT:
                    runs.append(_run(model, dataset, seed, epochs, small))
    return list(dict.fromkeys(runs))


def _run(model: str, dataset: str, seed: int, epochs: Optional[int], small: bool) -> Run:
    if model in LEGACY_MODELS or model.startswith(LEGACY_PREFIX):
        model = model.removeprefix(LEGACY_PREFIX)
        config = LEGACY_CONFIG.format(model=model, dataset=dataset)
        return Run(legacy_name(model), dataset, seed, config, epochs, is_legacy=True)
    model += SMALL_SUFFIX if small and model in _WITH_SMALL else ""
    return Run(model, dataset, seed, CONFIG.format(model=model, dataset=dataset), epochs)
