"""A legacy configuration as a run of BasicTS 1.1. Fields and values that are not supported are refused by name."""

import hashlib
import json
import pickle
import sys
from contextlib import contextmanager

import pytest
import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.callback import CurriculumLearning, EarlyStopping, GradientClipping
from cli.commands import CONFIG
from refusal import refuses
from tiny import FACTS, NAME, NODES, Tiny, rewrite_meta, write_dataset

from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.graphs.graph import pickled
from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.legacy.loss import LegacyLoss, LegacyTaskFlow, legacy_loss
from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.model_checks import check_model
from basicts_elin.zoo.config_file import config_name, load_config


def config(model="Mini"):
    return load_config(f"legacy/{model}/Tiny")


def build(found):
    return found.model(found.model_config)


@contextmanager
def refused(field, **slots):
    """A refusal in one line."""
    with refuses(field, **slots) as caught:
        yield
    assert "\n" not in str(caught.value)


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
    assert found.eval_horizons == [3, 6, 12] and found.loss is legacy_loss
    assert isinstance(found.taskflow, LegacyTaskFlow)
    kinds = [CurriculumLearning, LegacyLoss, GradientClipping, EarlyStopping]
    assert [type(callback) for callback in found.callbacks[-4:]] == kinds
    curriculum, _, clipping, stopping = found.callbacks[-4:]
    assert vars(curriculum) == {"prediction_length": 12, "warm_up_epochs": 0, "cl_epochs": 1, "step_size": 4}
    assert (clipping.max_norm, stopping.patience) == (5.0, 2)
    check_config(found)
    check_model(found)


def test_masked_mae_is_ours_and_absent_groups_add_no_callback(checkout, edit):
    edit('CFG.TRAIN.LOSS = masked_huber\nCFG.TRAIN.LOSS_ARGS = {"delta": 2.0}\n', "")
    for name in ("CL", "CLIP_GRAD_PARAM", "EARLY_STOPPING_PATIENCE", "LR_SCHEDULER"):
        edit("", f"CFG.TRAIN.pop('{name}')")
    found = config()
    assert found.loss == "MAE" and found.lr_scheduler is None
    assert [type(callback) for callback in found.callbacks[1:]] == [LegacyLoss]


def test_none_is_as_good_as_no_field(checkout, edit):
    for name in ("CL", "CLIP_GRAD_PARAM", "EARLY_STOPPING_PATIENCE", "LOSS_ARGS"):
        edit("", f"CFG.TRAIN.{name} = None")
    found = config()
    assert [type(callback) for callback in found.callbacks[1:]] == [LegacyLoss]
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
    with refused("model_config.checkout", fix=ROOT_VARIABLE):
        _ = stored.checkout.folder


def test_files_that_have_changed_since_are_refused(checkout, edit, adjacency):
    found = config()
    edit("", "# a note")
    again = "legacy/Mini/Tiny"
    with refused(
        "model_config.sha256", found=found.model_config.sha256, expected=config().model_config.sha256, fix=again
    ):
        build(found)
    found = config()
    (checkout.parent / "datasets" / NAME / "adj_mx.pkl").write_bytes(pickled(adjacency.T))
    with refused("model_config.graph", found=found.model_config.graph, expected=config().model_config.graph, fix=again):
        build(found)


def test_a_configuration_of_basicts_11_may_lie_in_a_folder_of_that_name(tiny):
    file = tiny / "baselines" / "Mine" / "Tiny.py"
    file.parent.mkdir(parents=True)
    file.write_text(CONFIG)
    assert load_config(str(file)).model is Tiny


def test_a_folder_that_can_name_no_class(checkout):
    (checkout / "baselines" / "Mini").rename(checkout / "baselines" / "my-mini")
    with refused(checkout / "baselines" / "my-mini", found="my-mini"):
        config("my-mini")


def test_a_configuration_can_be_sent_and_written(checkout):
    found = config()
    assert pickle.loads(pickle.dumps(found)).md5 == found.md5
    noted = json.loads(str(found))
    assert noted["model"] == {"name": "LegacyMini", "module": "basicts_elin.legacy.models"}
    assert noted["model_config"]["legacy_model"] == "Mini"
    assert with_overrides(found, {"num_epochs": 5}).model_config.legacy_model == "Mini"


