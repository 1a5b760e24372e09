"""A model class for each baseline of BasicTS 0.5: `LegacyAGCRN` is there as soon as it is asked for.

Folders, checkpoints and tables of a run are named after its class, which other processes find here by its name.
"""

from .model import LegacyModel

PREFIX = "Legacy"


def __getattr__(name: str) -> type:
    if not name.startswith(PREFIX) or not name.isidentifier() or name == PREFIX:
        raise AttributeError(f"module {__name__} has no {name}")
    made = type(name, (LegacyModel,), {"__module__": __name__, "__doc__": f"{name[len(PREFIX) :]} of BasicTS 0.5."})
    globals()[name] = made
    return made
