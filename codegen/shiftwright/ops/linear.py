"""What every constant-matrix operator shares: the exact import of scales and biases, and bounds of the sums.

Codes meet integer weights; whatever scale and offset the file gives them ends in the result's own scale and offset, so
that the integers stay small and nothing is rounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor, lcm

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import LIMIT, Interval
from shiftwright.errors import RangeError
from shiftwright.ir.meaning import Real, ScaledConstant
from shiftwright.ops.clamp import settle
from shiftwright.ops.onnx_node import Importer, OnnxNode, common_scale


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """real = scale·(weights·codes + bias) + offset, per output; bias holds whole LSBs, offset what is left of one."""

    weights: NDArray[np.int64]
    bias: tuple[int, ...]
    scale: tuple[Fraction, ...]
    offset: tuple[Fraction, ...]


def import_product(
    node: OnnxNode,
    x: Real,
    weights: NDArray[np.int64],
    weight_scale: tuple[Fraction, ...],
    input_scale: tuple[Fraction, ...],
    input_offset: tuple[Fraction, ...],
    bias: list[Fraction],
) -> Product:
    """Exact integers for weights (outputs, inputs), a scale an output, over inputs of their own scales and offsets."""
    step, multiples = common_scale(input_scale)
    if max(multiples) * int(np.abs(weights).max(initial=1)) >= 1 << 31:
        raise node.refuse(
            "the scales of its input channels have no common step that keeps weights within 32 bits; "
            "put a QuantizeLinear with one scale before it"
        )
    whole = weights * np.array(multiples, dtype=np.int64)
    scale = tuple(output * step for output in weight_scale)
    moved = _weighted(weights, [offset / step for offset in input_offset])
    lsb_bias = [shifted + own / lsb for shifted, own, lsb in zip(moved, bias, scale, strict=True)]
    on_grid = tuple(floor(number) for number in lsb_bias)
    rest = tuple((number - k) * lsb for number, k, lsb in zip(lsb_bias, on_grid, scale, strict=True))
    return Product(whole, on_grid, scale, rest)


def _weighted(weights: NDArray[np.int64], offsets: list[Fraction]) -> list[Fraction]:
    """weights (outputs, inputs) · offsets, exactly: one integer product over the offsets' common denominator."""
    unit = lcm(*(offset.denominator for offset in offsets))
    whole = [int(offset * unit) for offset in offsets]
    reach = sum(map(abs, whole)) * int(np.abs(weights).max(initial=0))
    exact = np.array(whole, dtype=np.int64 if max(reach, *map(abs, whole)) < LIMIT else object)
    return [Fraction(int(total), unit) for total in (weights.astype(exact.dtype) @ exact).tolist()]


def import_operands(node: OnnxNode, importer: Importer) -> tuple[Real, ScaledConstant]:
    """The data and the weights of a Gemm, MatMul or Conv, with any clip on the data settled into integers."""
    if isinstance(node.input(0), ScaledConstant):
        raise node.refuse("its first operand is the constant; only data × weights is supported, transpose the product")
    weights = node.weights(1)
    if weights.integers.size == 0:
        raise node.refuse(f"its weights have shape {weights.integers.shape}, which holds no number; remove the layer")
    return settle(node.real(0), node, importer), weights


def product_interval(weights: NDArray[np.int64], bias: tuple[int, ...], interval: Interval) -> Interval:
    """Exact bounds of weights (outputs, inputs) · codes + bias; RangeError beyond 62 bits."""
    reach = np.abs(weights).astype(np.float64) @ np.maximum(np.abs(interval.lo), np.abs(interval.hi)).astype(np.float64)
    worst = float(reach.max(initial=0.0)) + float(max((abs(number) for number in bias), default=0))
    if worst > LIMIT / 2:
        raise RangeError(f"an accumulator reaches {worst:.3g}, beyond 61 bits; use fewer weight or activation bits")
    positive, negative = np.maximum(weights, 0), np.minimum(weights, 0)
    constant = np.array(bias, dtype=np.int64)
    lo = positive @ interval.lo + negative @ interval.hi + constant
    hi = positive @ interval.hi + negative @ interval.lo + constant
    return Interval(np.asarray(lo, dtype=np.int64), np.asarray(hi, dtype=np.int64))


def magnitude_bound(weights: NDArray[np.int64], codes: NDArray[np.int64], pad: Iterable[int] = ()) -> int:
    """An upper bound of every partial sum's magnitude in weights (outputs, …) · codes, padding included."""
    largest = max(-int(codes.min(initial=0)), int(codes.max(initial=0)), *map(abs, pad))
    return largest * int(np.abs(weights).reshape(len(weights), -1).sum(axis=1).max(initial=0))
