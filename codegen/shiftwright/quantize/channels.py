"""Which channels of which layers must be scaled together, and where each reaches its readers.

Every value of the graph is an array of channel identities; positively homogeneous operators pass them on, a sum of two
values makes the identities that meet one, and whatever is not homogeneous makes them FIXED: their scale must stay 1."""

from dataclasses import dataclass
from math import inf, nan, prod
from typing import TypeAlias

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.quantize.identities import Identities
from shiftwright.quantize.network import Layer, Network
from shiftwright.quantize.surgery import constant

FIXED = 0

_POOLS = frozenset({"MaxPool", "AveragePool", "GlobalAveragePool"})
_RESHAPES = frozenset({"Flatten", "Reshape"})
_FLOAT32 = float(np.finfo(np.float32).max)
_UNKNOWN = -1  # a size

# The identities along a value's axes behind the batch. Size 1 stands for the whole of an axis along which they are the
# same, so that large images cost nothing; an array without axes stands for any shape.
Ids: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """Identities of channels: whole numbers below `count`; FIXED is that of all that cannot be scaled.

    `outputs` holds for each layer by name the identities of its results (channels,), `inputs` those of what each of its
    weights multiplies, (channels, n) or, where all rows read the same, (1, n)."""

    count: int
    outputs: dict[str, NDArray[np.int64]]
    inputs: dict[str, NDArray[np.int64]]

    def producers(self) -> NDArray[np.int64]:
        """How many layers' channels carry each identity, (count,)."""
        return np.bincount(np.concatenate(list(self.outputs.values())), minlength=self.count)


def trace_channels(graph: onnx_ir.Graph, network: Network) -> Channels:
    """Follows every channel through a canonical graph, which need not consist of supported operators alone."""
    tracer = _Tracer(network)
    for node in graph:
        tracer.follow(node)
    for value in graph.outputs:
        tracer.fix(tracer.ids(value))
    count, labels = tracer.known.labels()
    return Channels(
        count,
        {name: labels[ids] for name, ids in tracer.outputs.items()},
        {name: labels[ids] for name, ids in tracer.inputs.items()},
    )


