"""Checkpoints, and folders of runs. A line is a case: its name, what is broken, the command, what it says."""

import torch
from cli.bad_input import (
    DATASET,
    EVALUATE,
    NOTHING,
    REPORT,
    TRAIN,
    Runs,
    cut,
    folder_at,
    gone,
    json_with,
    pickled,
    saved,
    write,
)
from tiny import Tiny, TinyConfig

WEIGHTS = {"linear.weight": torch.zeros(12, 12), "linear.bias": torch.zeros(12)}

# fmt: off
CHECKPOINT_CASES = [
    ("missing", gone("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: missing; expected a .pt file of a run"),
    ("a folder", folder_at("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: missing"),
    ("cut short", cut("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: unreadable", "expected a .pt file of a run"),
    ("cut short by little", cut("run/Tiny.pt", 0.98), EVALUATE, "run/Tiny.pt: unreadable"),
    ("empty", write("run/Tiny.pt", b""), EVALUATE, "run/Tiny.pt: unreadable"),
    ("text", write("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: unreadable"),
    ("code", saved("run/Tiny.pt", {"model_state_dict": WEIGHTS, "scaler_stats": Runs()}), EVALUATE, "run/Tiny.pt: unreadable (UnpicklingError)"),
    ("a pickle with code", pickled("run/Tiny.pt"), EVALUATE, "run/Tiny.pt: unreadable (BadZipFile)"),
    ("code to go on from", saved("run/Tiny.pt", {"model_state_dict": WEIGHTS, "x": Runs()}), f"{TRAIN} --set finetune_from=run/Tiny.pt", "run/Tiny.pt: unreadable"),
    ("a whole model", saved("run/Tiny.pt", lambda: Tiny(TinyConfig(input_len=12, output_len=12))), EVALUATE, "run/Tiny.pt: unreadable (UnpicklingError)"),
    ("weights alone", saved("run/Tiny.pt", WEIGHTS), EVALUATE, "run/Tiny.pt: no model_state_dict"),
    ("numbers for weights", saved("run/Tiny.pt", {"model_state_dict": {"linear.bias": 5}}), EVALUATE, "run/Tiny.pt: no model_state_dict"),
    ("a list", saved("run/Tiny.pt", [1.0]), EVALUATE, "run/Tiny.pt: no model_state_dict"),
    ("of another model", saved("run/Tiny.pt", {"model_state_dict": {"x": torch.zeros(1)}}), EVALUATE, "run/Tiny.pt: 2 parameters missing, 1 unknown"),
    ("of another size", saved("run/Tiny.pt", {"model_state_dict": {"linear.weight": torch.zeros(6, 12), "linear.bias": torch.zeros(6)}}), EVALUATE, "run/Tiny.pt: 0 parameters missing", "2 of another shape (such as linear.bias, [6] instead of [12])"),
    ("of other lengths", NOTHING, f"{EVALUATE} --set output_len=6 eval_horizons=[6]", "output_len: 6; expected 12, as in the run of run/Tiny.pt", "--set output_len=12"),
    ("of another model, as noted", write("run/cfg.json", b'{"model": {"name": "Other"}}'), EVALUATE, "run/Tiny.pt: of model Other; expected of model Tiny"),
    ("beside a damaged note", write("run/cfg.json"), EVALUATE, "run/cfg.json: not JSON", "remove it"),
    ("a batch of nothing", NOTHING, f"{EVALUATE} -b 0", "argument -b/--batch-size/--batch_size: 0 is not a positive number"),
]

REPORT_CASES = [
    ("no run", gone("run"), REPORT, "error: run: no run.json; "),
    ("metrics of text", write("run/test_metrics.json"), REPORT, "run/test_metrics.json", "JSON", "train the run again"),
    ("metrics of another form", write("run/test_metrics.json", b"{}"), REPORT, "error: run/test_metrics.json: ", "overall"),
    ("a metric of text", write("run/test_metrics.json", b'{"overall": {"MAE": "x"}}'), REPORT, "error: run/test_metrics.json: ", "'x'"),
    ("a record of text", write("run/run.json"), REPORT, "run/run.json", "JSON", "train the run again"),
    ("a record of a list", write("run/run.json", b"[]"), REPORT, "run/run.json", "list"),
    ("a record without epochs", json_with("run/run.json", epochs=[]), REPORT, "error: run/run.json, epochs: none; "),
    ("a record without a model", json_with("run/run.json", model=...), REPORT, "error: run/run.json, model: missing; "),
    ("no dataset", gone(DATASET), REPORT, "error: datasets/Tiny: "),
    ("a dataset cut short", cut(f"{DATASET}/test_data.npy"), REPORT, "error: datasets/Tiny/test_data.npy: "),
    ("a dataset without a frequency", json_with(f"{DATASET}/meta.json", **{"frequency (minutes)": 0}), REPORT, f"error: {DATASET}/meta.json: frequency (minutes): 0; "),
    ("a window longer than the dataset", json_with("run/run.json", input_len=99), REPORT, "error: datasets/Tiny/test_data.npy: ", "73"),
    ("a folder for the table", folder_at("rows.csv"), REPORT, "rows.csv", "Is a directory"),
    ("a file for a folder", NOTHING, "report run -o raw/ids.txt/rows.csv", "raw/ids.txt: File exists; a folder is needed there"),
]
# fmt: on
