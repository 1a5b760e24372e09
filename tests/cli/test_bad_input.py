"""Input that cannot hurt: one or two lines, exit code 2, nothing is changed and nothing in it is run.

A line of the table is a case: its name, what is broken, the command, what it says.
"""

import os
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from cli.bad_input import (
    COMMANDS,
    DATASET,
    EVALUATE,
    H5,
    MADE,
    NPZ,
    OLD,
    REPORT,
    TRAIN,
    Runs,
    archive,
    array,
    config,
    cut,
    fill,
    folder_at,
    frame,
    gone,
    h5,
    json_with,
    npz,
    old,
    pickled,
    put,
    put_in_place,
    saved,
    text,
    tree,
    write,
)
from cli.commands import CONFIG
from tiny import DIMS, Tiny, TinyConfig

from basicts_elin.cli import main

NOTHING = lambda: None  # noqa: E731
OTHER = TRAIN.replace("cfg/Tiny_small/Tiny.py", "other.py")
MODEL = "from basicts_elin import ELinFormer as Tiny, ELinFormerConfig as TinyConfig"
OURS = CONFIG.replace("from tiny import Tiny, TinyConfig", MODEL).replace("TinyConfig()", f"TinyConfig(**{DIMS})")
GRAPH = f"{NPZ} --adjacency raw/graph"
EDGES = f"{NPZ} --distances raw/edges.csv"
TAIL = "prepare METR-LA --raw raw/metr-la.h5 --rows :300 --out out"
WEIGHTS = {"linear.weight": torch.zeros(12, 12), "linear.bias": torch.zeros(12)}

NPZ_CASES = [
    ("missing", gone("raw/PEMS08.npz"), NPZ, "error: raw: ", "raw/PEMS08.npz", "PEMS08"),
    ("cut short", cut("raw/PEMS08.npz"), NPZ, "error: raw: ", "raw/PEMS08.npz", ".npz"),
    ("empty", write("raw/PEMS08.npz", b""), NPZ, "error: raw: ", "raw/PEMS08.npz", ".npz"),
    ("text", write("raw/PEMS08.npz"), NPZ, "error: raw: ", "raw/PEMS08.npz", ".npz"),
    ("a bare pickle", pickled("raw/PEMS08.npz"), NPZ, "error: raw: ", "raw/PEMS08.npz", ".npz"),
    ("a folder without data", folder_at("raw/PEMS08.npz"), NPZ, "error: raw: ", "raw/PEMS08.npz", "data.dat"),
    ("of the wrong kind", NOTHING, "prepare PEMS08 --raw raw/metr-la.h5 --out out", "error: raw: ", ".npz"),
    ("another key", npz(key="flow"), NPZ, "error: raw: ", "raw/PEMS08.npz", "'data'"),
    ("one dimension", npz(lambda data: data[:, 0, 0]), NPZ, "error: raw: ", "'data'", "raw/PEMS08.npz", "[3000]"),
    ("four dimensions", npz(lambda data: data[None]), NPZ, "error: raw: ", "[1, 3000, 4, 3]"),
    ("no channel", npz(lambda data: data[..., :0]), NPZ, "error: raw: ", "[3000, 4, 0]"),
    ("objects", npz(lambda data: data.astype(object)), NPZ, "raw/PEMS08.npz cannot be read", "allow_pickle"),
    ("code", npz(lambda data: np.array([Runs()])), NPZ, "raw/PEMS08.npz cannot be read", "allow_pickle"),
    (
        "text values",
        npz(lambda data: data.astype(str)),
        NPZ,
        "error: raw: ",
        "'data'",
        "raw/PEMS08.npz",
        "<U32",
    ),
    ("complex values", npz(lambda data: data + 1j), NPZ, "error: raw: ", "complex128"),
    ("NaN", npz(put(7, 2, np.nan)), NPZ, "error: raw: ", "1", "NaN", "7", "2"),
    ("infinity", npz(put(7, 2, np.inf)), NPZ, "error: raw: ", "NaN", "7", "2"),
    ("too large a number", npz(put(7, 2, 1e300)), NPZ, "error: raw: ", "NaN", "7", "2"),
    ("negative flow", npz(put(7, 2, -3)), NPZ, "error: raw: ", "1", "0", "7", "2"),
    ("nothing measured", npz(lambda data: 0 * data), NPZ, "error: raw: ", "raw/PEMS08.npz", "0"),
    ("other nodes", npz(lambda data: data[:, :3]), NPZ, "error: raw: ", "raw/PEMS08.npz", "3", "PEMS08", "4"),
    ("fewer steps", npz(lambda data: data[:99]), NPZ, "error: raw: ", "99", "PEMS08", "3000", "--rows"),
    ("too few steps", NOTHING, f"{NPZ} --rows :100", "error: rows: ", "60", "20", "24", "(12 in, 12 out)"),
    ("rows that are none", NOTHING, f"{NPZ} --rows 5", "error: rows: ", "'5'"),
    ("rows of many digits", NOTHING, f"{NPZ} --rows {'9' * 5000}:", "error: rows: "),
    ("rows out of range", NOTHING, f"{NPZ} --rows 2999:4000", "error: rows: ", "2999:4000"),
    ("a first row below 0", NOTHING, f"{NPZ} --first-row -1", "error: first_row: ", "-1"),
    ("unknown dataset", NOTHING, "prepare PEMS99 --raw raw/PEMS08.npz", "error: dataset: PEMS99; ", "PEMS08"),
    ("no raw file named", NOTHING, "prepare PEMS08", "error: --raw: missing; ", "the raw file of PEMS08"),
]

