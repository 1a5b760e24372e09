"""A forecaster against the evaluation of its run, and its tables. Tiny has 5 nodes and a row every 5 minutes."""

import numpy as np
import pandas as pd
import pytest
import torch
from refusal import refuses
from tiny import DIMS, NAME, STEPS, ours, rewrite_meta, weights

from basicts_elin import ELinFormer, ELinFormerConfig, Forecaster
from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.dataset import open_dataset
from basicts_elin.forecasting.forecaster import check_levels
from basicts_elin.training.launch.launcher import best_checkpoint, launch_training
from basicts_elin.zoo.registry import config_for

pytestmark = pytest.mark.filterwarnings("ignore:Complex modules are a new feature")

SMALL = {"model_config.hidden_size": 8, "model_config.intermediate_size": 8}
NAMES = ["a", "b", "c", "d", "e"]


def trained(**differences):
    return launch_training(ours(**differences), save_predictions=True)


def frame(rows=slice(0, STEPS), names=NAMES):
    """Rows of the test part with their dates; NaN where 0 marks a missing value."""
    dataset = open_dataset(f"datasets/{NAME}")
    values = dataset.values("test")[rows].astype(np.float64)
    index = pd.DatetimeIndex(dataset.dates("test")[rows].astype("datetime64[ns]"))
    return pd.DataFrame(np.where(values == 0, np.nan, values), index, names)


def saved_predictions(folder):
    with np.load(folder / "predictions.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture
def named(tiny):
    rewrite_meta(tiny, node_names=NAMES)
    return tiny


@pytest.mark.parametrize(
    "differences",
    [
        {},
        {"missing_inputs": "mean"},
        {"missing_inputs": "last"},
        {"norm_each_channel": True},
        {"missing_inputs": "mean", "null_to_num": 3.0},
    ],
)
def test_the_forecasts_of_a_part_are_those_of_the_evaluation(named, differences):
    folder = trained(**differences)
    expected = saved_predictions(folder)
    forecaster = Forecaster.load(folder)
    found = forecaster.part_windows(forecaster.dataset(), "test", batch_size=7)
    np.testing.assert_allclose(found.prediction, expected["prediction"], rtol=1e-6)
    assert (np.isnan(found.target) == ~expected["mask"]).all()
    # the evaluation has scaled its targets there and back
    np.testing.assert_allclose(found.target[expected["mask"]], expected["target"][expected["mask"]], rtol=1e-6)
    np.testing.assert_array_equal(found.times, expected["times"])


@pytest.mark.parametrize("window", [0, 3, 37])
def test_a_table_is_forecast_as_its_window_was_evaluated(named, window):
    folder = trained()
    expected = saved_predictions(folder)
    found = Forecaster.load(folder).predict(frame(slice(window, window + STEPS)), clip=False)
    np.testing.assert_allclose(found.to_numpy(), expected["prediction"][window], rtol=1e-5)
    assert list(found.columns) == NAMES
    assert (found.index.to_numpy() == expected["times"][window]).all()


@pytest.mark.parametrize(
    "model", ["STID", "iTransformer", "DLinear", "Autoformer", "TimeXer", "PatchTST", "ELinFormer_small"]
)
def test_every_kind_of_model_forecasts(named, model):
    changes = SMALL if model in ("iTransformer", "Autoformer", "TimeXer", "PatchTST") else {}
    config = with_overrides(config_for(model, NAME), {"num_epochs": 1, "gpus": None, **changes})
    config["_config_file"] = f"{model}/{NAME}"
    folder = launch_training(config, save_predictions=True)
    forecaster = Forecaster.load(folder)
    assert forecaster.facts.model == model
    found = forecaster.predict(frame(), clip=False)
    np.testing.assert_allclose(found.to_numpy(), saved_predictions(folder)["prediction"][0], rtol=1e-4, atol=1e-3)


def test_more_rows_are_cut_and_the_order_of_the_sensors_is_free(named):
    forecaster = Forecaster.load(trained())
    expected = forecaster.predict(frame(slice(20, 20 + STEPS)))
    longer = frame(slice(0, 20 + STEPS))[NAMES[::-1]]
    pd.testing.assert_frame_equal(forecaster.predict(longer), expected)


def test_a_long_table_gives_a_long_one_with_its_names(named):
    forecaster = Forecaster.load(trained())
    wide = frame()
    long = wide.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    found = forecaster.predict(long)
    assert list(found.columns) == ["ds", "unique_id", "forecast"]
    pivoted = found.pivot(index="ds", columns="unique_id", values="forecast")
    np.testing.assert_array_equal(pivoted.to_numpy(), forecaster.predict(wide).to_numpy())


def test_times_in_a_column_stay_in_a_column(named):
    forecaster = Forecaster.load(trained())
    found = forecaster.predict(frame().rename_axis("when").reset_index())
    assert list(found.columns) == ["when", *NAMES]
    np.testing.assert_array_equal(found[NAMES].to_numpy(), forecaster.predict(frame()).to_numpy())


def test_sensors_that_are_absent_are_named_and_may_be_missing(named):
    forecaster = Forecaster.load(trained())
    fewer = frame().drop(columns=["b", "d"]).assign(new=1.0)
    with refuses("data", found=("2 of 5", "b, d", "new"), fix="--allow-missing"):
        forecaster.predict(fewer)
    found = forecaster.predict(fewer, allow_missing=True)
    pd.testing.assert_frame_equal(found, forecaster.predict(frame().assign(b=np.nan, d=np.nan)))


def test_a_table_of_other_sensors_is_refused_even_with_allow_missing(named):
    forecaster = Forecaster.load(trained())
    with refuses("data", found=("5 of 5", "v, w")):
        forecaster.predict(frame(names=list("vwxyz")), allow_missing=True)


def test_absent_rows_are_named_and_filled_on_request(named):
    forecaster = Forecaster.load(trained())
    whole = frame()
    with refuses("data", found=("2 of the last 12 steps", str(whole.index[4])[:16]), fix="--fill"):
        forecaster.predict(whole.drop(whole.index[4:6]))
    blank = whole.copy()
    blank.iloc[4:6] = np.nan
    pd.testing.assert_frame_equal(
        forecaster.predict(whole.drop(whole.index[4:6]), fill=True), forecaster.predict(blank)
    )


def test_absent_rows_before_the_window_do_not_matter(named):
    forecaster = Forecaster.load(trained())
    longer = frame(slice(0, 30))
    pd.testing.assert_frame_equal(forecaster.predict(longer.drop(longer.index[3:6])), forecaster.predict(longer))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda one: one.iloc[: STEPS - 1], "11 rows"),
        (lambda one: one.iloc[::2], "rows every 10 minutes"),
        (lambda one: one * np.nan, "no value"),
        (lambda one: one.assign(a=np.inf), "12 infinite values, such as of sensor a"),
        (lambda one: one.set_axis(["a", "b", "c", "d", "d"], axis=1), "d twice"),
    ],
)
def test_tables_that_do_not_fit_are_refused(named, change, found):
    forecaster = Forecaster.load(trained())
    with refuses("data", found=found):
        forecaster.predict(change(frame(slice(0, 24) if found.startswith("rows") else slice(0, STEPS))))


