"""What a configuration of BasicTS 0.5 says, as a run of BasicTS 1.1; what cannot be honoured is named."""

import hashlib
import json
import pickle
import sys

import pytest
import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.callback import CurriculumLearning, EarlyStopping, GradientClipping
from cli.commands import CONFIG
from tiny import FACTS, NAME, NODES, Tiny

from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.graph import pickled
from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.errors import UserError
from basicts_elin.legacy.loss import LegacyLoss, LegacyTaskFlow, baseline_loss
from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.model_checks import check_model
from basicts_elin.zoo.config_file import config_name, load_config


def config(baseline="Mini"):
    return load_config(f"legacy/{baseline}/Tiny")


def refusal(path="legacy/Mini/Tiny"):
    with pytest.raises(UserError) as error:
        load_config(str(path))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_configuration_becomes_a_run(checkout):
    found = config()
    assert found.model.__name__ == "LegacyMini"
    assert (found.dataset_name, found.model_config.num_features) == (NAME, NODES)
    assert (found.optimizer, found.optimizer_params) == (torch.optim.Adam, {"lr": 0.01, "eps": 1e-3})
    assert found.lr_scheduler is torch.optim.lr_scheduler.MultiStepLR
    assert found.lr_scheduler_params == {"milestones": [1, 2], "gamma": 0.5}
    assert (found.train_batch_size, found.val_batch_size, found.test_batch_size) == (16, 32, 32)
    assert found.num_epochs == 3 and found.train_data_shuffle and found.seed == 42
    assert found.metrics == ["MAE", "RMSE", "MAPE"] and found.target_metric == "MAE" and found.null_val == 0.0
    assert found.eval_horizons == [3, 6, 12] and found.loss is baseline_loss
    assert isinstance(found.taskflow, LegacyTaskFlow)
    kinds = [CurriculumLearning, LegacyLoss, GradientClipping, EarlyStopping]
    assert [type(callback) for callback in found.callbacks[-4:]] == kinds
    curriculum, _, clipping, stopping = found.callbacks[-4:]
    assert vars(curriculum) == {"prediction_length": 12, "warm_up_epochs": 0, "cl_epochs": 1, "step_size": 4}
    assert (clipping.max_norm, stopping.patience) == (5.0, 2)
    check_config(found)
    check_model(found)


def test_the_loss_of_most_is_ours_and_what_is_not_asked_for_is_left_out(checkout, edit):
    edit('CFG.TRAIN.LOSS = masked_huber\nCFG.TRAIN.LOSS_ARGS = {"delta": 2.0}\n', "")
    for name in ("CL", "CLIP_GRAD_PARAM", "EARLY_STOPPING_PATIENCE", "LR_SCHEDULER"):
        edit("", f"CFG.TRAIN.pop('{name}')")
    found = config()
    assert found.loss == "MAE" and found.lr_scheduler is None
    assert [type(callback) for callback in found.callbacks[3:]] == [LegacyLoss]


def test_none_is_nothing_asked_for(checkout, edit):
    for name in ("CL", "CLIP_GRAD_PARAM", "EARLY_STOPPING_PATIENCE", "LOSS_ARGS"):
        edit("", f"CFG.TRAIN.{name} = None")
    found = config()
    assert [type(callback) for callback in found.callbacks[3:]] == [LegacyLoss]
    check_model(found)


@pytest.mark.parametrize("path", ["BasicTS-0.5/baselines/Mini/Tiny.py", "baselines_cfg/legacy/Mini/Tiny.py"])
def test_a_path_and_names_are_the_same_run(checkout, path):
    assert load_config(path).md5 == config().md5


def test_names_are_noted_down_as_they_are(checkout):
    assert config_name("baselines_cfg/legacy/Mini/Tiny.py") == config_name("legacy/Mini/Tiny") == "legacy/Mini/Tiny"
    path = "BasicTS-0.5/baselines/Mini/Tiny.py"
    assert config_name(path) == str(checkout.parent / path)


def test_a_run_follows_its_sources(checkout, edit):
    before = config().md5
    assert config().md5 == before
    edit('"horizon": SETTINGS', '"horizon":  SETTINGS')
    assert config().md5 != before


def test_a_run_follows_its_graph(checkout, adjacency):
    before, without = config(), config("MiniMTGNN")
    file = checkout.parent / "datasets" / NAME / "adj_mx.pkl"
    assert before.model_config.graph == hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(pickled(adjacency.T))
    assert config().md5 != before.md5
    assert config("MiniMTGNN").md5 == without.md5 and without.model_config.graph is None


