"""What a folded engine's fetch must give, by slicing padded arrays; links whose lanes differ; a player of its model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.handshake import Handshake

FRAMES = 3
QUIET = 1 << 16  # cycles without a word after which a model counts as stuck


def uneven_link(channels: int) -> Format:
    """Lanes of two to five bits, signed ones among unsigned ones."""
    return Format(tuple(Lane(2 + channel % 4, channel % 3 == 1) for channel in range(channels)))


def random_frames(link: Format, height: int, width: int, seed: int) -> NDArray[np.int64]:
    """(frames, height, width, channels) of words that the lanes hold, ends included."""
    generator = np.random.default_rng(seed)
    lanes = [generator.integers(lane.lo, lane.hi + 1, (FRAMES, height, width)) for lane in link.lanes]
    return np.stack(lanes, axis=-1)


def payloads(link: Format, frames: NDArray[np.int64]) -> list[int]:
    """The positions as they travel on the link."""
    return [link.pack(position) for position in frames.reshape(-1, frames.shape[-1]).tolist()]


def expected_chunks(
    frame: NDArray[np.int64],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    dilation: tuple[int, int],
    pad_words: Sequence[int],
    words: Lane,
    simd: int,
    groups: int,
    repeats: int,
) -> list[int]:
    """The chunks of one frame (height, width, channels), window by window."""
    top, left, bottom, right = padding
    height, width, channels = frame.shape
    grid = np.empty((height + top + bottom, width + left + right, channels), dtype=np.int64)
    grid[:] = pad_words
    grid[top : top + height, left : left + width] = frame
    reach = [(taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True)]
    chunks: list[int] = []
    for row in range(0, grid.shape[0] - reach[0] + 1, stride[0]):
        for column in range(0, grid.shape[1] - reach[1] + 1, stride[1]):
            window = grid[row : row + reach[0] : dilation[0], column : column + reach[1] : dilation[1]]
            for group in np.split(window, groups, axis=-1):
                for chunk in np.tile(group.reshape(-1, simd), (repeats, 1)).tolist():
                    chunks.append(sum(words.encode(word) << words.width * lane for lane, word in enumerate(chunk)))
    return chunks


def played(model: Handshake, words: int, frames: int = FRAMES) -> tuple[int, list[int]]:
    """The cycle in which the first word goes in, and those in which each frame's first of `words` is offered.

    Neither side ever stalls, but no more than `frames` frames are awaited."""
    taken, starts, given, quiet, cycle = -1, list[int](), 0, 0, 0
    while len(starts) < frames:
        if taken < 0 and model.ready(True):
            taken = cycle
        if model.valid():
            if given % words == 0:
                starts.append(cycle)
            given += 1
        quiet = 0 if model.valid() else quiet + 1
        assert quiet < QUIET, f"nothing came after {given} words"
        model.clock(True, True)
        cycle += 1
    return taken, starts
