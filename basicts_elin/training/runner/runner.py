"""BasicTS's runner with the remedies that callbacks cannot provide."""

import math
import shlex
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from basicts.configs import BasicTSForecastingConfig
from easytorch.utils import get_world_size, is_master

from ...data.dataset import dataset_of
from ...data.marker_warnings import mape_warning
from ...record import RunRecord
from .checkpoints import read_checkpoint
from .distributed import ParallelRunner
from .predictions import Predictions
from .windows import with_open_dataset


class BenchmarkRunner(ParallelRunner):
    """A BasicTSRunner that can be resumed, runs in several processes, and keeps a record.

    It reads private fields of the configuration, which stay out of its hash: `_output_dir`, the folder of the run or of
    the results; `_dataset`, see `data.dataset.dataset_of`; `_config_file`, and `_fingerprint` of the dataset, for the
    record; `_trained_on`, for the checkpoints.
    """

    def __init__(self, cfg: BasicTSForecastingConfig) -> None:
        super().__init__(with_open_dataset(cfg))

    def on_train_start(self) -> None:
        super().on_train_start()
        if is_master():
            dataset = dataset_of(self.cfg)
            self.record = RunRecord(
                Path(self.ckpt_save_dir),
                self.start_epoch,
                on_gpu=bool(self.cfg.gpus),
                config=self.cfg.get("_config_file"),
                command=shlex.join(sys.argv),
                dataset_sha256=self.cfg.get("_fingerprint"),
                model=self.model_name,
                dataset=self.cfg.dataset_name,
                interval_minutes=dataset.interval_minutes,
                unit=dataset.unit,
                mape_warning=mape_warning(dataset.values("test"), self.null_val) if "MAPE" in self.metrics else "",
                parameters=sum(parameter.numel() for parameter in self.model.parameters()),
                seed=self.cfg.seed,
                num_epochs=self.cfg.num_epochs,
                input_len=self.cfg.dataset_params.input_len,
                output_len=self.cfg.dataset_params.output_len,
                nodes=self.train_data_loader.dataset.data.shape[1],
                batch_size=self.cfg.train_batch_size,
                train_windows=len(self.train_data_loader.dataset),
                device=f"{self.cfg.gpu_num} GPU" if self.cfg.gpus else "cpu",
                processes=get_world_size(),
                compiled=self.cfg.compile_model,
            )

    def on_eval_start(self, ckpt_path: Optional[str]) -> None:
        """BasicTS defect 11: evaluating a checkpoint fits the scaler again."""
        if not self.is_train_initialized and self.scaler is not None:
            self.scaler.stats = read_checkpoint(Path(ckpt_path)).get("scaler_stats", {})
        super().on_eval_start(ckpt_path)

    def on_eval_end(self) -> None:
        """Add the time of a forward pass to the record, if the run was trained here."""
        super().on_eval_end()
        if self.is_train_initialized and is_master():
            self.record.add(**self.inference_time.facts())

    def on_epoch_end(self, epoch: int, step: int) -> None:
        """BasicTS defect 6: a model without training never ends; here, after one epoch."""
        self.epoch_trained_time = time.time()
        self.should_training_stop = self.should_training_stop or not self.should_backward
        self.best_before, self.learning_rate = dict(self.best_metrics), self.optimizer.param_groups[0]["lr"]
        super().on_epoch_end(epoch, step)

    def _save_model(self, unit_count: int) -> None:
        """Add the epoch to the record before it is saved: a run that resumes after an epoch has it there."""
        if is_master():
            trained = self.epoch_trained_time
            is_validated = self.val_data_loader is not None and unit_count % self.val_interval == 0
            self.record.add_epoch(
                unit_count,
                trained - self.epoch_start_time,
                time.time() - trained,
                is_best=self.best_metrics != self.best_before,
                learning_rate=self.learning_rate,
                train=self._meter_values("train", ("loss", *self.metrics) if self.should_backward else ("loss",)),
                validation=self._meter_values("val", ("loss", *self.metrics)) if is_validated else {},
            )
        super()._save_model(unit_count)

    def _meter_values(self, part: str, names: Iterable[str]) -> dict[str, Optional[float]]:
        """The values of meters, which BasicTS has printed: the device is not waited for again."""
        values = {name: self.meter_pool.get_value(f"{part}/{name}") for name in names}
        return {name: value if math.isfinite(value) else None for name, value in values.items()}

    def _save_results(self, batch_idx: int, batch_data: dict) -> None:
        """BasicTS defect 10: predictions are written even if not requested, to wrong rows, without a header."""

    def _get_ckpt_save_dir(self, cfg) -> str:
        return cfg.get("_output_dir") or super()._get_ckpt_save_dir(cfg)


class CollectingRunner(BenchmarkRunner):
    """Keeps the predictions of the final evaluation as `predictions`, and writes them to `predictions_file`, if any."""

    def __init__(self, cfg, predictions_file: Optional[Path] = None) -> None:
        super().__init__(cfg)
        self.predictions_file = predictions_file

    def _save_results(self, batch_idx: int, batch_data: dict) -> None:
        if batch_idx == 0:
            self.predictions = Predictions((len(self.test_data_loader.dataset), *batch_data["prediction"].shape[1:]))
        self.predictions.add(batch_data)

    def on_eval_end(self) -> None:
        super().on_eval_end()
        if self.predictions_file:
            self.predictions.write(self.predictions_file, dataset_of(self.cfg), self.cfg.dataset_params.input_len)
