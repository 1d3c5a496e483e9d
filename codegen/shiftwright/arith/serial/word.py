"""How long words of a serial product are: as many digits as its widest output needs.

Sums are right modulo 2^(bits of a word), whatever is cut off on the way, so inner words may be as short as that."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import bit_width

DIGITS = (1, 2, 4)


def cycles_of(widths: Sequence[int], digit: int) -> int:
    """Digits of a word that holds outputs of these widths, in bits; two at least, so that words have a beginning."""
    return max(2, -(-max(widths, default=1) // digit))


def widths_of(ranges: Sequence[tuple[int, int]]) -> list[int]:
    """Bits of the narrowest lane of each (lo, hi)."""
    return [bit_width(lo, hi)[0] for lo, hi in ranges]


def low_zeros(matrix: NDArray[np.int64], constants: Sequence[int], ranges: Sequence[tuple[int, int]]) -> list[int]:
    """How many low bits of each output are 0 for every input within its (lo, hi); 0 where the output is always 0.

    An input that can take one value only is a constant."""
    lows = np.array([lo for lo, _ in ranges], dtype=object)
    fixed = np.array([lo == hi for lo, hi in ranges], dtype=bool)
    found = []
    for row, constant in zip(matrix, constants, strict=True):
        number = int(constant) + int((row[fixed] * lows[fixed]).sum())
        together = int(np.bitwise_or.reduce(np.abs(row[~fixed]), initial=0)) | abs(number)
        found.append((together & -together).bit_length() - 1 if together else 0)
    return found
