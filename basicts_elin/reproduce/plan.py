"""Which runs a table of the paper needs: models x datasets x seeds, and the configuration of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..data.catalog import dataset_facts
from ..errors import UserError
from ..legacy_checkout import ABSENT
from ..results import paper

# Configurations that the commands know by these names; for the older ones see legacy/.
FILES = "baselines_cfg/{model}/{dataset}.py"
# the older baselines that have a name of their own are known by it alone
OLDER_PREFIX = "legacy/"
OLDER_FILES = "legacy/{model}/{dataset}"

# models of BasicTS 0.5 that 1.1 does not have
OLDER = ("AGCRN", "DCRNN", "GTS", "D2STGNN", "HimNet", "STGCN", "MTGNN", "GWNet", "STWave")

# model -> backbone and attention, in the order of the table
ATTENTION = {
    "STAEformer_matmul": ("STAEformer", "softmax (matmul)"),
    "STAEformer": ("STAEformer", "softmax (SDPA)"),
    "STAEformer_linformer": ("STAEformer", "Linformer"),
    "ELinFormer": ("STAEformer", "entropy-equal, taylor"),
    "ELinFormer_gaussian": ("STAEformer", "entropy-equal, gaussian"),
    "iTransformer": ("iTransformer", "softmax (matmul)"),
    "iTransformer_sdpa": ("iTransformer", "softmax (SDPA)"),
    "iTransformer_linformer": ("iTransformer", "Linformer"),
    "iTransformer_linear": ("iTransformer", "entropy-equal, taylor"),
    "iTransformer_gaussian": ("iTransformer", "entropy-equal, gaussian"),
}
SMALL = "_small"
# those that a small configuration exists of
_WITH_SMALL = tuple(model for model, (backbone, _) in ATTENTION.items() if backbone == "STAEformer")


@dataclass(frozen=True)
class Table:
    """A table's models and datasets, unless the command names others, and the stem of its files."""

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
        if model in ABSENT:
            raise UserError(f"--models {model}: {ABSENT[model]}; leave it away")
    runs = []
    for dataset in datasets or TABLES[table].datasets:
        dataset_facts(dataset)
        for seed in seeds:
            for model in models or TABLES[table].models:
                if model not in ABSENT:
                    runs.append(_run(model, dataset, seed, epochs, small))
    return list(dict.fromkeys(runs))


def base_name(model: str) -> str:
    """The model that a small one is the small one of."""
    return model.removesuffix(SMALL)


def _run(model: str, dataset: str, seed: int, epochs: Optional[int], small: bool) -> Run:
    if small and model in _WITH_SMALL:
        model += SMALL
    is_older = model in OLDER or model.startswith(OLDER_PREFIX)
    pattern = OLDER_FILES if is_older else FILES
    older_name = model.removeprefix(OLDER_PREFIX)
    config = pattern.format(model=older_name, dataset=dataset)
    return Run(older_name if older_name in OLDER else model, dataset, seed, config, epochs, is_older)