H5_CASES = [
    ("missing", gone("raw/metr-la.h5"), H5, "error: raw: ", "raw/metr-la.h5"),
    ("cut short", cut("raw/metr-la.h5"), H5, "error: raw: ", "raw/metr-la.h5", "HDF5"),
    ("text", write("raw/metr-la.h5"), H5, "error: raw: ", "raw/metr-la.h5", "HDF5"),
    (
        "no frame",
        h5(lambda file: file.pop("speed")),
        H5,
        "error: raw: ",
        "pandas's",
    ),
    ("no index", h5(lambda file: file["speed"].pop("axis1")), H5, "error: raw: ", "raw/metr-la.h5"),
    ("no values", h5(lambda file: file["speed"].pop("block0_values")), H5, "error: raw: ", "raw/metr-la.h5", "HDF5"),
    (
        "an array alone",
        h5(lambda file: (file.pop("speed"), file.create_dataset("speed", data=[1.0]))),
        H5,
        "error: raw: ",
    ),
    ("a table", frame(lambda data: data, format="table"), H5, "error: raw: ", "'speed'", "pandas's"),
    ("a series", frame(lambda data: data[data.columns[0]]), H5, "error: raw: ", "raw/metr-la.h5"),
    (
        "numbers for dates",
        frame(lambda data: data.reset_index(drop=True)),
        H5,
        "the index of 'speed'",
        "expected dates",
    ),
    (
        "text values",
        frame(lambda data: data.astype(str)),
        H5,
        "error: raw: ",
        "773869",
        "raw/metr-la.h5",
    ),
    (
        "NaN",
        frame(lambda data: data.mask(data == data.iloc[7, 2])),
        H5,
        "error: raw: ",
        "NaN",
        "7",
    ),
    ("negative speed", frame(lambda data: -data), H5, "error: raw: ", "12000", "0", "773869"),
    ("unsorted", frame(lambda data: data[::-1]), H5, "error: raw: "),
    ("double", frame(lambda data: pd.concat([data[:9], data[8:-1]])), H5, "error: raw: ", "9"),
    (
        "an irregular interval",
        frame(lambda data: data.set_axis(data.index.delete(9).insert(9, data.index[9] + pd.Timedelta("1min")))),
        H5,
        "error: raw: ",
        "9",
        "5",
    ),
    ("seconds", frame(lambda data: data.set_axis(data.index + pd.Timedelta("1s"))), H5, "expected whole minutes"),
    ("a time zone", frame(lambda data: data.tz_localize("UTC")), H5, "with a time zone; expected dates in local time"),
    (
        "columns of one name",
        h5(lambda file: file["speed/axis0"].write_direct(np.array(file["speed/axis0"])[[0, 0, 2, 3]])),
        H5,
        "error: raw: ",
    ),
    ("other sensors", frame(lambda data: data.iloc[:, :3]), H5, "error: raw: ", "raw/metr-la.h5", "3", "4"),
    ("fewer steps", frame(lambda data: data[:200]), H5, "error: raw: ", "200", "3000"),
    ("too few steps", NOTHING, TAIL.replace("300", "200"), "error: rows: ", "140", "20", "40", "24", "(12 in, 12 out)"),
    ("a first row", NOTHING, f"{H5} --first-row 5", "error: first_row: ", "5", ".h5", "raw/metr-la.h5"),
]

