"""Chunks straight from the link against numpy: every split into groups, repeats and chunks, lanes of every kind."""

from pathlib import Path

import pytest

from rtl_tests.rtl.chunk_vectors import FRAMES, expected_chunks, payloads, random_frames, uneven_link
from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.chunks import Chunks
from shiftwright.rtl.fetch import fetch
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.ring import Ring

WORDS = Lane(7, True)
POSITIONS = 6  # a frame, three rows of two
COMPONENTS = {
    "whole_position": Chunks(uneven_link(4), WORDS, 4),
    "one_word": Chunks(uneven_link(1), WORDS, 1),
    "one_word_repeated": Chunks(uneven_link(1), WORDS, 1, repeats=3),
    "one_lane": Chunks(uneven_link(5), WORDS, 1),
    "three_chunks": Chunks(uneven_link(6), WORDS, 2),
    "repeated": Chunks(uneven_link(6), WORDS, 2, repeats=4),
    "whole_position_repeated": Chunks(uneven_link(3), WORDS, 3, repeats=2),
    "groups": Chunks(uneven_link(12), WORDS, 2, groups=3),
    "groups_repeated": Chunks(uneven_link(12), WORDS, 2, groups=2, repeats=3),
    "depthwise": Chunks(uneven_link(5), WORDS, 1, groups=5),
    "depthwise_repeated": Chunks(uneven_link(4), WORDS, 1, groups=4, repeats=2),
    "same_lanes": Chunks(Format((Lane(7, True),) * 8), WORDS, 2),
    "unsigned": Chunks(Format((Lane(3, False), Lane(5, False)) * 2), Lane(5, False), 2),
}


def case(name: str, component: Chunks) -> Case:
    """Random positions back to back; each is a window of one tap."""
    link, packing = component.packing.link, component.packing
    frames = random_frames(link, 3, POSITIONS // 3, seed=len(name))
    order = (packing.words, packing.simd, component.groups, component.repeats)
    no_padding = [0] * len(link.lanes)
    expected = [
        chunk
        for frame in frames
        for chunk in expected_chunks(frame, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), no_padding, *order)
    ]
    return Case(
        name, component, payloads(link, frames), expected, FRAMES, component.latency, component.interval * POSITIONS
    )


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all."""
    folder: Path = tmp_path_factory.mktemp("chunks")
    return simulate(folder, [case(name, component) for name, component in COMPONENTS.items()])


@pytest.mark.parametrize("name", COMPONENTS)
def test_chunks_are_those_of_each_position(name: str, complaints: dict[str, str]) -> None:
    """Every chunk, in order, under stalls; one a cycle without a gap where nobody stalls."""
    assert complaints[name] == ""


@pytest.mark.parametrize(
    ("image", "kernel", "stride", "padding", "needs_memory"),
    [
        pytest.param((4, 5), (1, 1), (1, 1), (0, 0, 0, 0), False, id="pointwise"),
        pytest.param((1, 1), (1, 1), (2, 2), (0, 0, 0, 0), False, id="one-position"),
        pytest.param((4, 1), (1, 1), (1, 3), (0, 0, 0, 0), False, id="stride-along-one-column"),
        pytest.param((4, 5), (1, 1), (2, 1), (0, 0, 0, 0), True, id="stride"),
        pytest.param((4, 5), (1, 1), (1, 1), (0, 1, 0, 0), True, id="padding"),
        pytest.param((1, 2), (1, 2), (1, 1), (0, 0, 0, 0), True, id="kernel"),
    ],
)
def test_fetch_takes_memory_only_where_windows_are_not_positions(
    image: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    needs_memory: bool,
) -> None:
    """A ring or none, with the order that was asked for."""
    component = fetch(*image, uneven_link(4), WORDS, kernel, stride, padding, (1, 1), [0] * 4, 1, groups=2, repeats=3)

    assert isinstance(component, Ring if needs_memory else Chunks)
    assert (component.packing.simd, component.groups, component.repeats) == (1, 2, 3)
    assert (component.storage_bits > 0) == needs_memory