def test_a_part_with_the_same_nodes_has_the_same_configuration(checkout, edit, monkeypatch):
    whole = type(FACTS)(**{**vars(FACTS), "name": "Whole"})
    monkeypatch.setitem(CATALOG, "Whole", whole)
    monkeypatch.setitem(CATALOG, NAME, type(FACTS)(**{**vars(FACTS), "part_of": "Whole"}))
    edit('DATA_NAME = "Tiny"', 'DATA_NAME = "Whole"')
    folder = checkout / "baselines" / "Mini"
    (folder / "Tiny.py").rename(folder / "Whole.py")
    found = config()
    assert (found.dataset_name, found.model_config.file) == (NAME, "Whole")
    check_model(found)
    monkeypatch.setitem(CATALOG, "Whole", type(FACTS)(**{**vars(whole), "num_nodes": 9}))
    with refused("dataset", found=(NAME, "5 nodes"), expected=("9 nodes", "Whole", "baselines/Mini/Whole.py")):
        config()


def test_a_folder_of_the_users_own_runs_as_the_dataset_or_as_a_part_of_it(checkout, monkeypatch):
    monkeypatch.delitem(CATALOG, NAME)
    found = config()
    check_model(found)
    assert found["_dataset"] is found.model_config.checkout.dataset(NAME) and found["_dataset"].num_nodes == NODES
    write_dataset(checkout.parent, "Mine")
    with refused("dataset", found="Mine", expected=("legacy/Mini", "Tiny")):
        load_config("legacy/Mini/Mine")
    meta = checkout.parent / "datasets" / "Mine" / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "part_of": NAME}))
    (meta.parent / "adj_mx.pkl").write_bytes((checkout.parent / "datasets" / NAME / "adj_mx.pkl").read_bytes())
    part = load_config("legacy/Mini/Mine")
    check_model(part)
    assert (part.dataset_name, part.model_config.file) == ("Mine", "Tiny")


def test_a_dataset_that_has_changed_is_opened_again(checkout):
    carried = config().model_config.checkout
    before = carried.dataset(NAME)
    assert carried.dataset(NAME) is before
    rewrite_meta(checkout.parent, domain="speed")
    assert carried.dataset(NAME) is not before and carried.dataset(NAME).domain == "speed"


