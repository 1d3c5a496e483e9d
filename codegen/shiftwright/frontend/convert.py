"""From an ONNX file to the integer graph: walks the nodes in order and lets each operator's own file import it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import onnx_ir

from shiftwright import registry
from shiftwright.arith.interval import Interval
from shiftwright.errors import GraphError, ImportModelError, RangeError, UnsupportedOp
from shiftwright.frontend.schema import check_node
from shiftwright.frontend.source import STANDARD_DOMAINS, OnnxFile, read_onnx
from shiftwright.ir.core import Graph, Node, Value
from shiftwright.ir.edges import InputEdge, OutputEdge
from shiftwright.ir.meaning import Codes, Constant, Layout, Order, Reached, Real, ScaledConstant, Source, Tensor
from shiftwright.ir.verify import verify
from shiftwright.ops.clamp import settle
from shiftwright.ops.onnx_node import Attribute, Importer, OnnxNode
from shiftwright.ops.reorder import Reorder
from shiftwright.ops.requantize import RANGES

Import = Callable[[OnnxNode, Importer], Tensor]
DROPPED_AT_END = ("Softmax", "LogSoftmax")


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """An imported file: the integer graph, its edges, and where the file's code tensors are found in it.

    `dropped` names, for an output whose last operator was dropped, the tensor that stands for it."""

    path: Path
    graph: Graph
    inputs: tuple[InputEdge, ...]
    outputs: tuple[OutputEdge, ...]
    codes: dict[str, Codes]
    dropped: dict[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Walk:
    """Everything known of the file so far, by tensor name."""

    file: OnnxFile
    importer: Importer = field(init=False)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    inputs: dict[tuple[str, Fraction | None, int, int, int], InputEdge] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.importer = Importer(self._encode)

    def _encode(self, source: Source, node: OnnxNode, scale: Fraction, zero_point: int, lo: int, hi: int) -> Value:
        key = (source.name, scale, zero_point, lo, hi)
        if key not in self.inputs:
            self.inputs[key] = self._edge(
                source.name, "float32", self._input_layout(source.name), scale, zero_point, lo, hi
            )
        return self.inputs[key].value

    def _edge(
        self, name: str, dtype: str, layout: Layout, scale: Fraction | None, zero_point: int, lo: int, hi: int
    ) -> InputEdge:
        shape = layout.stream_shape
        value = Value(self.importer.unique_name(name), shape, Interval.uniform(lo, hi, shape[-1]))
        return InputEdge(name, dtype, layout, value, scale, zero_point, lo, hi)

    def _input_layout(self, name: str) -> Layout:
        (value,) = [value for value in self.file.graph.inputs if value.name == name]
        return Layout.natural(_sample_shape(self.file.path, value))

    def read_inputs(self) -> None:
        """Graph inputs: floats wait for their QuantizeLinear, integers are codes already."""
        for value in self.file.graph.inputs:
            name = cast(str, value.name)
            dtype = value.dtype.numpy().name if value.dtype is not None else "unknown"
            layout = self._input_layout(name)
            if dtype == "float32":
                self.tensors[name] = Source(name, layout)
            elif dtype in RANGES:
                lo, hi = RANGES[dtype]
                edge = self._edge(name, dtype, layout, None, 0, lo, hi)
                self.inputs[name, None, 0, lo, hi] = edge
                self.tensors[name] = Codes(edge.value, layout, dtype)
            else:
                raise ImportModelError(
                    f"{self.file.path}: input {name!r} is {dtype}; only float32 and integer inputs compile, "
                    "convert the model"
                )

    def lookup(self, value: onnx_ir.Value | None) -> Tensor | None:
        """What a node's input means."""
        if value is None or value.name == "":
            return None
        known = self.tensors.get(cast(str, value.name))
        if known is None and value.const_value is not None:
            known = Constant(np.asarray(value.const_value.numpy()))
        if known is None:
            raise ImportModelError(
                f"{self.file.path}: tensor {value.name!r} is read before it is made; export the model again"
            )
        return known

    def import_node(self, node: onnx_ir.Node, importers: dict[str, Import]) -> None:
        """Adds one node to the integer graph."""
        name = node.name or f"{node.op_type}_{node.outputs[0].name}"
        if node.domain not in STANDARD_DOMAINS or node.op_type not in importers:
            raise UnsupportedOp(_unknown(name, node, importers))
        check_node(name, node, self.file.opset)
        if any(output.uses() or output.is_graph_output() for output in node.outputs[1:]):
            raise UnsupportedOp(f"{name} ({node.op_type}): only its first output is supported; drop the others")
        inputs = tuple(self.lookup(value) for value in node.inputs)
        view = OnnxNode(
            name,
            node.op_type,
            self.file.opset,
            _attributes(node),
            inputs,
            tuple("" if value is None else cast(str, value.name) for value in node.inputs),
            cast(str, node.outputs[0].name),
        )
        try:
            self.tensors[view.output_name] = importers[node.op_type](view, self.importer)
        except (RangeError, GraphError) as error:
            raise ImportModelError(f"{name} ({node.op_type}): {error}") from error

    def output_edge(self, value: onnx_ir.Value) -> OutputEdge:
        """A graph output's codes and what they mean."""
        name = cast(str, value.name)
        found = self.lookup(value)
        end = OnnxNode(name, "output", self.file.opset, {}, (found,), (name,), name)
        if isinstance(found, Codes):
            return OutputEdge(name, found.dtype, found.layout, found.value, None, ())
        if not isinstance(found, Real):
            if isinstance(found, Reached):
                raise end.refuse("it is a comparison's answers; sum them up to codes, Cast and ReduceSum, before it")
            kind = "a constant" if isinstance(found, Constant | ScaledConstant) else "its unquantized input"
            raise ImportModelError(f"{self.file.path}: output {name!r} is {kind}; the network computes nothing there")
        real = settle(found, end, self.importer)
        return OutputEdge(name, "float32", real.layout, real.value, real.scale, real.offset)


