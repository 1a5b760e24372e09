import os
import sys

sys.path.append(os.path.abspath(__file__ + "/../../.."))

from baselines.recipe import recipe  # noqa: E402

from .arch import MiniMTGNN  # noqa: E402
from .runner import MTGNNRunner  # noqa: E402

CFG = recipe("Tiny", MiniMTGNN, MTGNNRunner)
CFG.MODEL.FORWARD_FEATURES = [0, 1]
CFG.TRAIN.CUSTOM = {"STEP_SIZE": 2, "NUM_NODES": 5}
CFG.TRAIN.CUSTOM.NUM_SPLIT = 1
