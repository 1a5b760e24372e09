"""The parts of a forecaster, from the folder of a run."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ...config.own_fields import missing_inputs_of
from ...data.dataset import DATASETS, open_dataset
from ...errors import UserError
from ...files import read_json
from ...record import CONFIG_FILE, METRICS_FILE, RECORD_FILE
from ...training.launch.checkpoint_checks import check_parameters, checked_content
from ...training.launch.trained_on import check_same_dataset, facts_of, series_facts
from ...zoo.run_name import model_name
from ..facts import Facts
from ..network import ScaledNetwork, evaluating
from .architecture import build_model

_BEST = "*_best_val_*.pt"
_EXPECTED = "the folder of a run, as train prints it, one of its checkpoints, or a folder that Forecaster.save wrote"


@dataclass(frozen=True)
class Parts:
    """What a forecaster is made of.

    Attributes:
        description: `model` and `model_config` of the run's `cfg.json`.
        statistics: of the scaler.
        metrics: of the test part, as `test_metrics.json` has them; {} if there are none.
        sha256: of the checkpoint.
        checkpoint: its file; None of a saved forecaster.
        dataset_folder: which may not exist any more; None of a saved forecaster.
        dataset_sha256: the fingerprint of the dataset, see `Dataset.fingerprint`; {} if it is not known.
    """

    facts: Facts
    network: ScaledNetwork
    description: dict[str, Any]
    statistics: dict[str, Any]
    metrics: dict[str, Any]
    sha256: str
    checkpoint: Optional[Path] = None
    dataset_folder: Optional[Path] = None
    dataset_sha256: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> dict[str, str]:
        """What intervals of this model come from, see `intervals.stored`."""
        return {"checkpoint": self.sha256}


def read_run(path: Path) -> Parts:
    """The parts of a run's forecaster.

    Args:
        path: the folder of the run, for its best checkpoint, or a checkpoint in it.
    Raises: UserError if there is no run, or its files cannot be used.
    """
    checkpoint = _checkpoint(path)
    config = read_json(checkpoint.with_name(CONFIG_FILE), "train the run again")
    content = checked_content(str(checkpoint))
    folder = Path(config.get("dataset_params", {}).get("data_file_path") or DATASETS / str(config.get("dataset_name")))
    known = _series(content, checkpoint, folder)
    record = _content(checkpoint.with_name(RECORD_FILE))
    name = model_name(record.get("config"), record.get("dataset", "")) or config["model"]["name"]
    facts = Facts.of(
        {
            **known,
            "model": name,
            "input_len": config["dataset_params"]["input_len"],
            "output_len": config["dataset_params"]["output_len"],
            "null_val": config["null_val"],
            "null_to_num": config["null_to_num"],
            "missing_inputs": missing_inputs_of(config),
        }
    )
    description = {key: config.get(key) for key in ("model", "model_config")}
    model = build_model(description, checkpoint.with_name(CONFIG_FILE), is_own_run=True)
    check_parameters(str(checkpoint), content["model_state_dict"], model, type(model).__name__)
    model.load_state_dict(content["model_state_dict"])
    if config.get("scaler") and not content.get("scaler_stats"):
        raise UserError(
            checkpoint, "no statistics of the scaler", "a checkpoint of this package", "train the run again"
        )
    statistics = content.get("scaler_stats") or {}
    network = ScaledNetwork(model, statistics, facts.missing_inputs, config["null_val"], facts.null_to_num)
    return Parts(
        facts,
        evaluating(network),
        description,
        statistics,
        _content(checkpoint.with_name(METRICS_FILE)),
        hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        checkpoint,
        folder,
        content.get("dataset_sha256") or {},
    )


def _content(file: Path) -> dict[str, Any]:
    return read_json(file, "train the run again") if file.is_file() else {}


def _checkpoint(path: Path) -> Path:
    if path.is_file():
        found = path
    else:
        if not path.is_dir():
            raise UserError("run", f"{path} does not exist", _EXPECTED, "correct the path")
        checkpoints = sorted(path.glob(_BEST))
        if len(checkpoints) != 1:
            inside = sorted(file.parent for file in path.glob(f"*/{_BEST}"))
            fix = f"such as {inside[0]}" if inside else "train the run for one epoch or more"
            found = f"{len(checkpoints)} best checkpoints in {path}" if checkpoints else f"no best checkpoint in {path}"
            raise UserError("run", found, _EXPECTED, "name one of them" if checkpoints else fix)
        found = checkpoints[0]
    if not found.with_name(CONFIG_FILE).is_file():
        raise UserError("run", f"no {CONFIG_FILE} beside {found}", _EXPECTED, f"copy {CONFIG_FILE} of its run there")
    return found


def _series(content: dict[str, Any], checkpoint: Path, folder: Path) -> dict[str, Any]:
    """The facts of the series; those that an early checkpoint lacks are taken from the dataset's folder."""
    known = facts_of(content, str(checkpoint))
    if "minute_of_week" in known:
        return known
    if not folder.is_dir():
        expected = f"the dataset that {checkpoint} was trained on, because its checkpoints say too little of it"
        raise UserError(folder, "missing", expected, "prepare it again, or train the run again")
    dataset = open_dataset(folder)
    check_same_dataset(content, str(checkpoint), dataset)
    return {**known, **series_facts(dataset)}
