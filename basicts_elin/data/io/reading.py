from dataclasses import dataclass


@dataclass(frozen=True)
class ReadOptions:
    key = None


def read_series(path, options=None):
    raise NotImplementedError