def test_a_checkout_may_be_moved(checkout, monkeypatch):
    before = config()
    monkeypatch.setenv(ROOT_VARIABLE, str(checkout.rename(checkout.parent / "moved")))
    after = config()
    assert after.md5 == before.md5 and str(checkout.parent) not in str(after)
    check_model(with_overrides(pickle.loads(pickle.dumps(after)), {"num_epochs": 5}))


def test_a_configuration_is_read_back_where_the_environment_names_the_checkout(checkout, monkeypatch):
    file = checkout.parent / "cfg.json"
    file.write_text(str(config("MiniMTGNN")))
    stored = BasicTSForecastingConfig.from_json(str(file)).model_config
    assert stored.checkout.folder == checkout
    monkeypatch.delenv(ROOT_VARIABLE)
    with pytest.raises(UserError, match=f"model_config.checkout is not known; expected {ROOT_VARIABLE} to name it"):
        _ = stored.checkout.folder


def test_what_has_changed_since_is_told(checkout, edit, adjacency):
    found = config()
    edit("", "# a note")
    with pytest.raises(UserError, match=r"the checkout has changed since Mini/Tiny.py of BasicTS 0.5 was read: start"):
        check_model(found)
    found = config()
    (checkout.parent / "datasets" / NAME / "adj_mx.pkl").write_bytes(pickled(adjacency.T))
    with pytest.raises(UserError, match=r"the graph of Tiny is not the one that .* start again with -c legacy/Mini/T"):
        check_model(found)


def test_a_configuration_of_basicts_11_may_lie_in_a_folder_of_that_name(tiny):
    file = tiny / "baselines" / "Mine" / "Tiny.py"
    file.parent.mkdir(parents=True)
    file.write_text(CONFIG)
    assert load_config(str(file)).model is Tiny


def test_a_folder_that_can_name_no_class(checkout):
    (checkout / "baselines" / "Mini").rename(checkout / "baselines" / "my-mini")
    assert "baselines/my-mini: 'my-mini' cannot be part of the name of a class" in refusal("legacy/my-mini/Tiny")


def test_a_configuration_can_be_sent_and_written(checkout):
    found = config()
    assert pickle.loads(pickle.dumps(found)).md5 == found.md5
    noted = json.loads(str(found))
    assert noted["model"] == {"name": "LegacyMini", "module": "basicts_elin.legacy.models"}
    assert noted["model_config"]["baseline"] == "Mini"
    assert with_overrides(found, {"num_epochs": 5}).model_config.baseline == "Mini"


