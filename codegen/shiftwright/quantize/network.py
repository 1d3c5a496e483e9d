"""What a canonical float graph consists of: its layers, and the values that have to be quantized.

Both are plain records that speak of the graph by name, so that they hold for every copy of it."""

from dataclasses import dataclass
from math import prod
from typing import Any

import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.operators import AVERAGES, CARRIERS, CLAMPS, JOINS, LAYERS, LAYOUT, READERS, SUMS
from shiftwright.quantize.surgery import constant


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A Conv, Gemm or MatMul, by the names of its node and values."""

    name: str
    op: str
    data: str  # the value it reads
    source: str  # the quantized value that comes from
    divisor: int  # of average pools between that value and the layer
    weight: str
    bias: str
    result: str  # with the bias added
    groups: int
    channels: int  # outputs
    width: int  # weights an output
    weight_shape: tuple[int, ...]  # as the file has it
    followers: tuple[str, ...]  # the quantized values that the result becomes by clamps, layout and joins alone

    @property
    def weight_axis(self) -> int:
        """The axis of the weights, as the file has them, that counts the outputs."""
        return 1 if self.op == "MatMul" else 0

    @property
    def result_axis(self) -> int:
        """The axis of the result that counts the outputs."""
        return -1 if self.op == "MatMul" else 1

    def as_stored(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Weights (channels, n) in the file's shape."""
        return rows.T if self.op == "MatMul" else rows.reshape(self.weight_shape)

    def as_rows(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Weights in the file's shape as (channels, n)."""
        return stored.T if self.op == "MatMul" else stored.reshape(self.channels, -1)


@dataclass(frozen=True, slots=True)
class Network:
    """Layers in topological order and the values to quantize in the order they are made."""

    layers: tuple[Layer, ...]
    points: tuple[str, ...]
    inputs: frozenset[str]  # the points that are graph inputs
    outputs: frozenset[str]  # the points that are graph outputs


def read_network(graph: onnx_ir.Graph) -> Network:
    """Finds layers and points in a canonical graph."""
    chosen = {id(value) for value in _points(graph)}
    ordered = [value for value in _values(graph) if id(value) in chosen]
    layers = tuple(_layer(node, chosen) for node in graph if node.op_type in LAYERS)
    if not layers:
        raise QuantizeError("the model has no Conv, Gemm or MatMul, so there is nothing to quantize")
    inputs = {id(value) for value in graph.inputs}
    return Network(
        layers,
        tuple(_name(value) for value in ordered),
        frozenset(_name(value) for value in ordered if id(value) in inputs),
        frozenset(_name(value) for value in ordered if value.is_graph_output()),
    )


def _values(graph: onnx_ir.Graph) -> list[onnx_ir.Value]:
    return [*graph.inputs, *(value for node in graph for value in node.outputs)]


def _points(graph: onnx_ir.Graph) -> list[onnx_ir.Value]:
    points = []
    for node in graph:
        if node.op_type in JOINS:
            # What is joined is quantized once, behind the join; but an input comes as codes.
            sources = [_climb(value, LAYOUT, set())[0] for value in node.inputs if value is not None]
            points += [value for value in sources if value.is_graph_input()]
        if node.op_type not in READERS or _is_bias(node):
            continue
        # An average pool passes its 1/n on to a layer's scale; a sum needs codes.
        passed = CARRIERS if node.op_type in SUMS else CARRIERS | AVERAGES
        for value in node.inputs if node.op_type in SUMS else node.inputs[:1]:
            assert value is not None
            if constant(value) is not None:
                raise QuantizeError(
                    f"node {node.name!r}: adding constant {value.name!r} has no integer form; only a layer's bias does"
                )
            points.append(_climb(value, passed, set())[0])
        if node.op_type in SUMS and not _is_quantized_next(node.outputs[0]):
            points.append(node.outputs[0])
    # A graph output is either a layer's accumulators, a pool of codes, or codes.
    ends = [_climb(value, CARRIERS, set())[0] for value in graph.outputs]
    points += [value for value in ends if _is_clamp_or_join(value)]
    # What comes in is codes, whatever the first operator is.
    points += [value for value in graph.inputs if value.uses()]
    return points


def _climb(value: onnx_ir.Value, passed: frozenset[str], points: set[int]) -> tuple[onnx_ir.Value, int]:
    """From a value up through the `passed` operators, to a point at most.

    Returns where it ends, and the divisor of the average pools on the way."""
    divisor = 1
    node = value.producer()
    while node is not None and node.op_type in passed and id(value) not in points:
        below = node.inputs[0]
        assert below is not None
        if node.op_type in AVERAGES:
            divisor *= _pool_size(node, below)
        value, node = below, below.producer()
    return value, divisor


def _pool_size(node: onnx_ir.Node, source: onnx_ir.Value) -> int:
    kernel = node.attributes.get_ints("kernel_shape") if node.op_type == "AveragePool" else None
    if kernel is not None:
        if any(node.attributes.get_ints("pads", [])):
            raise QuantizeError(f"node {node.name!r}: a padded AveragePool does not compile; pad in the Conv before it")
        return prod(kernel)
    sizes = [] if source.shape is None else list(source.shape[2:])
    if not sizes or any(not isinstance(size, int) for size in sizes):
        raise QuantizeError(f"node {node.name!r}: the image size before {node.op_type} is unknown; export fixed sizes")
    return prod(int(str(size)) for size in sizes)


def _layer(node: onnx_ir.Node, points: set[int]) -> Layer:
    data, weight = node.inputs[0], node.inputs[1]
    assert data is not None
    assert weight is not None
    end = node if node.op_type != "MatMul" else next(use.node for use in node.outputs[0].uses())
    bias = end.inputs[-1]
    assert bias is not None
    source, divisor = _climb(data, CARRIERS | AVERAGES, points)
    stored = constant(weight)
    assert stored is not None
    channels = stored.shape[1 if node.op_type == "MatMul" else 0]
    return Layer(
        name=node.name or "",
        op=node.op_type,
        data=_name(data),
        source=_name(source),
        divisor=divisor,
        weight=_name(weight),
        bias=_name(bias),
        result=_name(end.outputs[0]),
        groups=node.attributes.get_int("group", 1) if node.op_type == "Conv" else 1,
        channels=channels,
        width=stored.size // max(channels, 1),
        weight_shape=stored.shape,
        followers=tuple(_followers(end.outputs[0], points)),
    )


def _followers(value: onnx_ir.Value, points: set[int]) -> list[str]:
    if id(value) in points:  # all that read it read codes
        return [_name(value)]
    passed = CLAMPS | LAYOUT | JOINS
    following = [_followers(use.node.outputs[0], points) for use in value.uses() if use.node.op_type in passed]
    return [name for names in following for name in names]


def _is_bias(node: onnx_ir.Node) -> bool:
    """Whether an Add is the second half of a MatMul layer."""
    first = node.inputs[0]
    made_by = first.producer() if first is not None else None
    is_product = made_by is not None and made_by.op_type == "MatMul"
    return node.op_type == "Add" and is_product and constant(node.inputs[1]) is not None


def _is_quantized_next(value: onnx_ir.Value) -> bool:
    """Whether a single clamp or join reads the value, which is then what gets quantized."""
    readers = [use.node for use in value.uses()]
    return len(readers) == 1 and readers[0].op_type in CLAMPS | JOINS and not value.is_graph_output()


def _is_clamp_or_join(value: onnx_ir.Value) -> bool:
    node = value.producer()
    return node is not None and node.op_type in CLAMPS | JOINS


def _name(value: onnx_ir.Value) -> str:
    assert value.name
    return value.name
