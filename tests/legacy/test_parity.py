"""The models of BasicTS 0.5 itself, if there is a checkout of it."""

import importlib.util

import pytest
import torch
from cli.commands import ROOT

from basicts_elin import STAEformer, STAEformerConfig
from basicts_elin.data.catalog import CATALOG
from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.legacy.checkout import Source
from basicts_elin.legacy.reader import reading
from basicts_elin.legacy.shim.metrics import masked_mae
from basicts_elin.training.launch.try_steps import try_steps
from basicts_elin.zoo.config_file import load_config

NEEDS = {"GTS": "sklearn", "STWave": "pywt"}
MEAN, DEVIATION = 200.0, 150.0
MODELS = ("AGCRN", "D2STGNN", "DCRNN", "GTS", "GWNet", "HimNet", "MTGNN", "STAEformer", "STGCN", "STID", "STWave")


def write_random(facts, place):
    spec = importlib.util.spec_from_file_location("benchmark_of_legacy", ROOT / "benchmarks" / "legacy.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.write_random(facts, place)


@pytest.fixture
def random_pems08(tmp_path_factory, real_root, monkeypatch):
    """A random dataset of the size of PEMS08 in the working folder, made once."""
    place = tmp_path_factory.getbasetemp() / "pems08"
    if not place.exists():
        write_random(CATALOG["PEMS08"], place)
    monkeypatch.chdir(place)
    monkeypatch.setenv(ROOT_VARIABLE, str(real_root))


@pytest.mark.parametrize("dataset", ["SD", "GBA", "GLA", "CA"])
def test_the_configurations_of_largest_are_read(dataset, real_root, monkeypatch):
    monkeypatch.setenv(ROOT_VARIABLE, str(real_root))
    config = load_config(f"legacy/STID/{dataset}")
    assert (config.dataset_name, config.model_config.num_features) == (dataset, CATALOG[dataset].num_nodes)
    assert config.train_batch_size == (32 if dataset == "SD" else 64)
    assert config.lr_scheduler_params["milestones"] == [1, 30, 60, 80]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_it_trains(model, random_pems08):
    if model in NEEDS and not importlib.util.find_spec(NEEDS[model]):
        pytest.skip(f"needs {NEEDS[model]}: pip install -e '.[legacy]'")
    found = try_steps(load_config(f"legacy/{model}/PEMS08"), 5, 2)
    assert found.losses[-1] < found.losses[0]


def test_our_staeformer_is_that_of_basicts_05(random_pems08, real_root):
    """The same weights and batches: the same outputs, and the same loss after five steps of the recipe's optimizer."""
    torch.manual_seed(0)
    with reading(Source(real_root, "STAEformer", "PEMS08")) as found:
        parameters = dict(found.cfg["MODEL"]["PARAM"]) | {"num_nodes": 20, "dropout": 0.0}
        theirs = found.cfg["MODEL"]["ARCH"](**parameters)
        optimizer_params = dict(found.cfg["TRAIN"]["OPTIM"]["PARAM"])
    ours = STAEformer(STAEformerConfig(input_len=12, output_len=12, num_features=20, dropout=0.0))
    ours.load_state_dict(renamed(theirs.state_dict()), strict=True)
    pairs = [(forward_of_theirs, theirs), (forward_of_ours, ours)]
    values, times, _ = batch(0)
    with torch.no_grad():
        outputs = [forward(model, (values - MEAN) / DEVIATION, times) for forward, model in pairs]
    torch.testing.assert_close(*outputs, atol=1e-5, rtol=0)
    # Adam divides by the size of a gradient: in float32 it makes rounding of the smallest as large as any
    losses = [loss_after(5, forward, model.double(), optimizer_params) for forward, model in pairs]
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)


def loss_after(steps, forward, model, optimizer_params):
    """The loss after so many steps, in float64."""
    optimizer = torch.optim.Adam(model.parameters(), **optimizer_params)
    for step in range(steps + 1):
        values, times, target = (tensor.double() for tensor in batch(step))
        prediction = forward(model, (values - MEAN) / DEVIATION, times)
        loss = masked_mae(prediction * DEVIATION + MEAN, target, null_val=0.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def batch(step):
    """Values, times and targets. No time lies a rounding error below its slot, because BasicTS 0.5 truncates."""
    generator = torch.Generator().manual_seed(step)
    values = 400 * torch.rand(2, 12, 20, generator=generator)
    slots = (torch.arange(12) * 9 + 9 * step) % 288
    times = torch.stack([slots / 288, torch.full((12,), step % 7) / 7], dim=-1).expand(2, 12, 2)
    assert ((times * torch.tensor([288, 7])).long() == (times * torch.tensor([288, 7])).round().long()).all()
    target = 400 * torch.rand(2, 12, 20, generator=generator)
    return values, times, target.masked_fill(target < 40, 0.0)


def forward_of_ours(model, values, times):
    return model(values, times)


def forward_of_theirs(model, values, times):
    history = torch.cat([values[..., None], times[:, :, None].expand(*values.shape, 2)], dim=-1)
    return model(history_data=history, future_data=None, batch_seen=0, epoch=1, train=True)[..., 0]


def renamed(state):
    """Weights of the legacy STAEformer under our names. Its output layer has the steps of a node before the width."""
    names = {
        "input_proj": "input_layer",
        "tod_embedding": "time_in_day_emb",
        "dow_embedding": "day_in_week_emb",
        "adaptive_embedding": "adaptive_emb",
        "output_proj": "output_layer",
        "attn_layers_t": "temporal_layers",
        "attn_layers_s": "spatial_layers",
        "attn.FC_Q": "attention.q_proj",
        "attn.FC_K": "attention.k_proj",
        "attn.FC_V": "attention.v_proj",
        "attn.out_proj": "attention.out_proj",
        "feed_forward.0": "ffn.fc1",
        "feed_forward.2": "ffn.fc2",
        "ln1": "attention_norm",
        "ln2": "ffn_norm",
    }
    found = {}
    for name, value in state.items():
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        found[name] = value
    return found