OLD_CASES = [
    ("no data", gone("raw/old/data.dat"), OLD, "error: raw: ", "raw/old", "data.dat", "0.5"),
    ("cut short", cut("raw/old/data.dat"), OLD, "error: raw: ", "raw/old/data.dat", "72000", "144000"),
    ("no description", gone("raw/old/desc.json"), OLD, "error: raw: ", "raw/old/desc.json", "'shape'"),
    ("no JSON", write("raw/old/desc.json"), OLD, "error: raw: ", "raw/old/desc.json", "'shape'"),
    ("no shape", write("raw/old/desc.json", b"[]"), OLD, "error: raw: ", "raw/old/desc.json", "'shape'"),
    ("deep JSON", write("raw/old/desc.json", b"[" * 10**5), OLD, "error: raw: ", "raw/old/desc.json", "'shape'"),
    ("one channel", json_with("raw/old/desc.json", shape=[3000, 12, 1]), OLD, "with 3 channels or more"),
    (
        "a shape of text",
        json_with("raw/old/desc.json", shape=["3000", "4", "3"]),
        OLD,
        "error: raw: ",
        "'shape'",
        "raw/old/desc.json",
    ),
    ("NaN", old(put_in_place((7, 2, 0), np.nan)), OLD, "error: raw: ", "raw/old", "1", "NaN"),
    ("negative flow", old(put_in_place((7, 2, 0), -3)), OLD, "error: raw: ", "raw/old", "1", "0", "7"),
    ("times that differ", old(put_in_place((7, 2, 1), 0.5)), OLD, "differs between nodes at row 7"),
    ("a time of 1", old(put_in_place((7, slice(None), 1), 1)), OLD, "raw/old/data.dat is 1 at row 7; expected [0, 1)"),
    ("NaN for a time", old(put_in_place((7, slice(None), 1), np.nan)), OLD, "is nan at row 7; expected [0, 1)"),
    (
        "an irregular interval",
        old(put_in_place((7, slice(None), 1), 0.0504)),
        OLD,
        "error: raw: ",
        "7",
        "0.0504",
        "1/288",
    ),
    ("a double time", old(lambda data: np.copyto(data[7], data[6])), OLD, "error: raw: ", "7"),
    ("unsorted", old(lambda data: np.copyto(data, data[::-1].copy())), OLD, "error: raw: ", "1"),
]

GRAPH_CASES = [
    (
        "missing",
        NOTHING,
        f"{NPZ} --adjacency no.npy",
        "error: adjacency: ",
        "no.npy",
        ".npy",
        ".csv",
    ),
    (
        "of another kind",
        NOTHING,
        f"{NPZ} --adjacency raw/ids.txt",
        "error: adjacency: ",
        "raw/ids.txt",
        ".npy",
        ".csv",
        ".pkl",
    ),
    (
        "of another size",
        lambda: np.save("raw/graph.npy", np.eye(3)),
        f"{GRAPH}.npy",
        "error: adjacency: ",
        "raw/graph.npy",
        "3",
        "4",
    ),
    (
        "not square",
        lambda: np.save("raw/graph.npy", np.ones((4, 3))),
        f"{GRAPH}.npy",
        "error: adjacency: ",
        "float64",
        "[4, 3]",
    ),
    (
        "three dimensions",
        lambda: np.save("raw/graph.npy", np.ones((4, 4, 1))),
        f"{GRAPH}.npy",
        "expected a square matrix",
    ),
    (
        "NaN",
        lambda: np.save("raw/graph.npy", np.eye(4) * np.nan),
        f"{GRAPH}.npy",
        "error: adjacency: ",
        "raw/graph.npy",
        "NaN",
        "infinity",
    ),
    (
        "text values",
        lambda: np.save("raw/graph.npy", np.eye(4).astype(str)),
        f"{GRAPH}.npy",
        "expected a square matrix of num",
    ),
    (
        "objects",
        lambda: np.save("raw/graph.npy", np.array([[Runs()]])),
        f"{GRAPH}.npy",
        "error: adjacency: ",
        "raw/graph.npy",
        ".npy",
    ),
    ("cut short", cut("raw/graph.npy"), f"{GRAPH}.npy", "error: adjacency: ", "raw/graph.npy", ".npy"),
    ("an archive", archive("raw/graph.npy"), f"{GRAPH}.npy", "error: adjacency: "),
    (
        "larger than any memory",
        write(
            "raw/graph.npy",
            b"\x93NUMPY\x01\x00v\x00"
            + b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999, 9999999), }".ljust(117)
            + b"\n",
        ),
        f"{GRAPH}.npy",
        "error: adjacency: ",
        "raw/graph.npy",
        ".npy",
    ),
    ("code", pickled("raw/graph.pkl"), f"{GRAPH}.pkl", "error: adjacency: ", "raw/graph.pkl", "posix.mkdir"),
    ("a pickle cut short", cut("raw/graph.pkl"), f"{GRAPH}.pkl", "error: adjacency: ", "raw/graph.pkl"),
    (
        "a pickle of text",
        pickled("raw/graph.pkl", "graph"),
        f"{GRAPH}.pkl",
        "error: adjacency: ",
        "raw/graph.pkl",
    ),
    (
        "other ids",
        text("raw/ids.txt", *"efgh"),
        f"{GRAPH}.pkl --ids raw/ids.txt",
        "error: adjacency: ",
        "raw/graph.pkl",
        "(4",
    ),
    (
        "CSV of text",
        text("raw/graph.csv", "a,b"),
        f"{GRAPH}.csv",
        "error: adjacency: ",
        "raw/graph.csv",
    ),
    ("CSV of ragged rows", text("raw/graph.csv", "1,2", "3"), f"{GRAPH}.csv", "error: adjacency: ", "raw/graph.csv"),
    (
        "CSV in another encoding",
        write("raw/graph.csv", b"\xff\xfe1\x00"),
        f"{GRAPH}.csv",
        "error: adjacency: ",
        "raw/graph.csv",
    ),
    ("given twice", NOTHING, f"{EDGES} --adjacency raw/graph.npy", "error: adjacency: ", "--distances"),
    (
        "edges to nowhere",
        text("raw/edges.csv", "0,9,1"),
        EDGES,
        "error: distances: ",
        "1",
        "raw/edges.csv",
        "'9'",
        "0",
        "3",
    ),
    ("edges of one end", text("raw/edges.csv", "0"), EDGES, "error: distances: ", "1", "raw/edges.csv", "'0'"),
    ("edges in bytes", write("raw/edges.csv", b"\xff\xfe\x00"), EDGES, "error: distances: ", "raw/edges.csv"),
    ("no edges", gone("raw/edges.csv"), EDGES, "error: distances: ", "raw/edges.csv"),
    ("too few ids", text("raw/ids.txt", "a"), f"{EDGES} --ids raw/ids.txt", "error: ids: ", "raw/ids.txt", "1", "4"),
    (
        "ids twice",
        text("raw/ids.txt", *"abca"),
        f"{EDGES} --ids raw/ids.txt",
        "error: ids: ",
        "raw/ids.txt",
    ),
    (
        "no sensors",
        text("raw/sensors.txt"),
        f"{H5} --sensors raw/sensors.txt",
        "raw/sensors.txt is empty; expected sensor",
    ),
    (
        "unknown sensors",
        text("raw/sensors.txt", "1"),
        f"{H5} --sensors raw/sensors.txt",
        "error: sensors: ",
        "1",
    ),
    (
        "sensors of an .npz",
        NOTHING,
        f"{NPZ} --sensors raw/sensors.txt",
        "error: sensors: ",
        "raw/PEMS08.npz",
    ),
]

