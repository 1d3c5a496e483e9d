"""The ring's tables and timing against plain lists of what each window reads, over random geometries."""

from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rtl_tests.rtl.chunk_vectors import played
from shiftwright.rtl.ring_model import Traffic, ring_handshake, traffic

Pair = tuple[int, int]
Margins = tuple[int, int, int, int]
PIPELINE = 3  # cycles from a chunk's read to its offer


class Shape:
    """A geometry, its tables, and the positions that each window reads."""

    def __init__(self, image: Pair, kernel: Pair, stride: Pair, padding: Margins, dilation: Pair) -> None:
        self.image, self.kernel, self.stride, self.padding, self.dilation = image, kernel, stride, padding, dilation
        top, left, bottom, right = padding
        down, across = (
            range(-before, size + after - (taps - 1) * gap, step)
            for before, size, after, taps, gap, step in zip(
                (top, left), image, (bottom, right), kernel, dilation, stride, strict=True
            )
        )
        self.windows = [self._positions(row, column) for row, column in product(down, across)]

    def _positions(self, row: int, column: int) -> list[int]:
        rows = (row + tap * self.dilation[0] for tap in range(self.kernel[0]))
        columns = [column + tap * self.dilation[1] for tap in range(self.kernel[1])]
        height, width = self.image
        return [y * width + x for y in rows if 0 <= y < height for x in columns if 0 <= x < width]

    def traffic(self, chunks: int, steps: int) -> Traffic:
        """The tables under test."""
        return traffic(self.image, self.kernel, self.stride, self.padding, self.dilation, chunks, steps)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Any legal geometry up to 6×6."""

    def pair(least: int, most: int) -> Pair:
        return draw(st.integers(least, most)), draw(st.integers(least, most))

    image, stride, dilation = pair(1, 6), pair(1, 4), pair(1, 3)
    (top, left), (bottom, right) = pair(0, 4), pair(0, 4)
    kernel = pair(1, 6)
    whole = image[0] + top + bottom, image[1] + left + right
    assume(all((taps - 1) * gap < size for taps, gap, size in zip(kernel, dilation, whole, strict=True)))
    return Shape(image, kernel, stride, (top, left, bottom, right), dilation)


@settings(max_examples=300, deadline=None)
@given(shape=shapes(), chunks=st.integers(1, 5))
def test_no_window_is_early_and_no_word_is_lost(shape: Shape, chunks: int) -> None:
    """A window's last position is written before it is read, and a position stays for the last window that reads it."""
    tables = shape.traffic(chunks, 1)

    assert len(tables.needs) == len(shape.windows)
    for window, (need, positions) in enumerate(zip(tables.needs, shape.windows, strict=True)):
        assert need >= max(1, chunks * (max(positions, default=-1) + 1))
        assert all(tables.keeps[position] > window for position in positions)


@settings(max_examples=300, deadline=None)
@given(shape=shapes(), chunks=st.integers(1, 5))
def test_no_window_waits_beyond_its_far_corner(shape: Shape, chunks: int) -> None:
    """A window whose far corner is in the image waits for that position alone."""
    tables = shape.traffic(chunks, 1)
    height, width = shape.image
    down, across = (
        (before + size + after - (taps - 1) * gap - 1) // step + 1
        for before, size, after, taps, gap, step in zip(
            shape.padding[:2], shape.image, shape.padding[2:], shape.kernel, shape.dilation, shape.stride, strict=True
        )
    )
    for window, (row, column) in enumerate(product(range(down), range(across))):
        y = row * shape.stride[0] - shape.padding[0] + (shape.kernel[0] - 1) * shape.dilation[0]
        x = column * shape.stride[1] - shape.padding[1] + (shape.kernel[1] - 1) * shape.dilation[1]
        if 0 <= y < height and 0 <= x < width:
            assert tables.needs[window] == chunks * (y * width + x + 1)


@settings(max_examples=300, deadline=None)
@given(shape=shapes(), chunks=st.integers(1, 5), visits=st.integers(1, 4))
def test_frames_follow_at_the_pace_of_the_slower_side(shape: Shape, chunks: int, visits: int) -> None:
    """No geometry gets stuck; frame after frame begins no later than in an even flow at that pace."""
    tables = shape.traffic(chunks, shape.kernel[0] * shape.kernel[1] * visits)
    _, read = tables.starts()
    _, starts = played(ring_handshake(tables, tables.places()), tables.read_cycles)

    for frame, start in enumerate(starts):
        assert start <= read[0] + frame * tables.interval + PIPELINE


@settings(max_examples=100, deadline=None)
@given(shape=shapes(), chunks=st.integers(1, 5), visits=st.integers(1, 4))
def test_a_ring_holds_two_frames_at_most(shape: Shape, chunks: int, visits: int) -> None:
    """One that is read and one that is written meanwhile."""
    tables = shape.traffic(chunks, shape.kernel[0] * shape.kernel[1] * visits)

    assert tables.places() <= 2 * len(tables.keeps)
