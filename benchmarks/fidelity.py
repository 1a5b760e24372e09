r"""How well linear attention stands in for the softmax attention of a trained STAEformer.

    python benchmarks/fidelity.py -cfg baselines_cfg/STAEformer_small/PEMS08_tail.py -ckpt CHECKPOINT \
        --output results/fidelity_pems08_tail.csv --picture docs/fidelity.png

Every attention layer is given the tokens that it sees in the trained model, on windows of the test part. Its softmax
weights and its output are compared with those of entropy-equal attention by each estimator of the entropy, and with two
references: `uniform`, the same weight for every key, and `least_squares`, the sharpness of each query whose weights are
nearest to the softmax's, which no estimator can beat in that sense. Float64 throughout.

Shapes: S sequences (windows x nodes or windows x steps), N tokens, D hidden size, H heads, d = D / H head size.
"""

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from basicts.configs import BasicTSForecastingConfig
from torch import Tensor, nn

from basicts_elin.errors import UserError
from basicts_elin.models.STAEformer import STAEformer
from basicts_elin.modules import SoftmaxAttention
from basicts_elin.ops import ESTIMATORS, entropy_equal_weights
from basicts_elin.ops.entropy import deficit_to_sharpness, entropy_deficit
from basicts_elin.record import environment
from basicts_elin.results.run_reader import read_record
from basicts_elin.results.store import write_csv
from basicts_elin.training.launch.checkpoint_checks import check_checkpoint
from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.data_checks import checked_dataset
from basicts_elin.training.launch.model_checks import check_model
from basicts_elin.zoo.config_file import load_config

UNIFORM, LEAST_SQUARES = "uniform", "least_squares"
CANDIDATES = (*ESTIMATORS, UNIFORM, LEAST_SQUARES)
COLUMNS = (
    "dataset", "layer", "tokens", "queries", "logit_deviation",
    "entropy_mean", "entropy_q05", "entropy_q50", "entropy_q95", "entropy_share",
    "estimator", "entropy_estimated", "deficit_true", "deficit_estimated", "deficit_mae", "deficit_relative_error",
    "theta_mean", "theta_q05", "theta_q95", "total_variation", "kl", "positive_queries",
    "softmax_deficit_positive", "weights_deficit_positive", "negative_weights", "output_error", "output_error_centred",
    "seed", "batches", "windows", "hardware", "torch", "basicts", "commit", "checkpoint_commit",
)  # fmt: skip

# numbers in one array of weights [S, H, N, N]: 32 MiB in float64, of which about ten live at a time
CHUNK_NUMBERS = 2**22
# numbers this small against those they are compared with are rounding
ROUNDING = 1e-12


def measure(config: BasicTSForecastingConfig, checkpoint: Path, batches: int, seed: int) -> list[dict[str, Any]]:
    """One row per attention layer and candidate, on `batches` x train_batch_size windows of the test part.

    Raises: UserError for a model other than STAEformer, and for whatever `evaluate` refuses.
    """
    if config.model is not STAEformer:
        raise UserError("model", config.model.__name__, "STAEformer, which has softmax attention")
    if batches < 1:
        raise UserError("--batches", batches, "1 or more")
    check_config(config)
    checked_dataset(config)
    check_model(config)
    check_checkpoint(str(checkpoint), config)
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = config.model(config.model_config)
    model.load_state_dict(saved["model_state_dict"])
    model.double().eval()
    count = batches * config.train_batch_size
    layers = {name: LayerComparison(attention) for name, attention in attentions(model).items()}
    windows = 0
    with torch.no_grad():
        for inputs, timestamps in sample_windows(config, saved["scaler_stats"], count, seed):
            windows += 1
            for name, tokens in attention_inputs(model, inputs, timestamps).items():
                layers[name].add(tokens)
    facts = {"dataset": config.dataset_name, "batches": batches, "windows": windows, "seed": seed}
    return [{**facts, "layer": name, **row} for name, layer in layers.items() for row in layer.rows()]


