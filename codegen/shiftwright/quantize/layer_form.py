"""One form for every layer: Conv, Gemm without factors, or MatMul and Add, each with constant weights and a bias.

What can be folded into a layer is: its weights and biases are computed in float64 and stored as float32."""

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.fold import Result, folds_behind
from shiftwright.quantize.names import Names
from shiftwright.quantize.operators import LAYERS
from shiftwright.quantize.surgery import constant, initializer, replace


def canonical_layers(graph: onnx_ir.Graph) -> None:
    """Rewrites every layer in place; QuantizeError for one whose weights are not constant."""
    names = Names(graph)
    for node in list(graph):
        if node.op_type in LAYERS:
            _rewrite(graph, node, names)


def _rewrite(graph: onnx_ir.Graph, node: onnx_ir.Node, names: Names) -> None:
    weights, bias = _own_numbers(node)
    rank = _rank(node, weights)
    folded = folds_behind(node, Result(len(weights), rank, weights.ndim - 2))
    with np.errstate(over="ignore", invalid="ignore"):
        for _, fold in folded:
            weights = weights * fold.gain.reshape(-1, *[1] * (weights.ndim - 1))
            bias = bias * fold.gain + fold.offset
        numbers = (weights.astype(np.float32), bias.astype(np.float32))
    if not all(np.isfinite(array).all() for array in numbers):
        behind = " and ".join(repr(follower.name) for follower, _ in folded) or "its alpha and beta"
        raise QuantizeError(f"node {node.name!r}: folding gives NaN or infinite weights; check {behind}")
    replaced = [node, *(follower for follower, _ in folded)]
    replace(graph, replaced[-1], _layer(graph, node, numbers, rank, names))
    for absorbed in reversed(replaced[:-1]):
        graph.remove(absorbed, safe=True)


def _own_numbers(node: onnx_ir.Node) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The layer's weights (channels, …), an output a row, and its biases (channels,)."""
    weights = _constant_input(node, 1, "weights")
    if node.op_type == "Conv":
        return weights, _given_bias(node, len(weights))
    if node.op_type == "Gemm":
        if node.attributes.get_int("transA", 0):
            raise QuantizeError(
                f"node {node.name!r}: Gemm with transA=1 cannot be quantized; transpose its input instead"
            )
        if not node.attributes.get_int("transB", 0):
            weights = weights.T
        bias = _given_bias(node, len(weights)) * node.attributes.get_float("beta", 1.0)
        return weights * node.attributes.get_float("alpha", 1.0), bias
    if weights.ndim != 2:
        raise QuantizeError(
            f"node {node.name!r}: MatMul with weights of shape {weights.shape} cannot be quantized; use a matrix"
        )
    return weights.T, np.zeros(weights.shape[1])


def _rank(node: onnx_ir.Node, weights: NDArray[np.float64]) -> int:
    """How many axes the layer's data and result have; 1 where that is unknown."""
    if node.op_type != "MatMul":
        return weights.ndim
    data = node.inputs[0]
    return 1 if data is None or data.shape is None else len(data.shape)


def _layer(
    graph: onnx_ir.Graph, node: onnx_ir.Node, numbers: tuple[NDArray[np.float32], ...], rank: int, names: Names
) -> list[onnx_ir.Node]:
    """The nodes of a layer with these weights (channels, …) and biases (channels,)."""
    weights, bias = numbers
    is_wide = node.op_type == "MatMul" and rank != 2
    weight_value = initializer(graph, names.value(f"{node.name}.weight"), weights.T if is_wide else weights)
    bias_value = initializer(graph, names.value(f"{node.name}.bias"), bias)
    data = node.inputs[0]
    if is_wide:
        product = onnx_ir.node("MatMul", [data, weight_value], name=node.name)
        return [product, onnx_ir.node("Add", [product.outputs[0], bias_value], name=names.node(f"{node.name}_bias"))]
    op, attributes = ("Conv", node.attributes) if node.op_type == "Conv" else ("Gemm", {"transB": 1})
    return [onnx_ir.node(op, [data, weight_value, bias_value], attributes, name=node.name)]


def _constant_input(node: onnx_ir.Node, index: int, what: str) -> NDArray[np.float64]:
    array = constant(node.inputs[index])
    if array is None:
        raise QuantizeError(
            f"node {node.name!r}: the {what} of {node.op_type} are not constant; only constant ones can be quantized"
        )
    return array.astype(np.float64)


def _given_bias(node: onnx_ir.Node, outputs: int) -> NDArray[np.float64]:
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return np.zeros(outputs)
    bias = _constant_input(node, 2, "biases")
    if bias.size not in (1, outputs) or (bias.ndim and bias.shape[-1] != bias.size):
        raise QuantizeError(
            f"node {node.name!r}: a bias of shape {bias.shape} is not one number an output; use a vector"
        )
    return np.broadcast_to(bias.ravel(), (outputs,)).copy()
