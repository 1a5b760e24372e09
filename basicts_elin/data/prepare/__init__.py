"""What writes a dataset's folder: from a user's own files, from the raw file of a public dataset, or generated."""

from .generated import prepare_synthetic
from .known import prepare_dataset
from .own import prepare_own

__all__ = ["prepare_dataset", "prepare_own", "prepare_synthetic"]