def provenance(checkpoint: Path) -> dict[str, Any]:
    """What the figures were made with."""
    here = environment(on_gpu=False)
    return {
        "hardware": here["hardware"],
        "torch": here["versions"]["torch"],
        "basicts": here["versions"]["basicts"],
        "commit": here["commit"],
        "checkpoint_commit": read_record(checkpoint.parent).get("commit"),
    }


def sample_windows(
    config: BasicTSForecastingConfig, scaler_stats: dict[str, Tensor], count: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Inputs [1, steps, nodes], scaled as the checkpoint was trained, and timestamps [1, steps, 2], one by one."""
    dataset = config.dataset_type(**{**config.dataset_params, "mode": "test"})
    scaler = config.scaler(config.norm_each_channel, config.rescale, scaler_stats)
    for index in spread(len(dataset), count, seed):
        window = dataset[index]
        # scaled in float32, as the model was trained
        inputs = scaler.transform(torch.from_numpy(window["inputs"]))
        timestamps = torch.from_numpy(window["inputs_timestamps"])[:, :2]
        yield inputs.double().unsqueeze(0), timestamps.double().unsqueeze(0)


def spread(length: int, count: int, seed: int) -> list[int]:
    """One random index out of each of `count` equal parts of range(length); all of them where there are fewer."""
    if count >= length:
        return list(range(length))
    borders = np.linspace(0, length, count + 1).astype(int)
    return np.random.default_rng(seed).integers(borders[:-1], borders[1:]).tolist()


def attentions(model: nn.Module) -> dict[str, SoftmaxAttention]:
    """The attention layers in the order in which they act: "temporal 0", ..., "spatial 0", ..."""
    stacks = {"temporal": model.temporal_layers, "spatial": model.spatial_layers}
    return {f"{kind} {index}": layer.attention for kind, stack in stacks.items() for index, layer in enumerate(stack)}


def attention_inputs(model: nn.Module, inputs: Tensor, timestamps: Tensor) -> dict[str, Tensor]:
    """What each attention layer is given in a forward pass, [S, N, D]."""
    captured = {}

    def capture(name: str):
        return lambda _, arguments: captured.update({name: arguments[0].flatten(0, -3)})

    hooks = [layer.register_forward_pre_hook(capture(name)) for name, layer in attentions(model).items()]
    try:
        model(inputs, timestamps)
    finally:
        for hook in hooks:
            hook.remove()
    return captured


class LayerComparison:
    """Softmax against the candidates in one attention layer, summed over all tokens that are added."""

    def __init__(self, attention: SoftmaxAttention):
        self.attention = attention
        self.queries = 0
        self.sums: dict[Any, float] = defaultdict(float)
        # of every query, for the quantiles
        self.entropies: list[Tensor] = []
        self.thetas: dict[str, list[Tensor]] = defaultdict(list)

    def add(self, tokens: Tensor) -> None:
        """Compare on `tokens` [S, N, D]."""
        self.tokens = tokens.shape[-2]
        for chunk in tokens.split(max(1, CHUNK_NUMBERS // (self.attention.n_heads * self.tokens**2))):
            self._add(chunk)

    def _add(self, tokens: Tensor) -> None:
        layer = self.attention
        query, key, value = (self._heads(project(tokens)) for project in (layer.q_proj, layer.k_proj, layer.v_proj))
        logits = query @ (key - key.mean(-2, keepdim=True)).transpose(-2, -1) / math.sqrt(layer.head_size)
        log_softmax = logits.log_softmax(-1)
        softmax = log_softmax.exp()
        second_moment, log_count = logits.square().mean(-1), logits.new_tensor(float(self.tokens)).log()
        deficit = entropy_deficit("exact", second_moment, log_count, logits)
        output = self._output(softmax, value)
        self.queries += deficit.numel()
        self.entropies.append((log_count - deficit).flatten())
        self._sum("softmax", second_moment=second_moment, output=output.square(), centred=_centred(output).square())
        for name in CANDIDATES:
            estimate, theta = _estimate(name, second_moment, log_count, logits, softmax)
            weights = _weights(name, query, key, logits, theta)
            self.thetas[name].append(theta.flatten())
            difference = self._output(weights, value) - output
            self._sum(name, deficit=estimate, deficit_error=(estimate - deficit).abs())
            self._sum(name, difference=difference.square(), centred=_centred(difference).square())
            self._compare(name, weights, softmax, log_softmax, log_count, deficit)

    def _compare(
        self, name: str, weights: Tensor, softmax: Tensor, log_softmax: Tensor, log_count: Tensor, deficit: Tensor
    ) -> None:
        """Distances of the weights; those that need a logarithm over the queries whose weights are all positive."""
        positive = (weights > 0).all(-1)
        log_weights = weights.clamp(min=torch.finfo(weights.dtype).tiny).log()
        self._sum(
            name,
            variation=(weights - softmax).abs() / 2,
            negative=weights < 0,
            positive=positive,
            kl=(softmax * (log_softmax - log_weights)).sum(-1)[positive],
            softmax_deficit=deficit[positive],
            weights_deficit=(weights * (log_weights + log_count)).sum(-1)[positive],
        )

    def rows(self) -> list[dict[str, Any]]:
        """One row per candidate."""
        entropies, log_count = torch.cat(self.entropies).numpy(), math.log(self.tokens)
        deviation = math.sqrt(self.sums["softmax", "second_moment"] / self.queries)
        shared = {
            "tokens": self.tokens,
            "queries": self.queries,
            "logit_deviation": deviation,
            **_summary("entropy", entropies, (5, 50, 95)),
            "entropy_share": entropies.mean() / log_count,
            "deficit_true": self.sums["exact", "deficit"] / self.queries,
        }
        return [_rounded({**shared, "estimator": name, **self._row(name, shared)}) for name in CANDIDATES]

    def _row(self, name: str, shared: dict[str, float]) -> dict[str, Optional[float]]:
        sums = {quantity: value for (of, quantity), value in self.sums.items() if of == name}
        output, centred = (math.sqrt(self.sums["softmax", quantity]) for quantity in ("output", "centred"))
        positive, true = sums["positive"], shared["deficit_true"]
        row = {
            "theta_mean": None,
            "total_variation": sums["variation"] / self.queries,
            "positive_queries": positive / self.queries,
            "negative_weights": sums["negative"] / (self.queries * self.tokens),
            "output_error": _ratio(math.sqrt(sums["difference"]), output, output),
            "output_error_centred": _ratio(math.sqrt(sums["centred"]), centred, output),
        }
        if positive:
            row["kl"] = sums["kl"] / positive
            row["softmax_deficit_positive"] = sums["softmax_deficit"] / positive
            row["weights_deficit_positive"] = sums["weights_deficit"] / positive
        if name != UNIFORM:
            row |= _summary("theta", torch.cat(self.thetas[name]).numpy(), (5, 95))
        if name != LEAST_SQUARES:
            estimated = sums["deficit"] / self.queries
            row["deficit_estimated"] = estimated
            row["entropy_estimated"] = math.log(self.tokens) - estimated
            row["deficit_mae"] = sums["deficit_error"] / self.queries
            row["deficit_relative_error"] = _ratio(estimated - true, true, 1.0)
        return row

    def _sum(self, name: str, **values: Tensor) -> None:
        for quantity, tensor in values.items():
            self.sums[name, quantity] += tensor.sum().item()

    def _heads(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (self.attention.n_heads, self.attention.head_size)).transpose(-3, -2)

    def _output(self, weights: Tensor, value: Tensor) -> Tensor:
        return self.attention.out_proj((weights @ value).transpose(-3, -2).flatten(-2))


def _estimate(
    name: str, second_moment: Tensor, log_count: Tensor, logits: Tensor, softmax: Tensor
) -> tuple[Tensor, Tensor]:
    """The entropy deficit by the candidate's estimate, and the sharpness theta, [S, H, N]."""
    if name == UNIFORM:
        return torch.zeros_like(second_moment), torch.full_like(second_moment, math.inf)
    if name == LEAST_SQUARES:
        # d/db of sum_j (p_j - (1 + b x_j) / N)² is zero at b = sum_j p_j x_j / m2 = 1 / theta
        slope = (softmax * logits).sum(-1) / second_moment
        return torch.full_like(second_moment, math.nan), torch.where(second_moment > ROUNDING, 1 / slope, 1.0)
    deficit = entropy_deficit(name, second_moment, log_count, logits)
    return deficit, deficit_to_sharpness(name, second_moment, deficit)


def _weights(name: str, query: Tensor, key: Tensor, logits: Tensor, theta: Tensor) -> Tensor:
    """The candidate's weights [S, H, N, N]; those of the estimators by the package's own function."""
    if name in ESTIMATORS:
        return entropy_equal_weights(query, key, entropy=name)
    return (1 + logits / theta.unsqueeze(-1)) / key.shape[-2]


def _centred(output: Tensor) -> Tensor:
    """Without the mean over the queries, which is common to all of them."""
    return output - output.mean(-2, keepdim=True)


def _summary(name: str, values: np.ndarray, quantiles: Sequence[int]) -> dict[str, float]:
    found = np.percentile(values, quantiles)
    named = {f"{name}_q{quantile:02}": value for quantile, value in zip(quantiles, found, strict=True)}
    return {f"{name}_mean": values.mean(), **named}


def _ratio(difference: float, reference: float, scale: float) -> float:
    """difference / reference, 0 where the difference is nothing but rounding against `scale`."""
    return 0.0 if abs(difference) < ROUNDING * scale else difference / reference


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers with six significant digits."""
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in row.items()}


def format_rows(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a readable table, layer by layer."""
    lines = []
    for layer in dict.fromkeys(row["layer"] for row in rows):
        of_layer = [row for row in rows if row["layer"] == layer]
        first = of_layer[0]
        lines += [
            f"{layer}: N = {first['tokens']}, {first['queries']:,} queries, logit deviation "
            f"{first['logit_deviation']:.3f}, entropy {first['entropy_mean']:.3f} "
            f"({first['entropy_share']:.1%} of log N; 5/50/95 %: {first['entropy_q05']:.3f}, "
            f"{first['entropy_q50']:.3f}, {first['entropy_q95']:.3f}), deficit {first['deficit_true']:.4f}",
            f"  {'':<13} {'deficit':>8} {'MAE':>8} {'rel. %':>7} {'theta':>6} {'5 %':>6} {'95 %':>6} {'TV %':>6} "
            f"{'KL':>8} {'pos. %':>6} {'neg. %':>6} {'out %':>6} {'centred %':>9}",
            *(_line(row) for row in of_layer),
        ]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    cells = [
        _text(row.get("deficit_estimated"), 8, 4), _text(row.get("deficit_mae"), 8, 4),
        _text(row.get("deficit_relative_error"), 7, 1, 100),
        *(_text(row.get(f"theta_{name}"), 6, 3) for name in ("mean", "q05", "q95")),
        _text(row["total_variation"], 6, 2, 100), _text(row.get("kl"), 8, 5),
        _text(row["positive_queries"], 6, 1, 100), _text(row["negative_weights"], 6, 2, 100),
        _text(row["output_error"], 6, 2, 100), _text(row["output_error_centred"], 9, 1, 100),
    ]  # fmt: skip
    return f"  {row['estimator']:<13} " + " ".join(cells)


def _text(value: Optional[float], width: int, decimals: int, factor: int = 1) -> str:
    return f"{'-':>{width}}" if value is None else f"{value * factor:>{width}.{decimals}f}"


def main(argv: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-cfg", required=True, metavar="FILE", help="configuration that the checkpoint was trained by")
    parser.add_argument("-ckpt", type=Path, required=True, metavar="CHECKPOINT", help="a trained STAEformer, .pt")
    parser.add_argument("--batches", type=int, default=4, help="training batches' worth of windows (default: 4)")
    parser.add_argument("--seed", type=int, default=42, help="of the choice of windows (default: 42)")
    parser.add_argument("--output", type=Path, metavar="CSV", required=True, help="where the rows are written")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="where the picture is written")
    arguments = parser.parse_args(argv)
    try:
        rows = measure(load_config(arguments.cfg), arguments.ckpt, arguments.batches, arguments.seed)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(format_rows(rows))
    facts = provenance(arguments.ckpt)
    write_csv(arguments.output, [{**row, **facts} for row in rows], COLUMNS)
    if arguments.picture:
        from fidelity_picture import plot

        plot(arguments.picture, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
