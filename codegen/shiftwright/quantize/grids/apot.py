"""Additive powers of two: a magnitude is the sum of at most two, so that a product is two shifts and an add.

After Li, Dong & Wang 2020 (arXiv:1909.13144). The levels are theirs, as integers: the scale holds what they normalise
by. They learn the range while training; here it is searched."""

from dataclasses import dataclass
from typing import ClassVar

from shiftwright.quantize.grids.level_grid import LevelGrid, range_options
from shiftwright.quantize.grids.options import Options

# Stored bits, the sign included → the terms, of which each magnitude adds one from either set.
TERMS: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {
    3: ((0, 1, 2, 4), (0,)),
    4: ((0, 1, 4, 8), (0, 2)),  # of 1/16
    5: ((0, 2, 8, 32), (0, 1, 4, 16)),  # of 1/64
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditivePowersOfTwo(LevelGrid):
    """A sign and 2^(b-1) magnitudes, zero among them, that lie closer near the top than powers of two do."""

    summary: ClassVar[str] = "sums of two powers of two, 3 to 5 bits; a product is two shifts and an add"
    paper: ClassVar[str] = "Li, Dong & Wang 2020, arXiv:1909.13144"
    examples: ClassVar[tuple[str, ...]] = ("apot",)
    widths: ClassVar[range] = range(min(TERMS), max(TERMS) + 1)

    @classmethod
    def build(cls, bits: int, options: Options) -> "AdditivePowersOfTwo":
        """Takes `range` and `percentile`."""
        return cls(bits=bits, **range_options(options))  # type: ignore[arg-type]

    def levels(self) -> tuple[int, ...]:
        """Both signs of every sum of a term from each set."""
        first, second = TERMS[self.bits]
        return tuple(sorted({sign * (one + other) for one in first for other in second for sign in (-1, 1)}))


GRID = AdditivePowersOfTwo
