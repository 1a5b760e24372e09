"""A model class for each legacy model, created when it is first asked for: `LegacyAGCRN`.

Folders, checkpoints and tables of a run are named after the class of its model. Other processes import it from here.
"""

from .model import LegacyModel

PREFIX = "Legacy"


def __getattr__(name: str) -> type:
    if not name.startswith(PREFIX) or not name.isidentifier() or name == PREFIX:
        raise AttributeError(f"module {__name__} has no {name}")
    made = type(name, (LegacyModel,), {"__module__": __name__, "__doc__": f"{name[len(PREFIX) :]} of BasicTS 0.5."})
    globals()[name] = made
    return made
