"""The shim: it replaces `basicts` while legacy configurations and architectures are imported.

A name of BasicTS 0.5 that the shim lacks raises an error with that name: see `refuse_others`.
"""

from . import data, metrics, runners, scaler, utils
from .refuse import refuse_others

__version__ = "0.5.8"

MODULES = {"data": data, "metrics": metrics, "runners": runners, "scaler": scaler, "utils": utils}

# inner modules of BasicTS 0.5 that legacy models import from, and the modules of the shim that stand for them
INNER = {
    "data.simple_tsf_dataset": data,
    "metrics.huber": metrics,
    "metrics.mae": metrics,
    "metrics.mape": metrics,
    "metrics.mse": metrics,
    "metrics.rmse": metrics,
    "metrics.wape": metrics,
    "runners.base_tsf_runner": runners,
    "runners.runner_zoo.simple_tsf_runner": runners,
    "scaler.z_score_scaler": scaler,
    "utils.misc": utils,
    "utils.serialization": utils,
    "utils.xformer": utils,
}

__getattr__ = refuse_others("")
