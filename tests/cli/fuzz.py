"""Inputs that hypothesis makes up: ways to break what `bad_input.fill` made, and the command that then runs."""

import json
import string
from pathlib import Path

import h5py
import numpy as np
import torch
from cli.bad_input import DATASET, EVALUATE, H5, MADE, NPZ, OLD, REPORT, TRAIN, Runs
from cli.commands import CFG, CONFIG
from hypothesis import strategies as st

# one step in each epoch
QUICK = ["--set", "num_epochs=1", "train_batch_size=99", "val_batch_size=99", "test_batch_size=99"]
TRAINING = [*TRAIN.split(), *QUICK]
EVALUATION = [*EVALUATE.split(), "-b", "99"]

READERS = {
    "raw/PEMS08.npz": NPZ.split(),
    "raw/metr-la.h5": H5.split(),
    "raw/old/data.dat": OLD.split(),
    "raw/old/desc.json": OLD.split(),
    "raw/graph.npy": [*NPZ.split(), "--adjacency", "raw/graph.npy"],
    "raw/graph.pkl": [*H5.split(), "--adjacency", "raw/graph.pkl"],
    "raw/graph.csv": [*NPZ.split(), "--adjacency", "raw/graph.csv"],
    "raw/edges.csv": [*NPZ.split(), "--distances", "raw/edges.csv"],
    "raw/ids.txt": [*NPZ.split(), "--ids", "raw/ids.txt", "--distances", "raw/edges.csv"],
    "raw/sensors.txt": [*H5.split(), "--sensors", "raw/sensors.txt"],
    f"{DATASET}/train_data.npy": TRAINING,
    f"{DATASET}/val_timestamps.npy": TRAINING,
    f"{DATASET}/test_data.npy": REPORT.split(),
    f"{DATASET}/meta.json": [*TRAINING, "--save-predictions"],
    "run/Tiny.pt": EVALUATION,
    "run/run.json": REPORT.split(),
    "run/test_metrics.json": REPORT.split(),
}

# numbers at the edges, and words that mean something to somebody
INTEGERS = st.one_of(st.integers(-3, 13), st.sampled_from([10**7, 2**31, 2**32, 2**63, -(2**63), 10**30]))
FLOATS = st.one_of(st.floats(allow_nan=True), st.sampled_from([0.0, -0.0, 1.0, 1e-300, 1e300]))
WORDS = st.one_of(
    st.text(string.ascii_letters + "0._ é'\"[({,=%\\", max_size=8),
    st.sampled_from(["nan", "inf", "None", "True", "MAE", "loss", "cpu", "0", "min", "raw", "builtins.dict"]),
    st.sampled_from(["torch.optim.SGD", "torch.nn.Linear", "os.system", "torch.optim.lr_scheduler.StepLR"]),
)
SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=2)),
    max_leaves=5,
)
TYPES = st.one_of(
    st.sampled_from(["<f4", "<f8"]),
    st.sampled_from([">f4", "<f2", "<i4", "u1", "?", "<c8", "<U2", "S3", "O", "<M8[m]", "f4,i4"]),
)


@st.composite
def broken_bytes(draw):
    """A file with some of its bytes others, more, or fewer."""
    path = draw(st.sampled_from(sorted(READERS)))
    kind = draw(st.sampled_from(["cut", "flip", "insert", "replace", "double"]))
    places = draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6))
    other = draw(st.binary(max_size=40))

    def breaks():
        content = bytearray(Path(path).read_bytes())
        at = [int(place**4 * len(content)) if draw_near else int(place * len(content)) for place in places]
        if kind == "cut":
            del content[at[0] :]
        elif kind == "flip":
            for place, byte in zip(at, other, strict=False):
                content[place] = byte
        elif kind == "insert":
            content[at[0] : at[0]] = other
        elif kind == "double":
            content += bytes(content)
        else:
            content = other
        Path(path).write_bytes(content)

    # headers, which are near the beginning, are where it hurts
    draw_near = draw(st.booleans())
    return f"{kind} {path}", breaks, READERS[path]


@st.composite
def arrays(draw, shape):
    """An array of a shape like the one given, of any type, with some odd values in it."""
    kind = draw(TYPES)
    shape = list(shape)
    change = draw(st.sampled_from(["same", "same", "same", "drop", "add", "length", "empty"]))
    axis = draw(st.integers(0, len(shape) - 1))
    if change == "drop":
        del shape[axis]
    elif change == "add":
        shape.insert(axis, draw(st.integers(1, 3)))
    elif change == "length":
        shape[axis] = draw(st.integers(0, 50))
    elif change == "empty":
        shape[axis] = 0
    values = np.full(shape, draw(st.sampled_from([0, 1, 0.5, 7])), dtype=float)
    if draw(st.booleans()):
        values += np.arange(values.size).reshape(shape) % draw(st.integers(1, 400))
    for _ in range(draw(st.integers(0, 3)) if values.size else 0):
        values.flat[draw(st.integers(0, values.size - 1))] = draw(FLOATS)
    with np.errstate(all="ignore"):
        if kind == "O":
            made = np.empty(shape, object)
            made.fill(Runs())
            return made
        return values.astype(kind)


