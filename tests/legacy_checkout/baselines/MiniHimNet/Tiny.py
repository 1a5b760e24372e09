import os
import sys

from easydict import EasyDict

sys.path.append(os.path.abspath(__file__ + "/../../.."))

from basicts.data import TimeSeriesForecastingDataset  # noqa: E402
from basicts.metrics import masked_huber, masked_mae, masked_mape, masked_rmse  # noqa: E402
from basicts.scaler import ZScoreScaler  # noqa: E402
from basicts.utils import get_regular_settings  # noqa: E402

from .arch import MiniHimNet  # noqa: E402
from .runner import HimNetRunner  # noqa: E402

DATA_NAME = "Tiny"
SETTINGS = get_regular_settings(DATA_NAME)

CFG = EasyDict()
CFG.DESCRIPTION = "a note"
CFG.GPU_NUM = 1
CFG.RUNNER = HimNetRunner

CFG.DATASET = EasyDict()
CFG.DATASET.NAME = DATA_NAME
CFG.DATASET.TYPE = TimeSeriesForecastingDataset
CFG.DATASET.PARAM = EasyDict(
    {
        "dataset_name": DATA_NAME,
        "train_val_test_ratio": SETTINGS["TRAIN_VAL_TEST_RATIO"],
        "input_len": SETTINGS["INPUT_LEN"],
        "output_len": SETTINGS["OUTPUT_LEN"],
    }
)

CFG.SCALER = EasyDict()
CFG.SCALER.TYPE = ZScoreScaler
CFG.SCALER.PARAM = EasyDict(
    {
        "dataset_name": DATA_NAME,
        "train_ratio": SETTINGS["TRAIN_VAL_TEST_RATIO"][0],
        "norm_each_channel": SETTINGS["NORM_EACH_CHANNEL"],
        "rescale": SETTINGS["RESCALE"],
    }
)

CFG.MODEL = EasyDict()
CFG.MODEL.NAME = MiniHimNet.__name__
CFG.MODEL.ARCH = MiniHimNet
CFG.MODEL.PARAM = {"num_nodes": 5, "horizon": SETTINGS["OUTPUT_LEN"]}
CFG.MODEL.FORWARD_FEATURES = [0, 1, 2]
CFG.MODEL.TARGET_FEATURES = [0]

CFG.METRICS = EasyDict()
CFG.METRICS.FUNCS = EasyDict({"MAE": masked_mae, "MAPE": masked_mape, "RMSE": masked_rmse})
CFG.METRICS.TARGET = "MAE"
CFG.METRICS.NULL_VAL = SETTINGS["NULL_VAL"]

CFG.TRAIN = EasyDict()
CFG.TRAIN.NUM_EPOCHS = 3
CFG.TRAIN.CKPT_SAVE_DIR = os.path.join("checkpoints", "MiniHimNet", "Tiny_3_12_12")
CFG.TRAIN.LOSS = masked_huber
CFG.TRAIN.LOSS_ARGS = {"delta": 2.0}
CFG.TRAIN.OPTIM = EasyDict()
CFG.TRAIN.OPTIM.TYPE = "Adam"
CFG.TRAIN.OPTIM.PARAM = {"lr": 0.01, "eps": 1e-3}
CFG.TRAIN.LR_SCHEDULER = EasyDict()
CFG.TRAIN.LR_SCHEDULER.TYPE = "MultiStepLR"
CFG.TRAIN.LR_SCHEDULER.PARAM = {"milestones": [1, 2], "gamma": 0.5, "verbose": False}
CFG.TRAIN.DATA = EasyDict()
CFG.TRAIN.DATA.BATCH_SIZE = 16
CFG.TRAIN.DATA.SHUFFLE = True

CFG.VAL = EasyDict()
CFG.VAL.INTERVAL = 1
CFG.VAL.DATA = EasyDict()
CFG.VAL.DATA.BATCH_SIZE = 32

CFG.TEST = EasyDict()
CFG.TEST.INTERVAL = 1
CFG.TEST.DATA = EasyDict()
CFG.TEST.DATA.BATCH_SIZE = 32

CFG.EVAL = EasyDict()
CFG.EVAL.HORIZONS = [3, 6, 12]
CFG.EVAL.USE_GPU = True
