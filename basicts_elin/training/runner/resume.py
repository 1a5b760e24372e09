"""BasicTS's runner. It resumes an interrupted run, with the numbers of an uninterrupted one."""

import math
from pathlib import Path
from typing import Any, Optional

import torch
from easytorch.utils import is_master, master_only

from ...averages import MEAN, MEAN_KEY, OVERALL
from ...errors import UserError
from ...files import write_json
from ...record import METRICS_FILE
from .batches import start_epoch, start_evaluation, with_epoch_batches
from .checkpoints import (
    DamagedCheckpointError,
    best_checkpoint_file,
    epoch_checkpoints,
    newest_intact,
    read_checkpoint,
    write_checkpoint,
)
from .loop import LoopRunner

# A callback's attributes of these types are saved, such as EarlyStopping's number of epochs without improvement.
_STATE_TYPES = (bool, int, float, str, type(None))

_FRESH = "use --fresh to train in a new folder"


class ResumableRunner(LoopRunner):
    """An epoch depends only on the checkpoint of the epoch before, on the seed and on its number.

    BasicTS defect 12: resuming does not restore the schedule, callbacks, early stopping or random numbers.
    """

    def _init_train(self) -> None:
        """BasicTS defect 30: batches and steps are those of each process alone. Here processes divide each batch."""
        start = self.cfg.get("init_from")
        if start is not None:
            state = read_checkpoint(Path(start))
            self._module().load_state_dict(state["model_state_dict"])
            self._take_scaling(state)
        super()._init_train()
        self.train_data_loader = with_epoch_batches(
            self.train_data_loader, self.cfg.get("train_data_shuffle", False), self.cfg.seed
        )
        self.steps_per_epoch = len(self.train_data_loader)
        self.start_step = self.start_epoch * self.steps_per_epoch

    def _take_scaling(self, state: dict[str, Any]) -> None:
        """The statistics in a checkpoint. A scaler that has some is not fitted."""
        if self.scaler is not None and state.get("scaler_stats"):
            self.scaler.stats = state["scaler_stats"]

    def on_epoch_start(self, epoch: int) -> None:
        super().on_epoch_start(epoch)
        start_epoch(self.train_data_loader, self.cfg.seed, epoch)

    def on_validate_start(self) -> None:
        super().on_validate_start()
        start_evaluation(self.cfg.seed)

    def on_test_start(self) -> None:
        super().on_test_start()
        start_evaluation(self.cfg.seed)

    def _load_model_resume(self, strict: bool = True) -> None:
        found = [self._newest_state() if is_master() else None]
        if torch.distributed.is_initialized():
            # other machines may not see the folder
            torch.distributed.broadcast_object_list(found, src=0)
        (state,) = found
        if state is None:
            return
        self._module().load_state_dict(state["model_state_dict"], strict=strict)
        self._take_scaling(state)
        self.optimizer.load_state_dict(state["optim_state_dict"])
        self.start_epoch = state["epoch"]
        self.best_metrics = state["best_metrics"]
        if self.lr_scheduler is not None:
            self.lr_scheduler.load_state_dict(state["scheduler_state_dict"])
        self.amp_scaler.load_state_dict(state["amp_scaler_state_dict"])
        # checkpoints of BasicTS itself have neither key
        self.should_training_stop = state.get("stopped", False) or self.start_epoch >= self.num_epochs
        for callback, saved in zip(self.cfg.callbacks, state.get("callbacks", ()), strict=False):
            vars(callback).update(saved)
        self._check_best()
        self.logger.info(f"Resume training after epoch {self.start_epoch}")

    def _load_model(self, ckpt_path: Optional[str] = None, strict: bool = True) -> None:
        """BasicTS defect 14: with torch before 2.6, code in a checkpoint is run."""
        self.logger.info(f"Loading checkpoint from {ckpt_path}")
        self._module().load_state_dict(read_checkpoint(ckpt_path)["model_state_dict"], strict=strict)

    def _newest_state(self) -> Optional[dict[str, Any]]:
        """BasicTS defect 13: a damaged checkpoint ends every later attempt to resume. Here an earlier one is used."""
        checkpoints = epoch_checkpoints(Path(self.ckpt_save_dir), self.model_name)
        state, damages = newest_intact(checkpoints)
        for damage in damages:
            self.logger.warning(f"{damage}; an earlier checkpoint is used")
        if checkpoints and state is None:
            raise UserError(self.ckpt_save_dir, damages[0], "a checkpoint that can be read", _FRESH)
        return state

    def _check_best(self) -> None:
        """The best model so far must be intact: no other file holds it."""
        if self.best_metrics and is_master():
            path = self._best_path(f"val/{self.target_metric}")
            try:
                read_checkpoint(path)
            except DamagedCheckpointError as error:
                raise UserError(path, error.reason, "the best model of this run", _FRESH) from error

    @master_only
    def _save_model(self, unit_count: int) -> None:
        state = self._state(unit_count)
        state["stopped"] = self.should_training_stop
        state["callbacks"] = [
            {name: value for name, value in vars(callback).items() if isinstance(value, _STATE_TYPES)}
            for callback in self.cfg.callbacks
        ]
        write_checkpoint(Path(self._get_ckpt_path(unit_count)), state)
        # the epoch before is kept, in case this checkpoint gets damaged
        for epoch, path in epoch_checkpoints(Path(self.ckpt_save_dir), self.model_name):
            if epoch < unit_count - 1 and not self._is_kept(epoch):
                path.unlink()

    @master_only
    def _save_best_model(self, unit_count: int, metric_name: str, greater_best: bool = True) -> None:
        metric, best = self.meter_pool.get_value(metric_name), self.best_metrics.get(metric_name)
        if best is None or math.isnan(best) or (metric > best if greater_best else metric < best):
            self.best_metrics[metric_name] = metric
            write_checkpoint(self._best_path(metric_name), self._state(unit_count))

    @master_only
    def _save_metrics(self) -> None:
        """BasicTS defect 15: test_metrics.json is not written atomically."""
        names = {OVERALL: OVERALL, MEAN_KEY: MEAN}
        names |= {f"horizon_{step + 1}": str(step + 1) for step in self.eval_horizons or ()}
        content = {key: self.test_values[name] for key, name in names.items()}
        write_json(Path(self.ckpt_save_dir) / METRICS_FILE, content)

    def _state(self, epoch: int) -> dict[str, Any]:
        """What BasicTS saves, and what the run is trained on."""
        state = {
            "epoch": epoch,
            "model_state_dict": self._module().state_dict(),
            "optim_state_dict": self.optimizer.state_dict(),
            "best_metrics": self.best_metrics,
            "amp_scaler_state_dict": self.amp_scaler.state_dict(),
            "dataset_sha256": _plain(self.cfg.get("_fingerprint", {})),
            "trained_on": _plain(self.cfg.get("_trained_on", {})),
        }
        if self.scaler is not None:
            state["scaler_stats"] = self.scaler.stats
        if self.lr_scheduler is not None:
            state["scheduler_state_dict"] = self.lr_scheduler.state_dict()
        return state

    def _is_kept(self, epoch: int) -> bool:
        """Whether `ckpt_save_strategy` (a number of epochs, a list of epochs, or None) keeps the epoch."""
        strategy = self.ckpt_save_strategy
        return epoch % strategy == 0 if isinstance(strategy, int) else epoch in (strategy or ())

    def _best_path(self, metric_name: str) -> Path:
        return best_checkpoint_file(Path(self.ckpt_save_dir), self.model_name, metric_name)


def _plain(value: Any) -> Any:
    """Without the EasyDicts that a configuration makes of all dicts in it. torch.load refuses them."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value