OUT_CASES = [
    ("a file in the way", write("out"), NPZ, "out/PEMS08 cannot be written", "Not a directory", "name another --out"),
    (
        "a file for the dataset",
        lambda: (folder_at("out")(), write("out/PEMS08")()),
        NPZ,
        "out/PEMS08 is a file; expected",
    ),
    ("what exists", lambda: os.makedirs("out/PEMS08"), NPZ, "error: out: ", "out/PEMS08", "--force", "--out"),
    ("a link to itself", lambda: (folder_at("out")(), os.symlink("PEMS08", "out/PEMS08")), NPZ, "out/PEMS08"),
    ("a name too long", NOTHING, NPZ.replace("--out out", f"--out {'a' * 300}"), "File name too long"),
    (
        "too few nodes",
        NOTHING,
        MADE.replace("4", "1"),
        "error: nodes: ",
        "1",
        "2",
    ),
    ("too many nodes", NOTHING, MADE.replace("4", "999999999"), "error: nodes: ", "999999999", "7"),
    ("a negative seed", NOTHING, f"{MADE} --seed -1", "error: seed: ", "-1", "0"),
    ("a number that is none", NOTHING, f"{MADE} --seed x", "argument --seed: invalid int value: 'x'", "-h explains"),
    ("a raw file of what is made", NOTHING, f"{MADE} --raw x", "error: --raw: ", "SyntheticTraffic", "omit it"),
]

