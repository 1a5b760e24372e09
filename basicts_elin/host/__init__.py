from .benchmark import SMALL, benchmark_config, stid_config
from .linear_rivals import linear_rival_config

__all__ = ["SMALL", "benchmark_config", "linear_rival_config", "stid_config"]