@st.composite
def broken_arrays(draw):
    """Another array where one is expected."""
    path, shape = draw(
        st.sampled_from(
            [
                ("raw/PEMS08.npz", (3000, 4)),
                ("raw/PEMS08.npz", (3000, 4, 3)),
                ("raw/graph.npy", (4, 4)),
                (f"{DATASET}/train_data.npy", (96, 5)),
                (f"{DATASET}/val_data.npy", (43, 5)),
                (f"{DATASET}/train_timestamps.npy", (96, 2)),
                (f"{DATASET}/test_timestamps.npy", (73, 2)),
            ]
        )
    )
    values = draw(arrays(shape))

    def breaks():
        if path.endswith(".npz"):
            np.savez(path, data=values)
        else:
            np.save(path, values, allow_pickle=True)

    return f"{path} {values.dtype} {values.shape}", breaks, READERS.get(path, TRAINING)


@st.composite
def broken_json(draw):
    """Other values in what is JSON."""
    path = draw(st.sampled_from([path for path in READERS if path.endswith(".json")]))
    content = draw(st.dictionaries(st.integers(0, 20), VALUES, min_size=1, max_size=3))
    more = draw(st.booleans())

    def breaks():
        found = json.loads(Path(path).read_text())
        names = sorted(found)
        # of meta.json, what train looks at is not always there
        names += ["start", "gaps", "node_names", "first_row", "frequency (minutes)"] if more else []
        for number, value in content.items():
            found[names[number % len(names)]] = value
        Path(path).write_text(json.dumps(found))

    return f"{path} {content}", breaks, READERS[path]


@st.composite
def broken_h5(draw):
    """A frame whose parts are missing, or others."""
    names = st.sampled_from(["", "axis0", "axis1", "block0_values", "block0_items"])
    steps = draw(st.lists(st.tuples(names, st.sampled_from("adr"), SCALARS, TYPES), min_size=1, max_size=3))
    sizes = draw(st.lists(st.integers(0, 5), max_size=3))

    def breaks():
        with h5py.File("raw/metr-la.h5", "r+") as file:
            for name, how, value, kind in steps:
                node = file["speed"].get(name) if name else file["speed"]
                if node is None:
                    continue
                if how == "a" and len(node.attrs):
                    key = sorted(node.attrs)[len(str(value)) % len(node.attrs)]
                    del node.attrs[key]
                    if value is not None and not (isinstance(value, int) and abs(value) >= 2**63):
                        node.attrs[key] = value
                elif name and how == "d":
                    del file["speed"][name]
                elif name and np.dtype(kind).kind in "fiuS":
                    del file["speed"][name]
                    file["speed"].create_dataset(name, data=np.ones(sizes, kind))

    return f"h5 {steps} {sizes}", breaks, H5.split()


@st.composite
def checkpoints(draw):
    """What torch can save and a run has not."""
    tensors = st.sampled_from([(12, 12), (12,), (1,), (0,), ()]).map(torch.zeros)
    inner = st.one_of(SCALARS.filter(lambda value: not isinstance(value, int) or abs(value) < 2**63), tensors)
    values = st.one_of(inner, st.dictionaries(st.sampled_from(["mean", "std", "nodes", "x"]), inner, max_size=2))
    content = {"model_state_dict": {"linear.weight": torch.zeros(12, 12), "linear.bias": torch.zeros(12)}}
    for name in draw(st.lists(st.sampled_from(["scaler_stats", "dataset_sha256", "epoch", "linear"]), max_size=2)):
        content[name] = draw(values)
    if "linear" in content:
        content["model_state_dict"]["linear.bias"] = content.pop("linear")
    if draw(st.integers(0, 9)) == 0:
        content["x"] = Runs()
    command = draw(st.sampled_from([EVALUATION, [*TRAINING, "finetune_from=run/Tiny.pt"]]))
    return f"checkpoint {content}", lambda: torch.save(content, "run/Tiny.pt"), command


# what would start processes, compile for a minute, or write somewhere else; sizes have a bound of their own
_LEFT_OUT = {"compile_model", "gpus", "seed"}


