"""What the architecture of a legacy model gets, and what becomes of what it returns."""

import copy
from types import SimpleNamespace

import pytest
import torch
from refusal import refuses
from tiny import FACTS, NAME, NODES, STEPS

from basicts_elin.data.catalog import CATALOG
from basicts_elin.legacy.loss import CHANNELS, RETURNED, LegacyLoss, legacy_loss
from basicts_elin.training.launch.model_checks import check_model
from basicts_elin.zoo.config_file import load_config

BATCH = 4


def built(model="Mini"):
    config = load_config(f"legacy/{model}/Tiny")
    torch.manual_seed(0)
    return config.model(config.model_config)


def data():
    generator = torch.Generator().manual_seed(0)
    inputs, future = torch.randn(2, BATCH, STEPS, NODES, generator=generator)
    days = torch.arange(7) / 7
    times = torch.rand(2, BATCH, STEPS, 2, generator=generator)
    times[..., 1] = days[torch.randint(7, (2, BATCH, STEPS), generator=generator)]
    return {
        "inputs": inputs,
        "inputs_timestamps": times[0],
        "targets_timestamps": times[1],
        "future": future,
        "step": 8,
        "epoch": 2,
        "train": True,
    }


def evaluated():
    """As BasicTS calls a model outside of training."""
    return {name: value for name, value in data().items() if name != "future"} | {"epoch": None, "train": False}


def test_the_architecture_gets_the_features_that_it_asks_for(checkout):
    model, given = built(), data()
    model(**given)
    history, future, batch_seen, epoch, train = model.architecture.received[-1]
    for found, values, times in (
        (history, given["inputs"], given["inputs_timestamps"]),
        (future, given["future"], given["targets_timestamps"]),
    ):
        assert (found[..., 0] == values).all()
        assert (found[..., 1] == times[:, :, None, 1]).all() and found.shape[3] == 2
    assert (batch_seen, epoch, train) == (7, 2, True)


def test_an_evaluation_sees_times_to_come_and_no_targets(checkout):
    model = built().eval()
    prediction = model(**evaluated())
    _, future, batch_seen, epoch, train = model.architecture.received[-1]
    assert (future[..., 0] == 0).all() and (future[..., 1] == data()["targets_timestamps"][:, :, None, 1]).all()
    assert (batch_seen, epoch, train) == (None, None, False)
    assert prediction.shape == (BATCH, STEPS, NODES)


def test_parameters_of_the_first_step_are_there_from_the_start(checkout, capsys):
    model = built()
    assert "architecture.weight" in dict(model.named_parameters())
    assert capsys.readouterr().out == ""
    torch.manual_seed(0)
    assert (built().architecture.weight == model.architecture.weight).all()


def test_constants_are_the_same_every_time_and_in_the_checkpoint(checkout):
    first, second = built(), built()
    assert (first.architecture.start == second.architecture.start).all()
    first.architecture.start.fill_(7)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert (second.architecture.start == 7).all()


def test_constants_larger_than_the_model_stay_out_of_the_checkpoint(checkout, edit):
    edit('"start": torch.rand(3)', '"start": torch.rand(1000)')
    model = built()
    assert "architecture.start" not in model.state_dict() and "architecture.start" in dict(model.named_buffers())


def test_constants_do_not_more_than_double_a_checkpoint(checkout, edit):
    # the model has 144 weights, beside which there is room for two of the three
    edit('"start": torch.rand(3)', '"start": torch.rand(60)')
    change(checkout, "self.start = start", "self.start, self.b, self.c = start, start + 1, start + 2")
    model = built()
    assert len(dict(model.named_buffers())) == 3
    assert len(model.state_dict().keys() - dict(model.named_parameters())) == 2


def change(checkout, old, new):
    """Replaces something in the miniature architecture."""
    file = checkout / "baselines" / "Mini" / "arch" / "mini.py"
    assert file.read_text().count(old) == 1
    file.write_text(file.read_text().replace(old, new))


@pytest.fixture
def part(monkeypatch):
    """The dataset is a part of another one."""
    monkeypatch.setitem(CATALOG, "Whole", type(FACTS)(**{**vars(FACTS), "name": "Whole"}))
    monkeypatch.setitem(CATALOG, NAME, type(FACTS)(**{**vars(FACTS), "part_of": "Whole"}))


NO_LUCK = "raise RuntimeError('no such luck')"
NO_MEMORY = ["raise torch.OutOfMemoryError()", 'raise RuntimeError("DefaultCPUAllocator: can\'t allocate memory")']


def test_an_error_in_the_first_step_is_raised_as_it_is(checkout):
    change(checkout, 'print("created")', NO_LUCK)
    with pytest.raises(RuntimeError, match="^no such luck$"):
        built()


