import os
import sys

sys.path.append(os.path.abspath(__file__ + "/../../.."))

from baselines.recipe import recipe  # noqa: E402
from basicts.runners import SimpleTimeSeriesForecastingRunner  # noqa: E402

from .arch import MiniDCRNN  # noqa: E402

CFG = recipe("Tiny", MiniDCRNN, SimpleTimeSeriesForecastingRunner)
CFG.MODEL.FORWARD_FEATURES = [0]
