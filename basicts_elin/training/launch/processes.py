"""A run in several processes: they are started here and end together."""

import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any, Optional

import torch
from basicts.runners import builder
from easytorch.device import get_device_type, set_device_type
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, start_processes
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from ...errors import FailedRunError, UserError, one_line

# The other processes wait while the first one validates. A process that dies ends their wait at once.
_TIMEOUT = timedelta(hours=6)


@dataclass(frozen=True)
class Group:
    """The processes that share a run.

    Either this process starts them on this machine, or torchrun has started them on one or more machines.

    Attributes:
        size: number of processes.
        rank: number of this process among them, from 0, if torchrun has started it; otherwise None.
        local_rank, local_size: the same among the processes of this machine.
    """

    size: int = 1
    rank: Optional[int] = None
    local_rank: Optional[int] = None
    local_size: Optional[int] = None

    @classmethod
    def of_torchrun(cls) -> Optional["Group"]:
        """The group that torchrun has started this process in; None if it has not."""
        names = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        if not all(os.environ.get(name, "").isdigit() for name in names):
            return None
        return cls(*(int(os.environ[name]) for name in names))

    @property
    def is_first(self) -> bool:
        """Whether this process, or the processes that it starts, write the files of the run."""
        return not self.rank


def check_picklable(config: Any, processes: int) -> None:
    """Raises: UserError for a configuration that cannot be sent to the other processes."""
    if processes == 1:
        return
    try:
        pickle.dumps(config)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UserError(
            "configuration",
            one_line(error),
            f"values that can be pickled, with {processes} processes",
            "define its models and functions in a module that can be imported",
        ) from error


def run_in_group(group: Group, function: Callable[..., None], *arguments: Any) -> None:
    """Call `function(*arguments)` in every process of the group; a group of one process needs no other.

    Raises: what the function raises, if it is one of our errors; FailedRunError if a process fails in another way or
        is killed. The remaining processes are ended.
    """
    if group.size == 1:
        function(*arguments)
    elif group.rank is not None:
        _join(group.rank, group.local_rank, group.size, "env://", function, arguments)
    else:
        _start(group.size, function, arguments)


def _start(size: int, function: Callable[..., None], arguments: tuple) -> None:
    """Start the processes on this machine and wait for them."""
    errors = torch.multiprocessing.get_context("spawn").SimpleQueue()
    settings = get_device_type(), max(1, torch.get_num_threads() // size), errors
    address = f"tcp://127.0.0.1:{free_port()}"
    with _interrupts_ignored():
        context = start_processes(_started, (settings, size, address, function, arguments), size, join=False)
    try:
        while not context.join():
            pass
    except KeyboardInterrupt:
        for process in context.processes:
            process.terminate()
        # The progress bar of an ended process does not end its line.
        print(file=sys.stderr)
        raise
    except (ProcessRaisedException, ProcessExitedException) as error:
        print(file=sys.stderr)
        killed = _killed(context.processes)
        if killed:
            raise FailedRunError(killed) from error
        if not errors.empty():
            raise errors.get() from error
        last = str(error).strip().splitlines()[-1]
        raise FailedRunError(f"process {error.error_index} of {size} failed ({last}): the run is stopped") from error


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes started here ignore Ctrl-C: this process ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _started(rank: int, settings: tuple, *group: Any) -> None:
    """The first function of a started process."""
    # tqdm's own lock is shared between processes. A process that is terminated never releases it, and Python warns.
    tqdm.set_lock(threading.RLock())
    device_type, num_threads, errors = settings
    set_device_type(device_type)
    if device_type == "cpu":
        torch.set_num_threads(num_threads)
    try:
        _join(rank, rank, *group)
    except (UserError, FailedRunError) as error:
        errors.put(error)
        raise


def _join(rank: int, local_rank: int, size: int, address: str, function: Callable[..., None], arguments: tuple) -> None:
    """Call the function as process `rank` of the group that meets at `address`."""
    on_cpu = get_device_type() == "cpu"
    if on_cpu:
        _use_ddp_without_gpu()
    else:
        torch.cuda.set_device(local_rank)
    torch.distributed.init_process_group(
        "gloo" if on_cpu else "nccl", init_method=address, rank=rank, world_size=size, timeout=_TIMEOUT
    )
    function(*arguments)
    # The first process evaluates after the others are done. It serves their connections until then.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def _use_ddp_without_gpu() -> None:
    """BasicTS defect 26: DDP is given a GPU number on the CPU."""
    builder.DDP = lambda model, device_ids, **options: DistributedDataParallel(model, **options)


def _killed(processes: Sequence[BaseProcess]) -> str:
    """Which process was killed, in words; "" if none was."""
    # If one is killed, the others fail with exit code 1, or are ended by SIGTERM from here.
    killed = [number for number, process in enumerate(processes) if process.exitcode not in (0, 1, -signal.SIGTERM)]
    if not killed:
        return ""
    name = signal.Signals(-processes[killed[0]].exitcode).name
    return (
        f"process {killed[0]} of {len(processes)} was killed by {name}: the run is stopped; the same command resumes "
        "it after its last finished epoch"
    )


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]
