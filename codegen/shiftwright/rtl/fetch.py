"""Which component fetches the chunks of a geometry's windows: none but multiplexers where windows are positions."""

from collections.abc import Sequence

from shiftwright.rtl.chunks import Chunks
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.ring import Ring


def fetch(
    height: int,
    width: int,
    link: Format,
    words: Lane,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    dilation: tuple[int, int],
    pad_words: Sequence[int],
    simd: int,
    groups: int = 1,
    repeats: int = 1,
) -> Ring | Chunks:
    """The component that gives windows over an image in chunks; see `Ring` for the arguments and the order."""
    every_row, every_column = stride[0] == 1 or height == 1, stride[1] == 1 or width == 1
    if kernel == (1, 1) and not any(padding) and every_row and every_column:
        return Chunks(link, words, simd, groups, repeats)
    return Ring(height, width, link, words, kernel, stride, padding, dilation, pad_words, simd, groups, repeats)
