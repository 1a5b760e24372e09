"""BasicTS's own models by name, and the reasons why some cannot be trained."""

import importlib
import inspect
from functools import cache

import pytest
import torch
from basicts import BasicTSLauncher
from basicts.models.Informer import Informer, InformerConfig
from basicts.models.Koopa import Koopa, KoopaConfig
from basicts.models.Koopa.callback.koopa_mask_init import KoopaMaskInitCallback
from basicts.models.SOFTS import SOFTS, SOFTSConfig
from basicts.models.STID import STID
from basicts.models.Timer import Timer, TimerConfig
from basicts.runners.callback import EarlyStopping, GradientClipping, NoBP
from refusal import refuses
from tiny import NAME, NODES, STEPS, Recorder, bare

from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.catalog import CATALOG
from basicts_elin.training.launch.launcher import launch_training, run_folder
from basicts_elin.training.protocol.callbacks import AuxiliaryLoss, BenchmarkLoss
from basicts_elin.zoo.entries.basicts_models import basicts_names
from basicts_elin.zoo.registry import config_for, entry

pytestmark = pytest.mark.filterwarnings("ignore:Complex modules are a new feature")

UNFIT = [name for name in basicts_names() if entry(name).unfit]
FIT = [name for name in basicts_names() if name not in UNFIT]
SMALL = {"hidden_size": 8, "intermediate_size": 8}
LENGTHS = {"input_len": STEPS, "output_len": STEPS}


def parameters(model):
    """Of the forward of a model's class."""
    return inspect.signature(config_for(model, "SyntheticTraffic").model.forward).parameters


READ_TARGETS = [name for name in FIT if "targets" in parameters(name)]


@cache
def built(name):
    """A model for few nodes with its recipe's sizes, made once."""
    config = config_for(name, "SyntheticTraffic")
    if "num_features" in config.model_config:
        config = with_overrides(config, {"model_config.num_features": NODES})
    torch.manual_seed(0)
    return config.model(config.model_config)


def batch():
    generator = torch.Generator().manual_seed(0)
    times = torch.rand(2, 2 * STEPS, 2, generator=generator)
    inputs, targets = torch.randn(2, 2 * STEPS, NODES, generator=generator).split(STEPS, dim=1)
    return {
        "inputs": inputs,
        "targets": targets,
        "inputs_timestamps": times[:, :STEPS],
        "targets_timestamps": times[:, STEPS:],
    }


def forecast(model, **changes):
    """What BasicTS would take from the model in training, with the same random numbers in each call."""
    known = inspect.signature(model.forward).parameters
    data = {name: values for name, values in {**batch(), **changes}.items() if name in known}
    torch.manual_seed(0)
    with torch.no_grad():
        returned = model.train()(**data)
    return returned if isinstance(returned, torch.Tensor) else returned["prediction"]


def added(config):
    """The callbacks beside the protocol's one."""
    return [type(callback) for callback in config.callbacks[1:]]


@pytest.mark.parametrize("name", FIT)
def test_a_forecast_has_a_value_for_each_step_and_node(name):
    prediction = forecast(built(name))
    assert prediction.shape == (2, STEPS, NODES)
    assert prediction.isfinite().all()


def test_some_models_are_given_the_targets():
    assert READ_TARGETS == ["Autoformer", "FITS", "NonstationaryTransformer"]


@pytest.mark.parametrize("name", READ_TARGETS)
@pytest.mark.parametrize("value", [0.0, torch.nan])
def test_a_forecast_does_not_depend_on_the_targets(name, value):
    targets = torch.full_like(batch()["targets"], value)
    assert torch.equal(forecast(built(name)), forecast(built(name), targets=targets))


@pytest.mark.parametrize("name", FIT)
def test_a_forecast_depends_on_the_inputs(name):
    inputs = batch()["inputs"].clone()
    inputs[:, -1] += 1
    assert not torch.allclose(forecast(built(name)), forecast(built(name), inputs=inputs))


def test_historical_inertia_repeats_the_inputs():
    assert torch.equal(forecast(built("HI")), batch()["inputs"])


@pytest.mark.parametrize("name", FIT)
def test_every_dataset_has_its_number_of_nodes_and_steps(name):
    for dataset, facts in CATALOG.items():
        config = config_for(name, dataset)
        model_config = config.model_config
        assert (config.dataset_name, model_config.input_len, model_config.output_len) == (dataset, 12, 12)
        assert model_config.get("num_features", facts.num_nodes) == facts.num_nodes
        if "timestamp_sizes" in model_config:
            assert model_config.timestamp_sizes == [facts.steps_per_day, 7]


@pytest.mark.parametrize("name", [name for name in FIT if name not in ("STID", "StemGNN")])
def test_the_recipe_is_the_benchmarks(name):
    config = config_for(name, "PEMS08")
    assert config.optimizer_params == {"lr": 1e-3, "weight_decay": 3e-4}
    assert config.lr_scheduler_params == {"milestones": [20, 25], "gamma": 0.1}
    assert (config.num_epochs, config.train_batch_size, config.seed) == (100, 16, 42)
    assert added(config) == {"DUET": [AuxiliaryLoss], "FITS": [BenchmarkLoss], "HI": [NoBP]}.get(name, [])


