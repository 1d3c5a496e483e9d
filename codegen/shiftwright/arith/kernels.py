"""Exact integer kernels of the golden model: rounding, requantization by thresholds, quantization of reals, products.

Every result equals the real-number meaning: one rounding, half to even, then the zero point, then saturation."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import RangeError

INT64_SAFE = 1 << 62  # below this, a sum of two numbers stays inside int64
LOOKUP_ENTRIES = 1 << 17  # a table this long (1 MB of int64) stays in a second-level cache


def round_half_even(value: Fraction) -> int:
    """The nearest integer, ties to the even one, as ONNX QuantizeLinear rounds."""
    floor, remainder = divmod(value.numerator, value.denominator)
    twice = 2 * remainder
    return floor + (twice > value.denominator or (twice == value.denominator and floor & 1))


def requantize_one(acc: int, scale: Fraction, bias: Fraction, zero_point: int) -> int:
    """round_half_even(scale * (acc + bias)) + zero_point, not saturated; Python integers of any size."""
    return round_half_even(scale * (acc + bias)) + zero_point


def thresholds(scale: Fraction, bias: Fraction, zero_point: int, lo: int, hi: int) -> list[int]:
    """For each code j = lo + 1 … hi the smallest accumulator whose code is at least j; hi - lo integers, ascending.

    The codes are q(acc) = clamp(round_half_even(scale * (acc + bias)) + zero_point, lo, hi). Code j begins at the real
    accumulator x = (j - zero_point - 1/2) / scale - bias; exactly there lies a tie, which belongs to j when
    j - zero_point is even. RangeError where scale is not positive."""
    if scale <= 0:
        raise RangeError(f"scale {scale} is not positive; a requantizer needs a scale above 0")
    # x = ((2k - 1) * rise - offset) / run for k = j - zero_point, over one denominator.
    rise = scale.denominator * bias.denominator
    offset = 2 * scale.numerator * bias.numerator
    run = 2 * scale.numerator * bias.denominator
    first, last = lo + 1 - zero_point, hi - zero_point
    if (2 * max(abs(first), abs(last)) + 1) * rise + abs(offset) + run < INT64_SAFE:
        k = np.arange(first, last + 1, dtype=np.int64)
        found: list[int] = (((2 * k - 1) * rise - offset + run - 1 + (k & 1)) // run).tolist()
        return found
    return [((2 * k - 1) * rise - offset + run - 1 + (k & 1)) // run for k in range(first, last + 1)]


def threshold_table(found: Sequence[int], acc_lo: int = -INT64_SAFE, acc_hi: int = INT64_SAFE) -> NDArray[np.int64]:
    """Thresholds as int64, clipped to acc_lo … acc_hi + 1: the counts inside the interval stay the same."""
    return np.array([min(max(threshold, acc_lo), acc_hi + 1) for threshold in found], dtype=np.int64)


def requantize_by_thresholds(
    acc: NDArray[np.int64], tables: NDArray[np.int64] | Sequence[NDArray[np.int64]], lo: int
) -> NDArray[np.int64]:
    """lo + how many thresholds each accumulator reaches.

    acc has shape (…, channels); tables is one ascending table shared by all channels or one table a channel. The result
    has the shape of acc."""
    distinct, group = _distinct([tables] if isinstance(tables, np.ndarray) else tables)
    lengths = [_span(table) for table in distinct]
    if sum(lengths) <= min(LOOKUP_ENTRIES, acc.size):
        return _by_lookup(acc, distinct, lengths, group) + lo
    if len(distinct) == 1:
        return np.searchsorted(distinct[0], acc, side="right") + lo
    codes = np.empty_like(acc)
    for number, table in enumerate(distinct):
        channels = np.flatnonzero(group == number)
        codes[..., channels] = np.searchsorted(table, acc[..., channels], side="right")
    return codes + lo


def quantize_real(x: NDArray[np.floating], scale: Fraction, zero_point: int, lo: int, hi: int) -> NDArray[np.int64]:
    """clamp(round_half_even(x / scale) + zero_point, lo, hi) of the real quotient, for any shape.

    x holds float32 or float64 numbers and scale is a float32's value. The float64 quotient only proposes a code; the
    decision compares x with (k + 1/2) * scale, exact in float64 because 24-bit by 29-bit products fit 53 bits.
    Infinities saturate; RangeError for NaN, for a scale that is no positive float32 and for codes beyond 27 bits."""
    if np.isnan(x).any():
        raise RangeError("the input holds NaN, which has no code; replace or drop those values before quantizing")
    significand = scale.numerator >> max(0, (scale.numerator & -scale.numerator).bit_length() - 1)
    if scale <= 0 or significand.bit_length() > 24 or Fraction(float(scale)) != scale:
        raise RangeError(f"scale {float(scale):g} is not a positive float32; store it as one")
    if max(abs(lo - zero_point), abs(hi - zero_point)) >= 1 << 27:
        raise RangeError(f"codes {lo} … {hi} need more than 27 bits; quantize reals to 16 bits or fewer")
    real, step = x.astype(np.float64), float(scale)
    # One code of room on each side keeps saturated values beyond the last threshold.
    with np.errstate(over="ignore"):
        floor = np.clip(np.floor(real / step), lo - zero_point - 1, hi - zero_point + 1)
    middle = (floor + 0.5) * step
    codes = floor.astype(np.int64)
    codes += (real > middle) | ((real == middle) & (codes & 1 == 1))
    return np.clip(codes + zero_point, lo, hi)


def exact_type(bound: int) -> np.dtype[np.generic]:
    """The fastest type in which sums are exact, in any order, whose partial sums stay within ± bound.

    Floating BLAS is exact while every partial sum fits the significand."""
    return np.dtype(np.float32 if bound < 1 << 24 else np.float64 if bound < 1 << 53 else np.int64)


def matmul_exact(x: NDArray[np.generic], w: NDArray[np.int64], bound: int) -> NDArray[np.int64]:
    """x (…, K) times w (K, M) as (…, M), exact; bound is at least every sum over K of |x| * |w|, and below 2^63.

    x holds integers, in `exact_type(bound)` or in int64."""
    exact = exact_type(bound)
    return np.asarray(np.matmul(x.astype(exact, copy=False), w.astype(exact)), dtype=np.int64)


def _distinct(tables: Sequence[NDArray[np.int64]]) -> tuple[list[NDArray[np.int64]], NDArray[np.intp]]:
    """The different tables, and for each channel which of them is its own."""
    known: dict[bytes, int] = {}
    group = [known.setdefault(table.tobytes(), len(known)) for table in tables]
    first = {number: tables[channel] for channel, number in reversed(list(enumerate(group)))}
    return [first[number] for number in range(len(known))], np.array(group, dtype=np.intp)


def _span(table: NDArray[np.int64]) -> int:
    """Entries of a lookup over everything from just below the first threshold to the last."""
    return int(table[-1]) - int(table[0]) + 2 if table.size else 1


def _by_lookup(
    acc: NDArray[np.int64], tables: list[NDArray[np.int64]], lengths: list[int], group: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Counts by one lookup for all channels: the tables' lookups lie end to end."""
    start = np.cumsum([0, *lengths[:-1]])
    below = np.array([int(table[0]) - 1 if table.size else 0 for table in tables], dtype=np.int64)
    last = np.array([int(table[-1]) if table.size else 0 for table in tables], dtype=np.int64)
    edges = [np.concatenate(([low], table, [top + 1])) for low, table, top in zip(below, tables, last, strict=True)]
    lookup = np.concatenate([np.repeat(np.arange(edge.size - 1), np.diff(edge)) for edge in edges])
    index = np.clip(acc, below[group], last[group])
    index += (start - below)[group]
    return lookup[index]
