"""Other packages add models, attentions and datasets through an entry point.

Such a package declares, in its own pyproject.toml,

    [project.entry-points."basicts_elin.plugins"]
    mine = "my_package.plugin"

and the module `my_package.plugin` calls `register`, `register_attention` or `register_dataset` when it is imported.
"""

from importlib import metadata
from typing import Optional

from .errors import UserError, one_line

GROUP = "basicts_elin.plugins"


class _Plugins:
    is_loaded = False
    error: Optional[UserError] = None


def load_plugins() -> None:
    """Import the modules of all plugins, once in a process.

    Raises: UserError, which names the plugin, where one cannot be imported; again on every later call.
    """
    if not _Plugins.is_loaded:
        # first, because a plugin may look up what others have registered
        _Plugins.is_loaded = True
        for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name):
            _load(point)
    if _Plugins.error is not None:
        raise _Plugins.error


def _load(point: metadata.EntryPoint) -> None:
    try:
        point.load()
    except (Exception, SystemExit) as error:
        # whatever the code of another package raises
        package = point.dist.name if point.dist else point.value
        _Plugins.error = UserError(
            f"plugin {point.name}",
            f"{type(error).__name__}: {one_line(error)}",
            f"{point.value} to be a module that can be imported",
            f"fix the package {package}, or uninstall it",
        )
        _Plugins.error.__cause__ = error
