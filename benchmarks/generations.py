"""The differences between the models that are in both BasicTS 1.1 and BasicTS 0.5.

    python benchmarks/generations.py --legacy-root BasicTS-0.5 --output results/generations_cpu.csv
    python benchmarks/generations.py --output results/generations_cpu.csv --page docs/generations.md

The second command only writes the table of the page. Both models are built with the sizes of a configuration of
BasicTS 0.5. If their parameters have the same shapes, all parameters of one shape get the same values, so it does
not matter which of them correspond. The outputs are then compared without dropout, in float64
(float32 where BasicTS 0.5 converts to it).
"""

import argparse
import ast
import importlib
import inspect
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, Optional

import torch
from generation_names import NAMES, NAMES_OF, PARAMETERS
from result_rows import read_rows, run_facts, write_rows
from torch import nn

from basicts_elin.errors import one_line
from basicts_elin.files import write_atomically
from basicts_elin.legacy.shim.activate import active
from basicts_elin.zoo.entries.basicts_models import basicts_names
from basicts_elin.zoo.registry import entry

NODES, WINDOWS = 7, 2
# TiDE of BasicTS 1.1 needs as many steps out as in; the configurations of StemGNN and STID are for 12
LENGTHS = {"StemGNN": 12, "STID": 12, "HI": 12}
LENGTH = 96
OF_THE_DATA = {"input_len", "output_len", "num_features", "enc_in", "label_len", "timestamp_sizes", "num_time_in_day"}
# BasicTS 0.5 subtracts it from the time features of many models
SHIFT = 0.5
EQUAL = 1e-5
# models of BasicTS 0.5 that convert to float32
FLOAT32 = ("FiLM", "TiDE", "iTransformer")


def configuration(root: Path, model: str) -> tuple[str, dict[str, Any], list[int]]:
    """The file, MODEL_PARAM and FORWARD_FEATURES of a configuration of the checkout, for our nodes and lengths."""
    names = sorted(file.stem for file in (root / "baselines" / model).glob("*.py") if file.stem != "__init__")
    name = "PEMS08" if "PEMS08" in names else "ETTh1" if "ETTh1" in names else names[0]
    text = (root / "baselines" / model / f"{name}.py").read_text(encoding="utf-8")
    length = LENGTHS.get(model, LENGTH)
    values = {"INPUT_LEN": length, "OUTPUT_LEN": length, "NUM_NODES": NODES}
    parameters, features = {}, [0]
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Assign):
            continue
        target = ast.unparse(node.targets[0])
        if target == "MODEL_PARAM":
            parameters = eval(ast.unparse(node.value), {"__builtins__": {}, "int": int, "list": list}, values)
        elif target == "CFG.MODEL.FORWARD_FEATURES":
            features = ast.literal_eval(node.value)
    for own in ("enc_in", "dec_in", "c_out", "data_dim", "num_nodes", "units"):
        parameters |= {own: NODES} if own in parameters else {}
    # lengths that are written as numbers
    parameters |= {own: length for own in ("time_step", "horizon") if own in parameters}
    parameters |= {own: int(parameters[own]) for own in ("label_len",) if own in parameters}
    return name, parameters | PARAMETERS.get(model, {}), features


def legacy_model(root: Path, model: str, parameters: dict[str, Any]) -> nn.Module:
    with active(root):
        package = importlib.import_module(f"baselines.{model}.arch")
        kinds = [kind for kind in vars(package).values() if isinstance(kind, type) and issubclass(kind, nn.Module)]
        kind = next((kind for kind in kinds if kind.__name__ == model), kinds[0])
        torch.manual_seed(0)
        return kind(**parameters)


