"""The common part of the miniature configurations, with all fields of those of BasicTS 0.5."""

import os

from basicts.data import TimeSeriesForecastingDataset
from basicts.metrics import masked_mae, masked_mape, masked_rmse
from basicts.scaler import ZScoreScaler
from basicts.utils import get_regular_settings
from easydict import EasyDict


def recipe(data_name, architecture, runner):
    """The configuration of an architecture, without FORWARD_FEATURES."""
    settings = get_regular_settings(data_name)
    cfg = EasyDict()
    cfg.DESCRIPTION = "a note"
    cfg.GPU_NUM = 1
    cfg.RUNNER = runner

    cfg.DATASET = EasyDict()
    cfg.DATASET.NAME = data_name
    cfg.DATASET.TYPE = TimeSeriesForecastingDataset
    cfg.DATASET.PARAM = EasyDict(
        {
            "dataset_name": data_name,
            "train_val_test_ratio": settings["TRAIN_VAL_TEST_RATIO"],
            "input_len": settings["INPUT_LEN"],
            "output_len": settings["OUTPUT_LEN"],
        }
    )

    cfg.SCALER = EasyDict()
    cfg.SCALER.TYPE = ZScoreScaler
    cfg.SCALER.PARAM = EasyDict(
        {
            "dataset_name": data_name,
            "train_ratio": settings["TRAIN_VAL_TEST_RATIO"][0],
            "norm_each_channel": settings["NORM_EACH_CHANNEL"],
            "rescale": settings["RESCALE"],
        }
    )

    cfg.MODEL = EasyDict()
    cfg.MODEL.NAME = architecture.__name__
    cfg.MODEL.ARCH = architecture
    cfg.MODEL.PARAM = {"num_nodes": 5, "horizon": settings["OUTPUT_LEN"]}
    cfg.MODEL.TARGET_FEATURES = [0]

    cfg.METRICS = EasyDict()
    cfg.METRICS.FUNCS = EasyDict({"MAE": masked_mae, "MAPE": masked_mape, "RMSE": masked_rmse})
    cfg.METRICS.TARGET = "MAE"
    cfg.METRICS.NULL_VAL = settings["NULL_VAL"]

    cfg.TRAIN = EasyDict()
    cfg.TRAIN.NUM_EPOCHS = 3
    cfg.TRAIN.CKPT_SAVE_DIR = os.path.join("checkpoints", architecture.__name__, "Tiny_3_12_12")
    cfg.TRAIN.LOSS = masked_mae
    cfg.TRAIN.OPTIM = EasyDict()
    cfg.TRAIN.OPTIM.TYPE = "Adam"
    cfg.TRAIN.OPTIM.PARAM = {"lr": 0.01, "eps": 1e-3}
    cfg.TRAIN.LR_SCHEDULER = EasyDict()
    cfg.TRAIN.LR_SCHEDULER.TYPE = "MultiStepLR"
    cfg.TRAIN.LR_SCHEDULER.PARAM = {"milestones": [1, 2], "gamma": 0.5, "verbose": False}
    cfg.TRAIN.DATA = EasyDict()
    cfg.TRAIN.DATA.BATCH_SIZE = 16
    cfg.TRAIN.DATA.SHUFFLE = True

    cfg.VAL = EasyDict()
    cfg.VAL.INTERVAL = 1
    cfg.VAL.DATA = EasyDict()
    cfg.VAL.DATA.BATCH_SIZE = 32

    cfg.TEST = EasyDict()
    cfg.TEST.INTERVAL = 1
    cfg.TEST.DATA = EasyDict()
    cfg.TEST.DATA.BATCH_SIZE = 32

    cfg.EVAL = EasyDict()
    cfg.EVAL.HORIZONS = [3, 6, 12]
    cfg.EVAL.USE_GPU = True
    return cfg
