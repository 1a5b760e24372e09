"""A run in several processes: how they start, and that they end together."""

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

# for all processes to be there
_MEETING = timedelta(minutes=5)
# the others wait while the first one validates; a process that dies ends their waiting at once
_TIMEOUT = timedelta(hours=6)


@dataclass(frozen=True)
class Group:
    """The processes of a run: as many on each machine, and where those of the first machine can be reached."""

    per_node: int = 1
    nodes: int = 1
    node_rank: int = 0
    address: Optional[str] = None
    # of this process, where torchrun has started it as one of them
    local_rank: Optional[int] = None

    @classmethod
    def of_torchrun(cls) -> Optional["Group"]:
        """The group that torchrun, or whatever sets the same environment, has started this process in, if it has."""
        names = ("WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "LOCAL_RANK")
        if not all(os.environ.get(name, "").isdigit() for name in names):
            return None
        size, per_node, node_rank, local_rank = (int(os.environ[name]) for name in names)
        address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        return cls(per_node, size // per_node, node_rank, address, local_rank)

    @property
    def size(self) -> int:
        return self.per_node * self.nodes

    @property
    def is_first(self) -> bool:
        """Whether this process, or the processes that it starts, write the files of the run."""
        return self.node_rank == 0 and not self.local_rank

    def check(self) -> None:
        """Raise UserError for a group that cannot be."""
        if self.nodes > 1 and self.address is None:
            raise UserError(f"--nnodes {self.nodes}: --master-addr HOST:PORT is missing, that of the first machine")
        port = self.address.rpartition(":")[2] if self.address is not None else "1"
        if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 2**16):
            raise UserError(f"--master-addr {self.address}: expected HOST:PORT, such as 10.0.0.1:29500")
        if not 0 <= self.node_rank < self.nodes:
            raise UserError(f"--node-rank {self.node_rank}: expected 0 to {self.nodes - 1} with --nnodes {self.nodes}")


def check_sendable(config: Any, group: Group) -> None:
    """Raise UserError where the other processes of a group could not be given the configuration."""
    if group.size == 1:
        return
    try:
        pickle.dumps(config)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UserError(
            f"--processes {group.size}: the configuration cannot be given to other processes ({one_line(error)}); "
            "define its models and functions in a module that can be imported"
        ) from error


def run_in_group(group: Group, function: Callable[..., None], *arguments: Any) -> None:
    """`function(*arguments)` in every process of the group, here if there is only one.

    Raises: what the function raises, if it is one of our errors; FailedRunError where a process fails otherwise or is
    killed. The other processes are ended.
    """
    if group.size == 1:
        function(*arguments)
        return
    if group.local_rank is not None:
        _run_rank(group.local_rank, group, group.address, function, arguments)
        return
    address = group.address or f"127.0.0.1:{free_port()}"
    errors = torch.multiprocessing.get_context("spawn").SimpleQueue()
    settings = get_device_type(), max(1, torch.get_num_threads() // group.per_node), errors
    with _deaf_to_interrupts():
        context = start_processes(
            _start_rank, (settings, group, address, function, arguments), group.per_node, join=False
        )
    try:
        while not context.join():
            pass
    except KeyboardInterrupt:
        for process in context.processes:
            process.terminate()
        # the progress bar of a process that was ended has no end
        print(file=sys.stderr)
        raise
    except (ProcessRaisedException, ProcessExitedException) as error:
        print(file=sys.stderr)
        if not errors.empty():
            raise errors.get() from error
        raise FailedRunError(_description(error, context.processes)) from error


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started here leave it to this one to end them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _start_rank(local_rank: int, settings: tuple, *what: Any) -> None:
    # not the one between processes, which a process that is ended does not give back: Python would say so
    tqdm.set_lock(threading.RLock())
    device_type, num_threads, errors = settings
    set_device_type(device_type)
    if device_type == "cpu":
        torch.set_num_threads(num_threads)
    try:
        _run_rank(local_rank, *what)
    except (UserError, FailedRunError) as error:
        errors.put(error)
        raise


def _run_rank(local_rank: int, group: Group, address: str, function: Callable[..., None], arguments: tuple) -> None:
    """Be one of the group."""
    on_cpu = get_device_type() == "cpu"
    if on_cpu:
        # Defect: BasicTS names a GPU to DDP on the CPU, too
        builder.DDP = lambda model, device_ids, **options: DistributedDataParallel(model, **options)
    else:
        torch.cuda.set_device(local_rank)
    rank = group.node_rank * group.per_node + local_rank
    torch.distributed.init_process_group(
        "gloo" if on_cpu else "nccl",
        store=_meet(group, address, rank),
        rank=rank,
        world_size=group.size,
        timeout=_TIMEOUT,
    )
    function(*arguments)
    # the first one evaluates when the others are done; whoever serves the connections stays until then
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def _meet(group: Group, address: str, rank: int) -> torch.distributed.Store:
    host, _, port = address.rpartition(":")
    # torchrun may be serving the connections itself
    is_server = rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    try:
        return torch.distributed.TCPStore(host, int(port), group.size, is_server, timeout=_MEETING)
    except torch.distributed.DistStoreError as error:
        raise FailedRunError(
            f"not all of {group.size} processes met at {address} within {_MEETING}: start the same command on all "
            f"{group.nodes} machines, with --node-rank 0 to {group.nodes - 1}"
        ) from error
    except RuntimeError as error:
        # no such host, or a port that is taken
        raise FailedRunError(
            f"process {rank} of {group.size} cannot meet the others at {address} ({one_line(error)}); correct "
            "--master-addr, or choose another port"
        ) from error


def _description(error: Exception, processes: Sequence[BaseProcess]) -> str:
    # the one that was killed, not those that then failed or were ended here
    killed = [number for number, process in enumerate(processes) if process.exitcode not in (0, 1, -signal.SIGTERM)]
    if killed:
        name = signal.Signals(-processes[killed[0]].exitcode).name
        return (
            f"process {killed[0]} of {len(processes)} was killed by {name}: the run is stopped; the same command goes "
            "on after its last finished epoch"
        )
    last = str(error).strip().splitlines()[-1]
    return f"process {error.error_index} of {len(processes)} failed ({last}): the run is stopped"


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]