def import_network(path: Path) -> Network:
    """The integer graph of a quantized ONNX file; ImportModelError says what to change in one that has none."""
    file = read_onnx(path)
    walk = _Walk(file)
    walk.read_inputs()
    importers = _importers()
    for node in file.graph:
        if node.op_type in DROPPED_AT_END and node.outputs[0].is_graph_output() and not node.outputs[0].uses():
            walk.importer.warnings.append(
                f"{node.name} ({node.op_type}) at the end is dropped: the largest number stays the largest; "
                "apply it on the host if you need probabilities"
            )
            before = walk.lookup(node.inputs[0])
            assert before is not None
            name = cast(str, node.outputs[0].name)
            walk.tensors[name], walk.dropped[name] = before, cast(onnx_ir.Value, node.inputs[0]).name or ""
            continue
        walk.import_node(node, importers)
    outputs = tuple(walk.output_edge(value) for value in file.graph.outputs)
    graph, inputs = _live(walk, outputs)
    verify(graph)
    codes = {
        name: tensor
        for name, tensor in walk.tensors.items()
        if isinstance(tensor, Codes) and any(tensor.value is value for value in graph.values)
    }
    return Network(path, graph, inputs, outputs, codes, walk.dropped, tuple(walk.importer.warnings))


def _live(walk: _Walk, outputs: tuple[OutputEdge, ...]) -> tuple[Graph, tuple[InputEdge, ...]]:
    """The nodes and inputs that the outputs need: a Clip that redid a rounding step leaves the first one unread."""
    needed = {id(edge.value) for edge in outputs}
    nodes: list[Node] = []
    for node in reversed(walk.importer.graph.nodes):
        if id(node.output) in needed:
            nodes.append(node)
            needed.update(id(value) for value in node.inputs)
    edges = tuple(edge for edge in walk.inputs.values() if id(edge.value) in needed)
    names = [edge.name for edge in edges]
    for edge in edges:
        if names.count(edge.name) > 1:
            raise ImportModelError(
                f"{walk.file.path}: input {edge.name!r} is quantized in {names.count(edge.name)} different ways; "
                "quantize it once and share the result"
            )
    for value in walk.file.graph.inputs:
        if value.name not in names:
            raise ImportModelError(
                f"{walk.file.path}: input {value.name!r} is not used by any quantized layer; remove it"
            )
    order = {value.name: place for place, value in enumerate(walk.file.graph.inputs)}
    edges = tuple(sorted(edges, key=lambda edge: order[edge.name]))
    graph = Graph([edge.value for edge in edges], nodes[::-1], [edge.value for edge in outputs])
    return graph, tuple(_stream_as_needed(graph, edge, walk.tensors) for edge in edges)


