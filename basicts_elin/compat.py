"""What this package needs of BasicTS and easy-torch.

BasicTS is not a dependency that pip could resolve (see setup.cfg), so its presence is checked here. Everything that
the package uses or overrides inside of both is listed here, so that a test says what a new release has moved.
"""

from importlib import metadata

from .errors import UserError

SUPPORTED = "1.1"

# By class or module: what the package overrides or assigns there, and the private names that it uses.
PRIVATE = {
    "basicts.data.BasicTSForecastingDataset": {"_data", "input_len", "output_len", "timestamps", "use_timestamps"},
    "basicts.runners.BasicTSRunner": {
        # setting up
        "_get_ckpt_save_dir",
        "_init_train",
        "amp_ctx",
        "loss",
        "meter_pool",
        "model",
        "on_train_start",
        "train_data_loader",
        # the training loop
        "_forward",
        "_metric_forward",
        "_optimizer_step",
        "_train_loop",
        "epoch",
        "global_steps",
        "num_steps",
        "on_epoch_end",
        "on_epoch_start",
        "should_optimizer_step",
        "should_training_stop",
        "start_epoch",
        "start_step",
        "status",
        "steps_per_epoch",
        "train_time_predictor",
        "update_meter",
        # evaluation
        "_eval_loop",
        "_save_metrics",
        "_save_results",
        "on_eval_end",
        "on_eval_start",
        "on_test_start",
        "on_validate_end",
        "on_validate_start",
        # checkpoints
        "_get_ckpt_path",
        "_load_model",
        "_load_model_resume",
        "_save_best_model",
        "_save_model",
        "best_metrics",
    },
    "basicts.runners.builder": {"DDP"},
    "basicts.runners.callback.AddAuxiliaryLoss": {"on_compute_loss"},
    "basicts.runners.callback.BasicTSCallback": {
        "on_compute_loss",
        "on_epoch_end",
        "on_test_end",
        "on_train_start",
        "on_validate_end",
    },
    "basicts.runners.taskflow.BasicTSForecastingTaskFlow": {"postprocess", "preprocess"},
    "basicts.scaler.ZScoreScaler": {"fit", "inverse_transform", "transform"},
    "basicts.utils.MeterPool": {"get_value", "plt_meters", "print_meters", "reset", "update"},
}


def require_basicts() -> None:
    """Raises: UserError unless BasicTS 1.1.x is installed."""
    try:
        found = metadata.version("basicts")
    except metadata.PackageNotFoundError:
        found = "not installed"
    if not found.startswith(SUPPORTED + "."):
        fix = "install it by `make setup`, or by `pip install --no-deps basicts==1.1.0 easy-torch==1.3.3` (see README)"
        raise UserError("basicts", found, f"{SUPPORTED}.x", fix)
