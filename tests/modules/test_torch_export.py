"""Exported layers take any batch and any number of tokens, and the linear paths hold no N x N tensor."""

import logging

import pytest
import torch
from modules.compose import small_layer
from ops.compare import assert_close, draw
from tiny import DIMS, NODES, STEPS
from torch.export import Dim, export

from basicts_elin import (
    ELinFormer,
    ELinFormerConfig,
    EntropyEqualAttention,
    InLineAttention,
    LinformerAttention,
    SoftmaxAttention,
)
from basicts_elin.modules.entropy_equal import LAYER_PATHS
from basicts_elin.ops import ESTIMATORS

BATCH, TOKENS = Dim("batch", min=1), Dim("tokens")
# more than the width of 12, between, and fewer than the head size of 4
SIZES = [(3, 40), (1, 7), (5, 100), (2, 2)]


def inputs_of(batch, tokens, masked):
    states = draw((batch, tokens, 12), dtype=torch.float32)
    if not masked:
        return (*states, None, None)
    mask = torch.zeros(batch, 1, 1, tokens)
    mask[..., -1] = -1e9
    return (*states, None, mask)


def exported(layer, masked=False, **settings):
    shapes = ({0: BATCH, 1: TOKENS}, None, {0: BATCH, 3: TOKENS} if masked else None)
    return export(layer.eval(), inputs_of(3, 40, masked), dynamic_shapes=shapes, **settings)


def square_tensors(program):
    """The values of a program with two dimensions that vary with the number of tokens."""
    (states,) = (node.meta["val"] for node in program.graph.nodes if node.name == "hidden_states")
    symbol = states.shape[1].node.expr
    values = (node.meta.get("val") for node in program.graph.nodes)
    sizes = [value.shape for value in values if isinstance(value, torch.Tensor)]
    assert len(sizes) > 10
    return [
        shape
        for shape in sizes
        if sum(not isinstance(size, int) and symbol in size.node.expr.free_symbols for size in shape) > 1
    ]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("path", LAYER_PATHS)
def test_any_batch_and_number_of_tokens(path, entropy, masked):
    layer = small_layer(EntropyEqualAttention, dtype=torch.float32, path=path, entropy=entropy)
    program = exported(layer, masked)
    for size in SIZES:
        arguments = inputs_of(*size, masked)
        assert_close(program.module()(*arguments)[0].detach(), layer(*arguments)[0].detach())
    quadratic = path in ("quadratic", "reference") or entropy == "exact"
    assert bool(square_tensors(program)) == quadratic


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("path", LAYER_PATHS)
def test_inline_of_any_batch_and_number_of_tokens(path, masked):
    layer = small_layer(InLineAttention, dtype=torch.float32, path=path)
    program = exported(layer, masked)
    for size in [*SIZES, (2, 1)]:
        arguments = inputs_of(*size, masked)
        assert_close(program.module()(*arguments)[0].detach(), layer(*arguments)[0].detach())
    assert bool(square_tensors(program)) == (path in ("quadratic", "reference"))


@pytest.mark.slow
@pytest.mark.parametrize(("path", "entropy"), [("auto", "taylor"), ("auto", "gaussian"), ("quadratic", "exact")])
def test_strict_export(path, entropy):
    layer = small_layer(EntropyEqualAttention, dtype=torch.float32, path=path, entropy=entropy)
    program = exported(layer, strict=True)
    for size in SIZES:
        arguments = inputs_of(*size, False)
        assert_close(program.module()(*arguments)[0].detach(), layer(*arguments)[0].detach())


def test_a_fixed_number_of_tokens_keeps_its_path():
    layer = small_layer(EntropyEqualAttention, dtype=torch.float32)
    program = export(layer, inputs_of(3, 3, False), dynamic_shapes=({0: BATCH}, None, None))
    # 3 tokens at a head size of 4: the quadratic path
    shapes = [
        tuple(node.meta["val"].shape)[-2:] for node in program.graph.nodes if hasattr(node.meta.get("val"), "shape")
    ]
    assert (3, 3) in shapes


