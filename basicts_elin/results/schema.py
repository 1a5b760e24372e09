"""The result of a run: its metrics, costs and conditions, or the reason why there is none."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Optional, get_args

from ..averages import MEAN, OVERALL
from ..config.lengths import INPUT_LEN, OUTPUT_LEN

# in per cent in every table; the other metrics are in the units that the run computed them in
PERCENT = "MAPE"


@dataclass(frozen=True)
class Result:
    """One run.

    None and "" stand for what is not known. Naive forecasts are results too, with metrics and little else.

    Attributes:
        model: the name that commands and tables use, such as "ELinFormer_small" or "legacy/STID".
        differences: the configuration fields that distinguish this run from others of the model, such as "dropout=0.2".
        dataset: name of its folder under `datasets/`.
        metrics: horizon ("3", ..., "overall", "mean") -> metric -> value. MAPE is in per cent. "overall" is over all
            targets; "mean" is the mean of the metrics of all steps ahead.
        interval_minutes: minutes between two rows of the dataset.
        unit: unit of the measured values.
        seconds_per_epoch, validation_seconds: medians over the epochs.
        peak_memory_mib: allocated on the GPU, else the resident size of the process.
        peak_reserved_mib: reserved on the GPU by the process.
        inference_ms_per_window: milliseconds of the model for a window of the test part, in batches of
            `inference_batch_size`: median over the batches.
        num_epochs: epochs that the configuration asks for; `epochs` is the last epoch trained.
        run: folder of the run.
        mape_warning: what the run has noted of targets near zero that carry MAPE; not in a CSV.
        reason: why there is no result; `log` is the file that says more.
    """

    model: str
    dataset: str
    differences: str = ""
    seed: Optional[int] = None
    metrics: Mapping[str, Mapping[str, Optional[float]]] = field(default_factory=dict)
    input_len: Optional[int] = None
    output_len: Optional[int] = None
    interval_minutes: Optional[int] = None
    unit: str = ""
    parameters: Optional[int] = None
    nodes: Optional[int] = None
    batch_size: Optional[int] = None
    train_windows: Optional[int] = None
    seconds_per_epoch: Optional[float] = None
    validation_seconds: Optional[float] = None
    peak_memory_mib: Optional[float] = None
    peak_reserved_mib: Optional[float] = None
    inference_ms_per_window: Optional[float] = None
    inference_batch_size: Optional[int] = None
    num_epochs: Optional[int] = None
    epochs: Optional[int] = None
    best_epoch: Optional[int] = None
    device: str = ""
    hardware: str = ""
    processes: Optional[int] = None
    compiled: Optional[bool] = None
    runs_at_once: Optional[int] = None
    python: str = ""
    torch: str = ""
    basicts: str = ""
    basicts_elin: str = ""
    commit: str = ""
    run: str = ""
    reason: str = ""
    log: str = ""
    mape_warning: str = ""

    @property
    def label(self) -> str:
        """The model, what differs, and other lengths than the benchmark's: "ELinFormer (dropout=0.2, input_len=96)"."""
        return labelled(self.model, self.differences, *self._other_lengths)

    @property
    def _other_lengths(self) -> list[str]:
        """The lengths that are not the benchmark's, unless the differences name them."""
        lengths = (("input_len", self.input_len, INPUT_LEN), ("output_len", self.output_len, OUTPUT_LEN))
        named = {text.partition("=")[0] for text in self.differences.split(", ")}
        return [f"{name}={value}" for name, value, usual in lengths if value not in (None, usual) and name not in named]

    @property
    def metric_columns(self) -> dict[str, Optional[float]]:
        """Every metric by the name of its column: MAE, RMSE, ..., MAE_3, RMSE_3, ..."""
        horizons = [OVERALL, *(horizon for horizon in self.metrics if horizon != OVERALL)]
        return {
            metric_column(metric, horizon): value
            for horizon in horizons
            for metric, value in self.metrics.get(horizon, {}).items()
        }

    def number(self, column: str) -> Optional[float]:
        """The value of a metric's column or of a field that holds a number; None if it is not known."""
        return getattr(self, column) if column in FIELD_TYPES else self.metric_columns.get(column)