@pytest.mark.parametrize(
    ("line", "field", "found", "expected"),
    [
        ("CFG.TRAIN.WARMUP = 3", "TRAIN.WARMUP", "3", ""),
        ("CFG.DATASET.PARAM.overlap = True", "DATASET.PARAM.overlap", "True", "False"),
        ("CFG.SCALER.PARAM.train_ratio = 0.5", "SCALER.PARAM.train_ratio", "0.5", "0.6"),
        ("CFG.SCALER.PARAM.rescale = False", "SCALER.PARAM.rescale", "False", "True"),
        ("CFG.TRAIN.CL = 3", "TRAIN.CL", "3", "None"),
        ("CFG.TRAIN.CLIP_GRAD_PARAM = {}", "TRAIN.CLIP_GRAD_PARAM.max_norm", "missing", "BasicTS 0.5.8"),
        ("CFG.SCALER.TYPE = dict", "SCALER.TYPE", "dict", "ZScoreScaler"),
        ("CFG.MODEL.FORWARD_FEATURES = [0, 3]", "MODEL.FORWARD_FEATURES", "[0, 3]", "0, 1, 2"),
        ("CFG.MODEL.TARGET_FEATURES = [1]", "MODEL.TARGET_FEATURES", "[1]", "[0]"),
        ("CFG.MODEL.TARGET_TIME_SERIES = [1]", "MODEL.TARGET_TIME_SERIES", "[1]", "None"),
        ("CFG.METRICS.FUNCS.MAE = max", "METRICS.FUNCS.MAE", "max", "MAE, RMSE, MAPE, MSE"),
        ("CFG.TRAIN.OPTIM.TYPE = 'Best'", "TRAIN.OPTIM.TYPE", "'Best'", "torch.optim"),
        ("CFG.TRAIN.COMPILE_MODEL = True", "TRAIN.COMPILE_MODEL", "True", "False"),
        ("CFG.TRAIN.CL.WORSE = 1", "TRAIN.CL.WORSE", "1", ""),
        ("CFG.TRAIN.CUSTOM = {'NUM_SPLIT': 1}", "TRAIN.CUSTOM.NUM_SPLIT", "1", ""),
        ("CFG.GPU_NUM = 4", "GPU_NUM", "4", "0 or 1"),
        ("CFG.EVAL.SAVE_RESULTS = True", "EVAL.SAVE_RESULTS", "True", "False"),
        ("CFG.TRAIN.pop('NUM_EPOCHS')", "TRAIN.NUM_EPOCHS", "missing", "BasicTS 0.5.8"),
        ("CFG.TRAIN.EARLY_STOPPING_PATIENCE = 'x'", "TRAIN.EARLY_STOPPING_PATIENCE", "'x'", "1"),
        ("CFG.TRAIN.EARLY_STOPPING_PATIENCE = 0", "TRAIN.EARLY_STOPPING_PATIENCE", "0", "1"),
        ("CFG.TRAIN.CL.CL_EPOCHS = 0", "TRAIN.CL.CL_EPOCHS", "0", "1"),
        ("CFG.TRAIN.CL.WARM_EPOCHS = -1", "TRAIN.CL.WARM_EPOCHS", "-1", "0"),
        ("CFG.TRAIN.LOSS = 'MAE'", "TRAIN.LOSS", ("'MAE'", "TypeError"), "BasicTS 0.5.8"),
        ("CFG.TRAIN.LOSS_ARGS = 3", "TRAIN.LOSS_ARGS", "3", "None"),
        ("CFG.TRAIN.OPTIM.PARAM = None", "TRAIN.OPTIM.PARAM", ("None", "TypeError"), "BasicTS 0.5.8"),
        ("CFG.TRAIN.LR_SCHEDULER.PARAM = None", "TRAIN.LR_SCHEDULER.PARAM", ("None", "TypeError"), "BasicTS 0.5.8"),
        ("CFG.METRICS.FUNCS = [1]", "METRICS.FUNCS", ("[1]", "AttributeError"), "BasicTS 0.5.8"),
        ("CFG.MODEL.FORWARD_FEATURES = slice(0, 2)", "MODEL.FORWARD_FEATURES", ("slice(0, 2, None)", "TypeError"), ""),
        ("CFG.RUNNER = 'x'", "RUNNER", ("'x'", "AttributeError"), "BasicTS 0.5.8"),
        ("CFG.TRAIN.CKPT_SAVE_DIR = 3", "TRAIN.CKPT_SAVE_DIR", ("3", "TypeError"), "BasicTS 0.5.8"),
    ],
)
def test_fields_and_values_that_are_not_supported_are_refused(checkout, edit, line, field, found, expected):
    edit("", line)
    found = found if isinstance(found, tuple) else (found,)
    with refused(f"CFG.{field}", found=(*found, "baselines/Mini/Tiny.py"), expected=expected):
        config()


@pytest.mark.parametrize(
    ("line", "field", "found", "expected"),
    [
        ("CFG.TRAIN.LOSS_ARGS = {'gamma': 2}", "CFG.TRAIN.LOSS_ARGS.gamma", "2", "prediction, target, reduction"),
        ("CFG.TRAIN.LOSS = lambda inputs, delta: 0", "CFG.TRAIN.LOSS", "inputs", ""),
        ("1 / 0", "baselines/Mini/Tiny.py", "ZeroDivisionError: division by zero", ""),
        ("import basicts.losses", "baselines/Mini/Tiny.py", "basicts.losses", ""),
        ("import no_such_package", "baselines/Mini/Tiny.py", "no_such_package", ""),
        ("from basicts.runners import NoBPRunner", "basicts.runners.NoBPRunner", "", ""),
    ],
)
def test_configurations_that_fail_are_refused(checkout, edit, line, field, found, expected):
    edit("", line)
    with refused(field, found=found, expected=expected):
        config()


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("import pywt.no_such_module", "pip install -e '.[legacy]'"),
        ("from sklearn_extra.cluster import KMedoids", "install sklearn_extra"),
        ("import torch_geometric.nn", "install torch_geometric"),
        ("from .arcs import Mini", "checkout"),
        ("import basicts.losses", "shim"),
        ("from torch import no_such_name", ""),
    ],
)
def test_a_failed_import_comes_with_its_fix(checkout, edit, line, fix, monkeypatch):
    # whether they are installed here or not
    for module in ("pywt", "sklearn_extra", "torch_geometric"):
        monkeypatch.setitem(sys.modules, module, None)
    edit("", line)
    with refuses("baselines/Mini/Tiny.py", fix=fix) as caught:
        config()
    assert ("install" in caught.value.fix, bool(caught.value.fix)) == ("install" in fix, bool(fix))


