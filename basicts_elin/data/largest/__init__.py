"""Reads the files of LargeST (arXiv 2306.08259): as published, as its scripts write them, as BasicTS 0.5 names them."""

from .files import LargestFiles, find_files
from .series import read_largest

__all__ = ["LargestFiles", "find_files", "read_largest"]
