"""What a sensor attends to: the weights of a layer beside those of softmax from the same queries and keys.

B batch, T steps, N sensors (tokens), D width, H heads, ... leading dimensions.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...errors import UserError, nearest
from .canvas import check_picture, name_curves, picture
from .colours import GREY, looks
from .run import PlottedRun

if TYPE_CHECKING:
    import torch
    from torch import nn

KIND = "attention"
_SOFTMAX, _UNIFORM = "softmax", "uniform weights"
# named sensors in the right panel
_MOST_BARS = 10


def plot_run_attention(
    path: Path,
    run: PlottedRun,
    *,
    sensor: Optional[str] = None,
    layer: Optional[str] = None,
    head: Optional[int] = None,
    window: Optional[int] = None,
) -> str:
    """Write the picture of one window of the test part. Returns a line about it.

    Args:
        sensor: name of the query; None: the first.
        layer: its name in `model.named_modules()`; None: the first whose tokens are sensors.
        head: from 1; None: the mean over the heads.
        window: from 1, in order of time; None: the first.
    Raises: UserError for what the run or its model has not, and as `check_picture`.
    """
    check_picture(path, KIND)
    names = run.dataset.node_names
    if sensor is not None and sensor not in names:
        raise UserError("--sensor", repr(sensor), f"a sensor of the dataset{nearest(sensor, names)}")
    query = 0 if sensor is None else names.index(sensor)
    found, chosen = _states(run, layer, 1 if window is None else window)
    weights = {name: _of_head(values, head)[query] for name, values in layer_weights(*found).items()}
    title = f"{run.name}: what sensor {names[query]} attends to"
    of_heads = f"mean of {_heads(found[0])} heads" if head is None else f"head {head} of {_heads(found[0])}"
    details = f"{run.model}, {chosen}, {of_heads}, the last input step of window {window or 1} of the test part"
    _draw(path, weights, names, query, title, f"{details}; {run.conditions()}")
    return f"{chosen}, {of_heads}: {_comparison(weights)}"


def layer_weights(layer: "nn.Module", states: "torch.Tensor", options: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The weights of a layer and of its counterparts on the same projections: method -> [H, N, N], rows sum to 1.

    The first are the layer's own. An entropy-equal layer has softmax as its counterpart, and a softmax layer the
    entropy-equal attention; other layers have none.

    Args:
        states: what the layer is called with, [N, D].
        options: the other arguments of that call.
    """
    import torch

    from ...modules import EntropyEqualAttention, SoftmaxAttention
    from ...modules.attention_maps import attention_maps

    layers = {_title(layer): layer}
    other: Any = {EntropyEqualAttention: SoftmaxAttention, SoftmaxAttention: EntropyEqualAttention}.get(type(layer))
    if other is not None:
        counterpart = other(layer.hidden_size, layer.n_heads)
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(counterpart, name, getattr(layer, name))
        layers[_title(counterpart)] = counterpart.eval()
    found = {}
    for name, one in layers.items():
        with torch.no_grad(), attention_maps(one) as maps:
            one(states, **options)
        found[name] = maps[""][0].float().cpu().numpy()
    return found


def _title(layer: "nn.Module") -> str:
    """The method of a layer, as pictures name it."""
    from ...modules import EntropyEqualAttention, LinformerAttention

    if isinstance(layer, EntropyEqualAttention):
        return f"entropy-equal, {layer.entropy}"
    return "Linformer" if isinstance(layer, LinformerAttention) else _SOFTMAX


