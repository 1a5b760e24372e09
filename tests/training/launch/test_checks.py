import json
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import DIMS, NAME, NODES, Tiny, TinyConfig, ours

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig, benchmark_config
from basicts_elin.errors import UserError
from basicts_elin.training.launch.checks import check_checkpoint, check_config, check_model, parse_gpus
from basicts_elin.training.launch.data_checks import check_dataset
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training

FOLDER = Path("datasets") / NAME


def rewrite(part, kind, change):
    file = FOLDER / f"{part}_{kind}.npy"
    np.save(file, change(np.load(file)))


def refusal(check, *arguments):
    with pytest.raises(UserError) as error:
        check(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_dataset_as_basicts_ships_it_passes(tiny):
    check_dataset(ours())
    assert "adj_mx.pkl" not in {path.name for path in FOLDER.iterdir()}
    assert "first_row" not in json.loads((FOLDER / "meta.json").read_text())


@pytest.mark.parametrize("gpus", ["0", "0,1", "3,1"])
def test_devices_that_are_there(monkeypatch, gpus):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert parse_gpus(gpus) == gpus


def test_the_processor_needs_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert parse_gpus("cpu") is None


def test_no_gpu_names_the_way_without(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    expected = f"--gpus 0: torch {torch.__version__} finds no GPU here; use --gpus cpu"
    assert refusal(parse_gpus, "0") == expected


@pytest.mark.parametrize("gpus", ["2", "0,2", "10"])
def test_too_high_a_number_names_how_many_there_are(monkeypatch, gpus):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert refusal(parse_gpus, gpus).startswith(f"--gpus {gpus}: there are 2 GPUs here, numbered from 0")


@pytest.mark.parametrize("gpus", ["a", "0,0", "", "0,", "-1", "1.0", "0 1", "CPU", "all"])
def test_what_is_no_list_of_devices(monkeypatch, gpus):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert refusal(parse_gpus, gpus) == f"--gpus {gpus}: expected device numbers such as 0 or 0,1, or cpu"


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("SyntheticTraffic", "make it by `basicts-elin prepare SyntheticTraffic`"),
        ("PEMS08", "make it by `basicts-elin prepare PEMS08 --raw PEMS08.npz` .*https.*, or unpack BasicTS's download"),
        ("METR-LA", "make it by `basicts-elin prepare METR-LA --raw metr-la.h5` .*https.*, or unpack BasicTS's downl"),
        ("PEMS-BAY_67", "make it by `.* PEMS-BAY_67 --raw pems-bay.h5 --sensors FILE` .raw file of PEMS-BAY: http"),
    ],
)
def test_a_dataset_that_is_not_there_names_the_way_to_it(workplace, name, way):
    config = benchmark_config(Tiny, TinyConfig(), name)
    message = f"dataset {name} is not prepared: there is no folder datasets/{name} here; {way}"
    with pytest.raises(UserError, match=message):
        check_dataset(config)


def test_a_dataset_outside_the_catalogue_names_its_folder(workplace):
    config = ours()
    config.dataset_params.data_file_path = "elsewhere"
    config.dataset_name = "Mine"
    assert refusal(check_dataset, config) == (
        "dataset Mine is not prepared: there is no folder elsewhere here; put BasicTS 1.1's files there"
    )


def test_a_dataset_in_another_folder_is_found(tiny):
    FOLDER.rename("elsewhere")
    config = ours()
    config.dataset_params.data_file_path = "elsewhere"
    check_dataset(config)


@pytest.mark.parametrize("part", ["train", "val", "test"])
@pytest.mark.parametrize("kind", ["data", "timestamps"])
def test_a_missing_file_is_named(tiny, part, kind):
    (FOLDER / f"{part}_{kind}.npy").unlink()
    assert refusal(check_dataset, ours()).startswith(
        f"dataset Tiny is incomplete: {FOLDER}/{part}_{kind}.npy is missing; make it by"
    )


def truncate(file):
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage",
    [truncate, lambda file: file.write_bytes(b""), lambda file: file.write_bytes(b"\x93NUM")],
    ids=["cut", "empty", "header cut"],
)
def test_a_damaged_file_is_named(tiny, damage):
    damage(FOLDER / "val_data.npy")
    message = refusal(check_dataset, ours())
    assert f"{FOLDER}/val_data.npy is not an .npy array" in message
    assert "prepare dataset Tiny again" in message


