"""Activations told apart by thresholds: GreaterOrEqual on a new last axis, Cast, and ReduceSum over it.

The file's float32 thresholds are the meaning: a code is how many of them the exact number reaches, ties included. For
each channel they become integers that the accumulator is compared with."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.arith.kernels import requantize_by_thresholds, threshold_table
from shiftwright.arith.prove import prove_thresholds
from shiftwright.arith.requantize import Requantizer
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Codes, Layout, Reached, Real, Source, Tensor
from shiftwright.ops.clamp import settle
from shiftwright.ops.onnx_node import Importer, OnnxNode, increasing

# By their numbers in ONNX.
TYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64"}
SUMMED = ("float32", "int32", "int64")  # those that ReduceSum takes
EXACT_FLOAT = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds(Operator):
    """How many thresholds are at most scale·code + offset, held within lo … hi, for each channel."""

    thresholds: tuple[Fraction, ...]
    scale: tuple[Fraction, ...]
    offset: tuple[Fraction, ...]
    lo: tuple[int, ...]
    hi: tuple[int, ...]
    _tables: dict[str, tuple[list[NDArray[np.int64]], NDArray[np.int64]]]

    @classmethod
    def of(
        cls,
        thresholds: tuple[Fraction, ...],
        scale: tuple[Fraction, ...],
        offset: tuple[Fraction, ...],
        lo: tuple[int, ...],
        hi: tuple[int, ...],
    ) -> "Thresholds":
        """Ascending thresholds for all channels, everything else per channel."""
        return cls(thresholds, scale, offset, lo, hi, {})

    def exact(self, channel: int, code: int) -> int:
        """The definition, for one code of one channel."""
        number = self.scale[channel] * code + self.offset[channel]
        return min(max(count(self.thresholds, number), self.lo[channel]), self.hi[channel])

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        reached = self._reached(source)
        tables = [
            threshold_table(self._integers(channel, lo, hi), least, most)
            for channel, ((lo, hi), (least, most)) in enumerate(zip(reached, source.interval.pairs(), strict=True))
        ]
        lows = [lo for lo, _ in reached]
        self._tables["golden"] = (tables, np.array(lows, dtype=np.int64))
        return source.shape, Interval.of(lows, [hi for _, hi in reached])

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        tables, lo = self._tables["golden"]
        return requantize_by_thresholds(codes[0], tables, 0) + lo

    def describe(self) -> str:
        return f"thresholds to {min(self.lo)} … {max(self.hi)}"

    def tails(self, source: Value) -> list[Requantizer]:
        """A binary search a channel; one that can give one code only is that constant."""
        return [
            Requantizer("search", lo, hi, thresholds=tuple(self._integers(channel, lo, hi)))
            if lo < hi
            else Requantizer("scale", lo, hi, 0, lo)
            for channel, (lo, hi) in enumerate(self._reached(source))
        ]

    def prove(self, tails: list[Requantizer], source: Value) -> None:
        """Holds each channel's circuit against the exact comparisons; ProofError where they differ."""
        for channel, (tail, (least, most)) in enumerate(zip(tails, source.interval.pairs(), strict=True)):
            settings = self.scale[channel], self.offset[channel], self.lo[channel], self.hi[channel]
            prove_thresholds(tail, self.thresholds, *settings, least, most)

    def _reached(self, source: Value) -> list[tuple[int, int]]:
        """The codes at both ends of each channel's interval."""
        pairs = enumerate(source.interval.pairs())
        return [(self.exact(channel, least), self.exact(channel, most)) for channel, (least, most) in pairs]

    def _integers(self, channel: int, lo: int, hi: int) -> list[int]:
        """The least input codes whose output is lo + 1 … hi."""
        scale, offset = self.scale[channel], self.offset[channel]
        return [ceil((threshold - offset) / scale) for threshold in self.thresholds[lo:hi]]


def count(thresholds: tuple[Fraction, ...], number: Fraction) -> int:
    """How many thresholds a number reaches."""
    return sum(threshold <= number for threshold in thresholds)