# field -> type of its value in a CSV, in the order of the columns; metrics come after the seed
FIELD_TYPES: dict[str, type] = {
    item.name: (get_args(item.type) or (item.type,))[0]
    for item in fields(Result)
    if item.name not in ("metrics", "mape_warning")
}
OPTIONAL_FIELDS = ("inference_ms_per_window", "inference_batch_size")
IDENTITY_FIELDS = ("model", "dataset", "differences", "seed")


def metric_column(metric: str, horizon: str) -> str:
    """The column of a metric: its name, with the horizon ("3", "mean") appended unless it is over all targets."""
    return metric if horizon == OVERALL else f"{metric}_{horizon}"


def metric_names(results: Iterable[Result]) -> list[str]:
    """The names of all metrics of the results, each once, in the order of the runs."""
    return list(dict.fromkeys(name for result in results for values in result.metrics.values() for name in values))


def horizons_of(results: Iterable[Result]) -> list[str]:
    """All horizons of the results: the steps ascending, "overall", "mean"."""
    return in_order({horizon for result in results for horizon in result.metrics})


def in_order(horizons: Iterable[str]) -> list[str]:
    last = (OVERALL, MEAN)
    return sorted(horizons, key=lambda name: (1, last.index(name)) if name in last else (0, int(name)))


def steps_of(results: Iterable[Result]) -> list[str]:
    """The steps ahead among the horizons of the results, ascending."""
    return [horizon for horizon in horizons_of(results) if horizon.isdigit()]


def horizon_title(horizon: str) -> str:
    """In tables."""
    return "mean over horizons" if horizon == MEAN else horizon


def labelled(name: str, *details: str) -> str:
    """The name with its details in brackets."""
    shown = ", ".join(filter(None, details))
    return f"{name} ({shown})" if shown else name


def distinct_labels(results: Sequence[Result]) -> list[str]:
    """The labels, completed if several results have the same one: by dataset, epochs, seed or run folder."""
    shown = Counter(result.label for result in results)
    labels = []
    for result in results:
        same = [other for other in results if other.label == result.label]
        details = []
        if shown[result.label] > 1:
            details = [f"{name}={getattr(result, name)}" for name in _telling(same) if getattr(result, name)]
        labels.append(labelled(result.model, result.differences, *result._other_lengths, *details))
    return labels


def _telling(same: Sequence[Result]) -> list[str]:
    """The fields that distinguish these results; the run folder if nothing else does."""
    found = [name for name in ("dataset", "num_epochs", "seed") if len({getattr(one, name) for one in same}) > 1]
    is_unique = len({tuple(getattr(one, name) for name in found) for one in same}) == len(same)
    return found if is_unique else [*found, "run"]


def differing_fields(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The fields that distinguish each configuration from the others, as text such as "dropout=0.2, lr=0.01".

    Args:
        configs: contents of `cfg.json`; an empty one is not compared.
    """
    flat = [_flattened(config) for config in configs]
    known = [config for config in flat if config]
    texts = []
    for config in flat:
        differing = [name for name in config if any(other.get(name) != config[name] for other in known)]
        # BasicTS repeats some fields in several dictionaries, with the same value
        short = dict.fromkeys((name.rpartition(".")[2], config[name]) for name in differing)
        texts.append(", ".join(f"{name}={value}" if value else name for name, value in short))
    return texts


# fields that a result has already, and fields that do not affect a result
_NOT_COMPARED = {"seed", "num_epochs", "gpus", "gpu_num", "compile_model", "ckpt_save_dir", "metrics", "eval_horizons"}


def _flattened(value: Any, path: str = "") -> dict[str, str]:
    """Dotted name -> text of every field of `cfg.json`; of an object in a list, the class is a field with no text."""
    found: dict[str, str] = {}
    if _is_object(value):
        return {path: str(value["name"])} | _flattened(value.get("params") or {}, path)
    if isinstance(value, list) and any(map(_is_object, value)):
        for item in filter(_is_object, value):
            own = f"{path}.{item['name']}"
            found |= {own: ""} | _flattened(item.get("params") or {}, own)
        return found
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _NOT_COMPARED:
                found |= _flattened(inner, f"{path}.{name}" if path else name)
        return found
    return {path: str(value).replace(" ", "")}


def _is_object(value: Any) -> bool:
    """Whether it is a class or an object, as BasicTS writes one to `cfg.json`."""
    return isinstance(value, Mapping) and "name" in value and "module" in value
