"""A report as one HTML page, for a browser without a network."""

from .page import Page
from .write import write_page

__all__ = ["Page", "write_page"]
