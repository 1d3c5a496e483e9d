"""Lanes and payloads: packing is exact, contiguous and reversible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwright.arith.interval import Interval
from shiftwright.rtl.format import Format, Lane

RANGES = st.lists(st.tuples(st.integers(-300, 300), st.integers(0, 300)), min_size=1, max_size=6)


def test_lanes_are_the_narrowest_for_an_interval() -> None:
    """Signed only where a bound is negative; a lane of zeros has one bit."""
    form = Format.of(Interval.of([0, -8, -1, 0, -129], [15, 7, 0, 0, 127]))

    assert form.lanes == (Lane(4, False), Lane(4, True), Lane(1, True), Lane(1, False), Lane(9, True))


def test_lane_0_is_lowest_and_there_are_no_gaps() -> None:
    """4 bits of 5, then 3 bits of -2, then one bit."""
    form = Format((Lane(4, False), Lane(3, True), Lane(1, False)))

    assert (form.bits, [form.offset(index) for index in range(3)]) == (8, [0, 4, 7])
    assert form.pack([5, -2, 1]) == 0b1_110_0101


@given(ranges=RANGES, data=st.data())
def test_unpack_undoes_pack(ranges: list[tuple[int, int]], data: st.DataObject) -> None:
    """For any words within any ranges."""
    spans = [(lo, lo + size) for lo, size in ranges]
    words = [data.draw(st.integers(lo, hi)) for lo, hi in spans]
    form = Format.spanning(spans)

    assert form.unpack(form.pack(words)) == words


def test_tiles_repeat_the_lanes() -> None:
    """Two positions side by side, the first one lowest."""
    form = Format((Lane(2, False), Lane(3, True)))

    assert form.tile(2).pack([1, -1, 2, 3]) == form.pack([2, 3]) << form.bits | form.pack([1, -1])


def test_a_word_beyond_its_lane_is_our_own_bug() -> None:
    """An assertion, since intervals are proved before words are packed."""
    with pytest.raises(AssertionError, match="8 does not fit"):
        Format((Lane(4, True),)).pack([8])
