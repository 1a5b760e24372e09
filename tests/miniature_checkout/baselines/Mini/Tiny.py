import os
import random
import sys

import torch

sys.path.append(os.path.abspath(__file__ + "/../../.."))

from baselines.recipe import recipe  # noqa: E402
from basicts.metrics import masked_huber  # noqa: E402
from basicts.runners import SimpleTimeSeriesForecastingRunner  # noqa: E402
from basicts.utils import get_regular_settings, load_adj  # noqa: E402

from .arch import Mini  # noqa: E402

DATA_NAME = "Tiny"
SETTINGS = get_regular_settings(DATA_NAME)
ADJ, _ = load_adj(f"datasets/{DATA_NAME}/adj_mx.pkl", "doubletransition")

CFG = recipe(DATA_NAME, Mini, SimpleTimeSeriesForecastingRunner)
CFG._ = random.random()
CFG.MODEL.PARAM = {
    "adj": [torch.tensor(matrix) for matrix in ADJ],
    "horizon": SETTINGS["OUTPUT_LEN"],
    "start": torch.rand(3),
}
CFG.MODEL.FORWARD_FEATURES = [0, 2]
CFG.MODEL.SETUP_GRAPH = True
CFG.TRAIN.LOSS = masked_huber
CFG.TRAIN.LOSS_ARGS = {"delta": 2.0}
CFG.TRAIN.CLIP_GRAD_PARAM = {"max_norm": 5.0}
CFG.TRAIN.EARLY_STOPPING_PATIENCE = 2
CFG.TRAIN.CL = {"WARM_EPOCHS": 0, "CL_EPOCHS": 1, "PREDICTION_LENGTH": 12, "STEP_SIZE": 4}
