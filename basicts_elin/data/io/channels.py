"""Which channel is forecast, by name or number."""

from collections.abc import Sequence
from typing import Optional

from ...errors import UserError
from .options import ReadOptions


def choose_channel(names: Sequence[str], options: ReadOptions, where: str) -> int:
    """The number of the channel that `options` names; the first if they name none. Names go before numbers.

    Args:
        names: of the C channels, or their numbers as text.
    Raises: UserError if there is no such channel.
    """
    wanted = options.channel
    if wanted is None:
        return 0
    if wanted in names:
        return list(names).index(wanted)
    if wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    expected = f"a number from 0 to {len(names) - 1}, or one of {', '.join(names[:12])}"
    raise UserError("channel", f"{wanted!r}, which {where} does not have", expected, "correct --channel")


def channel_note(names: Sequence[str], target: int, options: ReadOptions) -> tuple[str, ...]:
    """What became of the other channels; nothing if there is only one."""
    others = [name for number, name in enumerate(names) if number != target]
    if not others:
        return ()
    fate = "kept as covariates" if options.covariates else "left out"
    return (f"channel: {names[target]} is the target; {', '.join(others[:12])} {fate}",)


def target_first(names: Sequence[str], target: int, options: ReadOptions) -> Optional[list[str]]:
    """The names of the channels that are kept, the target first; None if there is only one."""
    others = [name for number, name in enumerate(names) if number != target]
    if not others:
        return None
    return [names[target], *(others if options.covariates else ())]
