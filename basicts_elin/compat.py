"""BasicTS is not a dependency that pip could resolve (see setup.cfg), so its presence is checked here."""

from importlib import metadata

from .errors import UserError

SUPPORTED = "1.1"


def require_basicts() -> None:
    """Raise `UserError`, one line, unless BasicTS 1.1.x is installed."""
    fix = "install it by `make setup`, or by `pip install --no-deps basicts==1.1.0 easy-torch==1.3.3` (see README)"
    try:
        found = metadata.version("basicts")
    except metadata.PackageNotFoundError:
        raise UserError(f"BasicTS is not installed; expected basicts {SUPPORTED}.x: {fix}") from None
    if not found.startswith(SUPPORTED + "."):
        raise UserError(f"basicts {found} is installed; expected {SUPPORTED}.x: {fix}")