def test_cross_attention_with_any_number_of_queries():
    layer, queries = small_layer(EntropyEqualAttention, dtype=torch.float32), Dim("queries")
    shapes = ({0: BATCH, 1: queries}, {0: BATCH, 1: TOKENS})
    program = export(layer, tuple(draw((3, 6, 12), (3, 40, 12), dtype=torch.float32)), dynamic_shapes=shapes)
    arguments = draw((2, 50, 12), (2, 3, 12), dtype=torch.float32)
    assert_close(program.module()(*arguments)[0].detach(), layer(*arguments)[0].detach())


def test_a_mask_that_differs_between_queries():
    layer = small_layer(EntropyEqualAttention, dtype=torch.float32)
    shapes = ({0: BATCH, 1: TOKENS}, None, {0: TOKENS, 1: TOKENS})

    def arguments(batch, tokens):
        return (*draw((batch, tokens, 12), dtype=torch.float32), None, torch.full((tokens, tokens), -1e9).triu(1))

    program = export(layer, arguments(3, 40), dynamic_shapes=shapes)
    assert_close(program.module()(*arguments(2, 9))[0].detach(), layer(*arguments(2, 9))[0].detach())


def test_the_other_layers_and_the_model():
    softmax = small_layer(SoftmaxAttention, dtype=torch.float32)
    linformer = small_layer(LinformerAttention, dtype=torch.float32, seq_len=7, proj_len=3)
    fixed = export(linformer, inputs_of(3, 7, False), dynamic_shapes=({0: BATCH}, None, None))
    for layer, program in ((softmax, exported(softmax)), (linformer, fixed)):
        arguments = inputs_of(2, 7, False)
        assert_close(program.module()(*arguments)[0].detach(), layer(*arguments)[0].detach())
    config = {"input_len": STEPS, "output_len": STEPS, "num_features": NODES, **DIMS}
    model = ELinFormer(ELinFormerConfig(**config)).eval()
    program = export(
        model, (torch.randn(3, STEPS, NODES), torch.zeros(3, STEPS, 2)), dynamic_shapes=({0: BATCH}, {0: BATCH})
    )
    inputs = torch.randn(1, STEPS, NODES), torch.zeros(1, STEPS, 2)
    assert_close(program.module()(*inputs).detach(), model(*inputs).detach())


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("cls", "settings", "masked"),
    [
        (EntropyEqualAttention, {"path": "linear", "entropy": "gaussian"}, False),
        slow(EntropyEqualAttention, {}, False),
        slow(EntropyEqualAttention, {"entropy": "gaussian"}, True),
        slow(EntropyEqualAttention, {"path": "quadratic"}, True),
        slow(EntropyEqualAttention, {"path": "quadratic", "entropy": "exact"}, False),
        (InLineAttention, {}, False),
        slow(InLineAttention, {}, True),
    ],
)
def test_onnx(cls, settings, masked, caplog):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("onnxscript", reason="needs onnxscript")
    caplog.set_level(logging.ERROR)
    layer = small_layer(cls, dtype=torch.float32, **settings).eval()
    shapes = ({0: BATCH, 1: TOKENS}, None, {0: BATCH, 3: TOKENS} if masked else None)
    program = torch.onnx.export(layer, inputs_of(3, 40, masked), dynamo=True, dynamic_shapes=shapes, verbose=False)
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    names = [given.name for given in session.get_inputs()]
    for size in SIZES:
        arguments = inputs_of(*size, masked)
        given = [argument.numpy() for argument in arguments if argument is not None]
        (found,) = session.run(None, dict(zip(names, given, strict=True)))
        assert_close(torch.from_numpy(found), layer(*arguments)[0].detach(), 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("entropy", ["taylor", "exact"])
def test_compiled_with_any_number_of_tokens(entropy):
    layer = small_layer(EntropyEqualAttention, dtype=torch.float32, entropy=entropy)
    compiled = torch.compile(layer, backend="eager", dynamic=True, fullgraph=True)
    for size in SIZES:
        arguments = inputs_of(*size, False)
        assert_close(compiled(*arguments)[0].detach(), layer(*arguments)[0].detach())