def test_another_interval_is_refused(named):
    forecaster = Forecaster.load(trained())
    coarse = frame(slice(0, 40))
    coarse.index = pd.date_range("2024-01-02", periods=40, freq="15min")
    with refuses("data", found="15 minutes", expected="5 minutes"):
        forecaster.predict(coarse)


def test_forecasts_below_zero_are_clipped_where_the_quantity_cannot_be_negative(named):
    rewrite_meta(named, node_names=NAMES, non_negative=True)
    forecaster = Forecaster.load(trained())
    with torch.no_grad():
        forecaster.network.offset -= 400
    assert (forecaster.predict(frame()) >= 0).all().all()
    assert (forecaster.predict(frame(), clip=False) < 0).any().any()


def test_a_quantity_that_may_be_negative_is_not_clipped_unless_asked(named):
    forecaster = Forecaster.load(trained())
    with torch.no_grad():
        forecaster.network.offset -= 400
    assert (forecaster.predict(frame()) < 0).any().any()
    assert (forecaster.predict(frame(), clip=True) >= 0).all().all()


def test_the_checkpoint_knows_what_the_folder_of_the_dataset_did(named):
    folder = trained()
    expected = Forecaster.load(folder).predict(table := frame())
    for file in (named / "datasets" / NAME).iterdir():
        file.unlink()
    (named / "datasets" / NAME).rmdir()
    pd.testing.assert_frame_equal(Forecaster.load(folder).predict(table), expected)


def test_a_checkpoint_and_its_folder_are_the_same_forecaster(named):
    folder = trained()
    (checkpoint,) = folder.glob("*_best_val_MAE.pt")
    by_file, by_folder = Forecaster.load(checkpoint), Forecaster.load(folder)
    assert by_file.facts == by_folder.facts
    assert all(map(torch.equal, by_file.network.state_dict().values(), by_folder.network.state_dict().values()))


def test_what_is_no_run_is_refused(named):
    with refuses("run", found="nowhere does not exist"):
        Forecaster.load("nowhere")
    with refuses("run", found="no best checkpoint", expected="the folder of a run"):
        Forecaster.load("datasets")
    folder = trained()
    with refuses("run", found=f"no best checkpoint in {folder.parent}", fix=str(folder)):
        Forecaster.load(folder.parent)


def test_a_model_with_its_own_class_is_the_same(named):
    config = ours(ELinFormer, ELinFormerConfig(**DIMS))
    folder = launch_training(config, save_predictions=True)
    assert Forecaster.load(best_checkpoint(config)).facts.model == "ELinFormer"
    network = Forecaster.load(folder).network.model
    assert weights(best_checkpoint(config)).keys() == network.state_dict().keys()
    assert not any(parameter.requires_grad for parameter in network.parameters()) and not network.training


@pytest.mark.parametrize("level", [0, 0.9, 99.95, 100, float("nan"), True, "90", ["a"], [None], np.array(0.5)])
def test_levels_are_numbers_of_per_cent(level):
    with refuses("level", expected="from 1 to 99.9"):
        check_levels(level)


def test_levels_may_be_of_numpy():
    assert check_levels(np.int64(90)) == check_levels(np.float32(90)) == [90]
    assert check_levels(np.array([90, 80, 90])) == [90, 80]


class Noisy(torch.nn.Module):
    """A model that draws random numbers in evaluation."""

    def forward(self, inputs, inputs_timestamps):
        return inputs + torch.randn_like(inputs)


def test_a_model_that_draws_random_numbers_forecasts_the_same_again(named):
    forecaster = Forecaster.load(trained())
    forecaster.network.model = Noisy()
    before = torch.random.get_rng_state()
    first = forecaster.predict(frame(), clip=False)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(5)
    pd.testing.assert_frame_equal(forecaster.predict(frame(), clip=False), first)