@st.composite
def settings_of_a_run(draw, fields):
    """`--set` of fields: mostly those that there are (name to value), mostly to values of their kind."""
    changes, values = [], []
    for _ in range(draw(st.sampled_from([1, 1, 2]))):
        name = draw(st.sampled_from(sorted(name for name in fields if name not in _LEFT_OUT and name[0] != "_")))
        kind = draw(st.sampled_from(["like", "like", "like", "like", "like", "any", "unknown"]))
        if name.endswith("num_epochs"):
            value = draw(st.one_of(st.integers(-1, 2), WORDS))
        elif name.endswith("workers"):
            value = draw(st.sampled_from([-1, 0, 10**6, "x", None]))
        else:
            value = draw(_like(fields[name]) if kind == "like" else VALUES)
        name = draw(WORDS) if kind == "unknown" else name
        changes.append(f"{name}={value}")
        values.append((name, value))
    if draw(st.booleans()):
        return f"--set {changes}", lambda: None, [*TRAINING, *changes]
    # in the file, where no type is looked at
    lines = [f"CFG.{name} = {value!r}" for name, value in values if name.split(".")[-1].isidentifier()]
    text = "\n".join([CONFIG, *lines]).replace("= nan", "= float('nan')").replace("= inf", "= float('inf')")
    return text, lambda: Path(CFG).write_text(text, encoding="utf-8"), TRAINING


def _like(value):
    """Values of the same type."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, (list, tuple)) and value:
        return st.lists(_like(value[0]), max_size=3)
    if isinstance(value, int):
        return INTEGERS
    if isinstance(value, float):
        return st.one_of(FLOATS, st.floats(0, 1))
    return WORDS if isinstance(value, (str, type)) else VALUES


@st.composite
def options(draw):
    """Options of any verb with values of all kinds."""
    number, word = INTEGERS.map(str), WORDS.filter(lambda text: "\0" not in text)
    rows = st.one_of(word, st.tuples(st.one_of(st.just(""), number), st.one_of(st.just(""), number)).map(":".join))
    file = st.one_of(word, st.sampled_from(["raw", "raw/PEMS08.npz", "raw/metr-la.h5"]))
    file = st.one_of(file, st.sampled_from(["raw/old", "run", "raw/ids.txt"]))
    of_prepare = {
        "--raw": file,
        "--rows": rows,
        "--first-row": number,
        "--meta": file,
        "--sensors": file,
        "--distances": file,
        "--ids": file,
        "--adjacency": file,
        "--nodes": st.sampled_from(["-1", "0", "2", "3", "99999999999", "x"]),
        "--days": st.sampled_from(["-1", "6", "7", "99999999999", "x"]),
        "--seed": number,
        "--force": None,
    }
    of_own = {
        "--missing": st.one_of(number, word),
        "--freq": st.one_of(word, st.sampled_from(["5min", "1h", "1D", "7min", "0min"])),
        "--tz": st.one_of(word, st.sampled_from(["Europe/Berlin", "UTC", "Europe"])),
        "--align": st.sampled_from(["floor", "nearest", "ceil"]),
        "--duplicates": st.sampled_from(["mean", "first", "last"]),
        "--time-format": word,
        "--start": st.one_of(word, st.sampled_from(["2024-01-01", "2024-01-01 06:00"])),
        "--hours": st.one_of(word, st.sampled_from(["06:00-23:00", "23:00-06:00", "6-7"])),
        "--weekdays": st.one_of(word, st.sampled_from(["mon-fri", "sun-mon", "mon-"])),
        "--key": word,
        "--time": word,
        "--sensor": word,
        "--channel": st.one_of(number, word),
        "--graph": file,
        "--graph-rule": st.sampled_from(["binary", "gaussian", "none"]),
        "--graph-sigma": st.one_of(number, st.just("nan")),
        "--threshold": st.one_of(number, st.just("0.5")),
        "--ids": file,
        "--sensors": file,
        "--covariates": None,
        "--append": None,
        "--force": None,
        "--drop-windows-across-breaks": None,
    }
    of_runs = {"--seed": number, "-g": word, "--save-predictions": None, "--print-config": None, "--set": word}
    of_train = {**of_runs, "--fresh": None, "--resume": None, "--batch": number, "--precision": word}
    names = st.sampled_from(["PEMS08", "METR-LA", "SyntheticTraffic", "PEMS08_tail", "PEMS99", ""])
    configs = st.sampled_from([CFG, "DLinear/Tiny", "Koopa/Tiny", "nope/Tiny", "raw", "raw/ids.txt", "no.py", ""])
    start, known = draw(
        st.sampled_from(
            [
                (["prepare", draw(names), "--out", "out"], of_prepare),
                (["prepare", draw(file), "--name", "Own", "--out", "out"], of_own),
                (MADE.split(), {"--force": None, "--seed": number, "--rows": rows}),
                ([*QUICK_TRAIN, "-c", draw(configs)], of_train),
                ([*EVALUATION, "-c", draw(configs)], {**of_runs, "-b": number, "-ckpt": file}),
                (["report", draw(file)], {"--naive": None, "--markdown": None, "-o": st.just("rows.csv")}),
                (["list"], {"--no": None}),
            ]
        )
    )
    command = list(start)
    for name in draw(st.lists(st.sampled_from(sorted(known)), max_size=4)):
        command += [name] if known[name] is None else [name, draw(known[name])]
    return " ".join(command), lambda: None, command


QUICK_TRAIN = ["train", "-g", "cpu", *QUICK]