def test_another_number_of_nodes_names_both_and_the_way_out(tiny):
    message = refusal(check_dataset, ours(model_config=TinyConfig(num_features=9)))
    assert "train_data.npy has 5 nodes but the config expects num_features=9" in message
    assert "--set model_config.num_features=5" in message


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda data: data.astype(np.float64), "float64 (43, 5)"),
        (lambda data: data.astype(np.int16), "int16 (43, 5)"),
        (lambda data: data[..., None], "float32 (43, 5, 1)"),
    ],
)
def test_another_type_or_shape_is_named(tiny, change, found):
    rewrite("val", "data", change)
    message = f"{FOLDER}/val_data.npy is {found}; expected float32 [rows, nodes]"
    assert refusal(check_dataset, ours()).startswith(message)


def test_timestamps_of_another_length_are_named(tiny):
    rewrite("test", "timestamps", lambda timestamps: timestamps[:-1])
    assert f"{FOLDER}/test_data.npy has 73 rows, test_timestamps.npy 72" in refusal(check_dataset, ours())


@pytest.mark.parametrize("column", [slice(1), 0])
def test_timestamps_without_the_day_of_the_week_are_named(tiny, column):
    rewrite("test", "timestamps", lambda timestamps: timestamps[:, column])
    assert "test_timestamps.npy" in refusal(check_dataset, ours())


