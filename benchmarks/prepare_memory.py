"""The memory that `prepare` needs for a file of each format: the largest resident size against that of the values.

    python benchmarks/prepare_memory.py --rows 35040 --sensors 8600 --output results/prepare_memory.csv

Counts of vehicles every 15 minutes, 1 % of them missing. Each file is made, and prepared by the command, in a process
of its own. The largest resident size is the whole process's, with its libraries; that of the command's help is beside.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

INTERVAL, START, MISSING = "15min", "2024-01-01 00:00", 0.01
# how many times the float32 size of the values each format may take
LIMITS = {"npy": 3, "npz": 3, "h5": 3, "parquet": 3, "feather": 3, "csv": 6}
_CHUNK = 2**22
# in a process of its own, with a small memory
_MAKE = f"""import sys
sys.path.append({str(Path(__file__).parent)!r})
from prepare_memory import make_file, Path
make_file(Path(sys.argv[1]), *map(int, sys.argv[2:]))
"""
# The peak of a process begins with its parent's, so that a small one stands between.
_RUN = """import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def make_file(path: Path, rows: int, sensors: int) -> None:
    """Write a file of the format that its name ends in."""
    kind = path.suffix[1:]
    if kind == "csv":
        _write_csv(path, rows, sensors)
        return
    values = np.empty((rows, sensors), np.float32)
    for first, chunk in _chunks(rows, sensors):
        values[first : first + len(chunk)] = chunk
    if kind == "npy":
        np.save(path, values)
    elif kind == "npz":
        np.savez(path, data=values)
    else:
        import pandas as pd

        times = pd.date_range(START, periods=rows, freq=INTERVAL, name="time")
        frame = pd.DataFrame(values, times, _names(sensors), copy=False)
        if kind == "h5":
            frame.to_hdf(path, key="counts", mode="w")
        elif kind == "parquet":
            frame.to_parquet(path)
        else:
            frame.reset_index().to_feather(path)


def _write_csv(path: Path, rows: int, sensors: int) -> None:
    import pyarrow as pa
    from pyarrow import csv

    names = _names(sensors)
    times = np.datetime64(START) + np.arange(rows) * np.timedelta64(15, "m")
    with path.open("wb") as file:
        for first, chunk in _chunks(rows, sensors):
            texts = pa.array(np.char.replace(times[first : first + len(chunk)].astype(str), "T", " "))
            columns = [pa.array(column, pa.int32(), from_pandas=True, safe=False) for column in _integers(chunk)]
            table = pa.table([texts, *columns], ["time", *names])
            csv.write_csv(table, file, csv.WriteOptions(include_header=not first, quoting_style="needed"))


def _integers(chunk: np.ndarray) -> Iterator[np.ma.MaskedArray]:
    missing = np.isnan(chunk)
    whole = np.where(missing, 0, chunk).astype(np.int32)
    for sensor in range(chunk.shape[1]):
        yield np.ma.masked_array(whole[:, sensor], missing[:, sensor])


def _chunks(rows: int, sensors: int) -> Iterator[tuple[int, np.ndarray]]:
    random = np.random.default_rng(0)
    size = max(1, _CHUNK // sensors)
    for first in range(0, rows, size):
        shape = min(size, rows - first), sensors
        chunk = random.integers(0, 600, shape).astype(np.float32)
        chunk[random.random(shape, np.float32) < MISSING] = np.nan
        yield first, chunk


def _names(sensors: int) -> list[str]:
    return [f"s{number:05d}" for number in range(sensors)]


def measure(command: Sequence[str], log: Path) -> tuple[float, float]:
    """The largest resident size in MiB (of Linux) and the seconds of a command. Raises: SystemExit if it fails."""
    started = time.perf_counter()
    with log.open("wb") as file:
        python = sys.executable
        code = subprocess.call([python, "-c", _RUN, python, *command], stdout=file, stderr=subprocess.STDOUT)
    seconds = time.perf_counter() - started
    *printed, peak = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if code:
        raise SystemExit(f"{' '.join(command)} failed ({code}): {printed[-1] if printed else ''}")
    return int(peak) / 2**10, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=8760, help="default: 8760")
    parser.add_argument("--sensors", type=int, default=1000, help="default: 1000")
    parser.add_argument("--formats", nargs="+", choices=LIMITS, default=list(LIMITS), help="default: all")
    parser.add_argument("--folder", type=Path, help="for the files, one at a time (default: a temporary one)")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    arguments = parser.parse_args()
    size = arguments.rows * arguments.sensors * 4 / 2**20
    print(f"{arguments.rows} rows x {arguments.sensors} sensors, {size:.0f} MiB in float32")
    rows = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        log = Path(folder, "log")
        cli = ["-m", "basicts_elin.cli", "prepare"]
        help_mib, _ = measure([*cli, "--help"], log)
        print(f"the command's help: {help_mib:.0f} MiB")
        print(f"{'format':<8} {'MiB':>8} {'/ size':>7} {'limit':>6} {'seconds':>8}")
        for kind in arguments.formats:
            file, out = Path(folder, f"counts.{kind}"), Path(folder, "datasets")
            measure(["-c", _MAKE, str(file), str(arguments.rows), str(arguments.sensors)], log)
            times = ["--freq", INTERVAL, "--start", START] if kind in ("npy", "npz") else []
            command = [*cli, str(file), "--name", "Counts", "--out", str(out), "--force", *times]
            peak, seconds = measure(command, log)
            file.unlink()
            row = {
                "format": kind, "rows": arguments.rows, "sensors": arguments.sensors, "float32_mib": round(size, 1),
                "peak_mib": round(peak, 1), "help_mib": round(help_mib, 1), "ratio": round(peak / size, 3),
                "limit": LIMITS[kind], "seconds": round(seconds, 1),
            }  # fmt: skip
            rows.append(row)
            print(f"{kind:<8} {peak:>8.0f} {peak / size:>7.2f} {LIMITS[kind]:>6} {seconds:>8.1f}", flush=True)
    if arguments.output:
        # where the files are made, this name is PyTables'
        from result_rows import run_facts, write_rows

        write_rows(arguments.output, rows, run_facts("cpu"))


if __name__ == "__main__":
    main()
