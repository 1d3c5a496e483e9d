"""The window generator against numpy, over kernels, strides, paddings, dilations and grids of every awkward kind."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.window import Window

BITS = 5
FRAMES = 3
WINDOWS = {
    "same_3x3": Window(5, 6, BITS, (3, 3), padding=(1, 1, 1, 1), pad_word=9),
    "valid_3x3": Window(5, 4, BITS, (3, 3)),
    "stride_2": Window(6, 7, BITS, (3, 3), stride=(2, 2), padding=(1, 1, 1, 1), pad_word=31),
    "stride_beyond_kernel": Window(7, 8, BITS, (2, 1), stride=(3, 4)),
    "one_tap": Window(3, 4, BITS, (1, 1)),
    "one_tap_stride_2": Window(4, 5, BITS, (1, 1), stride=(2, 2)),
    "dilated": Window(6, 7, BITS, (2, 3), dilation=(3, 2), padding=(0, 1, 2, 0), pad_word=17),
    "uneven_padding": Window(3, 3, BITS, (2, 2), padding=(0, 2, 1, 0), pad_word=3),
    "kernel_is_the_grid": Window(3, 4, BITS, (3, 4)),
    "one_column": Window(6, 1, BITS, (3, 1)),
    "one_column_padded": Window(4, 1, BITS, (3, 3), padding=(1, 1, 1, 1), pad_word=30),
    "one_row": Window(1, 6, BITS, (1, 3), padding=(0, 1, 0, 1)),
    "one_position": Window(1, 1, BITS, (1, 1)),
    "two_columns": Window(4, 2, BITS, (2, 2)),
    "margin_larger_than_kernel": Window(2, 3, BITS, (1, 2), padding=(2, 2, 1, 3), pad_word=7),
    "one_tap_padded": Window(2, 2, BITS, (1, 1), padding=(1, 1, 1, 1), pad_word=12),
}


def expected_windows(window: Window, frame: NDArray[np.int64]) -> list[int]:
    """The payloads for one frame of shape (height, width), by slicing a padded array."""
    top, left, bottom, right = window.padding
    grid = np.pad(frame, ((top, bottom), (left, right)), constant_values=window.pad_word)
    payloads = []
    for row in range(0, grid.shape[0] - window.reach[0] + 1, window.stride[0]):
        for column in range(0, grid.shape[1] - window.reach[1] + 1, window.stride[1]):
            patch = grid[
                row : row + window.reach[0] : window.dilation[0], column : column + window.reach[1] : window.dilation[1]
            ]
            payloads.append(sum(word << BITS * tap for tap, word in enumerate(patch.ravel().tolist())))
    return payloads


def case(name: str, window: Window) -> Case:
    """Random frames back to back."""
    frames = np.random.default_rng(len(name)).integers(0, 1 << BITS, (FRAMES, window.height, window.width))
    expected = [payload for frame in frames for payload in expected_windows(window, frame)]
    return Case(name, window, frames.ravel().tolist(), expected, FRAMES, window.latency, window.interval)


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all windows."""
    folder: Path = tmp_path_factory.mktemp("window")
    return simulate(folder, [case(name, window) for name, window in WINDOWS.items()])


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_are_those_of_a_padded_array(name: str, complaints: dict[str, str]) -> None:
    """Every window, in order, under stalls; latency, interval and handshake as stated."""
    assert complaints[name] == ""


@pytest.mark.parametrize("name", WINDOWS)
def test_window_counts_are_those_of_a_padded_array(name: str) -> None:
    """out_height and out_width multiply to the number of windows."""
    window = WINDOWS[name]
    windows = expected_windows(window, np.zeros((window.height, window.width), dtype=np.int64))

    assert window.out_height * window.out_width == len(windows)