def import_greater_or_equal(node: OnnxNode, importer: Importer) -> Tensor:
    """Numbers with a last axis of one against a constant list."""
    if isinstance(node.input(0), Source):
        raise node.refuse(
            "it tells the graph input apart by thresholds, which the host does not encode; put QuantizeLinear and "
            "DequantizeLinear after the input"
        )
    source, thresholds = node.real(0), increasing(node, 1, "list of thresholds")
    if source.layout.shape[-1] != 1:
        raise node.refuse(
            f"its numbers have shape {source.layout.shape} a sample; put an Unsqueeze of axis -1 before it, so that "
            "each number meets all thresholds"
        )
    return Reached(source, thresholds, "bool")


def import_reduce_sum(node: OnnxNode, importer: Importer) -> Tensor:
    """How many thresholds were reached: a code."""
    reached = node.input(0)
    if not isinstance(reached, Reached):
        raise node.refuse("only the answers of a GreaterOrEqual are summed; take GlobalAveragePool for an image's mean")
    if reached.dtype not in SUMMED:
        raise node.refuse(f"it sums {reached.dtype}; put a Cast to int32 between GreaterOrEqual and it")
    axes, rank = node.constant(1, "axes"), len(reached.source.layout.shape) + 1
    places = [] if axes is None else [int(axis) % rank for axis in np.asarray(axes).ravel().tolist()]
    if places != [rank - 1]:
        raise node.refuse(f"it sums over the axes {places}; sum over the thresholds' own axis, the last one")
    layout = reached.source.layout
    if not node.integer("keepdims", 1):
        layout = Layout(layout.shape[:-1], layout.order)
    codes = Codes(_compare(node, reached, importer), layout, reached.dtype, count=len(reached.thresholds) + 1)
    return _as_numbers(codes) if reached.dtype == "float32" else codes


def _compare(node: OnnxNode, reached: Reached, importer: Importer) -> Value:
    """Bounds that Relu and Clip left behind become the codes' own: counting is monotone."""
    real, thresholds = reached.source, reached.thresholds
    hi = len(thresholds) if real.ceiling is None else count(thresholds, real.ceiling)
    lo = 0 if real.floor is None else min(count(thresholds, real.floor), hi)
    channels = real.value.channels
    operator = Thresholds.of(thresholds, real.scale, real.offset, (lo,) * channels, (hi,) * channels)
    return importer.emit(operator, (real.value,), node)


def import_cast(node: OnnxNode, importer: Importer) -> Tensor:
    """Answers counted as 0 and 1, and whole numbers in another type that holds them."""
    x, wanted = node.input(0), TYPES.get(node.integer("to", 0))
    if wanted is None:
        raise node.refuse(f"its type is none of {', '.join(TYPES.values())}; cast to one of these")
    if isinstance(x, Reached):
        return replace(x, dtype=wanted)
    if isinstance(x, Codes):
        codes = replace(x, dtype=wanted, made_by=None)
    else:
        real = settle(node.real(0), node, importer)
        if wanted == "float32":
            return real
        if any(scale != 1 for scale in real.scale) or any(real.offset):
            raise node.refuse("it cuts numbers off to integers; put a QuantizeLinear there, which rounds")
        codes = Codes(real.value, real.layout, wanted)
    least, most = int(codes.value.interval.lo.min()), int(codes.value.interval.hi.max())
    if wanted == "float32":
        lo, hi = -EXACT_FLOAT, EXACT_FLOAT
    else:
        lo, hi = int(np.iinfo(wanted).min), int(np.iinfo(wanted).max)
    if not lo <= least <= most <= hi:
        raise node.refuse(f"{wanted} does not hold {least} … {most}; cast to a wider type")
    return _as_numbers(codes) if wanted == "float32" else codes


def _as_numbers(codes: Codes) -> Real:
    channels = codes.value.channels
    return Real(codes.value, codes.layout, (Fraction(1),) * channels, (Fraction(0),) * channels)


ONNX = {"GreaterOrEqual": import_greater_or_equal, "Cast": import_cast, "ReduceSum": import_reduce_sum}