class _Tracer:
    def __init__(self, network: Network) -> None:
        self.known = Identities()
        self.outputs: dict[str, Ids] = {}
        self.inputs: dict[str, Ids] = {}
        self._layers = {layer.name: layer for layer in network.layers}
        self._results = frozenset(layer.result for layer in network.layers)
        self._of: dict[str, Ids] = {}

    def ids(self, value: onnx_ir.Value | None) -> Ids:
        """A value's identities: FIXED for graph inputs, constants and whatever is not followed."""
        return self._of.get(value.name or "" if value is not None else "", np.array(FIXED))

    def fix(self, ids: Ids) -> None:
        """From now on their scale must stay 1."""
        self.known.unite(ids, np.array(FIXED))

    def follow(self, node: onnx_ir.Node) -> None:
        """Notes the identities of the node's first output; its others stay FIXED."""
        ids = self.ids(node.inputs[0] if node.inputs else None)
        result = node.outputs[0].name or ""
        made: Ids | None
        if node.name in self._layers:
            made = self._layer(node, self._layers[node.name], ids)
        elif result in self._results or _is_homogeneous(node):  # the former is the bias of a MatMul
            made = ids
        elif node.op_type in _POOLS:
            made = self._united(ids, 0).reshape(-1, *[1] * (ids.ndim - 1)) if ids.ndim else ids
        elif node.op_type == "Add":
            made = self._sum(node)
        elif node.op_type == "Concat":
            made = self._joined(node)
        elif node.op_type in _RESHAPES:
            made = _reshaped(node, ids)
        elif node.op_type == "Transpose":
            made = _transposed(node, ids)
        else:
            made = None
        if made is None:
            for value in node.inputs:
                self.fix(self.ids(value))
        else:
            self._of[result] = made

    def _layer(self, node: onnx_ir.Node, layer: Layer, ids: Ids) -> Ids:
        """Notes what the layer reads; its results are new."""
        kernel = prod(layer.weight_shape[2:]) if layer.op == "Conv" else 1
        taken = layer.width // kernel
        read = np.broadcast_to(self._united(ids, -1 if layer.op == "MatMul" else 0), (layer.groups * taken,))
        rows = read.reshape(layer.groups, taken)
        if layer.groups > 1:
            rows = np.repeat(rows, layer.channels // layer.groups, axis=0)
        self.inputs[layer.name] = np.repeat(rows, kernel, axis=1)
        new = self.outputs[layer.name] = self.known.new(layer.channels)
        if layer.op != "MatMul":
            return new.reshape(-1, *[1] * (len(layer.weight_shape) - 2))
        sizes = _sizes(node.outputs[0])
        if not sizes:
            self.fix(new)
            return np.array(FIXED)
        return new.reshape(*[1] * (len(sizes) - 1), -1)

    def _united(self, ids: Ids, axis: int) -> Ids:
        """One identity for each index of an axis, (size,) or (1,): those at the same index are the same from now on."""
        if ids.ndim == 0:
            return ids.reshape(1)
        lines = np.moveaxis(ids, axis, 0).reshape(ids.shape[axis], -1)
        self.known.unite(lines, lines[:, :1])
        return lines[:, 0]

    def _sum(self, node: onnx_ir.Node) -> Ids | None:
        """What meets is the same from now on, so that either operand's identities are the sum's."""
        left, right = (self.ids(value) for value in node.inputs)
        if left.ndim != right.ndim or left.ndim == 0:
            return None
        self.known.unite(left, right)
        return left

    def _joined(self, node: onnx_ir.Node) -> Ids | None:
        """The operands' identities side by side."""
        parts, sizes = [self.ids(value) for value in node.inputs], [_sizes(value) for value in node.inputs]
        rank = len(sizes[0])
        axis = node.attributes.get_int("axis", 0) % (rank + 1) - 1
        if axis < 0 or any(len(size) != rank or size[axis] == _UNKNOWN for size in sizes):
            return None
        across = np.broadcast_shapes(*(part.shape[:axis] + part.shape[axis + 1 :] for part in parts))
        across = across or (1,) * (rank - 1)
        shapes = [(*across[:axis], size[axis], *across[axis:]) for size in sizes]
        return np.concatenate([np.broadcast_to(*pair) for pair in zip(parts, shapes, strict=True)], axis)


def _is_homogeneous(node: onnx_ir.Node) -> bool:
    """Whether f(s·x) = s·f(x) for every s > 0, word by word."""
    if node.op_type == "Clip":
        low, high = (_bound(node, index, nothing) for index, nothing in ((1, -inf), (2, inf)))
        return (low == 0 or low <= -_FLOAT32) and (high == 0 or high >= _FLOAT32)
    return node.op_type == "Relu"


def _bound(node: onnx_ir.Node, index: int, nothing: float) -> float:
    """A bound of a Clip; `nothing` if there is none, NaN if it varies."""
    if len(node.inputs) <= index or node.inputs[index] is None:
        return nothing
    array = constant(node.inputs[index])
    return nan if array is None else float(array.item())


def _reshaped(node: onnx_ir.Node, ids: Ids) -> Ids | None:
    """For what keeps the batch axis and has known sizes behind it."""
    before, after = _sizes(node.inputs[0]), _sizes(node.outputs[0])
    if ids.ndim == 0 or _UNKNOWN in (*before, *after) or prod(after) != prod(before):
        return None
    return np.broadcast_to(ids, before).reshape(after)


def _transposed(node: onnx_ir.Node, ids: Ids) -> Ids | None:
    order = node.attributes.get_ints("perm", range(ids.ndim, -1, -1))
    if ids.ndim == 0 or order[0] != 0:
        return None
    return ids.transpose([axis - 1 for axis in order[1:]])


def _sizes(value: onnx_ir.Value | None) -> tuple[int, ...]:
    """A value's sizes behind the batch; none where the shape is unknown."""
    if value is None or value.shape is None:
        return ()
    return tuple(size if isinstance(size, int) else _UNKNOWN for size in value.shape[1:])
