"""Failed runs: the user sees one line, and the log has the rest."""

import logging
import textwrap
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from easytorch.utils import get_rank

from ...errors import FailedRunError, UserError, system_message

# characters of an error's text: compilers write hundreds of thousands
_LONGEST = 300
_MEMORY = "; a smaller --set train_batch_size (or test_batch_size) needs less memory"
_COMPILER = "; omit --compile (it needs a C++ compiler and, on the CPU, a torch whose path has no space)"


@contextmanager
def failures_logged(folder: Path, job: str) -> Iterator[None]:
    """Write what fails in the block to the log of the job in `folder`.

    Raises: UserError and FailedRunError unchanged. Any other error becomes a FailedRunError of one line; its traceback
        is only in the log.
    """
    hook = threading.excepthook

    def keep(failure: Any) -> None:
        # tensorboard's writer keeps the error of its thread, and raises it in the run
        if getattr(failure.thread, "exception", None) is not failure.exc_value:
            hook(failure)

    threading.excepthook = keep
    try:
        yield
    except (UserError, FailedRunError) as error:
        _log(folder, job, str(error))
        raise
    except KeyboardInterrupt:
        _log(folder, job, "interrupted")
        raise
    except Exception as error:
        log = _log(folder, job, traceback.format_exc())
        raise FailedRunError(f"{failure_line(error)}: the run is stopped; {log}") from error
    finally:
        threading.excepthook = hook


def raise_logging_error(record: logging.LogRecord) -> None:
    """For `handleError` of a log file: a full disk ends the run, instead of a traceback for each line."""
    raise  # noqa: PLE0704  logging calls this while it handles the error


def close_quietly(writer: Any) -> None:
    """Close tensorboard's writer of a run that has failed, perhaps because it could not write."""
    if writer is not None:
        with suppress(OSError):
            writer.close()


def failure_line(error: Exception) -> str:
    """Kind and text of the error that a run has failed with, as one line."""
    if isinstance(error, OSError):
        return system_message(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    # an error that crossed processes has its traceback first, and ends with its own text
    text = lines[-1] if any("Traceback (most recent call last)" in line for line in lines) else " ".join(lines)
    hint = ""
    if is_out_of_memory(error):
        hint = _MEMORY
    elif any(kind.__module__.startswith(("torch._dynamo", "torch._inductor")) for kind in type(error).__mro__):
        # by name, because these modules take seconds to import
        hint = _COMPILER
    return f"{type(error).__name__}: {textwrap.shorten(text, _LONGEST, placeholder=' ...')}{hint}"


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out. torch has two kinds of such errors."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error)


def _log(folder: Path, job: str, text: str) -> str:
    """Append to the log file. Returns where it is, in words."""
    files = [
        Path(handler.baseFilename)
        for handler in logging.getLogger(f"BasicTS-{job}").handlers
        if isinstance(handler, logging.FileHandler)
    ]
    # of several processes, only the first one has a log file so far
    own = folder / f"{job}_log_{time.strftime('%Y%m%d%H%M%S')}_process{get_rank()}.log"
    log = folder / files[0].name if files else own
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(text.rstrip() + "\n")
    except OSError as error:
        return f"its log could not be written: {system_message(error)}"
    return f"{log} says where it failed"
