"""Replace the softmax attention of BasicTS's iTransformer, and compare weights, output and time.

    python examples/linearize_itransformer.py

The weights are random, so the difference of the outputs says nothing about a trained model. docs/attention.md measures
one.
"""

import argparse
import copy
import time

import torch
from basicts.models.iTransformer import iTransformerConfig, iTransformerForForecasting

from basicts_elin import linearize


def seconds(model: torch.nn.Module, inputs: torch.Tensor) -> float:
    """The faster of two forward and backward passes."""
    found = []
    for _ in range(2):
        started = time.perf_counter()
        model(inputs).sum().backward()
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1000, help="number of series (default: 1000)")
    parser.add_argument("--entropy", default="gaussian", help="taylor, taylor2, gaussian or exact (default: gaussian)")
    arguments = parser.parse_args()

    torch.manual_seed(0)
    config = iTransformerConfig(input_len=12, output_len=12, num_features=arguments.series)
    softmax = iTransformerForForecasting(config).eval()
    linear = copy.deepcopy(softmax)
    print(linearize(linear, entropy=arguments.entropy))

    names = softmax.state_dict().keys()
    assert names == linear.state_dict().keys(), "the weights keep their names"
    inputs = torch.randn(4, 12, arguments.series)
    with torch.no_grad():
        before, after = softmax(inputs), linear(inputs)
    print(f"{len(names)} tensors of weights, the same in both models")
    print(f"outputs differ by {(before - after).norm() / before.norm():.1e} of their norm")
    print(f"seconds per step: {seconds(softmax, inputs):.3f} with softmax, {seconds(linear, inputs):.3f} without")


if __name__ == "__main__":
    main()
