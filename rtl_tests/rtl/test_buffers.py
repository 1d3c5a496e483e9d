"""The skid buffer, and what gathers a frame into one word: collecting it, summing it."""

import numpy as np
import pytest

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.collect import Collect
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.frame_sum import FrameSum
from shiftwright.rtl.skid import Skid

FRAMES = 5


def skid_case(bits: int) -> Case:
    """Words come out as they went in, one a cycle."""
    words = np.random.default_rng(bits).integers(0, 1 << bits, 60).tolist()
    return Case(f"skid_{bits}", Skid(bits), words, words, frames=60, latency=1, interval=1)


def collect_case(positions: int, bits: int) -> Case:
    """A frame's words side by side, the first one lowest."""
    frames = np.random.default_rng(positions).integers(0, 1 << bits, (FRAMES, positions)).tolist()
    expected = [sum(word << bits * position for position, word in enumerate(frame)) for frame in frames]
    words = [word for frame in frames for word in frame]
    return Case(
        f"collect_{positions}x{bits}", Collect(positions, bits), words, expected, FRAMES, positions, interval=positions
    )


def lanes_case(lane: Lane, ranges: list[tuple[int, int]]) -> Case:
    """Words of one lane leave in lanes of their own: narrower, or wider for a later window's padding."""
    leaving = Format.spanning(ranges)
    reach = [(max(lo, lane.lo), min(hi, lane.hi)) for lo, hi in ranges]
    lo, hi = np.array(reach).T
    frames = np.random.default_rng(lane.width).integers(lo, hi + 1, (FRAMES, len(ranges)))
    frames[0], frames[1] = lo, hi
    words = [lane.encode(word) for word in frames.ravel().tolist()]
    expected = [leaving.pack(frame) for frame in frames.tolist()]
    count = len(ranges)
    component = Collect(count, lane.width, (lane, leaving))
    return Case(f"collect_lanes_{lane.signed}", component, words, expected, FRAMES, count, interval=count)


def frame_sum_case(positions: int, ranges: list[tuple[int, int]]) -> Case:
    """Each lane's sum over the frame; all words at one end of their range are among the frames."""
    words = Format.spanning(ranges)
    total = Format.spanning([(lo * positions, hi * positions) for lo, hi in ranges])
    lo, hi = np.array(ranges).T
    frames = np.random.default_rng(positions).integers(lo, hi + 1, (FRAMES, positions, len(ranges)))
    frames[0], frames[1] = lo, hi
    given = [words.pack(position) for frame in frames.tolist() for position in frame]
    expected = [total.pack(sums) for sums in frames.sum(axis=1).tolist()]
    component = FrameSum(positions, words, total)
    name = f"frame_sum_{positions}_of_{len(ranges)}"
    return Case(name, component, given, expected, FRAMES, positions, interval=positions)


CASES = {
    case.name: case
    for case in (
        skid_case(1),
        skid_case(12),
        collect_case(1, 7),
        collect_case(2, 1),
        collect_case(6, 5),
        lanes_case(Lane(3, False), [(0, 1), (0, 8), (-1, 7), (0, 7)]),
        lanes_case(Lane(4, True), [(0, 3), (-9, 7), (-8, 40), (-1, 0)]),
        frame_sum_case(1, [(-3, 4)]),
        frame_sum_case(4, [(0, 15), (-8, 7), (5, 7), (-9, -6)]),
        frame_sum_case(9, [(0, 255), (-1, 0)]),
    )
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all buffers."""
    return simulate(tmp_path_factory.mktemp("buffers"), list(CASES.values()))


@pytest.mark.parametrize("name", CASES)
def test_buffers_lose_and_repeat_nothing(name: str, complaints: dict[str, str]) -> None:
    """Every word, in order, under stalls; latency, interval and handshake as stated."""
    assert complaints[name] == ""
