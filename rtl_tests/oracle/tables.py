"""Comparing, counting and looking up, each as its ONNX definition reads: what logarithmic activations are made of."""

from fractions import Fraction
from math import prod

from onnx import TensorProto

from rtl_tests.oracle.arithmetic import broadcast_shape
from rtl_tests.oracle.attributes import Attributes
from rtl_tests.oracle.tensor import FLOAT, Number, Tensor, indices

HELD: dict[int, tuple[int, int]] = {
    TensorProto.UINT8: (0, 255),
    TensorProto.INT8: (-128, 127),
    TensorProto.UINT16: (0, 65535),
    TensorProto.INT16: (-32768, 32767),
    TensorProto.INT32: (-(1 << 31), (1 << 31) - 1),
    TensorProto.INT64: (-(1 << 63), (1 << 63) - 1),
}
"""What the integer types of a Cast hold."""


def greater_or_equal(attributes: Attributes, a: Tensor, b: Tensor) -> Tensor:
    """1 where a >= b, else 0; numpy's broadcasting."""
    shape = broadcast_shape(a.shape, b.shape)
    answers: list[Number] = [int(a.broadcast_at(index) >= b.broadcast_at(index)) for index in indices(shape)]
    return Tensor(shape, answers, TensorProto.BOOL)


def cast(attributes: Attributes, x: Tensor) -> Tensor:
    """The same whole numbers in another type, which must hold them."""
    kind = attributes.integer("to", 0)
    if kind == FLOAT:
        return Tensor(x.shape, [Fraction(number) for number in x.values], kind)
    lo, hi = HELD[kind]
    assert all(lo <= number <= hi and number == int(number) for number in x.values)
    return Tensor(x.shape, [int(number) for number in x.values], kind)


def reduce_sum(attributes: Attributes, x: Tensor, axes: Tensor) -> Tensor:
    """Sums over the axes named, which stay as axes of one unless `keepdims` is 0."""
    over = {int(axis) % len(x.shape) for axis in axes.values}
    kept = tuple(1 if axis in over else size for axis, size in enumerate(x.shape))
    sums: list[Number] = [0] * prod(kept)
    spots = {index: place for place, index in enumerate(indices(kept))}
    for index in indices(x.shape):
        sums[spots[tuple(0 if axis in over else spot for axis, spot in enumerate(index))]] += x[index]
    shape = tuple(size for axis, size in enumerate(x.shape) if axis not in over)
    return Tensor(kept if attributes.integer("keepdims", 1) else shape, sums, x.kind)


def gather(attributes: Attributes, table: Tensor, places: Tensor) -> Tensor:
    """table[place] of a table of one axis; negative places are not known here."""
    assert len(table.shape) == 1
    assert all(place >= 0 for place in places.values)
    return Tensor(places.shape, [table.values[int(place)] for place in places.values], table.kind)
