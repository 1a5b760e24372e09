"""Jobs in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import pytest

from basicts_elin.reproduce import executor
from basicts_elin.reproduce.executor import Job, run_jobs

SLEEP = "import time; print('sleeping', flush=True); time.sleep(600)"


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    monkeypatch.setattr(executor, "POLL_SECONDS", 0.01)


@pytest.fixture
def job(tmp_path):
    def make(number, code):
        return Job(lambda device: [sys.executable, "-S", "-c", code, device], tmp_path / "logs" / f"{number}.log")

    return make


def wait_for(condition):
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


@contextmanager
def started_processes():
    started, popen = [], subprocess.Popen

    def start(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", start)
        yield started


def test_jobs_are_run_in_their_order_and_their_output_is_kept(job, tmp_path):
    jobs = [job(number, f"import sys; print({number}, sys.argv[1])") for number in range(3)]
    ended = list(run_jobs(jobs, ["cpu"]))
    assert [(one.number, one.reason) for one in ended] == [(0, ""), (1, ""), (2, "")]
    assert [(tmp_path / "logs" / f"{number}.log").read_text() for number in range(3)] == [
        "0 cpu\n",
        "1 cpu\n",
        "2 cpu\n",
    ]
    assert all(one.seconds > 0 for one in ended)


def test_each_device_has_one_at_a_time(job):
    seen = []
    # the first waits for the second one's file, and so on: they can only end together
    code = "import sys, os, time\nopen('{0}', 'w').close()\nwhile not os.path.exists('{1}'): time.sleep(0.01)"
    logs = job(0, "").log.parent
    logs.mkdir()
    jobs = [job(0, code.format(logs / "a", logs / "b")), job(1, code.format(logs / "b", logs / "a"))]
    jobs += [job(2, "import sys; print(sys.argv[1])")]
    assert {one.number for one in run_jobs(jobs, ["0", "1"], on_wait=seen.append)} == {0, 1, 2}
    assert [0, 1] in seen
    assert max(map(len, seen)) == 2


def test_one_device_may_have_several(job):
    seen = []
    jobs = [job(number, "import time; time.sleep(0.2)") for number in range(3)]
    assert len(list(run_jobs(jobs, ["0", "0", "0"], on_wait=seen.append))) == 3
    assert [0, 1, 2] in seen


def test_the_environment_of_the_jobs(job, tmp_path):
    list(run_jobs([job(0, "import os; print(os.environ['OMP_NUM_THREADS'])")], ["cpu"], {"OMP_NUM_THREADS": "3"}))
    assert (tmp_path / "logs" / "0.log").read_text() == "3\n"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('error: no such thing'); print('last'); raise SystemExit(2)", "no such thing"),
        ("print('one'); raise ValueError('two')", "ValueError: two"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL, possibly for lack of memory"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "killed by SIGTERM"),
    ],
)
def test_the_jobs_after_one_that_fails_are_run(job, code, reason):
    ended = list(run_jobs([job(0, code), job(1, "")], ["cpu"]))
    assert [(one.number, one.reason) for one in ended] == [(0, reason), (1, "")]


def test_a_command_that_is_not_there_ends_the_others(job, tmp_path):
    jobs = [job(0, SLEEP), Job(lambda device: [str(tmp_path / "nothing")], tmp_path / "x.log")]
    with pytest.raises(FileNotFoundError), started_processes() as started:
        list(run_jobs(jobs, ["0", "1"]))
    assert [process.poll() for process in started] == [-signal.SIGTERM]


def test_an_exception_while_waiting_ends_the_processes(job):

    def interrupt(running):
        wait_for(lambda: "sleeping" in job(0, "").log.read_text())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), started_processes() as started:
        list(run_jobs([job(0, SLEEP), job(1, SLEEP)], ["0", "1"], on_wait=interrupt))
    assert [process.poll() for process in started] == [-signal.SIGTERM] * 2


def test_an_exception_of_the_caller_ends_the_processes(job):
    with (
        pytest.raises(KeyboardInterrupt),
        started_processes() as started,
        closing(run_jobs([job(0, ""), job(1, SLEEP)], "01")) as ended,
    ):
        for _ in ended:
            raise KeyboardInterrupt
    assert started[1].poll() == -signal.SIGTERM


def test_a_process_that_does_not_listen_is_killed(job, monkeypatch):
    monkeypatch.setattr(executor, "PATIENCE_SECONDS", 0.1)
    deaf = job(0, f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}")

    def interrupt(running):
        wait_for(lambda: "sleeping" in deaf.log.read_text())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), started_processes() as started:
        list(run_jobs([deaf], ["0"], on_wait=interrupt))
    assert started[0].poll() == -signal.SIGKILL


@pytest.mark.skipif(os.name != "posix", reason="needs process groups")
def test_ctrl_c_of_the_terminal_is_not_sent_to_the_processes(job, tmp_path):
    list(run_jobs([job(0, "import os; print(os.getpgid(0))")], ["cpu"]))
    assert int((tmp_path / "logs" / "0.log").read_text()) != os.getpgid(0)
