"""Which runs a table of the paper needs: models x datasets x seeds, and the configuration of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from ..data.catalog import dataset_facts
from ..errors import UserError
from ..results import paper
from ..zoo import registry

# configurations that the commands know by these names
FILES = "baselines_cfg/{model}/{dataset}.py"


@dataclass(frozen=True)
class Table:
    """A table's models and datasets, unless the command names others, and the stem of its files."""

    models: Callable[[], Sequence[str]]
    datasets: tuple[str, ...]
    stem: str


DATASETS_TABLE = "table1"
TABLES = {
    DATASETS_TABLE: Table(tuple, tuple(paper.TABLE1), "table1"),
    "table2": Table(lambda: _table2_models(), tuple(paper.TABLE2), "table2"),
    "table3": Table(lambda: tuple(paper.TABLE3), paper.TABLE3_DATASETS, "table3"),
    # attention_cpu.csv is the layer's benchmark
    "attention": Table(lambda: tuple(registry.compared_models()), tuple(paper.TABLE2), "attention_methods"),
}


@dataclass(frozen=True)
class Run:
    """One training: `model` as the results name it, small ones with their suffix; epochs None = the configuration's."""

    model: str
    dataset: str
    seed: int
    config: str
    epochs: Optional[int] = None
    is_older: bool = False

    def __str__(self) -> str:
        return f"{self.model} {self.dataset} seed {self.seed}"

    def arguments(self, gpus: str) -> list[str]:
        """Of the train command."""
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
    """The runs of a table, a dataset's together, a seed of every model before the next one.

    Args:
        models, datasets: None = the table's. Any dataset of the catalogue; any model that has a configuration, those of
            BasicTS 0.5 as legacy/<Model>.
        small: the small configuration of each model that has one.
    Raises: UserError for a dataset that is not in the catalogue, and for a model that cannot be run, if it is asked for
        by name.
    """
    for model in models or ():
        found = registry.find(model)
        if found and found.entry.unfit:
            raise UserError(f"--models {model}", found.entry.unfit, "a model that can be trained", "omit it")
    runs = []
    for dataset in datasets or TABLES[table].datasets:
        dataset_facts(dataset)
        for seed in seeds:
            for model in models or TABLES[table].models():
                found = registry.find(model)
                if not (found and found.entry.unfit):
                    runs.append(_run(model, dataset, seed, epochs, small))
    return list(dict.fromkeys(runs))


def _table2_models() -> list[str]:
    """The models that Table 2 prints, also with the attention that the paper measured them with."""
    names = []
    for paper_name in next(iter(paper.TABLE2.values())):
        entry = registry.paper_entry(paper_name)
        names += [f"{entry.name}_{entry.paper_attention}"] if entry.paper_attention else []
        names.append(entry.name)
    return names


def _run(model: str, dataset: str, seed: int, epochs: Optional[int], small: bool) -> Run:
    found = registry.find(model)
    if found is None or not found.entry.is_legacy:
        if small and found and found.entry.small:
            model = replace(found, is_small=True).name
        return Run(model, dataset, seed, FILES.format(model=model, dataset=dataset), epochs)
    # those of the paper's tables are known by its names
    label = found.entry.paper_name or found.entry.name
    return Run(label, dataset, seed, f"{found.entry.name}/{dataset}", epochs, is_older=True)