def test_a_part_with_the_same_nodes_has_the_same_configuration(checkout, edit, monkeypatch):
    whole = type(FACTS)(**{**vars(FACTS), "name": "Whole"})
    monkeypatch.setitem(CATALOG, "Whole", whole)
    monkeypatch.setitem(CATALOG, NAME, type(FACTS)(**{**vars(FACTS), "whole": "Whole"}))
    edit('DATA_NAME = "Tiny"', 'DATA_NAME = "Whole"')
    folder = checkout / "baselines" / "Mini"
    (folder / "Tiny.py").rename(folder / "Whole.py")
    found = config()
    assert (found.dataset_name, found.model_config.file) == (NAME, "Whole")
    check_model(found)
    monkeypatch.setitem(CATALOG, "Whole", type(FACTS)(**{**vars(whole), "num_nodes": 9}))
    assert refusal() == "Mini/Whole.py of BasicTS 0.5 is made for 9 nodes; Tiny has 5"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("CFG.TRAIN.WARMUP = 3", "CFG.TRAIN.WARMUP=3 is not honoured here; take it out"),
        ("CFG.DATASET.PARAM.overlap = True", "CFG.DATASET.PARAM.overlap=True is not honoured here; expected False"),
        ("CFG.SCALER.PARAM.train_ratio = 0.5", "CFG.SCALER.PARAM.train_ratio=0.5 is not honoured here; expected 0.6"),
        ("CFG.SCALER.PARAM.rescale = False", "CFG.SCALER.PARAM.rescale=False is not honoured here; expected True"),
        ("CFG.TRAIN.CL = 3", "CFG.TRAIN.CL=3 is not honoured here; expected a dictionary, or None"),
        ("CFG.TRAIN.CLIP_GRAD_PARAM = {}", "has no CFG.TRAIN.CLIP_GRAD_PARAM.max_norm"),
        ("CFG.SCALER.TYPE = dict", "CFG.SCALER.TYPE=dict is not honoured here; expected ZScoreScaler"),
        ("CFG.MODEL.FORWARD_FEATURES = [0, 3]", "CFG.MODEL.FORWARD_FEATURES=[0, 3] is not honoured here; expected out"),
        ("CFG.MODEL.TARGET_FEATURES = [1]", "CFG.MODEL.TARGET_FEATURES=[1] is not honoured here; expected [0]"),
        ("CFG.MODEL.TARGET_TIME_SERIES = [1]", "CFG.MODEL.TARGET_TIME_SERIES=[1] is not honoured here; expected None"),
        ("CFG.METRICS.FUNCS.MAE = max", "CFG.METRICS.FUNCS.MAE=max is not honoured here; expected BasicTS's own MAE"),
        ("CFG.TRAIN.OPTIM.TYPE = 'Best'", "CFG.TRAIN.OPTIM.TYPE='Best' is not honoured here; expected the name of a"),
        ("CFG.TRAIN.COMPILE_MODEL = True", "CFG.TRAIN.COMPILE_MODEL=True is not honoured here; expected False"),
        ("CFG.TRAIN.CL.WORSE = 1", "CFG.TRAIN.CL.WORSE=1 is not honoured here; take it out"),
        ("CFG.TRAIN.CUSTOM = {'NUM_SPLIT': 1}", "CFG.TRAIN.CUSTOM.NUM_SPLIT=1 is not honoured here; take it out"),
        ("CFG.GPU_NUM = 4", "CFG.GPU_NUM=4 is not honoured here; expected 0 or 1"),
        ("CFG.EVAL.SAVE_RESULTS = True", "CFG.EVAL.SAVE_RESULTS=True is not honoured here; expected False"),
        ("CFG.TRAIN.pop('NUM_EPOCHS')", "has no CFG.TRAIN.NUM_EPOCHS"),
        ("CFG.TRAIN.EARLY_STOPPING_PATIENCE = 'x'", "CFG.TRAIN.EARLY_STOPPING_PATIENCE='x' is not honoured here; "),
        ("CFG.TRAIN.EARLY_STOPPING_PATIENCE = 0", "CFG.TRAIN.EARLY_STOPPING_PATIENCE=0 is not honoured here; "),
        ("CFG.TRAIN.CL.CL_EPOCHS = 0", "CFG.TRAIN.CL.CL_EPOCHS=0 is not honoured here; expected 1 or more"),
        ("CFG.TRAIN.CL.WARM_EPOCHS = -1", "CFG.TRAIN.CL.WARM_EPOCHS=-1 is not honoured here; expected 0 or more"),
        ("CFG.TRAIN.LOSS = 'MAE'", "CFG.TRAIN.LOSS='MAE' cannot be (TypeError: 'MAE' is not a callable object); "),
        ("CFG.TRAIN.LOSS_ARGS = 3", "CFG.TRAIN.LOSS_ARGS=3 is not honoured here; expected a dictionary, or None"),
        ("CFG.TRAIN.OPTIM.PARAM = None", "CFG.TRAIN.OPTIM.PARAM=None cannot be (TypeError: "),
        ("CFG.TRAIN.LR_SCHEDULER.PARAM = None", "CFG.TRAIN.LR_SCHEDULER.PARAM=None cannot be (TypeError: "),
        ("CFG.METRICS.FUNCS = [1]", "CFG.METRICS.FUNCS=[1] cannot be (AttributeError: "),
        ("CFG.MODEL.FORWARD_FEATURES = slice(0, 2)", "CFG.MODEL.FORWARD_FEATURES=slice(0, 2, None) cannot be (TypeErr"),
        ("CFG.RUNNER = 'x'", "CFG.RUNNER='x' cannot be (AttributeError: "),
        ("CFG.TRAIN.CKPT_SAVE_DIR = 3", "CFG.TRAIN.CKPT_SAVE_DIR=3 cannot be (TypeError: "),
    ],
)
def test_what_is_not_honoured_is_named(checkout, edit, line, message):
    edit("", line)
    assert refusal().removeprefix("Mini/Tiny.py of BasicTS 0.5").lstrip(": ").startswith(message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("CFG.TRAIN.LOSS_ARGS = {'gamma': 2}", "CFG.TRAIN.LOSS_ARGS.gamma is not honoured here: the loss takes"),
        ("1 / 0", "Mini/Tiny.py of BasicTS 0.5 fails with ZeroDivisionError: division by zero"),
        ("import basicts.losses", "Mini/Tiny.py of BasicTS 0.5 imports something that is not there: No module named"),
        ("import no_such_package", "Mini/Tiny.py of BasicTS 0.5 imports something that is not there: No module named"),
        ("from basicts.runners import NoBPRunner", "basicts.runners.NoBPRunner of BasicTS 0.5 is not honoured here"),
    ],
)
def test_what_fails_is_named(checkout, edit, line, message):
    edit("", line)
    assert refusal().startswith(message)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("import pywt.no_such_module", " (pip install -e '.[legacy]')"),
        ("from sklearn_extra.cluster import KMedoids", " (install sklearn_extra)"),
        ("import torch_geometric.nn", " (install torch_geometric)"),
        ("from .arcs import Mini", " (the checkout lacks it)"),
        ("import basicts.losses", " (BasicTS 0.5 has it, the stand-in has not)"),
        ("from torch import no_such_name", ")"),
    ],
)
def test_what_is_missing_can_be_had(checkout, edit, line, hint, monkeypatch):
    # whether they are installed here or not
    for module in ("pywt", "sklearn_extra", "torch_geometric"):
        monkeypatch.setitem(sys.modules, module, None)
    edit("", line)
    found = refusal()
    assert found.endswith(hint) and found.count("install") == hint.count("install")


