"""A chain of quantized ONNX nodes under construction: what onnx.helper makes long, in one line a node."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper

from rtl_tests.oracle.arithmetic import CODE_RANGE

KIND = {
    name: getattr(TensorProto, name.upper())
    for name in ("float", "int4", "uint4", "int8", "uint8", "int16", "uint16", "int32", "int64")
}
"""ONNX element types by the names the tests use."""


class Network:
    """Nodes and constants, appended one after the other; methods take and return tensor names."""

    def __init__(self, shape: Sequence[int | str], kind: str = "float", opset: int = 21) -> None:
        """One input `x` of `shape` (batch first, a string where symbolic) and element type `kind`."""
        self.shape, self.kind, self.opset = list(shape), kind, opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, kind: str, numbers: ArrayLike) -> str:
        """An initializer; scalars stay scalars."""
        array = np.asarray(numbers)
        name = f"c{len(self.constants)}"
        self.constants.append(helper.make_tensor(name, KIND[kind], array.shape, array.ravel().tolist()))
        return name

    def node(self, op_type: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Any operator; returns its output's name."""
        count = len(self.nodes)
        output = f"{op_type}_{count}_out"
        self.nodes.append(helper.make_node(op_type, list(inputs), [output], name=f"{op_type}_{count}", **attributes))
        return output

    def quantize(
        self, x: str, scale: ArrayLike, zero_point: ArrayLike = 0, kind: str = "int8", axis: int | None = None
    ) -> str:
        """QuantizeLinear; scale and zero point are scalars, or one number for each index of `axis`."""
        return self._linear("QuantizeLinear", x, scale, zero_point, kind, axis)

    def dequantize(
        self, codes: str, scale: ArrayLike, zero_point: ArrayLike = 0, kind: str = "int8", axis: int | None = None
    ) -> str:
        """DequantizeLinear of codes of type `kind`."""
        return self._linear("DequantizeLinear", codes, scale, zero_point, kind, axis)

    def activation(
        self,
        x: str,
        scale: ArrayLike,
        zero_point: ArrayLike = 0,
        kind: str = "int8",
        clip: tuple[int | None, int | None] | None = None,
        axis: int | None = None,
    ) -> str:
        """QuantizeLinear, a Clip of the codes if bounds are given, DequantizeLinear."""
        codes = self.quantize(x, scale, zero_point, kind, axis)
        if clip is not None:
            codes = self.clip(codes, *clip, kind=kind)
        return self.dequantize(codes, scale, zero_point, kind, axis)

    def clip(self, x: str, low: float | None, high: float | None, kind: str = "float") -> str:
        """Clip of codes or real numbers; None leaves a bound out."""
        inputs = [x, "" if low is None else self.constant(kind, low)]
        return self.node("Clip", inputs if high is None else [*inputs, self.constant(kind, high)])

    def weights(
        self, codes: ArrayLike, scale: ArrayLike, zero_point: ArrayLike = 0, kind: str = "int8", axis: int | None = None
    ) -> str:
        """Integer weights behind a DequantizeLinear."""
        return self.dequantize(self.constant(kind, codes), scale, zero_point, kind, axis)

    def count(self, x: str, thresholds: ArrayLike, kind: str = "int32", axis: int = -1) -> str:
        """How many thresholds each number reaches, along a new axis that is summed up."""
        axes = self.constant("int64", [axis])
        beside = self.node("Unsqueeze", [x, axes])
        reached = self.node("GreaterOrEqual", [beside, self.constant("float", np.asarray(thresholds, np.float32))])
        return self.node("ReduceSum", [self.node("Cast", [reached], to=KIND[kind]), axes], keepdims=0)

    def look_up(self, codes: str, table: ArrayLike) -> str:
        """The number that each code stands for."""
        return self.node("Gather", [self.constant("float", np.asarray(table, np.float32)), codes])

    def logarithmic(self, x: str, step: float, powers: int, signed: bool = False) -> str:
        """0 and ± powers of two from `step` on, the nearest one; ties go up."""
        table = powers_of_two(step, powers, signed)
        return self.look_up(self.count(x, (table[1:] + table[:-1]) / 2), table)

    def model(self, output: str, kind: str = "float") -> onnx.ModelProto:
        """The checked file with one output; onnx infers its shape."""
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("x", KIND[self.kind], self.shape)],
            [helper.make_tensor_value_info(output, KIND[kind], None)],
            self.constants,
        )
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        onnx.checker.check_model(inferred, full_check=True)
        return inferred

    def _linear(
        self, op_type: str, x: str, scale: ArrayLike, zero_point: ArrayLike, kind: str, axis: int | None
    ) -> str:
        steps = np.asarray(scale, dtype=np.float32)
        inputs = [x, self.constant("float", steps)]
        if kind != "int32":
            inputs.append(self.constant(kind, np.broadcast_to(np.asarray(zero_point), steps.shape)))
        return self.node(op_type, inputs, **({} if axis is None else {"axis": axis}))


def powers_of_two(step: float, powers: int, signed: bool = False) -> NDArray[np.float64]:
    """0 and `step` times as many powers of two, of both signs or of one, ascending."""
    positive = step * 2.0 ** np.arange(powers)
    return np.concatenate([-positive[::-1] if signed else [], [0.0], positive])


def code_range(kind: str) -> tuple[int, int]:
    """Smallest and largest code of a type."""
    return CODE_RANGE[KIND[kind]]
