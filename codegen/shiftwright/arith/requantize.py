"""Requantization in hardware: the cheapest exact form for one channel, found and checked over its whole interval.

The codes wanted are q(acc) = clamp(round_half_even(scale * (acc + bias)) + zero_point, lo, hi). Three forms give them:
constants (acc * M + c) >> n where some exist, a carry that rounds ties to even where the scale is dyadic, and a binary
search over the thresholds otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.csd import csd_weight
from shiftwright.arith.interval import bit_width
from shiftwright.arith.kernels import INT64_SAFE, requantize_one, thresholds
from shiftwright.errors import RangeError

SHIFT_SLACK = 6  # shifts tried beyond the first that works; more bits offer more multipliers, but wider adders
CANDIDATES = 512  # multipliers tried at one shift, where the slopes that fit leave so many
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Requantizer:
    """One channel's requantization as hardware computes it; the codes stay within lo … hi.

    scale:      q = clamp((acc * multiplier + constant) >> shift, lo, hi)
    half_even:  y = acc * multiplier + constant;
                q = clamp((y + 2^(shift - 1) - 1 + (y[shift] ^ odd)) >> shift, lo, hi)
    search:     q = lo + number of thresholds <= acc; thresholds ascend and may repeat

    lo and hi are the codes that the accumulator's interval reaches, which may be fewer than the format has."""

    form: Literal["scale", "half_even", "search"]
    lo: int
    hi: int
    multiplier: int = 1
    constant: int = 0
    shift: int = 0
    odd: bool = False  # half_even: whether the zero point inside `constant` is odd
    thresholds: tuple[int, ...] = ()

    @property
    def adders(self) -> int:
        """Adders in canonical signed digits, the half-even carry's included; for a search its compare levels."""
        if self.form == "search":
            return len(self.thresholds).bit_length()
        products = max(0, csd_weight(self.multiplier) - 1)
        offset = bool(self.constant) and bool(self.multiplier)
        return products + offset + (self.form == "half_even")

    @property
    def is_wire(self) -> bool:
        """Whether bit selection (and saturation) is all it takes."""
        return self.form == "scale" and csd_weight(self.multiplier) == 1 and not self.constant

    def __call__(self, acc: NDArray[np.int64]) -> NDArray[np.int64]:
        """The codes of accumulators of any shape, computed the way the hardware does."""
        if self.form == "search":
            table = np.array(self.thresholds, dtype=np.int64)
            return np.asarray(self.lo + np.searchsorted(table, acc, side="right"), dtype=np.int64)
        reach = max(abs(int(acc.min())), abs(int(acc.max()))) if acc.size else 0
        fits = reach * abs(self.multiplier) + abs(self.constant) + (1 << self.shift) < INT64_SAFE
        y = np.asarray(acc if fits else acc.astype(object)) * self.multiplier + self.constant
        if self.form == "half_even":
            y = y + (1 << self.shift - 1) - 1 + ((y >> self.shift & 1) ^ int(self.odd))
        return np.asarray(np.clip(y >> self.shift, self.lo, self.hi), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The staircase to hit over acc_lo … acc_hi: at each threshold the code goes from `before` to `after`."""

    acc_lo: int
    acc_hi: int
    lo: int  # code at acc_lo
    hi: int  # code at acc_hi
    jumps: tuple[tuple[int, int, int], ...]  # threshold, before, after
    saturates_low: bool
    saturates_high: bool

    def clamp_bits(self) -> int:
        """Bits that saturation multiplexes."""
        return bit_width(self.lo, self.hi)[0] * (self.saturates_low + self.saturates_high)


def find_requantizer(
    scale: Fraction, bias: Fraction, zero_point: int, lo: int, hi: int, acc_lo: int, acc_hi: int
) -> Requantizer:
    """The cheapest exact form for accumulators acc_lo … acc_hi, checked at every threshold before it is returned.

    Cost is an estimate in LUTs (`estimated_luts`). RangeError where scale is not positive or a range is empty."""
    if scale <= 0 or lo > hi or acc_lo > acc_hi:
        raise RangeError(
            f"no requantizer for scale {scale}, codes {lo} … {hi}, accumulators {acc_lo} … {acc_hi}; "
            "the scale must be positive and both ranges ascend"
        )
    steps = _steps(scale, bias, zero_point, lo, hi, acc_lo, acc_hi)
    if steps.lo == steps.hi:
        return Requantizer("scale", steps.lo, steps.hi, multiplier=0, constant=steps.lo)
    found = [form for form in (_scale(steps), _half_even(steps, scale, bias, zero_point), _search(steps)) if form]
    best = min(found, key=lambda form: _luts(form, steps))
    _check(best, steps)
    return best


def estimated_luts(requantizer: Requantizer, acc_lo: int, acc_hi: int) -> int:
    """Rough cost in LUT4s, saturation not counted.

    An adder costs its width in bits. A search compares half a LUT a bit at each level, but for the low bits that are 0
    in all thresholds, and picks the next threshold by a multiplexer tree, about a quarter LUT a threshold bit because
    constants fold into it."""
    if requantizer.form == "search":
        zeros = shared_zeros(requantizer.thresholds)
        width, _ = bit_width(acc_lo >> zeros, acc_hi >> zeros)
        varying = (requantizer.thresholds[-1] - requantizer.thresholds[0] >> zeros).bit_length()
        return (requantizer.adders * width * 2 + len(requantizer.thresholds) * varying + 3) // 4
    low, high = (acc * requantizer.multiplier + requantizer.constant for acc in (acc_lo, acc_hi))
    width, _ = bit_width(low, high)
    return requantizer.adders * width


def shared_zeros(thresholds: Sequence[int]) -> int:
    """How many of the lowest bits are 0 in every threshold; they decide no comparison."""
    union = 0
    for threshold in thresholds:
        union |= threshold
    return _trailing_zeros(union)


def _luts(requantizer: Requantizer, steps: _Steps) -> tuple[int, int]:
    if requantizer.form == "scale" and csd_weight(requantizer.multiplier) == 1:
        return steps.clamp_bits(), 0  # the constant is one more in the bias, which has its adder already
    saturation = 0 if requantizer.form == "search" else steps.clamp_bits()
    return estimated_luts(requantizer, steps.acc_lo, steps.acc_hi) + saturation, requantizer.adders


def _steps(scale: Fraction, bias: Fraction, zero_point: int, lo: int, hi: int, acc_lo: int, acc_hi: int) -> _Steps:
    """The staircase inside the interval; thresholds outside it are always or never reached, and drop out."""
    first = requantize_one(acc_lo, scale, bias, zero_point)
    last = requantize_one(acc_hi, scale, bias, zero_point)
    reached_lo, reached_hi = min(max(first, lo), hi), min(max(last, lo), hi)
    codes = enumerate(thresholds(scale, bias, zero_point, reached_lo, reached_hi), start=reached_lo + 1)
    # With a scale above 1 one accumulator may step over several codes: they share a threshold.
    groups = [(threshold, [code for code, _ in run]) for threshold, run in groupby(codes, key=lambda item: item[1])]
    jumps = tuple((threshold, run[0] - 1, run[-1]) for threshold, run in groups)
    return _Steps(acc_lo, acc_hi, reached_lo, reached_hi, jumps, first < lo, last > hi)


def _scale(steps: _Steps) -> Requantizer | None:
    """Constants (M, c, n) with the cheapest adders, or None where no straight line has this staircase as its floor.

    (acc * M + c) >> n is right everywhere exactly if the line y = acc * M + c lies on or above the points
    (T, after * 2^n) and below the points (T - 1, (before + 1) * 2^n) of every jump: between jumps the code stays. All
    of these are integers, so every M whose slope M / 2^n separates each pair of points has a constant c."""
    floor = [(threshold, after) for threshold, _, after in steps.jumps]
    roof = [(threshold - 1, before + 1) for threshold, before, _ in steps.jumps]
    # Where the function does not saturate by itself, the line stays inside the codes too and no clamp is built.
    if not steps.saturates_low:
        floor.insert(0, (steps.acc_lo, steps.lo))
    if not steps.saturates_high:
        roof.append((steps.acc_hi, steps.hi + 1))
    # Only the corners of the hulls bind.
    floor = _hull(floor)
    roof = [(x, -y) for x, y in _hull([(x, -y) for x, y in roof])]
    slopes = _slopes(floor, roof)
    if slopes is None:
        return None
    first = next(shift for shift in count() if _multipliers(slopes, shift))
    best: Requantizer | None = None
    for shift in range(first, first + SHIFT_SLACK + 1):
        for multiplier in _multipliers(slopes, shift):
            if best is not None and csd_weight(multiplier) - 1 > best.adders:
                continue
            constant = _roundest(
                max((y << shift) - x * multiplier for x, y in floor),
                min((y << shift) - 1 - x * multiplier for x, y in roof),
            )
            found = Requantizer("scale", steps.lo, steps.hi, multiplier, constant, shift)
            if best is None or _scale_cost(found, steps) < _scale_cost(best, steps):
                best = found
    return best


def _scale_cost(requantizer: Requantizer, steps: _Steps) -> tuple[int, int, int]:
    digits = abs(requantizer.constant).bit_length() - _trailing_zeros(requantizer.constant)
    return estimated_luts(requantizer, steps.acc_lo, steps.acc_hi), requantizer.shift, digits


def _half_even(steps: _Steps, scale: Fraction, bias: Fraction, zero_point: int) -> Requantizer | None:
    """The carry form, or None where scale * (acc + bias) is not always a multiple of some 2^-shift, shift >= 1."""
    offset = scale * bias + zero_point
    unit = max(scale.denominator, offset.denominator)
    if unit == 1 or unit.bit_count() > 1 or unit % scale.denominator or unit % offset.denominator:
        return None
    return Requantizer(
        "half_even",
        steps.lo,
        steps.hi,
        multiplier=int(scale * unit),
        constant=int(offset * unit),
        shift=unit.bit_length() - 1,
        odd=bool(zero_point & 1),
    )


def _search(steps: _Steps) -> Requantizer:
    found = tuple(threshold for threshold, before, after in steps.jumps for _ in range(before, after))
    return Requantizer("search", steps.lo, steps.hi, thresholds=found)


def _check(requantizer: Requantizer, steps: _Steps) -> None:
    """Every form rises monotonically, so being right on both sides of each jump and at the ends is being right."""
    at = [(steps.acc_lo, steps.lo), (steps.acc_hi, steps.hi)]
    for threshold, before, after in steps.jumps:
        at += [(threshold - 1, before), (threshold, after)]
    acc, expected = np.array(at, dtype=np.int64).T
    assert (requantizer(acc) == expected).all(), f"{requantizer} misses a threshold"


def _hull(points: list[Point]) -> list[Point]:
    """The corners of the upper hull of points with ascending x: a line above these is above all."""
    corners: list[Point] = []
    for x, y in points:
        while len(corners) > 1:
            (ax, ay), (bx, by) = corners[-2:]
            if (by - ay) * (x - ax) > (y - ay) * (bx - ax):
                break
            corners.pop()
        corners.append((x, y))
    return corners


def _slopes(floor: list[Point], roof: list[Point]) -> tuple[Fraction, Fraction | None] | None:
    """The open interval of slopes of lines on or above `floor` and below `roof`; None where there is no such line."""
    low, high = Fraction(0), None
    for x, y in floor:
        for roof_x, roof_y in roof:
            if roof_x < x:
                low = max(low, Fraction(y - roof_y, x - roof_x))
            elif roof_x > x:
                slope = Fraction(roof_y - y, roof_x - x)
                high = slope if high is None else min(high, slope)
            elif roof_y <= y:
                return None
    return None if high is not None and high <= low else (low, high)


def _multipliers(slopes: tuple[Fraction, Fraction | None], shift: int) -> range:
    """Multipliers M with M / 2^shift strictly between the slopes; even ones equal their half at one shift less."""
    low, high = slopes
    first = (low.numerator << shift) // low.denominator + 1
    stop = first + CANDIDATES if high is None else -((-high.numerator << shift) // high.denominator)
    if shift:
        return range(first | 1, min(stop, first + CANDIDATES), 2)
    return range(first, min(stop, first + CANDIDATES))


def _roundest(lowest: int, highest: int) -> int:
    """The integer in lowest … highest with the fewest significant bits: 0, or the one with most trailing zeros."""
    if lowest <= 0 <= highest:
        return 0
    if highest < 0:
        return -_roundest(-highest, -lowest)
    shift = (lowest - 1 ^ highest).bit_length() - 1
    return highest >> shift << shift


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1 if number else 0
