"""Writes the quantized graph: integers and their scales around the float operators (QCDQ).

`trial` leaves the biases in float and lets the caller override them, for corrections that look at results; `final` is
the file's graph. Both insert the very same nodes for weights and activations."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.bias import BiasCodes
from shiftwright.quantize.formats import Format
from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.log_format import LogFormat
from shiftwright.quantize.names import Names
from shiftwright.quantize.network import Network
from shiftwright.quantize.operators import CARRIERS
from shiftwright.quantize.surgery import initializer


def trial(
    model: onnx_ir.Model,
    network: Network,
    formats: Mapping[str, Format | LogFormat],
    weights: dict[str, GridWeights],
) -> onnx_ir.Model:
    """The quantized network with float biases, each an initializer that a caller may override by its name."""
    copy = model.clone()
    names = Names(copy.graph)
    _quantize_weights(copy.graph, network, weights, names)
    _quantize_points(copy.graph, network, formats, names)
    copy.graph.inputs.extend(copy.graph.initializers[layer.bias] for layer in network.layers)
    return copy


def final(
    model: onnx_ir.Model,
    network: Network,
    formats: Mapping[str, Format | LogFormat],
    weights: dict[str, GridWeights],
    biases: dict[str, BiasCodes],
) -> onnx_ir.Model:
    """The quantized network with integers alone."""
    copy = model.clone()
    names = Names(copy.graph)
    _quantize_weights(copy.graph, network, weights, names)
    for layer in network.layers:
        bias = biases[layer.name]
        value = copy.graph.initializers[layer.bias]
        _dequantize(copy.graph, value, bias.codes.astype(np.int32), bias.scales, 0, names)
    _quantize_points(copy.graph, network, formats, names)
    return copy


def _quantize_weights(graph: onnx_ir.Graph, network: Network, weights: dict[str, GridWeights], names: Names) -> None:
    for layer in network.layers:
        grid = weights[layer.name]
        narrow = np.abs(grid.codes).max(initial=0) <= np.iinfo(np.int8).max
        codes = layer.as_stored(grid.codes).astype(np.int8 if narrow else np.int16)
        _dequantize(graph, graph.initializers[layer.weight], codes, grid.scales, layer.weight_axis, names)


def _dequantize(
    graph: onnx_ir.Graph,
    value: onnx_ir.Value,
    codes: NDArray[Any],
    scales: NDArray[np.float64],
    axis: int,
    names: Names,
) -> None:
    """Integers and DequantizeLinear in the place of a float initializer, a scale for each index of `axis`."""
    name = value.name
    assert name
    integers = initializer(graph, names.value(f"{name}.codes"), codes)
    scale = initializer(graph, names.value(f"{name}.scale"), _as_float32(name, scales))
    node_name = names.node(f"{name}.dequantize")
    node = onnx_ir.node("DequantizeLinear", [integers, scale], {"axis": axis}, name=node_name)
    reader = next(use.node for use in value.uses())
    graph.insert_before(reader, node)
    value.replace_all_uses_with(node.outputs[0])
    graph.initializers.pop(name)
    _describe(node.outputs[0], names.value(f"{name}.dequantized"), value)


def _quantize_points(
    graph: onnx_ir.Graph, network: Network, formats: Mapping[str, Format | LogFormat], names: Names
) -> None:
    values = {value.name: value for value in graph.inputs}
    values |= {value.name: value for node in graph for value in node.outputs}
    for name in network.points:
        _quantize_point(graph, values[name], name, formats[name], names)


def _quantize_point(
    graph: onnx_ir.Graph, value: onnx_ir.Value, name: str, chosen: Format | LogFormat, names: Names
) -> None:
    """The nodes that make codes of a value and numbers of the codes, put behind it."""
    uses, producer, is_output = list(value.uses()), value.producer(), value.is_graph_output()
    if isinstance(chosen, LogFormat):
        nodes = _by_thresholds(graph, value, name, chosen, names)
    else:
        nodes = _by_steps(graph, value, name, chosen, names)
    for user, index in uses:
        user.replace_input_with(index, nodes[-1].outputs[0])
    if is_output:
        graph.outputs[[output is value for output in graph.outputs].index(True)] = nodes[-1].outputs[0]
        value.name, nodes[-1].outputs[0].name = names.value(f"{name}.float"), name
    if producer is None:
        graph.insert_before(graph[0], nodes)
    else:
        graph.insert_after(producer, nodes)


def _by_thresholds(
    graph: onnx_ir.Graph, value: onnx_ir.Value, name: str, chosen: LogFormat, names: Names
) -> list[onnx_ir.Node]:
    """How many thresholds a number reaches, on a new last axis, is its code; a table gives the number back."""

    def given(what: str, array: NDArray[Any]) -> onnx_ir.Value:
        return initializer(graph, names.value(f"{name}.{what}"), array)

    def node(kind: str, result: str, *inputs: onnx_ir.Value, **attributes: int) -> onnx_ir.Node:
        made = onnx_ir.node(kind, inputs, attributes, name=names.node(f"{name}.{kind.lower()}"))
        made.outputs[0].name = names.value(f"{name}.{result}")
        return made

    thresholds = given("thresholds", chosen.thresholds.astype(np.float32))
    table, last = given("table", chosen.levels.astype(np.float32)), given("last_axis", np.array([-1]))
    nodes = [node("Unsqueeze", "beside", value, last)]
    nodes.append(node("GreaterOrEqual", "reached", nodes[-1].outputs[0], thresholds))
    nodes.append(node("Cast", "counted", nodes[-1].outputs[0], to=onnx_ir.DataType.INT32.value))
    nodes.append(node("ReduceSum", "quantized", nodes[-1].outputs[0], last, keepdims=0))
    _describe(nodes[-1].outputs[0], nodes[-1].outputs[0].name or "", value, np.int32)
    nodes.append(node("Gather", "dequantized", table, nodes[-1].outputs[0]))
    _describe(nodes[-1].outputs[0], nodes[-1].outputs[0].name or "", value)
    return nodes


def _by_steps(
    graph: onnx_ir.Graph, value: onnx_ir.Value, name: str, chosen: Format, names: Names
) -> list[onnx_ir.Node]:
    """QuantizeLinear, Clip where the bits are fewer than the type's, and DequantizeLinear."""
    dtype = np.int8 if chosen.signed else np.uint8
    uses = list(value.uses())
    scale = initializer(graph, names.value(f"{name}.scale"), _as_float32(name, np.array(2.0**chosen.exponent)))
    zero = initializer(graph, names.value(f"{name}.zero_point"), np.array(0, dtype=dtype))
    nodes = [onnx_ir.node("QuantizeLinear", [value, scale, zero], name=names.node(f"{name}.quantize"))]
    _describe(nodes[-1].outputs[0], names.value(f"{name}.quantized"), value, dtype)
    if chosen.bits < 8:
        bounds = [
            initializer(graph, names.value(f"{name}.{end}"), np.array(bound, dtype=dtype))
            for end, bound in (("lowest", chosen.lo), ("highest", chosen.hi))
        ]
        nodes.append(onnx_ir.node("Clip", [nodes[-1].outputs[0], *bounds], name=names.node(f"{name}.clip")))
        _describe(nodes[-1].outputs[0], names.value(f"{name}.clipped"), value, dtype)
    # onnxruntime 1.31 refuses an int8 DequantizeLinear with a zero point before pooling or layout: it copies it behind
    # them with its type given twice (microsoft/onnxruntime#25526). Without one the meaning is the same, 0.
    bare = chosen.signed and any(use.node.op_type in CARRIERS for use in uses)
    decoded = [nodes[-1].outputs[0], scale] if bare else [nodes[-1].outputs[0], scale, zero]
    nodes.append(onnx_ir.node("DequantizeLinear", decoded, name=names.node(f"{name}.dequantize")))
    _describe(nodes[-1].outputs[0], names.value(f"{name}.dequantized"), value)
    return nodes


def _describe(
    value: onnx_ir.Value,
    name: str,
    like: onnx_ir.Value,
    dtype: type[np.int8] | type[np.uint8] | type[np.int32] | None = None,
) -> None:
    value.name, value.shape = name, like.shape
    value.type = onnx_ir.TensorType(onnx_ir.DataType.from_numpy(np.dtype(dtype or np.float32)))


def _as_float32(name: str, scales: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scales as float32 normal numbers; QuantizeError where there are none."""
    limits = np.finfo(np.float32)
    beyond = (scales < limits.tiny) | (scales > limits.max)
    if beyond.any():
        raise QuantizeError(
            f"{name!r} needs a scale of {scales[beyond].ravel()[0]:g}, beyond float32; "
            "rescale the network's weights and data"
        )
    return scales.astype(np.float32)
