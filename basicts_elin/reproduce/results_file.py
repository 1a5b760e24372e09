"""The CSV of a command's runs, which another command may write at the same time."""

from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from ..errors import UserError, one_line, system_message
from ..results.store import Row, merged, read_rows, write_rows
from .plan import Run


class Results:
    """Adds rows to a CSV, in the order of the plan.

    Args:
        path: of the CSV; rows of other runs stay in it.
        lock: a file that those who write it hold meanwhile.
    """

    def __init__(self, path: Path, lock: Path, plan: Sequence[Run]):
        self.path, self.lock = path, lock
        self._place = {(run.model, run.dataset, str(run.seed)): place for place, run in enumerate(plan)}
        self._waiting: list[Row] = []

    def write(self, rows: Sequence[Row] = ()) -> None:
        """Add rows. Raises: UserError or OSError where the file cannot be read or written; then they wait."""
        self._waiting += rows
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.lock):
            both = merged(read_rows(self.path), self._waiting)
            write_rows(self.path, sorted(both, key=self._by_plan))
        self._waiting = []

    def keep(self, row: Row) -> str:
        """Add a row while others are being made, which a file that cannot be written must not end.

        Returns "", or why the row waits for the next one, or for `write`.
        """
        try:
            self.write([row])
        except UserError as error:
            return one_line(error)
        except OSError as error:
            return system_message(error)
        return ""

    def _by_plan(self, row: Row) -> int:
        # rows of other plans come first, in their own order
        return self._place.get((row["model"], row["dataset"], row["seed"]), -1)
