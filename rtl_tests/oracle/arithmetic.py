"""Pointwise operators and matrix products, each as its ONNX definition reads, in exact numbers."""

from fractions import Fraction
from itertools import zip_longest

import onnx

from rtl_tests.oracle.attributes import Attributes
from rtl_tests.oracle.tensor import FLOAT, Index, Number, Shape, Tensor, indices

CODE_RANGE: dict[int, tuple[int, int]] = {
    onnx.TensorProto.INT4: (-8, 7),
    onnx.TensorProto.UINT4: (0, 15),
    onnx.TensorProto.INT8: (-128, 127),
    onnx.TensorProto.UINT8: (0, 255),
    onnx.TensorProto.INT16: (-32768, 32767),
    onnx.TensorProto.UINT16: (0, 65535),
}
"""Smallest and largest code of the types QuantizeLinear makes."""


def quantize_linear(attributes: Attributes, x: Tensor, scale: Tensor, zero_point: Tensor | None = None) -> Tensor:
    """round_half_even(x / scale) + zero_point, saturated; uint8 unless zero point or `output_dtype` say otherwise."""
    kind = zero_point.kind if zero_point else attributes.integer("output_dtype", 0) or onnx.TensorProto.UINT8
    lo, hi = CODE_RANGE[kind]
    axis = attributes.integer("axis", 1) % max(1, len(x.shape))
    codes: list[Number] = []
    for index in indices(x.shape):
        steps = round(Fraction(x[index]) / scale.along(axis, index))  # Python rounds a Fraction half to even
        codes.append(min(max(steps + (zero_point.along(axis, index) if zero_point else 0), lo), hi))
    return Tensor(x.shape, codes, kind)


def dequantize_linear(attributes: Attributes, codes: Tensor, scale: Tensor, zero_point: Tensor | None = None) -> Tensor:
    """scale · (code - zero_point)."""
    axis = attributes.integer("axis", 1) % max(1, len(codes.shape))
    reals: list[Number] = []
    for index in indices(codes.shape):
        shift = zero_point.along(axis, index) if zero_point else 0
        reals.append(scale.along(axis, index) * Fraction(codes[index] - shift))
    return Tensor(codes.shape, reals, FLOAT)


def relu(attributes: Attributes, x: Tensor) -> Tensor:
    """max(x, 0)."""
    return Tensor(x.shape, [max(number, 0) for number in x.values], x.kind)


def clip(attributes: Attributes, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    """min(max(x, low), high), on real numbers or on codes; either bound may be left out."""
    held = x.values
    if low is not None:
        held = [max(number, low.values[0]) for number in held]
    if high is not None:
        held = [min(number, high.values[0]) for number in held]
    return Tensor(x.shape, held, x.kind)


def add(attributes: Attributes, a: Tensor, b: Tensor) -> Tensor:
    """a + b with numpy's broadcasting."""
    shape = broadcast_shape(a.shape, b.shape)
    return Tensor(shape, [a.broadcast_at(index) + b.broadcast_at(index) for index in indices(shape)], a.kind)


def gemm(attributes: Attributes, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    """alpha · A·B + beta · C, A and B transposed on request."""
    alpha, beta = attributes.real("alpha", 1.0), attributes.real("beta", 1.0)
    flip_a, flip_b = attributes.integer("transA", 0), attributes.integer("transB", 0)
    rows, depth = reversed(a.shape) if flip_a else a.shape
    columns = b.shape[0] if flip_b else b.shape[1]
    sums: list[Number] = []
    for row, column in indices((rows, columns)):
        total = Fraction(0)
        for k in range(depth):
            total += a[(k, row) if flip_a else (row, k)] * b[(column, k) if flip_b else (k, column)]
        total *= alpha
        if c is not None:
            total += beta * c.broadcast_at((row, column))
        sums.append(total)
    return Tensor((rows, columns), sums, FLOAT)


def matmul(attributes: Attributes, a: Tensor, b: Tensor) -> Tensor:
    """The product over the last axis of `a` and the last but one of `b`; leading axes broadcast."""
    *lead_a, rows, depth = a.shape
    *lead_b, _, columns = b.shape
    shape = (*broadcast_shape(tuple(lead_a), tuple(lead_b)), rows, columns)
    sums: list[Number] = []
    for *lead, row, column in indices(shape):
        total = Fraction(0)
        for k in range(depth):
            total += a[(*_lead(lead, lead_a), row, k)] * b[(*_lead(lead, lead_b), k, column)]
        sums.append(total)
    return Tensor(shape, sums, FLOAT)


def broadcast_shape(a: Shape, b: Shape) -> Shape:
    """The shape numpy's broadcasting gives two operands."""
    pairs = zip_longest(reversed(a), reversed(b), fillvalue=1)
    return tuple(max(pair) if 0 not in pair else 0 for pair in pairs)[::-1]


def _lead(index: list[int], shape: list[int]) -> Index:
    own = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else place for place, size in zip(own, shape, strict=True))
