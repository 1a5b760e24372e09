"""Which runs a table of the paper needs: models x datasets x seeds, and the configuration of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Optional, Union

from ..config.assignments import assignment, assignments_text
from ..data.dataset import find_dataset
from ..errors import UserError
from ..results import ablation, published
from ..results.schema import labelled
from ..zoo import registry

# the -c argument of the train command: a file, or the same path as a name
CONFIG = "baselines_cfg/{model}/{dataset}.py"
_OPTIONS = {"num_epochs": "--epochs", "seed": "--seeds", "gpus": "--gpus", "gpu_num": "--gpus"}


@dataclass(frozen=True)
class Table:
    """The models and datasets of a table, unless the command names others, and the stem of its files.

    A model may come with assignments of its own, as for `--set`.
    """

    models: Callable[[], Sequence[Union[str, tuple[str, tuple[str, ...]]]]]
    datasets: tuple[str, ...]
    stem: str


def _table2_models() -> list[str]:
    """The models of Table 2, and each with the attention that the paper used for its measurements."""
    names = []
    for paper_name in published.systems_of(published.TABLE2):
        entry = registry.paper_entry(paper_name)
        names += [f"{entry.name}_{entry.paper_attention}"] if entry.paper_attention else []
        names.append(entry.name)
    return names


DATASETS_TABLE = "table1"
TABLES = {
    DATASETS_TABLE: Table(tuple, published.datasets_of(published.TABLE1), "table1"),
    "table2": Table(_table2_models, published.datasets_of(published.TABLE2), "table2"),
    "table3": Table(lambda: published.systems_of(published.TABLE3), published.datasets_of(published.TABLE3), "table3"),
    # attention_cpu.csv is the layer's benchmark
    "attention": Table(
        lambda: tuple(registry.compared_models()), published.datasets_of(published.TABLE2), "attention_methods"
    ),
    "ablation": Table(lambda: tuple((row.model, row.changes) for row in ablation.ROWS), ("PEMS08",), "ablation"),
}


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        model: its name in the results, with the suffix of small models.
        config: the `-c` argument of the train command.
        epochs: None = the configuration's.
        is_legacy: whether the model is one of BasicTS 0.5.
        changes: what `--set` is given, "field=value".
    """

    model: str
    dataset: str
    seed: int
    config: str
    epochs: Optional[int] = None
    is_legacy: bool = False
    changes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{labelled(self.model, self.differences)} {self.dataset} seed {self.seed}"

    @property
    def differences(self) -> str:
        """The changes as a result names them."""
        return assignments_text(self.changes)

    @property
    def identity(self) -> tuple[str, str, str, int]:
        """The values of a result's `IDENTITY_FIELDS`."""
        return self.model, self.dataset, self.differences, self.seed

    def arguments(self, gpus: str) -> list[str]:
        """The arguments of the train command."""
        changes = [f"num_epochs={self.epochs}"] if self.epochs else []
        changes += self.changes
        words = ["-c", self.config, "--gpus", gpus, "--seed", str(self.seed)]
        return [*words, "--set", *changes] if changes else words


def plan_runs(
    table: str,
    models: Optional[Sequence[str]] = None,
    datasets: Optional[Sequence[str]] = None,
    seeds: Sequence[int] = (42,),
    epochs: Optional[int] = None,
    small: bool = False,
    changes: Sequence[str] = (),
) -> list[Run]:
    """The runs of a table: dataset by dataset, and for each seed every model.

    Args:
        models, datasets: None = the table's. Any dataset that is prepared or in the catalogue; any model that the train
            command knows, those of BasicTS 0.5 as legacy/<Model>.
        small: the small configuration of each model that has one.
        changes: "field=value" for the configuration of every run.
    Raises: UserError for a dataset that is neither prepared nor in the catalogue; for a model of the paper that cannot
        be run, if `models` names it; for a change of a field that has an option of its own.
    """
    for model in models or ():
        if _unfit(model):
            raise UserError("--models", f"{model}: {_unfit(model)}", "models that can be trained", "omit it")
    for name, value in map(assignment, changes):
        if name in _OPTIONS:
            option = _OPTIONS[name]
            raise UserError(f"--set {name}", value, f"the option {option}", f"use {option} {value}")
    runs = []
    for dataset in datasets or TABLES[table].datasets:
        find_dataset(dataset)
        for seed in seeds:
            for model in models or TABLES[table].models():
                name, own = (model, ()) if isinstance(model, str) else model
                if not _unfit(name):
                    run = _run(name, dataset, seed, epochs, small)
                    runs.append(replace(run, changes=(*own, *changes)))
    return list(dict.fromkeys(runs))


def _unfit(model: str) -> str:
    """Why the model cannot be trained; "" if it can, or if only a configuration file knows it."""
    found = registry.find(model)
    return found.entry.unfit if found else ""


def _run(model: str, dataset: str, seed: int, epochs: Optional[int], small: bool) -> Run:
    found = registry.find(model)
    if found and found.entry.is_legacy:
        # models of the paper's tables are known by its names
        name = found.entry.paper_name or found.entry.name
        return Run(name, dataset, seed, f"{found.entry.name}/{dataset}", epochs, is_legacy=True)
    if small and found and found.entry.small:
        model = replace(found, is_small=True).name
    return Run(model, dataset, seed, CONFIG.format(model=model, dataset=dataset), epochs)
