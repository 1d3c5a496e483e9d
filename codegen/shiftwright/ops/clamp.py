"""Relu and Clip: bounds that wait for the next QuantizeLinear, which takes them for free.

Quantizing is monotone, so Q(clip(r)) is Q(r) held between the bounds' own codes. Only where another operator reads the
clipped numbers first do they become integers of their own, here."""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import LIMIT, Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.errors import RangeError
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Codes, Constant, Real, Tensor
from shiftwright.ops.onnx_node import Importer, OnnxNode
from shiftwright.ops.requantize import narrow


@dataclass(frozen=True, slots=True, eq=False)
class Clamp(Operator):
    """min(max(multiplier·code, lo), hi) for each channel; the multiplier puts off-grid bounds on the grid."""

    multiplier: tuple[int, ...]
    lo: tuple[int, ...]
    hi: tuple[int, ...]

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        low, high = [], []
        for (least, most), multiplier, lo, hi in zip(
            source.interval.pairs(), self.multiplier, self.lo, self.hi, strict=True
        ):
            if max(abs(lo), abs(hi)) + multiplier > LIMIT:
                raise RangeError(f"a bound lies {multiplier} times between two codes; quantize before it, or move it")
            low.append(min(max(least * multiplier, lo), hi))
            high.append(min(max(most * multiplier, lo), hi))
        return source.shape, Interval.of(low, high)

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        multiplier, lo, hi = (np.array(per, dtype=np.int64) for per in (self.multiplier, self.lo, self.hi))
        # Codes well outside the bounds stop at the next one outside, so that no product leaves int64.
        near = np.clip(codes[0], lo // multiplier, -(-hi // multiplier))
        return np.clip(near * multiplier, lo, hi)

    def describe(self) -> str:
        return "clamp"

    def tails(self, source: Value) -> list[Requantizer]:
        """The hardware form of each channel; one that can give one code only is that constant."""
        reached = self.infer((source,))[1].pairs()
        return [
            Requantizer("scale", lo, hi, multiplier) if lo < hi else Requantizer("scale", lo, hi, 0, lo)
            for (lo, hi), multiplier in zip(reached, self.multiplier, strict=True)
        ]


def settle(x: Real, node: OnnxNode, importer: Importer) -> Real:
    """The same numbers with no clip pending: bounds become integers, on a finer grid where they need one."""
    if x.floor is None and x.ceiling is None:
        return x
    multiplier, lo, hi = [], [], []
    for (least, most), scale, offset in zip(x.value.interval.pairs(), x.scale, x.offset, strict=True):
        floor = Fraction(least) if x.floor is None else (x.floor - offset) / scale
        ceiling = Fraction(most) if x.ceiling is None else (x.ceiling - offset) / scale
        # Bounds outside the interval do nothing, or make a constant.
        bottom, top = max(floor, Fraction(least)), min(ceiling, Fraction(most))
        if bottom > top:
            bottom = top = floor if floor > most else ceiling
        finer = lcm(bottom.denominator, top.denominator)
        multiplier.append(finer)
        lo.append(int(bottom * finer))
        hi.append(int(top * finer))
    value = importer.emit(Clamp(tuple(multiplier), tuple(lo), tuple(hi)), (x.value,), node, "_clamp")
    return Real(
        value, x.layout, tuple(scale / finer for scale, finer in zip(x.scale, multiplier, strict=True)), x.offset
    )


def import_relu(node: OnnxNode, importer: Importer) -> Tensor:
    """max(x, 0)."""
    return node.real(0).clip(Fraction(0), None)


def import_clip(node: OnnxNode, importer: Importer) -> Tensor:
    """Bounds on numbers, or on the codes that a QuantizeLinear has just made."""
    floor, ceiling = (_bound(node, index, what) for index, what in ((1, "lower bound"), (2, "upper bound")))
    x = node.input(0)
    if isinstance(x, Constant):
        # Integer weights that were rounded in the file and then narrowed.
        low, high = (-np.inf if floor is None else float(floor)), (np.inf if ceiling is None else float(ceiling))
        return Constant(np.minimum(np.maximum(x.array, low), high).astype(x.array.dtype))
    if not isinstance(x, Codes):
        return node.real(0).clip(floor, ceiling)
    # A bound left out does nothing; where two cross, the upper one wins.
    least, most = int(x.value.interval.lo.min()), int(x.value.interval.hi.max())
    lo = least if floor is None else int(floor)
    hi = max(most, lo) if ceiling is None else int(ceiling)
    lo = min(lo, hi)
    if x.made_by is not None:
        return narrow(x, lo, hi, node, importer)
    channels = x.value.channels
    value = importer.emit(Clamp((1,) * channels, (lo,) * channels, (hi,) * channels), (x.value,), node)
    return Codes(value, x.layout, x.dtype)


def _bound(node: OnnxNode, index: int, what: str) -> Fraction | None:
    bound = node.constant(index, what)
    if bound is None:
        return None
    number = float(np.asarray(bound, dtype=np.float64).ravel()[0])
    if np.isnan(number):
        raise node.refuse(f"its {what} is NaN; check the exporter")
    return None if np.isinf(number) else Fraction(number)


ONNX = {"Relu": import_relu, "Clip": import_clip}
