from .benchmark import SMALL, benchmark_config, stid_config

__all__ = ["SMALL", "benchmark_config", "stid_config"]
