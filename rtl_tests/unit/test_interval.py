"""Intervals and the widths derived from them."""

import numpy as np
import pytest

from shiftwright.arith.interval import LIMIT, Interval, bit_width
from shiftwright.errors import RangeError


def smallest_width(lo: int, hi: int) -> tuple[int, bool]:
    """The definition: the first width whose range holds both ends, unsigned wherever nothing is negative."""
    signed = lo < 0
    for width in range(1, 70):
        low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
        if low <= lo and hi <= high:
            return width, signed
    raise AssertionError(f"no width below 70 holds {lo} … {hi}")


def test_bit_width_is_the_smallest_that_holds_both_ends() -> None:
    """Every interval within ±40, against the definition."""
    ends = range(-40, 41)

    assert all(smallest_width(lo, hi) == bit_width(lo, hi) for lo in ends for hi in ends if lo <= hi)


@pytest.mark.parametrize(
    ("lo", "hi", "expected"),
    [
        pytest.param(0, (1 << 62) - 1, (62, False), id="where-float-log2-rounds-up"),
        pytest.param(-(1 << 53) - 1, 0, (55, True), id="one-past-a-power-of-two"),
        pytest.param(-8, -5, (4, True), id="all-negative"),
        pytest.param(0, 0, (1, False), id="zero-still-has-a-bit"),
    ],
)
def test_bit_width_at_the_edges(lo: int, hi: int, expected: tuple[int, bool]) -> None:
    """Widths where a floating logarithm or a missing special case goes wrong."""
    assert expected == bit_width(lo, hi)


def test_interval_refuses_what_could_overflow() -> None:
    """±2^62 is the last bound; one more is an error that says what to change."""
    assert [(-LIMIT, LIMIT)] == Interval.of([-LIMIT], [LIMIT]).pairs()
    with pytest.raises(RangeError, match=r"beyond 62 bits; use fewer"):
        Interval.of([0], [LIMIT + 1])


def test_tile_repeats_the_channels_of_each_position() -> None:
    """Channel is fastest: the pattern of one position follows itself."""
    tiled = Interval.of([-1, 0], [5, 7]).tile(3)

    assert [(-1, 5), (0, 7)] * 3 == tiled.pairs()


def test_contains_looks_at_each_channel() -> None:
    """A code may lie inside one channel's bounds and outside another's."""
    interval = Interval.of([0, -4], [3, 3])

    assert interval.contains(np.array([[[0, -4], [3, 3]]]))
    assert not interval.contains(np.array([[[-4, 0]]]))
