"""The AXI4-Stream edges: containers, sign extension, tlast, and the rules of the handshake."""

import numpy as np
import pytest

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.errors import HardwareError
from shiftwright.rtl.axis import AxisSink, AxisSource, container_bits
from shiftwright.rtl.format import Format, Lane

FORMATS = {
    "bytes": Format((Lane(4, True), Lane(8, False), Lane(1, False))),
    "halves": Format((Lane(9, True), Lane(2, True), Lane(16, False))),
    "wide": Format((Lane(40, True),)),
}
POSITIONS = 4
FRAMES = 4


def random_words(lanes: Format, count: int) -> list[list[int]]:
    """Words of each lane, its extremes first."""
    lo, hi = np.array([(lane.lo, lane.hi) for lane in lanes.lanes]).T
    words = np.random.default_rng(lanes.bits).integers(lo, hi + 1, (count, len(lanes.lanes)))
    words[0], words[1] = lo, hi
    return [[int(word) for word in position] for position in words]


def tdata(lanes: Format, words: list[int]) -> int:
    """Each word in its container, two's complement."""
    container = container_bits(lanes)
    return sum((word & (1 << container) - 1) << container * index for index, word in enumerate(words))


def source_case(name: str, lanes: Format) -> Case:
    """Containers carry rubbish above an unsigned lane; only the lane's own bits count."""
    words = random_words(lanes, POSITIONS * FRAMES)
    rubbish = 1 << container_bits(lanes) - 1 if container_bits(lanes) > lanes.lanes[0].width else 0
    given = [tdata(lanes, position) ^ rubbish for position in words]
    expected = [lanes.pack(position) for position in words]
    return Case(f"source_{name}", AxisSource(lanes), given, expected, FRAMES, 1, interval=POSITIONS)


def sink_case(name: str, lanes: Format, positions: int) -> Case:
    """tlast, the top bit here, marks the last position of each frame."""
    words = random_words(lanes, positions * FRAMES)
    width = container_bits(lanes) * len(lanes.lanes)
    given = [lanes.pack(position) for position in words]
    last = [index % positions == positions - 1 for index in range(len(words))]
    expected = [tdata(lanes, position) | ends << width for position, ends in zip(words, last, strict=True)]
    return Case(f"sink_{name}_{positions}", AxisSink(positions, lanes), given, expected, FRAMES, 1, interval=positions)


CASES = {
    case.name: case
    for case in (
        *(source_case(name, lanes) for name, lanes in FORMATS.items()),
        *(sink_case(name, lanes, POSITIONS) for name, lanes in FORMATS.items()),
        sink_case("bytes", FORMATS["bytes"], 1),
    )
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all edges."""
    return simulate(tmp_path_factory.mktemp("axis"), list(CASES.values()))


@pytest.mark.parametrize("name", CASES)
def test_words_keep_their_values_across_the_edge(name: str, complaints: dict[str, str]) -> None:
    """Every word and tlast, in order, under stalls; latency and handshake as stated."""
    assert complaints[name] == ""


@pytest.mark.parametrize(("width", "container"), [(1, 8), (8, 8), (9, 16), (17, 32), (33, 64), (64, 64)])
def test_one_container_holds_the_widest_lane(width: int, container: int) -> None:
    """The narrowest of 8, 16, 32 and 64 bits."""
    assert container_bits(Format((Lane(2, False), Lane(width, True)))) == container


def test_a_lane_beyond_64_bits_is_refused() -> None:
    """With the width and a remedy."""
    with pytest.raises(HardwareError, match=r"65 bits.*fewer bits"):
        container_bits(Format((Lane(65, True),)))
