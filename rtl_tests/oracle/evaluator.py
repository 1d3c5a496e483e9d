"""The exact real-number meaning of a quantized ONNX file, element by element.

float32 numbers in the file are the rationals they stand for, every operator computes in rationals, and a number is
rounded in two places only: at each QuantizeLinear, and once to float32 where a real number leaves the graph."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from rtl_tests.oracle import arithmetic, layout, tables, windows
from rtl_tests.oracle.attributes import Attributes
from rtl_tests.oracle.tensor import Tensor, from_array, to_array

OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Add": arithmetic.add,
    "AveragePool": windows.average_pool,
    "Cast": tables.cast,
    "Clip": arithmetic.clip,
    "Conv": windows.conv,
    "DequantizeLinear": arithmetic.dequantize_linear,
    "Flatten": layout.flatten,
    "Gather": tables.gather,
    "Gemm": arithmetic.gemm,
    "GlobalAveragePool": windows.global_average_pool,
    "GreaterOrEqual": tables.greater_or_equal,
    "MatMul": arithmetic.matmul,
    "MaxPool": windows.max_pool,
    "QuantizeLinear": arithmetic.quantize_linear,
    "ReduceSum": tables.reduce_sum,
    "Relu": arithmetic.relu,
    "Reshape": layout.reshape,
    "Transpose": layout.transpose,
    "Unsqueeze": layout.unsqueeze,
}
"""What each ONNX operator means; a KeyError says that the oracle does not know one."""


def evaluate(model: onnx.ModelProto | Path | str, x: NDArray[np.generic]) -> NDArray[np.generic]:
    """The first output for the single input `x` (batch first): float32 where it is real, otherwise codes."""
    proto = model if isinstance(model, onnx.ModelProto) else onnx.load(model)
    return to_array(trace(proto, x)[proto.graph.output[0].name])


def trace(model: onnx.ModelProto, x: NDArray[np.generic]) -> dict[str, Tensor]:
    """Every tensor of the graph by name, exactly."""
    known = {proto.name: from_array(onnx.numpy_helper.to_array(proto)) for proto in model.graph.initializer}
    (free,) = [value.name for value in model.graph.input if value.name not in known]
    known[free] = from_array(x)
    for node in model.graph.node:
        inputs = [known[name] if name else None for name in node.input]
        known[node.output[0]] = OPERATORS[node.op_type](Attributes.of(node), *inputs)
    return known