def _stream_as_needed(graph: Graph, edge: InputEdge, tensors: dict[str, Tensor]) -> InputEdge:
    """An input whose only reader reorders it streams in that order at once: channel-last images need no frame store.

    Code tensors of the file that were views of the input become views of the new stream."""
    readers = graph.readers(edge.value)
    if len(readers) != 1 or not isinstance(readers[0].operator, Reorder) or edge.value in graph.outputs:
        return edge
    (node,), order = readers, readers[0].operator.order
    graph.nodes.remove(node)
    graph.inputs[graph.inputs.index(edge.value)] = node.output
    now = np.empty_like(order)
    now[order] = np.arange(len(order), dtype=np.int64)
    for name, tensor in tensors.items():
        if isinstance(tensor, Codes) and tensor.value is edge.value:
            tensors[name] = replace(tensor, value=node.output, layout=_moved(tensor.layout, now))
    return replace(edge, value=node.output, layout=_moved(edge.layout, now))


def _moved(layout: Layout, now: Order) -> Layout:
    """The layout when the stream's word i has moved to place now[i]."""
    return Layout(layout.shape, now[layout.order])


def _importers() -> dict[str, Import]:
    tables = registry.entries("shiftwright.ops", "ONNX").values()
    return {name: importer for table in tables for name, importer in cast(dict[str, Import], table).items()}


def _sample_shape(path: Path, value: onnx_ir.Value) -> tuple[int, ...]:
    """A graph input's shape without the batch; every other axis must be a number."""
    shape = None if value.shape is None else list(value.shape)
    if not shape:
        raise ImportModelError(f"{path}: input {value.name!r} has no shape; export the model with one, batch first")
    for axis, size in enumerate(shape[1:], start=1):
        if not isinstance(size, int) or size < 1:
            raise ImportModelError(
                f"{path}: axis {axis} of input {value.name!r} is {str(size)!r}, not a number; hardware needs a fixed "
                "size, export the model with one (only the batch may stay open)"
            )
    if len(shape) < 2:
        raise ImportModelError(f"{path}: input {value.name!r} has shape {shape}; the first axis must be the batch")
    return tuple(cast(int, size) for size in shape[1:])


def _attributes(node: onnx_ir.Node) -> dict[str, Attribute]:
    plain: dict[str, Attribute] = {}
    for name, attribute in node.attributes.items():
        content = attribute.value
        if isinstance(content, int | float | str):
            plain[name] = content
        elif isinstance(content, list | tuple) and all(isinstance(item, int | float) for item in content):
            plain[name] = tuple(content)
    return plain


def _unknown(name: str, node: onnx_ir.Node, importers: dict[str, Import]) -> str:
    if node.op_type in ("QLinearConv", "QLinearMatMul", "QGemm", "ConvInteger", "MatMulInteger"):
        advice = "is the QOperator form; quantize with QuantFormat.QDQ instead"
    else:
        # A name that ONNX knows is no misspelling.
        known = onnx.defs.has(node.op_type, node.domain)
        near = [] if known else get_close_matches(node.op_type, importers, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        advice = f"has no integer form here{hint}; supported are {', '.join(sorted(importers))}"
    domain = f"{node.domain}." if node.domain not in STANDARD_DOMAINS else ""
    return f"{name}: operator {domain}{node.op_type} {advice}"
