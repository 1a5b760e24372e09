"""BasicTS's runner with our own loops."""

import inspect
import math
from collections.abc import Callable
from typing import Any, Optional

import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.metrics import masked_mape
from basicts.runners import BasicTSRunner
from basicts.runners.taskflow import BasicTSForecastingTaskFlow
from basicts.utils import BasicTSMode, RunnerStatus
from easytorch.device import get_device_type
from easytorch.utils import TimePredictor, is_master
from easytorch.utils.env import set_tf32_mode
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from ...averages import OVERALL
from ...data.quality import NEAR
from ..protocol.losses import callable_loss, leaves_out_missing
from ..protocol.schedules import PlateauLR
from .inference_time import InferenceTime
from .meters import DeferredMeters
from .part_metrics import PartMetrics, with_named_metrics


class LoopRunner(BasicTSRunner):
    """The steps, hooks and metrics of BasicTS in the same order, without waiting for the device in between."""

    def __init__(self, cfg: BasicTSForecastingConfig) -> None:
        super().__init__(with_named_metrics(cfg))
        self.loss = callable_loss(cfg.loss, self.loss)
        self.meter_pool = DeferredMeters()
        # of the test part, by horizon, see `PartMetrics.values`
        self.test_values: dict[str, dict[str, Optional[float]]] = {}
        self._set_precision(cfg.get("precision"))
        if cfg.compile_model:
            self._compile_in_place()

    def _set_precision(self, precision: str) -> None:
        """BasicTS defect 21: its half precision is for GPUs only, and includes the loss."""
        if precision == "tf32":
            set_tf32_mode(True)
        if precision == "bf16":
            self.amp_ctx = torch.autocast("cuda" if get_device_type() == "gpu" else "cpu", torch.bfloat16)

    def _compile_in_place(self) -> None:
        """BasicTS defect 20: it wraps a compiled model, so parameter names in its checkpoints change."""
        if isinstance(self.model, DistributedDataParallel):
            self.model.module = self.model.module._orig_mod
        else:
            self.model = self.model._orig_mod
        self._module().compile()

    def _module(self) -> torch.nn.Module:
        """The model itself, without the wrapper for several processes."""
        return self.model.module if isinstance(self.model, DistributedDataParallel) else self.model

    def _train_loop(self) -> None:
        """Train all remaining epochs, with every step.

        BasicTS defects 4 and 5: its loop loses the last step, and counts epochs from 2 if an epoch is one batch.
        """
        self.num_steps = self.num_epochs * self.steps_per_epoch
        self.train_time_predictor = TimePredictor(self.start_step, self.num_steps)
        self.global_steps = self.start_step + 1
        for epoch in range(self.start_epoch + 1, self.num_epochs + 1):
            if self.should_training_stop:
                break
            self._begin_epoch(epoch)
            for data in tqdm(self.train_data_loader, disable=not is_master()):
                if self.should_training_stop:
                    break
                self._train_step(data)
            self._share_metrics(self._train_metrics)
            self._note("train/{}", self._train_metrics.values()[OVERALL])
            self._trigger("on_epoch_end", epoch=epoch, step=self.global_steps)
            self.on_epoch_end(epoch, self.global_steps)

    def _begin_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        self._train_metrics = self._part_metrics(by_step=False)
        self.on_epoch_start(epoch)
        self._trigger("on_epoch_start", epoch=epoch)
        self.model.train()

    def _train_step(self, data: dict[str, Any]) -> None:
        """One batch, from the loader to the metrics."""
        self.status = RunnerStatus.TRAINING
        now = {"epoch": self.epoch, "step": self.global_steps}
        self.on_step_start(self.global_steps)
        self._trigger("on_step_start", **now)
        data = self.taskflow.preprocess(self, data)
        with self.amp_ctx:
            forward_return = self._forward(self.model, data, self.global_steps, self.epoch)
        prediction = forward_return["prediction"]
        forward_return["prediction"] = prediction.to(torch.promote_types(prediction.dtype, torch.float32))
        self._trigger("on_compute_loss", **now, data=data, forward_return=forward_return)
        loss = self._compute_loss(forward_return)
        self.update_meter("train/loss", loss.detach(), self._loss_weight(forward_return))
        if self.should_backward:
            self._trigger("on_backward", loss=loss)
            self._backward(loss)
            if self.should_optimizer_step:
                self._trigger("on_optimizer_step")
                self._optimizer_step()
            self._update_metrics(forward_return)
            self._trigger("on_step_end", step=self.global_steps)
            self.on_step_end(self.global_steps)
            self.global_steps += 1

    def _compute_loss(self, forward_return: dict[str, Any]) -> torch.Tensor:
        return self._metric_forward(self.loss, forward_return)

    def _backward(self, loss: torch.Tensor) -> None:
        self.amp_scaler.scale(loss).backward()

    @torch.no_grad()
    def _update_metrics(self, forward_return: dict[str, Any]) -> None:
        self._train_metrics.add(self.taskflow.postprocess(self, forward_return))

    def _share_metrics(self, metrics: PartMetrics) -> None:
        """Sum the training metrics over processes; here there is one."""

    def on_validate_end(self, train_step: Optional[int], train_epoch: Optional[int] = None) -> None:
        super().on_validate_end(train_step, train_epoch)
        if isinstance(self.lr_scheduler, PlateauLR):
            self.watched = self.meter_pool.get_value(f"val/{self.lr_scheduler.metric or self.target_metric}")
            self.lr_scheduler.step(self.watched)

    def _eval_loop(self, mode: BasicTSMode) -> None:
        """Validate, or test. Metrics are computed from sums over the part, see `part_metrics`.

        BasicTS defect 9: validation batches count in the test metrics of each horizon.
        """
        is_validation = mode == BasicTSMode.VAL
        metrics = self._part_metrics(by_step=not is_validation)
        self.inference_time = InferenceTime(on_gpu=get_device_type() == "gpu")
        part, loader = ("val", self.val_data_loader) if is_validation else ("test", self.test_data_loader)
        for number, data in enumerate(tqdm(loader)):
            data = self.taskflow.preprocess(self, data)
            with self.inference_time.of_batch(len(data["inputs"])):
                forward_return = self._forward(self.model, data, step=number)
            self._trigger("on_compute_loss", forward_return=forward_return)
            loss = self._metric_forward(self.loss, forward_return)
            self.update_meter(f"{part}/loss", loss, self._loss_weight(forward_return))
            forward_return = self.taskflow.postprocess(self, forward_return)
            if mode == BasicTSMode.EVAL:
                self._save_results(number, forward_return)
            metrics.add(forward_return)
        values = metrics.values()
        self._note(f"{part}/{{}}", values[OVERALL])
        if not is_validation:
            self.test_values = values
            for step in self.eval_horizons or ():
                self._note(f"test/{{}}@h{step + 1}", values.get(str(step + 1), {}))

    def _part_metrics(self, *, by_step: bool) -> PartMetrics:
        return PartMetrics(
            self.metrics,
            self._metric_forward,
            lambda metric, batch: self._weight(batch, metric),
            by_step=by_step,
            are_exact=not self._has_own_weight(),
        )

    def _note(self, meter: str, values: dict[str, Optional[float]]) -> None:
        """Pass the metrics of a part to their meters; `meter` is the format of the meters' names.

        A missing value becomes NaN, because an empty meter reads 0, which would be the best error.
        """
        for name, value in values.items():
            super().update_meter(meter.format(name), math.nan if value is None else value)

    def _weight(self, forward_return: dict[str, Any], metric: Optional[Callable] = None) -> Any:
        """The task flow's weight of a batch, for the loss or a metric.

        BasicTS's, the number of measured targets, stays on the device (defect 18). MAPE is a mean over those that are
        not zero (defect 31).
        """
        if self._has_own_weight():
            return self.taskflow.get_weight(forward_return)
        counted = forward_return["targets_mask"]
        if metric is masked_mape:
            counted = counted & (forward_return["targets"].abs() > NEAR)
        return counted.sum()

    def _has_own_weight(self) -> bool:
        return type(self.taskflow).get_weight is not BasicTSForecastingTaskFlow.get_weight

    def _loss_weight(self, forward_return: dict[str, Any]) -> Any:
        """The weight of a batch for the loss: the number of targets that it is a mean over."""
        if leaves_out_missing(self.cfg.loss):
            return self._weight(forward_return)
        return torch.full((), forward_return["targets"].numel(), device=forward_return["targets"].device)

    def _metric_forward(self, metric_fn: Callable, forward_return: dict[str, Any]) -> torch.Tensor:
        """BasicTS defect 34: it passes no mask to a loss that is a Module, and calls its arguments input and target."""
        if metric_fn is self.loss and "loss" in forward_return:
            return forward_return["loss"]
        if isinstance(metric_fn, torch.nn.Module):
            names = inspect.signature(metric_fn.forward).parameters
            if "prediction" in names:
                return metric_fn(**{name: forward_return[name] for name in names if name in forward_return})
        return super()._metric_forward(metric_fn, forward_return)

    def _trigger(self, event: str, **facts: Any) -> None:
        self.callback_handler.trigger(event, self, **facts)