def test_on_a_part_of_a_dataset_the_whole_one_is_expected(checkout, part):
    change(checkout, 'print("created")', NO_LUCK)
    with refuses("dataset", found=(NAME, "no such luck"), expected="Whole"):
        built()


@pytest.mark.parametrize("line", NO_MEMORY)
def test_too_little_memory_is_no_fault_of_the_configuration(checkout, part, line):
    change(checkout, 'print("created")', line)
    with pytest.raises(MemoryError):
        check_model(load_config("legacy/Mini/Tiny"))


def test_a_target_of_the_models_own_is_refused(checkout):
    model = built()
    forward = model.architecture.forward
    model.architecture.forward = lambda **given: {"prediction": forward(**given), "target": given["future_data"]}
    with refuses("Mini", found="target"):
        model(**data())


def test_further_channels_and_values_are_handed_on(checkout):
    model, extra = built(), torch.randn(BATCH, STEPS, NODES, 2)
    forward = model.architecture.forward

    def returns_more(**arguments):
        prediction = forward(**arguments)
        return {"prediction": torch.cat([prediction, extra], dim=-1), "graph": torch.ones(2)}

    model.architecture.forward = returns_more
    returned = model(**data())
    assert returned["prediction"].shape == (BATCH, STEPS, NODES)
    assert (returned[CHANNELS] == extra).all() and list(returned[RETURNED]) == ["graph"]
    with pytest.raises(ValueError, match=r"^prediction of Mini: shape \[4, 12, 5, 3\]; .*\[4, 12, 5, 1\]"):
        model(**evaluated())


def test_a_loss_gets_its_arguments_and_what_the_architecture_returned(checkout, edit):
    edit("CFG.TRAIN.LOSS = masked_huber", "def own(prediction, target, graph, delta, null_val):\n"
         "    return (prediction[..., 1:].sum() + graph.sum()) * delta + (target == null_val).sum()\n"
         "CFG.TRAIN.LOSS = own")  # fmt: skip
    targets, steps = torch.randn(BATCH, STEPS, NODES), 3
    channels = torch.randn(BATCH, STEPS, NODES, 1)
    mask = torch.rand(BATCH, steps, NODES) > 0.3
    returned = {
        "prediction": targets[:, :steps],
        "targets": targets[:, :steps],
        "targets_mask": mask,
        CHANNELS: channels,
        RETURNED: {"graph": torch.ones(2), "other": None},
    }
    model = built()
    # 0 is the configuration's null value, 7 one that the run was given by --set
    for null_val in (0.0, 7.0):
        runner = SimpleNamespace(cfg=SimpleNamespace(loss=legacy_loss, null_val=null_val), _module=lambda: model)
        LegacyLoss().on_compute_loss(runner, forward_return=returned)
        expected = (channels[:, :steps].sum().item() + 2) * 2.0 + (~mask).sum().item()
        assert returned.pop("loss").item() == pytest.approx(expected, rel=1e-5)


def test_mtgnn_trains_on_the_nodes_in_another_order(checkout):
    model, given = built("MiniMTGNN"), data()
    expected = model.architecture(torch.stack([given["inputs"], given["inputs"]], dim=-1))[..., 0]
    orders = []
    for epoch in (1, 1, 1, 2):
        assert torch.allclose(model(**given | {"epoch": epoch}), expected, atol=1e-6)
        orders.append(model.architecture.orders[-1].tolist())
    # STEP_SIZE = 2 batches, in an epoch
    assert orders[0] == orders[1] != orders[2] != orders[3]
    assert sorted(orders[2]) == list(range(NODES))
    assert torch.allclose(model.eval()(**evaluated()), expected, atol=1e-6)
    assert model.architecture.orders[-1] is None


def test_himnet_gets_whole_days_and_its_targets_in_training_alone(checkout):
    model, given = built("MiniHimNet"), data()
    model(**given)
    model.eval()(**evaluated())
    (x, y_cov, labels, seen), (_, cov_evaluated, none, also_none) = model.architecture.received
    days = given["inputs_timestamps"][..., 1] * 7
    assert (x[..., 2] == days.round()[:, :, None]).all() and (x[..., 0] == given["inputs"]).all()
    assert (labels[..., 0] == given["future"]).all() and y_cov.shape[3] == 2
    assert (y_cov == cov_evaluated).all() and (y_cov[..., 1] == y_cov[..., 1].round()).all()
    assert (seen, none, also_none) == (8, None, None)


@pytest.mark.parametrize("field", ["legacy_model", "file"])
@pytest.mark.parametrize("name", ["../elsewhere", "/elsewhere", ".."])
def test_a_configuration_does_not_lead_out_of_the_checkout(checkout, field, name):
    config = load_config("legacy/Mini/Tiny")
    setattr(config.model_config, field, name)
    with refuses("model_config", found=name):
        config.model(config.model_config)