PREPARED_CASES = [
    (
        "no dataset",
        gone(DATASET),
        TRAIN,
        "error: datasets/Tiny: ",
    ),
    ("a file for a folder", lambda: (gone(DATASET)(), write(DATASET)()), TRAIN, "error: datasets/Tiny: "),
    ("a part missing", gone(f"{DATASET}/val_data.npy"), TRAIN, "error: datasets/Tiny/val_data.npy: "),
    (
        "cut short",
        cut(f"{DATASET}/val_data.npy"),
        TRAIN,
        "error: datasets/Tiny/val_data.npy: ",
    ),
    ("empty", write(f"{DATASET}/val_data.npy", b""), TRAIN, "error: datasets/Tiny/val_data.npy: "),
    ("text", write(f"{DATASET}/val_data.npy"), TRAIN, "error: datasets/Tiny/val_data.npy: "),
    ("a bare pickle", pickled(f"{DATASET}/val_data.npy"), TRAIN, "error: datasets/Tiny/val_data.npy: "),
    ("an archive", archive(f"{DATASET}/val_data.npy"), TRAIN, "error: datasets/Tiny/val_data.npy: "),
    (
        "objects",
        array(lambda data: np.array([[Runs()]])),
        TRAIN,
        "error: datasets/Tiny/val_data.npy: ",
    ),
    (
        "float64",
        array(lambda data: data.astype(float)),
        TRAIN,
        "error: datasets/Tiny/val_data.npy: ",
        "float64",
        "float32",
        "[rows",
    ),
    (
        "three dimensions",
        array(lambda data: data[..., None]),
        TRAIN,
        "error: datasets/Tiny/val_data.npy: ",
        "float32",
    ),
    (
        "other nodes in a part",
        array(lambda data: data[:, :4]),
        TRAIN,
        "error: datasets/Tiny/val_data.npy: ",
        "4",
        "train_data.npy",
        "5",
    ),
    (
        "other nodes than meta",
        json_with(f"{DATASET}/meta.json", num_vars=9),
        TRAIN,
        "error: datasets/Tiny/meta.json: ",
        "num_vars",
        "9",
        "5",
    ),
    (
        "other nodes than the config",
        NOTHING,
        f"{TRAIN} --set model_config.num_features=9",
        "error: num_features: ",
        "5",
        "--set",
        "model_config.num_features=5",
    ),
    (
        "NaN",
        array(put(3, 2, np.nan)),
        TRAIN,
        "error: datasets/Tiny/val_data.npy: ",
        "NaN",
        "infinity",
    ),
    ("infinity", array(put(3, 2, np.inf)), EVALUATE, "error: datasets/Tiny/val_data.npy: ", "NaN", "infinity"),
    (
        "negative",
        lambda: (array(put(3, 2, -3))(), json_with(f"{DATASET}/meta.json", non_negative=True)()),
        TRAIN,
        f"error: {DATASET}/val_data.npy: -3; ",
        "0 or more",
    ),
    (
        "times of another length",
        array(lambda data: data[1:], kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "val_data.npy",
        "43",
        "42",
    ),
    (
        "times without the day",
        array(lambda data: data[:, :1], kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
    ),
    (
        "times as integers",
        array(lambda data: data.astype(int), kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "int64",
    ),
    (
        "NaN for a time",
        array(put(3, 0, np.nan), kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "NaN",
        "infinity",
    ),
    (
        "a time of 1",
        array(put(3, 0, 1), kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "3",
        "1",
        "[0, 1)",
    ),
    (
        "a day of 1",
        array(put(3, 1, 1), kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "3",
        "1",
        "[0, 1)",
    ),
    (
        "a time between steps",
        array(put(3, 0, 0.4), kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "3",
        "0.4",
        "1/288",
    ),
    (
        "a double time",
        array(lambda data: data[[0, 0, *range(2, 43)]], kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "1",
    ),
    (
        "unsorted",
        array(lambda data: data[::-1], kind="timestamps"),
        TRAIN,
        "error: datasets/Tiny/val_timestamps.npy: ",
        "1",
    ),
    (
        "fewer steps than a window",
        NOTHING,
        f"{TRAIN} --set input_len=40",
        "error: datasets/Tiny/val_data.npy: ",
        "43",
        "input_len",
        "output_len",
        "52",
    ),
    (
        "meta of text",
        write(f"{DATASET}/meta.json"),
        TRAIN,
        f"{DATASET}/meta.json: not JSON",
        "prepare the dataset again",
    ),
    ("meta of bytes", write(f"{DATASET}/meta.json", b"\xff"), TRAIN, f"{DATASET}/meta.json: not JSON"),
    ("deep meta", write(f"{DATASET}/meta.json", b"[" * 10**5), TRAIN, f"{DATASET}/meta.json: not JSON"),
    (
        "meta of a list",
        write(f"{DATASET}/meta.json", b"[]"),
        TRAIN,
        f"{DATASET}/meta.json: a list; expected a JSON object",
    ),
    (
        "names of others",
        json_with(f"{DATASET}/meta.json", node_names=["a"]),
        TRAIN,
        "error: datasets/Tiny/meta.json: ",
        "node_names",
        "5",
    ),
    (
        "a name of a list",
        json_with(f"{DATASET}/meta.json", name=[]),
        TRAIN,
        "error: datasets/Tiny/meta.json: ",
        "[]",
    ),
    (
        "gaps of a number",
        json_with(f"{DATASET}/meta.json", gaps=5),
        TRAIN,
        "error: datasets/Tiny/meta.json: ",
        "5",
    ),
    (
        "a gap without an end",
        json_with(f"{DATASET}/meta.json", gaps=[["2024-01-01", 10**30]]),
        f"{TRAIN} --save-predictions",
        "error: datasets/Tiny/meta.json: ",
    ),
    (
        "no part of a day",
        json_with(f"{DATASET}/meta.json", **{"frequency (minutes)": 7}),
        TRAIN,
        f"error: {DATASET}/meta.json: frequency (minutes): 7; ",
        "1440",
    ),
    (
        "dates that are none",
        json_with(f"{DATASET}/meta.json", start="x"),
        f"{TRAIN} --save-predictions",
        "error: datasets/Tiny/meta.json: ",
    ),
]

CONFIG_CASES = [
    ("missing", NOTHING, OTHER, "config file other.py: missing; expected ", "CFG = benchmark_config"),
    ("a folder", folder_at("other.py"), OTHER, "config file other.py: a folder; expected "),
    ("a syntax error", config("CFG = ("), OTHER, "config file other.py: ", "line 7: '(' was never closed"),
    ("bytes", write("other.py", b"\xff"), OTHER, "config file other.py: "),
    ("a zero byte", write("other.py", b"CFG = 1\0"), OTHER, "config file other.py"),
    ("a missing import", config("import no_such_module"), OTHER, "config file other.py: ", "'no_such_module'"),
    ("a missing name", config("from basicts_elin import No"), OTHER, "config file other.py: ", "'No'"),
    ("an exit", config("raise SystemExit"), OTHER, "config file other.py: SystemExit"),
    ("an error of two lines", config("raise ValueError('a\\nb')"), OTHER, "config file other.py: ValueError: a b"),
    (
        "what cannot be written down",
        config("CFG.train_data_collate_fn = [].index"),
        OTHER,
        "configuration: a value that cannot be serialised (vars() argument",
    ),
    ("no end", config("def f(): f()", "f()"), OTHER, "config file other.py: RecursionError"),
    ("no model", config("CFG.model = ''"), OTHER, "model: ''; expected type"),
    ("a model that is none", config("CFG.model = dict"), OTHER, "model: dict; expected ", "Module"),
    (
        "no configuration of the model",
        config("CFG.model_config = None"),
        OTHER,
        "model_config: None; expected BasicTSModelConfig",
    ),
    ("an optimizer that is none", config("CFG.optimizer = Tiny"), OTHER, "optimizer: Tiny; expected ", "Optimizer"),
    ("a seed of text", config("CFG.seed = 'x'"), OTHER, "seed: 'x'; expected int"),
    ("no metrics", config("CFG.metrics = None"), OTHER, "metrics: None; expected List[Union[str, Tuple"),
    ("a horizon of text", config("CFG.eval_horizons = ['x']"), OTHER, "eval_horizons: ['x']; expected "),
    ("nothing", write("other.py", b""), OTHER, "config file other.py: no CFG; expected CFG = benchmark_config"),
    ("another type", config("CFG = 5"), OTHER, "config file other.py: CFG of type int; expected "),
    (
        "not Python",
        NOTHING,
        TRAIN.replace("cfg/Tiny_small/Tiny.py", "raw/ids.txt"),
        "config file raw/ids.txt: ",
        "'.txt'",
        ".py",
    ),
    (
        "an unknown field",
        config(head=CONFIG.replace("num_epochs", "epochs")),
        OTHER,
        "benchmark_config(epochs=...): ",
        "num_epochs",
    ),
    (
        "an unknown field of the model",
        config(head=CONFIG.replace("TinyConfig()", "TinyConfig(layers=2)")),
        OTHER,
        "unexpected keyword argument 'layers'",
    ),
    (
        "an unknown dataset",
        config(head=CONFIG.replace('"Tiny"', '"PEMS99"')),
        OTHER,
        "error: dataset: ",
    ),
    (
        "an unknown model",
        NOTHING,
        TRAIN.replace("cfg/Tiny_small/Tiny.py", "DLinaer/PEMS08"),
        "did you mean DLinear/PEMS08",
    ),
    (
        "no layers",
        config(head=OURS),
        f"{OTHER} --set num_layers=0",
        "error: model_config: ",
    ),
    (
        "very many layers",
        config(head=OURS),
        f"{OTHER} --set num_layers=1000000000",
        "model_config.num_layers: 1000000000; expected 1000 or less",
    ),
    (
        "a width larger than any memory",
        config(head=OURS),
        f"{OTHER} --set intermediate_size=999999999999",
        "expected 1000000 or less",
    ),
    (
        "heads that do not divide",
        config(head=OURS),
        f"{OTHER} --set n_heads=3",
        "model_config: ",
        "values that ELinFormer accepts",
        "n_heads=3",
    ),
    (
        "an unknown entropy",
        config(head=OURS),
        f"{OTHER} --set entropy=x",
        "model_config: ",
        "values that ELinFormer accepts",
        "entropy",
    ),
    (
        "an unknown activation",
        config(head=OURS),
        f"{OTHER} --set hidden_act=x",
        "model_config: ",
        "values that ELinFormer accepts",
    ),
    (
        "a dropout of 2",
        config(head=OURS),
        f"{OTHER} --set dropout=2",
        "model_config: ",
        "values that ELinFormer accepts",
        "dropout",
    ),
]

SET_CASES = [
    ("horizon 13 of 12", "eval_horizons=[13]", "eval_horizons: [13]; expected steps from 1 to output_len=12"),
    ("a horizon twice", "eval_horizons=[3,3]", "eval_horizons: [3, 3]", "each once"),
    ("a metric twice", "metrics=['MAE','MAE']", "metrics: ['MAE', 'MAE']; expected each name once"),
    ("an unknown metric", "metrics=['FOO']", "metrics: ['FOO']; expected names among MAE,"),
    ("no input", "input_len=0", "input_len: 0; expected 1 or more"),
    (
        "more steps than there are",
        "output_len=1000000",
        "error: datasets/Tiny/train_data.npy: 96 rows; expected 1000012",
    ),
    (
        "a window larger than any memory",
        "output_len=1000000 input_len=1000000",
        "model_config: Tiny with 4000.0 GB of weights; expected less than this machine's",
    ),
    ("no epochs", "num_epochs=0", "num_epochs: 0; expected 1 or more"),
    ("no batch", "train_batch_size=-1", "train_batch_size: -1; expected 1 or more"),
    ("tests never", "test_interval=0", "test_interval: 0; expected 1 or more"),
    ("checkpoints never", "ckpt_save_strategy=0", "ckpt_save_strategy: 0; expected epochs, 1 or more"),
    ("very many workers", "train_data_num_workers=100000", "train_data_num_workers: 100000; expected 0 to 256"),
    ("tf32 on a CPU", "tf32=True", "tf32: True; expected False: tf32 is for GPUs"),
    ("an unknown field", "num_epoch=3", "--set num_epoch: ", "(did you mean num_epochs"),
    ("an unknown group", "model.x=3", "--set model.x: ", "'model'", "model_config"),
    ("text for a number", "num_epochs=many", "--set num_epochs: 'many'", "str", "expected int"),
    ("too large a number", f"num_epochs=0x{'f' * 5000}", "--set num_epochs: ", "20000", "63"),
    ("text that cannot be printed", "ckpt_save_dir='\\0'", "--set ckpt_save_dir: '\\x00'; expected "),
    ("a learning rate below 0", "lr=-1.0", "arguments that Adam accepts (Invalid learning rate"),
    ("a class that is none", "optimizer=no.such.Adam", "--set optimizer: 'no.such.Adam'; expected ", "Optimizer"),
    ("an unknown loss", "loss=FOO", "loss: 'FOO'; expected one of MAE"),
    ("a folder that is a file", "ckpt_save_dir=raw/ids.txt", "raw/ids.txt", "Not a directory"),
    ("no checkpoint to go on from", "finetune_from=no.pt", "finetune_from: 'no.pt'; expected the file of a checkpoint"),
    (
        "no checkpoint at all",
        "finetune_from=raw/ids.txt",
        "raw/ids.txt: unreadable (BadZipFile)",
        "expected a .pt file of a run",
    ),
    ("a list for a function", "val_data_collate_fn=[1]", "val_data_collate_fn: [1]; expected "),
    (
        "no timestamps",
        "use_timestamps=False",
        "use_timestamps: False; expected True: Tiny needs time of day and day of week",
    ),
    ("no field", "num_epochs", "--set: num_epochs; expected field=value"),
]

OPTION_CASES = [
    ("a negative seed", NOTHING, f"{TRAIN} --seed -1", "seed: -1; expected 0 to 2147483647"),
    ("a seed of many digits", NOTHING, f"{TRAIN} --seed {'9' * 30}", "expected 0 to 2147483647"),
    (
        "devices that are none",
        NOTHING,
        f"{TRAIN} -g x",
        "--gpus: 'x'; expected device numbers such as 0 or 0,1, or cpu",
    ),
    ("an unknown option", NOTHING, f"{TRAIN} --sed 5", "unrecognized arguments: --sed 5; basicts-elin -h explains"),
    ("an unknown verb", NOTHING, "trian", "invalid choice: 'trian'", "basicts-elin -h explains every argument"),
    ("no verb", NOTHING, "", "the following arguments are required: VERB"),
    ("no processes", NOTHING, f"{TRAIN} --processes 0", "argument --processes: 0 is not a positive number"),
    (
        "nothing to resume",
        NOTHING,
        f"{TRAIN} --resume",
        "--resume: ",
        "a folder with a checkpoint of this run; omit --resume to start it",
    ),
]

CHECKPOINT_CASES = [
    ("missing", gone("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: missing; expected a .pt file of a run"),
    ("a folder", folder_at("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: missing"),
    ("cut short", cut("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: unreadable", "expected a .pt file of a run"),
    ("cut short by little", cut("run/Tiny.pt", 0.98), EVALUATE, "run/Tiny.pt: unreadable"),
    ("empty", write("run/Tiny.pt", b""), EVALUATE, "run/Tiny.pt: unreadable"),
    ("text", write("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: unreadable"),
    (
        "code",
        saved("run/Tiny.pt", {"model_state_dict": WEIGHTS, "scaler_stats": Runs()}),
        EVALUATE,
        "run/Tiny.pt: unreadable (UnpicklingError)",
    ),
    ("a pickle with code", pickled("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: unreadable (BadZipFile)"),
    (
        "code to go on from",
        saved("run/Tiny.pt", {"model_state_dict": WEIGHTS, "x": Runs()}),
        f"{TRAIN} --set finetune_from=run/Tiny.pt",
        "run/Tiny.pt: unreadable",
    ),
    (
        "a whole model",
        saved("run/Tiny.pt", lambda: Tiny(TinyConfig(input_len=12, output_len=12))),
        EVALUATE,
        "run/Tiny.pt: unreadable (UnpicklingError)",
    ),
    ("weights alone", saved("run/Tiny.pt", WEIGHTS), EVALUATE, "run/Tiny.pt: no model_state_dict"),
    (
        "numbers for weights",
        saved("run/Tiny.pt", {"model_state_dict": {"linear.bias": 5}}),
        EVALUATE,
        "run/Tiny.pt: no model_state_dict",
    ),
    ("a list", saved("run/Tiny.pt", [1.0]), EVALUATE, "run/Tiny.pt: no model_state_dict"),
    (
        "of another model",
        saved("run/Tiny.pt", {"model_state_dict": {"x": torch.zeros(1)}}),
        EVALUATE,
        "run/Tiny.pt: 2 parameters missing, 1 unknown",
    ),
    (
        "of another size",
        NOTHING,
        f"{EVALUATE} --set output_len=6 eval_horizons=[6]",
        "2 of another shape (such as linear.bias, [12] instead of [6])",
    ),
    (
        "of another model, as noted",
        write("run/cfg.json", b'{"model": {"name": "Other"}}'),
        EVALUATE,
        "run/Tiny.pt: of model Other; expected of model Tiny",
    ),
    ("beside a damaged note", write("run/cfg.json"), EVALUATE, "run/cfg.json: not JSON", "remove it"),
    (
        "a batch of nothing",
        NOTHING,
        f"{EVALUATE} -b 0",
        "argument -b/--batch-size/--batch_size: 0 is not a positive number",
    ),
]

REPORT_CASES = [
    ("no run", gone("run"), REPORT, "error: run: no run.json; "),
    ("metrics of text", write("run/test_metrics.json"), REPORT, "run/test_metrics.json", "JSON", "train the run again"),
    (
        "metrics of another form",
        write("run/test_metrics.json", b"{}"),
        REPORT,
        "error: run/test_metrics.json: ",
        "overall",
    ),
    (
        "a metric of text",
        write("run/test_metrics.json", b'{"overall": {"MAE": "x"}}'),
        REPORT,
        "error: run/test_metrics.json: ",
        "'x'",
    ),
    ("a record of text", write("run/run.json"), REPORT, "run/run.json", "JSON", "train the run again"),
    ("a record of a list", write("run/run.json", b"[]"), REPORT, "run/run.json", "list"),
    ("a record without epochs", json_with("run/run.json", epochs=[]), REPORT, "error: run/run.json, epochs: none; "),
    ("a record without a model", json_with("run/run.json", model=...), REPORT, "error: run/run.json, model: missing; "),
    ("no dataset", gone(DATASET), REPORT, "error: datasets/Tiny: "),
    ("a dataset cut short", cut(f"{DATASET}/test_data.npy"), REPORT, "error: datasets/Tiny/test_data.npy: "),
    (
        "a dataset without a frequency",
        json_with(f"{DATASET}/meta.json", **{"frequency (minutes)": 0}),
        REPORT,
        f"error: {DATASET}/meta.json: frequency (minutes): 0; ",
    ),
    (
        "a window longer than the dataset",
        json_with("run/run.json", input_len=99),
        REPORT,
        "error: datasets/Tiny/test_data.npy: ",
        "73",
    ),
    ("a folder for the table", folder_at("rows.csv"), REPORT, "rows.csv", "Is a directory"),
    (
        "a file for a folder",
        NOTHING,
        "report run -o raw/ids.txt/rows.csv",
        "raw/ids.txt: File exists; a folder is needed there",
    ),
]

CASES = {
    f"{group}: {name}": (breaks, command, says)
    for group, cases in {
        "npz": NPZ_CASES,
        "h5": H5_CASES,
        "0.5": OLD_CASES,
        "graph": GRAPH_CASES,
        "out": OUT_CASES,
        "prepared": PREPARED_CASES,
        "config": CONFIG_CASES,
        "set": [
            (name, NOTHING, (*TRAIN.split(), "--set", *change.split()), *says) for name, change, *says in SET_CASES
        ],
        "option": OPTION_CASES,
        "checkpoint": CHECKPOINT_CASES,
        "report": REPORT_CASES,
    }.items()
    for name, breaks, command, *says in cases
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """What the commands take, made once."""
    folder = tmp_path_factory.mktemp("sound")
    fill(folder)
    return folder


@pytest.fixture
def folder(sound, workplace, small_catalogue):
    shutil.copytree(sound, workplace, dirs_exist_ok=True)
    return workplace


def run(command):
    try:
        return main(command.split() if isinstance(command, str) else command)
    except SystemExit as exit_:
        # argparse's
        return exit_.code


@pytest.mark.parametrize("command", COMMANDS)
def test_unbroken_they_are_taken(folder, command):
    assert run(command) == 0


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_and_nothing_is_changed(folder, capsys, case):
    breaks, command, says = CASES[case]
    breaks()
    before = tree()
    assert run(command) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.endswith("\n")
    assert said.count("\n") <= 2
    for text_ in says:
        assert text_ in said
    assert tree() == before