RUNNERS = "SimpleTimeSeriesForecastingRunner, HimNetRunner, MTGNNRunner"


def test_an_unknown_runner_is_refused(checkout, edit):
    edit("", "class Own(SimpleTimeSeriesForecastingRunner):\n    pass\n\nCFG.RUNNER = Own")
    with refused("CFG.RUNNER", found="baselines.Mini.Tiny.Own", expected=RUNNERS):
        config()


@pytest.mark.parametrize(
    ("member", "defined"),
    [
        ("def preprocessing(self, data):\n        return data", "__init__, forward, preprocessing, train_iters"),
        ("null_val = 3", "__init__, forward, null_val, train_iters"),
    ],
)
def test_a_known_runner_with_other_members_is_refused(checkout, member, defined):
    runner = checkout / "baselines" / "MiniMTGNN" / "runner" / "runner.py"
    runner.write_text(f"{runner.read_text()}\n    {member}\n")
    with refused("CFG.RUNNER", found=("MTGNNRunner", defined), expected=RUNNERS):
        config("MiniMTGNN")


@pytest.mark.parametrize("name", ["MTGNNRunner", "SimpleTimeSeriesForecastingRunner"])
def test_a_known_runner_with_another_base_is_refused(checkout, edit, name):
    edit(
        "",
        f"""
class Middle(SimpleTimeSeriesForecastingRunner):
    def backward(self, loss):
        pass

class {name}(Middle):
    def __init__(self): pass
    def forward(self): pass
    def train_iters(self): pass

CFG.RUNNER = {name}
""",
    )
    with refused("CFG.RUNNER", found=(f"baselines.Mini.Tiny.{name}", "of Middle"), expected=RUNNERS):
        config()


def test_more_splits_than_the_runner_of_basicts_05_supports_are_refused(checkout, edit):
    edit("NUM_SPLIT = 1", "NUM_SPLIT = 2", "MiniMTGNN")
    with refused("CFG.TRAIN.CUSTOM.NUM_SPLIT", found="2", expected="1"):
        config("MiniMTGNN")


def test_unknown_names_are_refused(checkout, monkeypatch):
    known = "Mini, MiniDCRNN, MiniGTS, MiniHimNet, MiniMTGNN"
    with refused("model", found="legacy/Mimi", expected=(known, str(checkout), "did you mean Mini?")):
        config("Mimi")
    with refused("dataset", found="PEMS08", expected=("legacy/Mini", "Tiny")):
        load_config("legacy/Mini/PEMS08")
    monkeypatch.setenv(ROOT_VARIABLE, "nowhere")
    with refused(ROOT_VARIABLE, found=("nowhere", "baselines"), expected="git clone -b v0.5.8"):
        config()
    monkeypatch.delenv(ROOT_VARIABLE)
    fix = ("--legacy-root", ROOT_VARIABLE)
    with refused("legacy/Mini/Tiny", found="BasicTS 0.5", expected="git clone -b v0.5.8", fix=fix):
        config()


def test_what_others_may_know_of_legacy_models(checkout):
    assert config().model.supports_compile is False
    assert config().loss.is_mean_over_targets is False
    assert config("MiniMTGNN").loss == "MAE"


def test_a_loss_that_processes_cannot_share_needs_one_process(checkout):
    with refuses("loss", expected="2 processes"):
        check_config(config(), processes=2)
    check_config(config("MiniMTGNN"), processes=2)


def test_compiling_is_refused(checkout):
    with refuses("compile_model", found="True", expected="False"):
        check_config(with_overrides(config(), {"compile_model": True}))


def test_another_dataset_or_length_is_refused(checkout):
    with refused("input_len", found="6", expected=("12", "baselines/Mini/Tiny.py")):
        build(with_overrides(config(), {"input_len": 6}))
    with refused("dataset", found="PEMS08", expected=(NAME, "baselines/Mini/Tiny.py")):
        build(with_overrides(config(), {"dataset_name": "PEMS08"}))
