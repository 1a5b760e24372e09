"""What is printed while runs are made: a line for each, with the time to go."""

import shutil
import sys
from collections.abc import Sequence
from typing import Optional

from .estimate import Estimator, count, duration, finished_epochs, remaining_seconds
from .plan import Run
from .survey import State


class Progress:
    """Prints a line as a run ends; on a terminal a last line that is rewritten says what runs.

    Args:
        todo: the runs to be made, as they are.
        places: how many run at a time.
    """

    def __init__(self, todo: Sequence[tuple[Run, State]], estimator: Estimator, places: int):
        self.todo, self.estimator, self.places = todo, estimator, places
        # the numbers of those that have not ended
        self.left = set(range(len(todo)))
        self._shown = ""

    def ended(self, number: int, what: str) -> None:
        self.left.remove(number)
        self._clear()
        place = f"{len(self.todo) - len(self.left)}/{len(self.todo)}"
        print(f"[{place}] {self.todo[number][0]}: {what}; to go: {self.to_go()}", flush=True)

    def waiting(self, running: Sequence[int]) -> None:
        if not sys.stdout.isatty():
            return
        parts = (f"{self.todo[number][0]} epoch {self._epoch(number) + 1}" for number in running)
        shown = f"to go: {self.to_go()}; {', '.join(parts)}"[: shutil.get_terminal_size().columns - 1]
        if shown != self._shown:
            self._clear()
            print(shown, end="", flush=True)
            self._shown = shown

    def close(self) -> None:
        """Leave the line of the terminal to others."""
        self._clear()

    def to_go(self) -> str:
        """Of the runs that have not ended."""
        if not self.left:
            return "nothing"
        seconds = [self._seconds(number) for number in self.left]
        known = [value for value in seconds if value is not None]
        unknown = len(seconds) - len(known)
        if not known:
            return f"{count(unknown, 'run')}, how long is unknown"
        more = f" and {count(unknown, 'run')} that nothing is known of" if unknown else ""
        return f"about {duration(remaining_seconds(known, self.places))}{more}"

    def _seconds(self, number: int) -> Optional[float]:
        run, state = self.todo[number]
        seconds = self.estimator.cost(run, state.folder).seconds
        return None if seconds is None else seconds * max(state.num_epochs - self._epoch(number), 0)

    def _epoch(self, number: int) -> int:
        epochs = finished_epochs(self.todo[number][1].folder)
        return epochs[-1]["epoch"] if epochs else 0

    def _clear(self) -> None:
        if self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="")
            self._shown = ""
