"""A process that kills itself before its operation of some number."""

import functools
import os
import signal


class Moments:
    """Counts the calls of functions; the one of number `kill_at` does not happen, and nothing after it."""

    def __init__(self, kill_at=None):
        self.count, self.kill_at = 0, kill_at

    def watch(self, owner, *names):
        """Replaces the functions of these names by counted ones."""
        for name in names:
            setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, function):
        @functools.wraps(function)
        def counted(*args, **kwargs):
            self.count += 1
            if self.count == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return counted