def test_a_custom_runner_that_is_not_known_is_named(checkout, edit):
    edit("", "class Own(SimpleTimeSeriesForecastingRunner):\n    pass\n\nCFG.RUNNER = Own")
    assert refusal().startswith("CFG.RUNNER=baselines.Mini.Tiny.Own: what it does is not known here; expected one of")


def test_a_known_runner_that_does_something_else_is_named(checkout):
    runner = checkout / "baselines" / "MiniMTGNN" / "runner" / "runner.py"
    runner.write_text(runner.read_text() + "\n    def preprocessing(self, data):\n        return data\n")
    found = refusal("legacy/MiniMTGNN/Tiny")
    assert "which defines __init__, forward, preprocessing, train_iters: what it does is not known here" in found


@pytest.mark.parametrize("name", ["MTGNNRunner", "SimpleTimeSeriesForecastingRunner"])
def test_a_known_runner_of_another_one_is_named(checkout, edit, name):
    edit("", f"""
class Middle(SimpleTimeSeriesForecastingRunner):
    def backward(self, loss):
        pass

class {name}(Middle):
    def __init__(self): pass
    def forward(self): pass
    def train_iters(self): pass

CFG.RUNNER = {name}
""")
    found = refusal()
    assert found.startswith(f"CFG.RUNNER=baselines.Mini.Tiny.{name}")
    assert "of Middle: what it does is not known here" in found


def test_a_known_runner_with_more_than_functions_is_named(checkout):
    runner = checkout / "baselines" / "MiniMTGNN" / "runner" / "runner.py"
    runner.write_text(runner.read_text() + "\n    null_val = 3\n")
    assert "which defines __init__, forward, null_val, train_iters: " in refusal("legacy/MiniMTGNN/Tiny")


def test_more_splits_than_the_old_runner_can_do_are_refused(checkout, edit):
    edit("NUM_SPLIT = 1", "NUM_SPLIT = 2", "MiniMTGNN")
    assert "CFG.TRAIN.CUSTOM.NUM_SPLIT=2 is not honoured here; expected 1" in refusal("legacy/MiniMTGNN/Tiny")


def test_names_that_are_not_there(checkout, monkeypatch):
    known = "Mini, MiniDCRNN, MiniGTS, MiniHimNet, MiniMTGNN"
    assert f"baselines has no 'Mimi' (did you mean Mini?): {known}" in refusal("legacy/Mimi/Tiny")
    found = refusal("legacy/Mini/PEMS08")
    assert found.startswith("legacy/Mini/PEMS08: there is no ") and found.endswith("Mini/PEMS08.py; there are Tiny")
    assert refusal("legacy/PDFormer/PEMS08") == "model: PDFormer cannot be run: not in BasicTS"
    monkeypatch.setenv(ROOT_VARIABLE, "nowhere")
    assert refusal().startswith(f"{ROOT_VARIABLE}=nowhere: there is no folder baselines in it; expected a checkout of")
    monkeypatch.delenv(ROOT_VARIABLE)
    assert refusal().startswith("legacy/Mini/Tiny needs a checkout of BasicTS 0.5 (git clone -b v0.5.8 ")


def test_a_loss_that_processes_cannot_share_is_for_one(checkout):
    with pytest.raises(UserError, match="expected MAE with 2 processes: what the baseline's own one is a mean over"):
        check_config(config(), processes=2)
    check_config(config("MiniMTGNN"), processes=2)


def test_compiling_is_refused(checkout):
    with pytest.raises(UserError, match="compile_model=True .* expected False, without --compile: torch cannot"):
        check_config(with_overrides(config(), {"compile_model": True}))


def test_another_dataset_or_length_is_refused(checkout):
    with pytest.raises(UserError, match=r"LegacyMini refuses .*input_len=6: Mini/Tiny.py .* is made for 12 steps"):
        check_model(with_overrides(config(), {"input_len": 6}))
    with pytest.raises(UserError, match=r"LegacyMini refuses .*Mini/Tiny.py .* is of Tiny; it cannot run on PEMS08"):
        check_model(with_overrides(config(), {"dataset_name": "PEMS08"}))
