"""Flatten, Reshape, Transpose and their like: names for the same numbers.

Importing them only changes a tensor's layout. Where an operator needs another stream order, a Reorder makes it."""

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Codes, Constant, Layout, Real, ScaledConstant, Source, Tensor
from shiftwright.ops.onnx_node import Importer, OnnxNode


@dataclass(frozen=True, slots=True, eq=False)
class Reorder(Operator):
    """The same words in another order: flat output word i is flat input word `order[i]`."""

    shape: tuple[int, ...]
    order: NDArray[np.int64]

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        words = source.interval.tile(source.positions)
        lo = words.lo[self.order].reshape(-1, self.shape[-1]).min(axis=0)
        hi = words.hi[self.order].reshape(-1, self.shape[-1]).max(axis=0)
        return self.shape, Interval(lo, hi)

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        (x,) = codes
        return x.reshape(len(x), len(self.order))[:, self.order].reshape(len(x), *self.shape)

    def describe(self) -> str:
        return "reorder"


def rearrange(x: Real, layout: Layout, shape: tuple[int, ...], node: OnnxNode, importer: Importer) -> Real:
    """The same tensor streamed as `layout` says, in a stream of `shape`; the ONNX shape must be the tensor's own."""
    if x.layout.same_as(layout) and x.value.shape == shape:
        return x
    # A word of the new stream: which ONNX element is it, and where did that stand before?
    element = np.empty_like(layout.order)
    element[layout.order] = np.arange(len(layout.order), dtype=np.int64)
    order = x.layout.order[element]
    source_channel = (order % x.value.channels).reshape(-1, shape[-1])
    scale, offset = [], []
    for channel in range(shape[-1]):
        pairs = {(x.scale[place], x.offset[place]) for place in set(source_channel[:, channel].tolist())}
        if len(pairs) != 1:
            raise node.refuse(
                "its input mixes channels of different scales; put a QuantizeLinear with one scale before it"
            )
        ((step, shift),) = pairs
        scale.append(step)
        offset.append(shift)
    value = importer.emit(Reorder(shape, order), (x.value,), node, "_reorder")
    return replace(x, value=value, layout=layout, scale=tuple(scale), offset=tuple(offset))


def import_layout(node: OnnxNode, importer: Importer) -> Tensor:
    """Flatten, Reshape, Squeeze, Unsqueeze and Transpose of data or of constants."""
    x = node.input(0)
    if isinstance(x, Constant | ScaledConstant):
        return _constant_layout(node, x)
    if not isinstance(x, Real | Codes | Source):
        raise node.refuse("its input is missing; the file is not valid ONNX")
    layout = x.layout
    if node.op_type == "Transpose":
        rank = len(layout.shape) + 1
        axes = _permutation(node, rank)
        if axes[0] != 0:
            raise node.refuse(f"perm {list(axes)} moves the batch axis; keep it first")
        return replace(x, layout=layout.transpose(tuple(axis - 1 for axis in axes[1:])))
    shape = _target_shape(node, layout.shape)
    return replace(x, layout=layout.reshape(shape))


def _permutation(node: OnnxNode, rank: int) -> tuple[int, ...]:
    axes = node.integers("perm", tuple(reversed(range(rank))))
    if sorted(axes) != list(range(rank)):
        raise node.refuse(f"perm {list(axes)} does not order the axes of a tensor of {rank}; check the exporter")
    return axes


def _target_shape(node: OnnxNode, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The new shape of one sample."""
    elements = prod(shape)
    if node.op_type == "Flatten":
        axis = node.integer("axis", 1)
        if axis not in (1, -len(shape)):
            raise node.refuse(f"axis {axis} does not keep one row a sample; use axis 1")
        return (elements,)
    if node.op_type in ("Squeeze", "Unsqueeze"):
        return _squeezed(node, shape)
    wanted = node.constant(1, "shape")
    target = [int(size) for size in np.asarray(wanted).astype(np.int64).ravel().tolist()]
    if not node.integer("allowzero", 0):
        known = (-1, *shape)
        target = [known[axis] if size == 0 and axis < len(known) else size for axis, size in enumerate(target)]
    rest = target[1:]
    if rest.count(-1) == 1:
        others = prod(size for size in rest if size != -1)
        rest = [elements // others if size == -1 and others else size for size in rest]
    if not target or prod(rest) != elements or -1 in rest:
        raise node.refuse(f"the shape {target} does not keep {elements} numbers a sample; keep the batch axis first")
    return tuple(rest)


def _squeezed(node: OnnxNode, shape: tuple[int, ...]) -> tuple[int, ...]:
    axes = node.constant(1, "axes")
    rank = len(shape) + 1
    if node.op_type == "Unsqueeze":
        if axes is None:
            raise node.refuse("it has no axes; the file is not valid ONNX")
        wider = rank + axes.size
        places = {int(axis) % wider for axis in np.asarray(axes).astype(np.int64).ravel().tolist()}
        rest = iter((0, *shape))
        full = [1 if place in places else next(rest) for place in range(wider)]
        if 0 in places:
            raise node.refuse("it puts an axis before the batch; keep the batch first")
        return tuple(full[1:])
    if axes is None:
        return tuple(size for size in shape if size != 1)
    places = {int(axis) % rank for axis in np.asarray(axes).astype(np.int64).ravel().tolist()}
    if 0 in places or any(shape[place - 1] != 1 for place in places):
        raise node.refuse(f"axes {sorted(places)} are not all of size 1 after the batch; check the exporter")
    return tuple(size for place, size in enumerate(shape, start=1) if place not in places)


def _constant_layout(node: OnnxNode, x: Constant | ScaledConstant) -> Tensor:
    if node.op_type == "Transpose":
        rank = x.array.ndim if isinstance(x, Constant) else x.integers.ndim
        axes = _permutation(node, rank)
        if isinstance(x, Constant):
            return Constant(x.array.transpose(axes))
        axis = None if x.axis is None else axes.index(x.axis)
        return ScaledConstant(x.integers.transpose(axes), x.scales, axis)
    if isinstance(x, ScaledConstant) and x.axis is None and node.op_type == "Reshape":
        target = np.asarray(node.constant(1, "shape")).astype(np.int64).tolist()
        known = x.integers.shape
        shape = [known[axis] if size == 0 and axis < len(known) else size for axis, size in enumerate(target)]
        try:
            return ScaledConstant(x.integers.reshape(shape), x.scales, None)
        except ValueError:
            raise node.refuse(f"weights of shape {x.integers.shape} do not fit {target}; check the exporter") from None
    raise node.refuse("it reshapes weights that have a scale a channel; store them in their final shape")


def import_identity(node: OnnxNode, importer: Importer) -> Tensor:
    """Identity, and Dropout, which does nothing after training."""
    x = node.input(0)
    if x is None:
        raise node.refuse("its input is missing; the file is not valid ONNX")
    training = node.constant(2, "training mode") if node.op_type == "Dropout" else None
    if training is not None and training.any():
        raise node.refuse("it drops numbers at random (training_mode); export the model for inference")
    return x


ONNX = dict.fromkeys(("Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze"), import_layout) | dict.fromkeys(
    ("Identity", "Dropout"), import_identity
)
