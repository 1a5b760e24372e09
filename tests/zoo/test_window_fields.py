"""Models by name on windows of any length."""

import inspect

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.config.lengths import usual_horizons
from basicts_elin.config.overrides import with_overrides
from basicts_elin.zoo import window_fields
from basicts_elin.zoo.registry import config_for, entry, model_names

NODES = 4
FIT = [name for name in model_names() if not entry(name).unfit and not entry(name).is_legacy]
# what makes a model small, where it has such a field
SMALL = {"hidden_size": 16, "intermediate_size": 16, "embed_size": 4, "temporal_hidden_size": 8, "proj_hidden_size": 8}
SMALL |= {"adaptive_hidden_size": 4, "num_layers": 1}
# the attention over periods needs a hidden size of at least a period; the weights of StemGNN grow with its square
SMALL_OF = {"Leddam": {"hidden_size": 128}, "StemGNN": {"hidden_size": 1}}
steps = st.integers(1, 800)


def times(steps):
    """Times of day, in slots of 5 minutes, and days of the week of two windows."""
    return torch.stack([torch.randint(288, (2, steps)) / 288, torch.randint(7, (2, steps)) / 7], dim=-1)


def trained(name, input_len, output_len):
    """The forecast of a small model in training, after a backward pass."""
    config = config_for(name, "SyntheticTraffic", input_len=input_len, output_len=output_len).model_config
    sizes = {**SMALL, **SMALL_OF.get(name, {})}
    config.update({field: size for field, size in sizes.items() if isinstance(config.get(field), int)})
    if "num_features" in config:
        config.num_features = NODES
    model = config_for(name, "SyntheticTraffic").model(config)
    if entry(name).prepare:
        # in place of what it takes from a dataset
        model.load_state_dict({field: values.nan_to_num() for field, values in model.state_dict().items()})
    data = {
        "inputs": torch.randn(2, input_len, NODES),
        "targets": torch.randn(2, output_len, NODES),
        "inputs_timestamps": times(input_len),
        "targets_timestamps": times(output_len),
    }
    known = inspect.signature(model.forward).parameters
    returned = model.train()(**{field: values for field, values in data.items() if field in known})
    prediction = returned if isinstance(returned, torch.Tensor) else returned["prediction"]
    if prediction.requires_grad:
        prediction.square().mean().backward()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients) and (gradients or name == "HI")
    return prediction


@pytest.mark.filterwarnings("ignore:Complex modules are a new feature")
@pytest.mark.parametrize(
    ("input_len", "output_len"), [(12, 12), (36, 12), (96, 12), (288, 12), (96, 720), (24, 48), (30, 7), (7, 5)]
)
@pytest.mark.parametrize("name", FIT)
def test_a_forecast_has_a_value_for_each_step(name, input_len, output_len):
    limit = entry(name).unfit_window
    if limit and limit(input_len, output_len):
        with refuses(f"model {name}", found=(f"input_len={input_len}", f"output_len={output_len}"), fix="input"):
            config_for(name, "SyntheticTraffic", input_len=input_len, output_len=output_len)
        return
    prediction = trained(name, input_len, output_len)
    assert prediction.shape == (2, output_len, NODES) and prediction.isfinite().all()


def test_the_models_with_limits():
    limited = [name for name in FIT if entry(name).unfit_window]
    assert limited == ["HI", "STLAformer", "TiDE", "TimeKAN"]
    assert all(not entry(name).unfit_window(12, 12) for name in limited)


@given(steps, steps)
def test_lengths_that_must_cover_the_window_do(input_len, output_len):
    assert input_len % window_fields.whole_patches(input_len, output_len)["patch_len"] == 0
    assert input_len % window_fields.chunks(input_len, output_len)["chunk_size"] == 0
    period = window_fields.periods(input_len, output_len)["period_len"]
    assert input_len % period == output_len % period == 0
    scales = window_fields.coarser_scales(input_len, output_len)
    assert input_len % scales["down_sampling_window"] ** scales["down_sampling_layers"] == 0
    assert 1 <= window_fields.frequencies(input_len, output_len)["cut_freq"] <= input_len // 2 + 1
    assert 1 <= window_fields.overlapping_patches(input_len, output_len)["patch_len"] <= input_len


def test_long_windows_have_the_defaults_of_basicts():
    assert config_for("PatchTST", "PEMS08", input_len=96, output_len=720).model_config.patch_stride == 8
    assert config_for("SegRNN", "PEMS08", input_len=96, output_len=720).model_config.seg_len == 16
    assert config_for("TimeMixer", "PEMS08", input_len=96, output_len=96).model_config.down_sampling_layers == 3


@given(steps)
def test_horizons_are_steps_of_the_forecast(output_len):
    horizons = usual_horizons(output_len)
    assert horizons == sorted(set(horizons)) and horizons[-1] == output_len and horizons[0] >= 1


def test_horizons_follow_the_steps_out():
    assert usual_horizons(12) == [3, 6, 12] and usual_horizons(720) == [180, 360, 720] and usual_horizons(1) == [1]
    config = config_for("STID", "PEMS08")
    assert with_overrides(config, {"output_len": 96}).eval_horizons == [24, 48, 96]
    assert with_overrides(config, {"output_len": 96, "eval_horizons": [3]}).eval_horizons == [3]
    assert with_overrides(config, {"input_len": 96}).eval_horizons == [3, 6, 12]
    chosen = config_for("STID", "PEMS08", eval_horizons=[1, 12])
    assert with_overrides(chosen, {"output_len": 24}).eval_horizons == [1, 12]
