"""The errors that the commands print as a single line."""


class UserError(ValueError):
    """Something the user can mend: the message names what was found, what was expected and the fix."""


class NonFinitePredictionError(RuntimeError):
    """The model predicted NaN or infinity: the run has diverged."""
