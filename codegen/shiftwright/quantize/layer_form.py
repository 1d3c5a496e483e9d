"""One form for every layer: Conv, Gemm without factors, or MatMul and Add, each with constant weights and a bias.

A constant that is added right after a layer becomes its bias. Everything is folded in float64 and stored as float32."""

from typing import Any

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.operators import LAYERS
from shiftwright.quantize.surgery import constant, initializer, replace


def canonical_layers(graph: onnx_ir.Graph) -> None:
    """Rewrites every layer in place; QuantizeError for one whose weights are not constant."""
    for node in list(graph):
        if node.op_type in LAYERS:
            _rewrite(graph, node)


def _rewrite(graph: onnx_ir.Graph, node: onnx_ir.Node) -> None:
    weights = _constant_input(node, 1, "weights")
    if node.op_type == "Conv":
        outputs = weights.shape[0]
        bias = _given_bias(node, outputs)
    elif node.op_type == "Gemm":
        if node.attributes.get_int("transA", 0):
            raise QuantizeError(
                f"node {node.name!r}: Gemm with transA=1 cannot be quantized; transpose its input instead"
            )
        if not node.attributes.get_int("transB", 0):
            weights = weights.T
        weights = weights * node.attributes.get_float("alpha", 1.0)
        outputs = weights.shape[0]
        bias = _given_bias(node, outputs) * node.attributes.get_float("beta", 1.0)
    else:
        if weights.ndim != 2:
            raise QuantizeError(
                f"node {node.name!r}: MatMul with weights of shape {weights.shape} cannot be quantized; use a matrix"
            )
        outputs = weights.shape[1]
        bias = np.zeros(outputs)
    end, extra = _added_bias(node, outputs)
    bias = bias + extra
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise QuantizeError(f"node {node.name!r}: folding gives NaN or infinite weights; check its BatchNormalization")
    chain = _layer(graph, node, weights, bias)
    replace(graph, end, chain)
    if end is not node:
        graph.remove(node, safe=True)


def _layer(
    graph: onnx_ir.Graph, node: onnx_ir.Node, weights: NDArray[np.float64], bias: NDArray[np.float64]
) -> list[onnx_ir.Node]:
    name = node.name or node.outputs[0].name or node.op_type
    data = node.inputs[0]
    assert data is not None
    narrow = node.op_type == "MatMul" and data.shape is not None and len(data.shape) == 2
    if narrow:
        weights = weights.T
    with np.errstate(over="ignore"):
        weight_value = initializer(graph, f"{name}.weight", weights.astype(np.float32))
        bias_value = initializer(graph, f"{name}.bias", bias.astype(np.float32))
    if node.op_type == "Conv":
        return [onnx_ir.node("Conv", [data, weight_value, bias_value], node.attributes, name=name)]
    if narrow or node.op_type == "Gemm":
        return [onnx_ir.node("Gemm", [data, weight_value, bias_value], {"transB": 1}, name=name)]
    product = onnx_ir.node("MatMul", [data, weight_value], name=name)
    return [product, onnx_ir.node("Add", [product.outputs[0], bias_value], name=f"{name}_bias")]


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


def _added_bias(node: onnx_ir.Node, outputs: int) -> tuple[onnx_ir.Node, NDArray[np.float64] | float]:
    """The Add of a constant that alone reads the layer, and the constant; the layer itself and 0 without one."""
    result = node.outputs[0]
    readers = list(result.uses())
    if len(readers) != 1 or result.is_graph_output() or readers[0].node.op_type != "Add":
        return node, 0.0
    add = readers[0].node
    other = constant(add.inputs[1 - readers[0].idx])
    if other is None or not _is_per_channel(other, outputs, behind=2 if node.op_type == "Conv" else 0):
        return node, 0.0
    return add, other.astype(np.float64).ravel()


def _is_per_channel(array: NDArray[Any], outputs: int, behind: int) -> bool:
    """Whether a constant broadcasts as one number a channel, with `behind` axes of size 1 after the channel's."""
    if array.size == 1:
        return True
    channel = array.ndim - 1 - behind
    return array.size == outputs and channel >= 0 and array.shape[channel] == outputs
