"""The output while runs are made: a line for each, with the remaining time."""

import shutil
import sys
import time
from collections.abc import Sequence
from typing import Optional

from .cost import Estimator, count, duration, finished_epochs, remaining_seconds
from .plan import Run
from .status import RunStatus

# how often the line that says what runs is rewritten
_REFRESH_SECONDS = 5


class Progress:
    """Prints a line when a run ends; on a terminal also a last line, rewritten, that says what runs.

    Args:
        todo: the runs to be made, with their status.
        places: how many run at a time.
    """

    def __init__(self, todo: Sequence[tuple[Run, RunStatus]], estimator: Estimator, places: int):
        self.todo, self.estimator, self.places = todo, estimator, places
        # numbers of the runs that have not ended
        self.left = set(range(len(todo)))
        self._shown, self._looked = "", -_REFRESH_SECONDS

    def ended(self, number: int, what: str) -> None:
        self.left.remove(number)
        self._clear()
        place = f"{len(self.todo) - len(self.left)}/{len(self.todo)}"
        print(f"[{place}] {self.todo[number][0]}: {what}; remaining: {self.remaining()}", flush=True)

    def waiting(self, running: Sequence[int]) -> None:
        # reading the records takes time from the runs that are measured
        if not sys.stdout.isatty() or time.monotonic() - self._looked < _REFRESH_SECONDS:
            return
        self._looked = time.monotonic()
        parts = (f"{self.todo[number][0]} {self._stage(number)}" for number in running)
        shown = f"remaining: {self.remaining()}; {', '.join(parts)}"[: shutil.get_terminal_size().columns - 1]
        if shown != self._shown:
            self._clear()
            print(shown, end="", flush=True)
            self._shown = shown

    def close(self) -> None:
        """Clear the last line of the terminal."""
        self._clear()

    def remaining(self) -> str:
        """The expected time until all runs have ended, in words."""
        if not self.left:
            return "nothing"
        seconds = [self._seconds(number) for number in self.left]
        known = [value for value in seconds if value is not None]
        unknown = len(seconds) - len(known)
        if not known:
            return f"{count(unknown, 'run')} of unknown time"
        more = f" and {count(unknown, 'run')} of unknown time" if unknown else ""
        return f"about {duration(remaining_seconds(known, self.places))}{more}"

    def _seconds(self, number: int) -> Optional[float]:
        run, status = self.todo[number]
        seconds = self.estimator.cost(run, status.folder).seconds
        return None if seconds is None else seconds * max(status.num_epochs - self._epoch(number), 0)

    def _stage(self, number: int) -> str:
        epoch = self._epoch(number) + 1
        return f"epoch {epoch}" if epoch <= self.todo[number][1].num_epochs else "evaluation"

    def _epoch(self, number: int) -> int:
        epochs = finished_epochs(self.todo[number][1].folder)
        return epochs[-1]["epoch"] if epochs else 0

    def _clear(self) -> None:
        if self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="")
            self._shown = ""