def _states(
    run: PlottedRun, layer: Optional[str], window: int
) -> tuple[tuple["nn.Module", "torch.Tensor", dict[str, Any]], str]:
    """The layer, what it is called with for the last step of a window, and its name."""
    import torch

    from ...forecasting.rolling import predict_windows

    forecaster, dataset = run.forecaster, run.dataset
    facts, network = forecaster.facts, forecaster.network
    starts = dataset.window_starts("test", facts.input_len, facts.output_len)
    if not 1 <= window <= len(starts):
        raise UserError("--window", window, f"1 to {len(starts)}, the windows of the test part")
    calls: dict[str, tuple[torch.Tensor, dict[str, Any]]] = {}

    def record(name: str) -> Any:
        def hook(_: Any, arguments: tuple, options: dict[str, Any]) -> None:
            states, *others = arguments or (options.pop("hidden_states", None),)
            if isinstance(states, torch.Tensor) and states.shape[-2] == facts.num_nodes and not others:
                # one step is shown: all of them would take the memory of T times N² numbers per head
                calls.setdefault(name, (states.reshape(-1, *states.shape[-2:])[-1], options))

        return hook

    layers = {name: one for name, one in network.model.named_modules() if hasattr(one, "q_proj")}
    handles = [one.register_forward_pre_hook(record(name), with_kwargs=True) for name, one in layers.items()]
    try:
        start = starts[window - 1 : window]
        predict_windows(
            network, dataset.values("test"), dataset.timestamps("test"), start, facts.input_len, facts.output_len
        )
    finally:
        for handle in handles:
            handle.remove()
    if not calls:
        raise UserError("attention", f"{run.model}, no layer of it", "a layer whose tokens are the sensors")
    chosen = next(iter(calls)) if layer is None else layer
    if chosen not in calls:
        raise UserError("--layer", chosen, f"one of {', '.join(calls)}")
    states, options = calls[chosen]
    return (layers[chosen], states, options), chosen


def _heads(layer: Any) -> int:
    return int(layer.n_heads)


def _of_head(weights: np.ndarray, head: Optional[int]) -> np.ndarray:
    """[H, N, N] -> [N, N]."""
    if head is None:
        return weights.mean(axis=0)
    if not 1 <= head <= len(weights):
        raise UserError("--head", head, f"1 to {len(weights)}")
    return weights[head - 1]


def _comparison(weights: dict[str, np.ndarray]) -> str:
    """In numbers: how far from uniform weights, how many are negative, how far from softmax."""
    texts = []
    for name, values in weights.items():
        off = 50 * np.abs(values - 1 / len(values)).sum()
        negative = 100 * (values < 0).mean()
        texts.append(
            f"{name} is {off:.1f} % off uniform weights" + (f", {negative:.0f} % negative" if negative else "")
        )
    if len(weights) == 2:
        one, other = weights.values()
        texts.append(f"{50 * np.abs(one - other).sum():.1f} % off each other (total variation)")
    return "; ".join(texts)


def _draw(
    path: Path, weights: dict[str, np.ndarray], names: list[str], query: int, title: str, conditions: str
) -> None:
    number = len(names)
    styles = looks(weights)
    # by softmax where it is there: the order in which it attends
    order = np.argsort(-weights.get(_SOFTMAX, next(iter(weights.values()))), kind="stable")
    with picture(path, KIND, 3.3, conditions) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        ranks = np.arange(1, number + 1)
        left.plot(ranks, np.ones(number), color=GREY, linewidth=0.8, label=_UNIFORM)
        for name, values in weights.items():
            style = {"marker": "" if number > 60 else styles[name].marker, "markersize": 2.5}
            left.plot(ranks, number * values[order], color=styles[name].color, label=name, **style)
        if min(values.min() for values in weights.values()) < 0:
            left.axhline(0, color="#000000", linewidth=0.6)
        left.margins(x=0.01)
        left.set_xlabel("attended sensors, " + ("by softmax's weight" if _SOFTMAX in weights else "by weight"))
        left.set_ylabel(f"weight × N, N = {number} sensors")
        left.set_title(title, loc="left")
        _draw_most(right, weights, names, query, {name: look.color for name, look in styles.items()})
        figure.draw_without_rendering()
        name_curves(left)


def _draw_most(
    axes: Any, weights: dict[str, np.ndarray], names: list[str], query: int, colours: dict[str, str]
) -> None:
    """The sensors with the largest weights of the layer itself, by name."""
    own = next(iter(weights.values()))
    most = np.argsort(-np.abs(own), kind="stable")[:_MOST_BARS]
    height = 0.8 / len(weights)
    for place, (name, values) in enumerate(weights.items()):
        at = np.arange(len(most)) + (place - (len(weights) - 1) / 2) * height
        axes.barh(at, len(names) * values[most], height * 0.92, color=colours[name])
    axes.axvline(1, color=GREY, linewidth=0.8)
    labels = [f"{names[node]}, itself" if node == query else names[node] for node in most]
    axes.set_yticks(range(len(most)), labels)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("weight × N")
    axes.set_title("the most attended", loc="left")