def mapped(model: str, parameters: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The fields of BasicTS 1.1 that the parameters of BasicTS 0.5 set."""
    names = {**NAMES, **NAMES_OF.get(model, {})}
    found = {}
    for name, value in parameters.items():
        field = next((other for other in names.get(name, (name,)) if other in config), None)
        if field:
            kind = type(config[field])
            found[field] = kind(value) if kind in (bool, int, float, str) else value
    return found


def built(model: str, fields: dict[str, Any]) -> nn.Module:
    kind, config_type = entry(model).load()
    length = LENGTHS.get(model, LENGTH)
    own = {"input_len": length, "output_len": length, "num_features": NODES, "enc_in": NODES, "label_len": length // 2}
    own |= {"timestamp_sizes": None, "period_len": 24} | fields
    known = {name: value for name, value in own.items() if name in config_type.__dataclass_fields__}
    torch.manual_seed(0)
    return kind(config_type(**known))


def tensors(model: nn.Module) -> Iterator[tuple[tuple[int, ...], torch.Tensor]]:
    """The parameters with their shapes, without the ones of kernels of size 1."""
    for parameter in model.parameters():
        shape = tuple(size for size in parameter.shape if size != 1)
        yield shape, parameter


def fill(model: nn.Module) -> None:
    """Set all parameters of one shape to the same values."""
    with torch.no_grad():
        for shape, parameter in tensors(model):
            generator = torch.Generator().manual_seed(zlib.crc32(str(shape).encode()))
            scale = shape[-1] ** -0.5 if shape else 1.0
            values = torch.randn(shape, generator=generator) * scale
            parameter.copy_(values.reshape(parameter.shape))


def inputs(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Values [windows, steps, nodes] and times of twice the length [windows, 2 steps, 4]."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(WINDOWS, length, NODES, generator=generator)
    slots = torch.arange(2.0 * length).expand(WINDOWS, -1)
    # slightly above the slot, because both versions truncate
    times = [(slots % 24 + 1e-3) / 24, (slots // 24 % 7 + 1e-3) / 7, slots // 24 % 31 / 31, slots // 24 % 366 / 366]
    return values, torch.stack(times, dim=-1)


def legacy_output(model: nn.Module, features: Sequence[int], length: int) -> torch.Tensor:
    values, times = inputs(length)
    channels = torch.cat([values.unsqueeze(-1), times[:, :length, None].expand(-1, -1, NODES, -1)], dim=-1)
    later = torch.cat([torch.zeros_like(values).unsqueeze(-1), times[:, length:, None].expand(-1, -1, NODES, -1)], -1)
    history, future = channels[..., features], later[..., features]
    returned = model(history_data=history, future_data=future, batch_seen=0, epoch=1, train=False)
    returned = returned["prediction"] if isinstance(returned, dict) else returned
    return returned[..., 0] if returned.ndim == 4 else returned


def output(model: nn.Module, length: int, shift: float) -> torch.Tensor:
    values, times = inputs(length)
    times = times - shift
    known = inspect.signature(model.forward).parameters
    given = {
        "inputs": values, "inputs_timestamps": times[:, :length], "targets": torch.zeros_like(values),
        "targets_timestamps": times[:, length:],
    }  # fmt: skip
    returned = model(**{name: value for name, value in given.items() if name in known})
    return returned["prediction"] if isinstance(returned, dict) else returned


def difference(legacy: nn.Module, ours: nn.Module, features: Sequence[int], length: int, shift: float) -> float:
    """The largest difference of the outputs, relative to the largest output.

    shift: subtracted from the times that BasicTS 1.1 gets.
    """
    outputs = []
    calls = (lambda: legacy_output(legacy, features, length), lambda: output(ours, length, shift))
    for model, call in zip((legacy, ours), calls, strict=True):
        fill(model.eval())
        torch.manual_seed(0)
        with torch.no_grad():
            outputs.append(call())
    return ((outputs[0] - outputs[1]).abs().max() / outputs[0].abs().max()).item()


def row(root: Path, model: str) -> dict[str, Any]:
    name, parameters, features = configuration(root, model)
    length = LENGTHS.get(model, LENGTH)
    default = {one.name: default_of(one) for one in fields(entry(model).load()[1])}
    sizes = mapped(model, parameters, default)
    changed = {name: value for name, value in sizes.items() if default[name] != value and name not in OF_THE_DATA}
    found = {
        "model": model, "configuration": name, "steps": length, "time_features": len(features) - 1,
        "defaults": ", ".join(f"{field}={default[field]} ({value})" for field, value in sorted(changed.items())),
    }  # fmt: skip
    torch.set_default_dtype(torch.float32 if model in FLOAT32 else torch.float64)
    try:
        legacy = legacy_model(root, model, parameters)
        found["legacy_parameters"] = count(legacy)
        ours = built(model, sizes)
        found["parameters"], found["default_parameters"] = count(ours), count(built(model, {}))
        of_legacy, of_ours = (Counter(shape for shape, _ in tensors(one)) for one in (legacy, ours))
        found["same_shapes"] = of_legacy == of_ours
        found["only_legacy"], found["only_current"] = shapes_text(of_legacy - of_ours), shapes_text(of_ours - of_legacy)
        if found["same_shapes"]:
            for name, shift in (("difference", 0.0), ("difference_shifted", SHIFT)):
                found[name] = f"{difference(legacy, ours, features, length, shift):.1e}"
    except Exception as error:
        # either version may fail in any way
        found["reason"] = f"{type(error).__name__}: {one_line(error)}"
    return found


def shapes_text(shapes: Counter) -> str:
    """Such as "2 of 64 x 4, 1 of 64"."""
    texts = ((" x ".join(map(str, shape)) or "1", number) for shape, number in sorted(shapes.items()))
    return ", ".join(f"{number} of {text}" for text, number in texts)


def default_of(one: Field) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def both(root: Path) -> list[str]:
    return [name for name in basicts_names() if (root / "baselines" / name).is_dir()]


def with_table(page: str, rows: Sequence[dict[str, str]]) -> str:
    pattern = r"(<!-- table -->\n).*?(<!-- end -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{table(rows)}\n{match[2]}", page, flags=re.DOTALL)


def table(rows: Sequence[dict[str, str]]) -> str:
    lines = [
        "| model | time features in 0.5 | parameters in 0.5 | parameters in 1.1 | outputs "
        "| defaults of 1.1 (in 0.5's configuration) |",
        "|---|---|---|---|---|---|",
    ]
    for one in rows:
        cells = [one["model"], one["time_features"], number(one["legacy_parameters"]), number(one["parameters"])]
        lines.append("| " + " | ".join([*cells, verdict(one), one["defaults"]]) + " |")
    return "\n".join(lines)


def verdict(one: dict[str, str]) -> str:
    """The result of the comparison of the outputs, as a cell of the table."""
    if one["reason"]:
        return one["reason"]
    if one["same_shapes"] != "True":
        return "different parameters"
    found, shifted = float(one["difference"]), float(one["difference_shifted"])
    if found < EQUAL:
        return "equal"
    return "equal with shifted times" if shifted < EQUAL else f"differ by {100 * found:.2g} %"


def number(text: Optional[str]) -> str:
    return f"{int(text):,}" if text else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--legacy-root", type=Path, metavar="FOLDER", help="checkout of BasicTS 0.5; none: measure nothing"
    )
    parser.add_argument("--models", nargs="+", help="default: all that both have")
    parser.add_argument("--output", type=Path, metavar="CSV", required=True, help="where the rows are written")
    parser.add_argument("--page", type=Path, metavar="MD", help="page whose table is rewritten")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.legacy_root:
        root = arguments.legacy_root.resolve()
        rows = [row(root, model) for model in arguments.models or both(root)]
        columns = (
            "legacy_parameters",
            "parameters",
            "default_parameters",
            "same_shapes",
            "only_legacy",
            "only_current",
            "difference",
            "difference_shifted",
            "reason",
        )
        rows = [{**dict.fromkeys(columns, ""), **one} for one in rows]
        write_rows(arguments.output, rows, run_facts("cpu"))
    if arguments.page:
        text = with_table(arguments.page.read_text(encoding="utf-8"), read_rows(arguments.output))
        write_atomically(arguments.page, text.encode())


if __name__ == "__main__":
    main()
