"""Add: two quantized tensors summed on a common step, or a constant moved into a tensor's offset."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import LIMIT, Interval
from shiftwright.errors import GraphError
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Layout, Real, Tensor
from shiftwright.ops.clamp import settle
from shiftwright.ops.onnx_node import Importer, OnnxNode, common_scale, exact_rationals
from shiftwright.ops.reorder import rearrange


@dataclass(frozen=True, slots=True, eq=False)
class Add(Operator):
    """left · first code + right · second code, per channel: the exact sum on the finest step both tensors share."""

    left: tuple[int, ...]
    right: tuple[int, ...]

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        first, second = inputs
        if first.shape != second.shape:
            raise GraphError(f"{first.name} {first.shape} and {second.name} {second.shape} cannot be added")
        lo, hi = [], []
        for a, b, (low, high), (least, most) in zip(
            self.left, self.right, first.interval.pairs(), second.interval.pairs(), strict=True
        ):
            lo.append(a * low + b * least)
            hi.append(a * high + b * most)
        return first.shape, Interval.of(lo, hi)

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        first, second = codes
        return first * np.array(self.left, dtype=np.int64) + second * np.array(self.right, dtype=np.int64)

    def describe(self) -> str:
        return "add"


def import_add(node: OnnxNode, importer: Importer) -> Tensor:
    """Sum of two tensors of one shape, or of a tensor and a constant for each channel."""
    constants = [place for place in (0, 1) if exact_rationals_of(node, place) is not None]
    if constants:
        return _add_constant(node, settle(node.real(1 - constants[0]), node, importer), constants[0])
    first = settle(node.real(0), node, importer)
    second = settle(node.real(1), node, importer)
    if first.layout.shape != second.layout.shape:
        raise node.refuse(
            f"it adds tensors of shapes {first.layout.shape} and {second.layout.shape} a sample; only equal shapes add"
        )
    if first.value.shape != second.value.shape or not first.layout.same_as(second.layout):
        natural = Layout.natural(first.layout.shape)
        first, second = (rearrange(x, natural, natural.stream_shape, node, importer) for x in (first, second))
    left, right, scale = [], [], []
    for one, two in zip(first.scale, second.scale, strict=True):
        step, (a, b) = common_scale((one, two))
        left.append(a)
        right.append(b)
        scale.append(step)
    if max(*left, *right) > LIMIT >> 20:
        raise node.refuse("its operands' scales have no common step within 42 bits; quantize both with powers of two")
    value = importer.emit(Add(tuple(left), tuple(right)), (first.value, second.value), node)
    offset = tuple(one + two for one, two in zip(first.offset, second.offset, strict=True))
    return Real(value, first.layout, tuple(scale), offset)


def exact_rationals_of(node: OnnxNode, place: int) -> NDArray[np.object_] | None:
    """A constant operand's exact numbers, or None."""
    operand = node.input(place)
    return None if operand is None else exact_rationals(operand)


def _add_constant(node: OnnxNode, x: Real, place: int) -> Real:
    numbers = exact_rationals_of(node, place)
    assert numbers is not None
    if numbers.ndim == len(x.layout.shape) + 1 and numbers.shape[0] == 1:
        numbers = numbers[0]
    try:
        spread = np.broadcast_to(numbers, x.layout.shape)
    except ValueError:
        raise node.refuse(f"a constant of shape {numbers.shape} does not fit {x.layout.shape} a sample") from None
    moved = x.layout.per_channel(spread.ravel().tolist(), x.value.channels)
    if moved is None:
        raise node.refuse("its constant changes from position to position; only one number a channel can be added")
    offset: tuple[Fraction, ...] = tuple(one + two for one, two in zip(x.offset, moved, strict=True))
    return replace(x, offset=offset)


ONNX = {"Add": import_add}
