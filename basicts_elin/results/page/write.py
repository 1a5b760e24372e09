"""The page as a file."""

from pathlib import Path

from .page import Page


def write_page(path: Path, page: Page) -> None:
    """Write the page as one HTML file that needs no other, in place of an earlier one of this function.

    Raises: UserError without plotly, if `path` holds anything else, or if fields of the page do not fit one another.
    """
    raise NotImplementedError
