import os
import sys

sys.path.append(os.path.abspath(__file__ + "/../../.."))

from baselines.recipe import recipe  # noqa: E402
from basicts.metrics import masked_huber  # noqa: E402

from .arch import MiniHimNet  # noqa: E402
from .runner import HimNetRunner  # noqa: E402

CFG = recipe("Tiny", MiniHimNet, HimNetRunner)
CFG.MODEL.FORWARD_FEATURES = [0, 1, 2]
CFG.TRAIN.LOSS = masked_huber
CFG.TRAIN.LOSS_ARGS = {"delta": 2.0}
