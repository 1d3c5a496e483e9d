"""The ring against numpy: kernels, strides, paddings, dilations, groups, repeats and chunks of every awkward kind."""

from pathlib import Path

import pytest

from rtl_tests.rtl.chunk_vectors import FRAMES, expected_chunks, payloads, played, random_frames, uneven_link
from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.format import Lane
from shiftwright.rtl.ring import Ring

WORDS = Lane(7, True)


def ring(
    height: int,
    width: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    dilation: tuple[int, int] = (1, 1),
    channels: int = 2,
    simd: int = 1,
    groups: int = 1,
    repeats: int = 1,
    same_padding: bool = False,
) -> Ring:
    """A ring over uneven lanes, with a padding code of its own for each channel or one for all."""
    pad_words = [-5 if same_padding else 11 * channel - 20 for channel in range(channels)]
    return Ring(
        height,
        width,
        uneven_link(channels),
        WORDS,
        kernel,
        stride,
        padding,
        dilation,
        pad_words,
        simd,
        groups,
        repeats,
    )


RINGS = {
    "same_3x3": ring(5, 6, (3, 3), padding=(1, 1, 1, 1)),
    "same_3x3_repeated": ring(4, 5, (3, 3), padding=(1, 1, 1, 1), channels=4, simd=2, repeats=3),
    "same_padding_for_all": ring(4, 4, (3, 3), padding=(1, 1, 1, 1), channels=4, simd=2, same_padding=True),
    "valid_3x3": ring(6, 4, (3, 3), channels=3, simd=3),
    "valid_tall_kernel": ring(8, 3, (5, 2), channels=2, simd=2),
    "stride_2": ring(6, 7, (3, 3), stride=(2, 2), padding=(1, 1, 1, 1), channels=4, simd=2),
    "stride_2_lower_right": ring(6, 6, (3, 3), stride=(2, 2), padding=(0, 0, 1, 1), channels=2, simd=2),
    "stride_beyond_kernel": ring(7, 8, (2, 1), stride=(3, 4)),
    "lines_never_read": ring(9, 4, (1, 2), stride=(4, 2), channels=3),
    "one_tap_stride_2": ring(4, 5, (1, 1), stride=(2, 2), channels=6, simd=2),
    "one_tap": ring(3, 3, (1, 1), channels=4, simd=4),
    "one_tap_padded": ring(2, 2, (1, 1), padding=(1, 1, 1, 1)),
    "dilated": ring(6, 7, (2, 3), padding=(0, 1, 2, 0), dilation=(3, 2)),
    "dilated_beyond_the_image": ring(2, 2, (2, 2), padding=(2, 2, 2, 2), dilation=(3, 3), channels=2, simd=2),
    "uneven_padding": ring(3, 3, (2, 2), padding=(0, 2, 1, 0), channels=4, simd=1),
    "kernel_is_the_image": ring(3, 4, (3, 4), channels=4, simd=2),
    "kernel_is_the_image_repeated": ring(2, 3, (2, 3), channels=4, simd=4, repeats=5),
    "kernel_is_the_image_read_fast": ring(3, 3, (3, 3), channels=6, simd=2),
    "one_column": ring(6, 1, (3, 1), channels=2),
    "one_column_padded": ring(4, 1, (3, 3), padding=(1, 1, 1, 1)),
    "one_row": ring(1, 6, (1, 3), padding=(0, 1, 0, 1), channels=3, simd=3),
    "one_row_padded": ring(1, 5, (3, 3), padding=(1, 1, 1, 1), stride=(1, 2)),
    "one_position": ring(1, 1, (1, 1), channels=1),
    "one_position_padded": ring(1, 1, (3, 3), padding=(1, 1, 1, 1), channels=4, simd=2, repeats=2),
    "one_position_many_windows": ring(1, 1, (1, 1), padding=(2, 1, 0, 1), channels=1),
    "margin_larger_than_kernel": ring(2, 3, (1, 2), padding=(2, 2, 1, 3), channels=2),
    "margin_before": ring(3, 2, (2, 2), padding=(4, 3, 0, 0), channels=2, simd=2),
    "margin_after": ring(3, 2, (2, 2), padding=(0, 0, 3, 4), channels=2, simd=2),
    "groups": ring(4, 4, (3, 3), padding=(1, 1, 1, 1), channels=6, simd=1, groups=2),
    "groups_repeated": ring(3, 4, (2, 2), channels=8, simd=2, groups=2, repeats=3),
    "depthwise": ring(4, 4, (3, 3), padding=(1, 1, 1, 1), channels=3, simd=1, groups=3),
    "depthwise_stride_2": ring(5, 5, (3, 3), stride=(2, 2), padding=(1, 1, 1, 1), channels=4, simd=1, groups=4),
    "writes_are_slower": ring(6, 6, (2, 2), stride=(2, 2), channels=8, simd=1, groups=8),
    "writes_are_slower_odd": ring(7, 5, (2, 1), stride=(2, 3), channels=6, simd=2),
}


def case(name: str, component: Ring) -> Case:
    """Random frames back to back; latency and interval are those of its own model, which the bench holds it to."""
    packing = component.packing
    frames = random_frames(packing.link, component.height, component.width, seed=len(name))
    expected = [
        chunk
        for frame in frames
        for chunk in expected_chunks(
            frame,
            component.kernel,
            component.stride,
            component.padding,
            component.dilation,
            component.pad_words,
            packing.words,
            packing.simd,
            component.groups,
            component.repeats,
        )
    ]
    taken, starts = played(component.handshake(), len(expected) // FRAMES)
    intervals = {starts[1] - starts[0], starts[2] - starts[1]}
    assert len(intervals) == 1, f"{name}: {intervals}"
    return Case(name, component, payloads(packing.link, frames), expected, FRAMES, starts[0] - taken, intervals.pop())


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all rings."""
    folder: Path = tmp_path_factory.mktemp("ring")
    return simulate(folder, [case(name, component) for name, component in RINGS.items()])


@pytest.mark.parametrize("name", RINGS)
def test_chunks_are_those_of_a_padded_array(name: str, complaints: dict[str, str]) -> None:
    """Every chunk, in order, under stalls; latency, interval and handshake as the model says."""
    assert complaints[name] == ""
