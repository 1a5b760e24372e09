"""The layer on its Gram path and its fused quadratic path, as training uses it."""

import copy

import pytest
import torch
from ops.memory_meter import saved_bytes

from basicts_elin import EntropyEqualAttention
from basicts_elin.training.launch.processes import free_port

SIZE, HEADS = 24, 4


def layer(n_heads=HEADS, **settings):
    torch.manual_seed(0)
    return EntropyEqualAttention(SIZE, n_heads, **settings)


def states(tokens=60, rows=3):
    return torch.randn(rows, tokens, SIZE, generator=torch.Generator().manual_seed(1))


def output_and_gradients(module, inputs):
    inputs = inputs.clone().requires_grad_()
    output = module(inputs)[0]
    output.sin().sum().backward()
    return [output.detach(), inputs.grad, *(parameter.grad for parameter in module.parameters())]


@pytest.mark.parametrize(
    ("tokens", "settings", "path"),
    [
        (8, {}, "quadratic"),
        (9, {}, "linear"),
        (16, {}, "linear"),
        (17, {}, "gram"),
        (23, {"n_heads": 1}, "quadratic"),
        (24, {"n_heads": 1}, "gram"),
        (500, {"entropy": "gaussian"}, "gram"),
        (500, {"entropy": "exact"}, "quadratic"),
        (5, {"path": "gram"}, "gram"),
        (500, {"path": "linear"}, "linear"),
    ],
)
def test_auto_chooses_by_the_number_of_tokens(tokens, settings, path):
    assert layer(**settings).path_for(tokens) == path


@pytest.mark.parametrize("entropy", ["taylor", "gaussian"])
@pytest.mark.parametrize("tokens", [3, 60])
def test_a_traced_layer_is_the_layer(entropy, tokens):
    eager = layer(entropy=entropy)
    traced = torch.compile(copy.deepcopy(eager), backend="aot_eager", fullgraph=True)
    for found, expected in zip(
        output_and_gradients(traced, states(tokens)), output_and_gradients(eager, states(tokens)), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("entropy", ["taylor", "gaussian"])
@pytest.mark.parametrize("tokens", [3, 60])
def test_an_exported_layer_is_the_layer(entropy, tokens):
    module = layer(entropy=entropy).eval()
    exported = torch.export.export(module, (states(tokens),)).module()
    torch.testing.assert_close(exported(states(tokens))[0], module(states(tokens))[0])


@pytest.mark.parametrize(("entropy", "path"), [("taylor", "gram"), ("gaussian", "gram"), ("taylor", "linear")])
def test_twice_the_tokens_keep_about_twice_the_bytes(entropy, path):
    module = layer(entropy=entropy, path=path)
    fewer, more = (saved_bytes(lambda x: module(x)[0], states(tokens).requires_grad_()) for tokens in (400, 800))
    assert more <= 2.2 * fewer


def test_the_gram_path_keeps_little_beside_the_tokens():
    inputs = states(800).requires_grad_()
    kept = saved_bytes(lambda x: layer(path="gram")(x)[0], inputs)
    assert kept < 1.2 * inputs.numel() * inputs.element_size()


def run_process(rank, folder, port):
    torch.set_num_threads(1)
    # not through a file, which the process that ends first removes while the other is still looking at it
    address = f"tcp://127.0.0.1:{port}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    for path in ("gram", "quadratic"):
        module = torch.nn.parallel.DistributedDataParallel(layer(path=path))
        module(states(rows=4)[2 * rank : 2 * rank + 2])[0].sin().sum().backward()
        if rank == 0:
            torch.save([parameter.grad for parameter in module.parameters()], f"{folder}/{path}.pt")
    # neither may end while the other still talks to it
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def test_two_processes_have_the_gradients_of_one(tmp_path):
    torch.multiprocessing.spawn(run_process, (str(tmp_path), free_port()), nprocs=2)
    for path in ("gram", "quadratic"):
        _, _, *expected = output_and_gradients(layer(path=path), states(rows=4))
        for found, one in zip(torch.load(tmp_path / f"{path}.pt"), expected, strict=True):
            torch.testing.assert_close(2 * found, one, rtol=1e-4, atol=1e-4)