def test_the_recipe_of_stid():
    config = config_for("STID", "PEMS04")
    assert config.optimizer_params == {"lr": 2e-3, "weight_decay": 1e-4}
    assert config.lr_scheduler_params == {"milestones": [1, 50, 80], "gamma": 0.5}
    assert (config.num_epochs, config.train_batch_size, config.model) == (100, 64, STID)
    assert added(config) == [GradientClipping]
    assert (config.callbacks[-1].norm_type, config.callbacks[-1].max_norm) == (2.0, 5.0)
    model_config = config.model_config
    assert (model_config.num_features, model_config.num_layers, model_config.num_time_in_day) == (307, 3, 288)
    assert (model_config.if_time_in_day, model_config.if_day_in_week) == (True, True)


def test_the_recipe_of_stemgnn():
    config = config_for("StemGNN", "PEMS03")
    assert config.optimizer_params == {"lr": 4e-4, "weight_decay": 3e-4}
    assert config.lr_scheduler_params == {"milestones": [1, 50], "gamma": 0.5}
    assert added(config) == []


def test_the_auxiliary_loss_of_duet_is_the_one_its_model_returns():
    returned = built("DUET")(batch()["inputs"])
    (callback,) = config_for("DUET", "PEMS08").callbacks[1:]
    assert set(callback.losses) == set(returned) - {"prediction"}


def test_differences_win():
    config = config_for("StemGNN", "PEMS08", num_epochs=3, optimizer_params={"lr": 0.5})
    assert (config.num_epochs, config.optimizer_params.lr) == (3, 0.5)


@pytest.mark.parametrize("name", ["DLinear", "DUET", "FITS", "HI"])
def test_callbacks_are_added_to_those_that_a_model_needs(name):
    needed = added(config_for(name, "PEMS08"))
    assert added(config_for(name, "PEMS08", callbacks=[EarlyStopping(3)])) == [*needed, EarlyStopping]


def test_two_configurations_share_nothing():
    one, other = (config_for("DUET", "PEMS08") for _ in range(2))
    assert not {id(callback) for callback in one.callbacks} & {id(callback) for callback in other.callbacks}
    assert one.model_config is not other.model_config


def test_names_are_those_of_basicts_packages():
    names = basicts_names()
    assert UNFIT == ["Informer", "Koopa", "SOFTS", "Timer"] and set(UNFIT) < set(names)
    assert all(importlib.util.find_spec(f"basicts.models.{name}") for name in names)
    assert names == sorted(names, key=str.lower)


@pytest.mark.parametrize("name", UNFIT)
def test_a_model_that_cannot_be_trained_says_why(name):
    with refuses(f"model {name}", found=entry(name).unfit):
        config_for(name, "PEMS08")


def test_informer_reads_the_targets():
    model = Informer(InformerConfig(num_features=NODES, label_len=6, n_heads=2, **LENGTHS, **SMALL))
    targets = batch()["targets"].clone()
    targets[:, 4] += 1
    difference = (forecast(model, targets=targets) - forecast(model)).abs()
    assert difference[:, 4].max() > 1e-3


def test_softs_passes_an_argument_that_its_layer_does_not_have():
    model = SOFTS(SOFTSConfig(num_features=NODES, **LENGTHS, **SMALL))
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        forecast(model)


def test_timer_forecasts_a_single_node_only():
    model = Timer(TimerConfig(output_len=STEPS, patch_len=STEPS, n_heads=2, num_layers=1, **SMALL))
    assert forecast(model, inputs=batch()["inputs"][..., :1]).shape == (2, STEPS, 1)
    with pytest.raises(RuntimeError, match="shape|size"):
        forecast(model)


def koopa_config(**differences):
    return bare(Koopa, KoopaConfig(enc_in=NODES, seg_len=6), use_timestamps=False, **differences)


def test_the_mask_of_koopa_is_never_set(tiny):
    recorder = Recorder()
    BasicTSLauncher.launch_training(koopa_config(callbacks=[KoopaMaskInitCallback(), recorder]))
    assert recorder.model.mask_spectrum is None
    assert recorder.model.disentanglement.mask_spectrum is None


def test_koopa_without_a_mask_has_nothing_that_varies(tiny):
    model = Koopa(koopa_config().model_config)
    varying, _ = model.disentanglement(batch()["inputs"])
    assert (varying == 0).all()
    model.disentanglement.mask_spectrum = torch.tensor([1])
    varying, _ = model.disentanglement(batch()["inputs"])
    assert (varying != 0).any()
    assert not any("mask" in name for name in model.state_dict())


@pytest.mark.parametrize("name", ["DLinear", "FITS", "DUET"])
def test_a_run_of_one_epoch(tiny, name):
    config = config_for(name, NAME, num_epochs=1)
    launch_training(config)
    assert (run_folder(config) / "test_metrics.json").is_file()


@pytest.mark.parametrize("name", [name for name in FIT if name != "HI"])
def test_parameters_that_no_loss_reaches_are_known_to_the_distributed_training(name):
    model = built(name).train()
    data = {key: values for key, values in batch().items() if key in parameters(name)}
    returned = model(**data)
    returned = {"prediction": returned} if isinstance(returned, torch.Tensor) else returned
    loss = returned["prediction"].square().mean() + returned.get("aux_loss", 0)
    model.zero_grad()
    loss.backward()
    unused = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    assert config_for(name, "PEMS08").ddp_find_unused_parameters == bool(unused)
