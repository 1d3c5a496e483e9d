"""Writes operators.md from the operators' own files: ONNX names, what golden computes, whether hardware is built.

    python docs/generate_operators.py

A file of shiftwright/ops states its ONNX names and its classes; only settings and remarks in words stand here."""

import inspect
from importlib import import_module
from pathlib import Path
from typing import cast

from shiftwright import registry
from shiftwright.frontend.source import OPSETS
from shiftwright.ir.core import Operator
from shiftwright.ops.requantize import RANGES
from shiftwright.ops.stage import ComponentOperator, MatrixOperator, TailOperator
from shiftwright.quantize.operators import SUPPORTED

PAGE = Path(__file__).resolve().parent / "operators.md"
WINDOWS = "2-D, any kernel, stride and dilation, `auto_pad`"
KEEPS_BATCH = "the batch axis stays first"
SETTINGS = {
    "Add": "two quantized tensors of one shape, or a tensor and a constant a channel",
    "AveragePool": f"{WINDOWS}; no padding, no `ceil_mode`",
    "Cast": "a comparison's answers, or codes, to a type that holds them",
    "Clip": "constant bounds; on numbers, on codes behind a QuantizeLinear, on weights",
    "Conv": f"{WINDOWS}, `pads`, `group`; constant weights, scale a tensor or a channel; float or integer bias",
    "DequantizeLinear": "scale and zero point a tensor or a channel; no blocks",
    "Flatten": "`axis` 1",
    "Gather": "a constant ascending float32 list of one axis, read by codes",
    "Gemm": "`transB`, `alpha` > 0, `beta`; B and C constant; not `transA`",
    "GlobalAveragePool": "2-D",
    "GreaterOrEqual": "numbers behind an Unsqueeze of axis -1, and a constant ascending float32 list",
    "MatMul": "constant second operand of two axes",
    "MaxPool": f"{WINDOWS}, `pads` below the kernel; no `ceil_mode`, no `storage_order`",
    "QuantizeLinear": "scale and zero point a tensor or a channel; one a tensor for the graph input; no blocks",
    "ReduceSum": "a comparison's answers, over the thresholds' own axis, the last one",
    "Reshape": f"constant shape; {KEEPS_BATCH}",
    "Squeeze": KEEPS_BATCH,
    "Transpose": KEEPS_BATCH,
    "Unsqueeze": KEEPS_BATCH,
}
HARDWARE = {
    "Add": "a constant: free; two tensors: **no**, golden only",
    "Cast": "free: another type for the same words",
    "Clip": "yes; free in front of a QuantizeLinear",
    "Conv": "yes",
    "DequantizeLinear": "free: a scale and an offset",
    "Relu": "yes; free in front of a QuantizeLinear",
}
# Importing these gives the same words another name; the file's operator is for streams that must change order.
RENAMING = "reorder"


TEMPLATE = """# Operators

<!-- made by docs/generate_operators.py: edit that, or the operators' files, and run it -->

`shiftwright compile` reads ONNX opset {first} to {last}, in QDQ or QCDQ form. An operator that is not here is refused
by name, and a setting that is not supported is refused with what to do instead.

{onnx}

Codes are {codes}.
Weights are integers behind a DequantizeLinear, or floats behind QuantizeLinear and DequantizeLinear. A graph input is a
float tensor with one QuantizeLinear, or an integer tensor whose elements are codes. A Softmax or LogSoftmax at the end
is dropped with a note: the largest number stays the largest.

Codes are also made by thresholds: Unsqueeze, GreaterOrEqual, Cast, and ReduceSum over the new axis count how many of
them a number reaches. A Gather from a table, with one number for each code, or a DequantizeLinear reads them; a MaxPool
may stand between. A float graph input needs its QuantizeLinear all the same.

Hardware also asks for one input, one output and no branch.

## Integer operators

Each has one `golden`, the only definition of what it computes; shapes are (row, column, channel). Where a layer needs
its image in another order than the stream brings it, golden reorders, hardware has no stage for that yet, and compile
names the node. Flatten behind a convolution is free: see [adr/0005](adr/0005-layouts-are-views.md).

{golden}

## What `shiftwright quantize` takes

Float models of {float}.
BatchNormalization, and constants that are added, subtracted, multiplied or divided by, are folded into the layer
before them. ReduceMean over rows and columns becomes GlobalAveragePool; Squeeze, Unsqueeze and views by a computed
shape become Flatten or Reshape. Identity and Dropout are dropped, and so is a final Softmax. Concat is quantized,
but golden and hardware do not read it yet.
"""


def operators(place: str) -> list[type[Operator]]:
    """The integer operators that one file of shiftwright/ops defines."""
    module = import_module(f"shiftwright.ops.{place}")
    found = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if kind.__module__ == module.__name__]
    return [kind for kind in found if issubclass(kind, Operator)]


def hardware(kind: type[Operator]) -> str:
    """Whether a stage is built, told by what the class offers."""
    return "yes" if issubclass(kind, MatrixOperator | TailOperator | ComponentOperator) else "**no**, golden only"


def tables() -> dict[str, dict[str, object]]:
    """The ONNX names of each file of shiftwright/ops, by file."""
    found = registry.entries("shiftwright.ops", "ONNX")
    return {place: cast(dict[str, object], names) for place, names in found.items()}


def onnx_rows() -> list[tuple[str, ...]]:
    """ONNX name, settings, integer operator, hardware; by name."""
    rows = []
    for place, names in tables().items():
        (kind,) = operators(place)
        for name in names:
            free = place == RENAMING
            built = "free: another name for the same words" if free else hardware(kind)
            golden = "" if free or name == "DequantizeLinear" else f"`{kind.__name__}`"
            rows.append((name, SETTINGS.get(name, ""), golden, HARDWARE.get(name, built)))
    return sorted(rows)


def golden_rows() -> list[tuple[str, ...]]:
    """Integer operator, what it computes, its file, hardware; by name."""
    rows = []
    for place in tables():
        for kind in operators(place):
            meaning = (inspect.getdoc(kind) or "").split("\n")[0].removesuffix(".")
            rows.append((f"`{kind.__name__}`", meaning, f"`ops/{place}.py`", hardware(kind)))
    return sorted(rows)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    cells = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)


def page() -> str:
    """The whole of operators.md."""
    return TEMPLATE.format(
        first=OPSETS.start,
        last=OPSETS.stop - 1,
        onnx=table(("ONNX", "Settings", "Integer operator", "Hardware"), onnx_rows()),
        codes=", ".join(RANGES),
        golden=table(("Operator", "Computes", "File", "Hardware"), golden_rows()),
        float=", ".join(sorted(SUPPORTED)),
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
