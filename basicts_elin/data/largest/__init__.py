"""The files of LargeST (arXiv 2306.08259), as it publishes them and as its scripts and BasicTS 0.5 name them."""

from .files import LargestFiles, find_files
from .series import read_largest

__all__ = ["LargestFiles", "find_files", "read_largest"]