def test_a_part_too_short_for_a_window_is_named(tiny):
    for kind in ("data", "timestamps"):
        rewrite("val", kind, lambda values: values[:24])
    check_dataset(ours())
    for kind in ("data", "timestamps"):
        rewrite("val", kind, lambda values: values[:23])
    assert refusal(check_dataset, ours()).startswith(
        f"{FOLDER}/val_data.npy has 23 rows; input_len + output_len = 24 are needed for one window"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_values_that_are_not_finite_are_named(tiny, part, value):
    rewrite(part, "data", lambda data: np.where(np.arange(NODES) == 2, np.float32(value), data))
    message = refusal(check_dataset, ours())
    assert message.startswith(f"{FOLDER}/{part}_data.npy holds NaN or infinity; missing values must be 0.0")


def test_a_launch_checks_the_dataset_before_it_writes(workplace):
    with pytest.raises(UserError, match="dataset Tiny is not prepared"):
        launch_training(ours())
    assert not list(workplace.iterdir())


def test_a_checkpoint_of_the_model_passes(tiny):
    config = ours()
    launch_training(config)
    check_checkpoint(best_checkpoint(config), config)
    check_checkpoint(str(best_checkpoint(config)), config)


@pytest.mark.parametrize("path", ["no/such.pt", "."])
def test_a_missing_checkpoint_is_named(workplace, path):
    assert refusal(check_checkpoint, path, ours()).startswith(f"checkpoint {path} is missing")


def write_bytes(path):
    path.write_bytes(b"not a checkpoint")


@pytest.mark.parametrize(
    "write",
    [
        write_bytes,
        lambda path: path.write_bytes(b""),
        lambda path: torch.save({"weights": {}}, path),
        lambda path: torch.save([1.0], path),
    ],
    ids=["garbage", "empty", "other keys", "list"],
)
def test_a_file_that_is_no_checkpoint_is_named(workplace, write):
    path = workplace / "some.pt"
    write(path)
    message = refusal(check_checkpoint, str(path), ours())
    assert message.startswith((f"{path} is not a BasicTS checkpoint: ", f"{path} cannot be read ("))
    assert message.endswith("expected a .pt file of a run")


def save_weights(model, config):
    torch.save({"model_state_dict": model(config.model_config).state_dict()}, "some.pt")


def test_a_checkpoint_of_another_model_is_named(workplace):
    save_weights(ELinFormer, ours(ELinFormer, ELinFormerConfig(**DIMS)))
    message = refusal(check_checkpoint, "some.pt", ours())
    assert message.startswith("checkpoint some.pt is of another model than the config's Tiny: 2 parameters missing, ")
    assert "(such as linear.bias)" in message


def test_a_checkpoint_of_another_size_names_both_sizes(workplace):
    save_weights(Tiny, ours(output_len=6))
    message = refusal(check_checkpoint, "some.pt", ours())
    assert "0 parameters missing, 0 unknown, 2 of another shape (such as linear.bias, [6] instead of [12])" in message


def test_a_checkpoint_with_more_parameters_names_one(workplace):
    save_weights(Tiny, ours())
    message = refusal(check_checkpoint, "some.pt", ours(model_config=TinyConfig(bias=False)))
    assert "0 parameters missing, 1 unknown, 0 of another shape (such as linear.bias)" in message


def test_an_evaluation_checks_before_it_writes(tiny):
    with pytest.raises(UserError, match="checkpoint no.pt is missing"):
        launch_evaluation(ours(), "no.pt", Path("out"))
    assert not Path("out").exists()


def test_a_checkpoint_of_a_model_with_the_same_parameters_is_refused(tiny):
    trained = launch_training(benchmark_config(ELinFormer, ELinFormerConfig(**DIMS), NAME, num_epochs=1))
    other = benchmark_config(STAEformer, STAEformerConfig(**DIMS), NAME)
    checkpoint = trained / "ELinFormer_best_val_MAE.pt"
    message = refusal(check_checkpoint, str(checkpoint), other)
    assert message.endswith("is of another model, ELinFormer, than the config's STAEformer")


class Asserting(Tiny):
    def __init__(self, config):
        super().__init__(config)
        if not config.bias:
            raise AssertionError("no bias")


def test_a_model_that_refuses_by_an_assertion_is_one_line(workplace):
    message = refusal(check_model, ours(Asserting, TinyConfig(bias=False)))
    assert message == "Asserting refuses its configuration: AssertionError: no bias"


class Alone(Tiny):
    """Notes how many others of it there are while it is built."""

    all = weakref.WeakSet()
    others = []

    def __init__(self, config):
        super().__init__(config)
        self.others.append(len(self.all))
        self.all.add(self)


class Computing(Alone):
    """Needs the values of its weights while it is built."""

    def __init__(self, config):
        super().__init__(config)
        self.largest = self.linear.weight.max().item()


@pytest.mark.parametrize("model", [Alone, Computing])
def test_two_of_a_model_are_never_in_memory(workplace, monkeypatch, model):
    monkeypatch.setattr(Alone, "others", [])
    check_model(ours(model))
    # a sketch, and the model
    assert Alone.others == [0, 0]


@pytest.mark.parametrize("name", ["input_len", "output_len"])
def test_a_window_without_steps_is_refused(workplace, name):
    assert f"{name}=0 in the configuration; expected 1 or more" in refusal(check_config, ours(**{name: 0}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "FOO"}, "loss='FOO' in the configuration; expected one of MAE, MSE, "),
        ({"loss": "HUBER"}, "loss='HUBER' in the configuration; expected one of MAE, MSE, "),
        ({"metrics": ["MAE", "foo"]}, "metrics=['MAE', 'foo'] in the configuration; expected names out of MAE, MSE, "),
        ({"target_metric": "MSE"}, "target_metric='MSE' in the configuration; expected one of MAE, RMSE, MAPE, loss"),
        ({"optimizer_params": {"rate": 1}}, "optimizer_params={'rate': 1}: Adam refuses them (got an unexpected"),
        ({"lr_scheduler_params": {}}, "lr_scheduler_params={}: MultiStepLR refuses them (missing a required"),
        ({"optimizer_params": {"lr": -1}}, "optimizer_params={'lr': -1}: Adam refuses them (Invalid learning rate"),
        ({"optimizer_params": {"betas": (0.9, 1.5)}}, "optimizer_params={'betas': (0.9, 1.5)}: Adam refuses them (Inv"),
        ({"lr_scheduler_params": {"milestones": 3}}, "lr_scheduler_params={'milestones': 3}: MultiStepLR refuses them"),
        (
            {"lr_scheduler": torch.optim.lr_scheduler.ReduceLROnPlateau, "lr_scheduler_params": {}},
            "lr_scheduler=ReduceLROnPlateau: BasicTS takes its steps without arguments (missing a required argument",
        ),
        (
            {"optimizer": torch.optim.LBFGS, "optimizer_params": {"lr": 0.1}},
            "optimizer=LBFGS: BasicTS takes its steps without arguments (missing a required argument: 'closure'); exp",
        ),
        ({"val_data_num_workers": -1}, "val_data_num_workers=-1 in the configuration; expected 0 or more"),
        ({"finetune_from": "no.pt"}, "finetune_from='no.pt': there is no such file; expected a checkpoint"),
    ],
)
def test_what_basicts_would_fail_on_late(workplace, changes, message):
    check = check_model if any(name.endswith("_params") for name in changes) else check_config
    assert refusal(check, ours(**changes)).startswith(message)


def test_every_loss_that_is_offered_can_be_trained_with(tiny):
    offered = refusal(check_config, ours(loss="FOO")).partition("one of ")[2].partition(", or")[0].split(", ")
    for loss in offered:
        launch_training(ours(loss=loss, eval_after_train=False))
    assert "MAE" in offered and "HUBER" not in offered
