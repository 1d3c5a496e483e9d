"""Logarithmic weights: magnitudes that are integer powers of a base below two, or of the published decimal table.

After Cai, Takemoto & Nakajo 2018, A Deep Look into Logarithmic Quantization of Model Parameters in Neural Networks:
powers of two leave up to a third of a weight as error however many bits they get, closer exponents do not. A product
is one by a constant that all weights of an input share, then a shift. Levels are multiples of the constants as built.

Theirs, `base=decimal:paper`, has one absolute table for all layers. The default has one scale a channel, searched, and
takes the level nearest in value, which is less error than nearest in logarithm at any scale."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids import decimal_table
from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.grids.level_grid import LevelGrid, range_options
from shiftwright.quantize.grids.options import Options

STEPS_AN_OCTAVE = {"sqrt2": 2, "root4": 4, "2": 1}
BASES = (*STEPS_AN_OCTAVE, "decimal")
# Of the constants: 181/128 is √2 but for 0.02 %, and eight octaves of it are int16.
FRACTION, DECIMAL_FRACTION, PUBLISHED_FRACTION = 7, 10, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Logarithmic(LevelGrid):
    """A sign and 2^(b-1) magnitudes, one of which is zero where `zero` says so.

    Without a code for zero a weight that is exactly zero stays so, by a flag beside the stored bits, and no other
    becomes it."""

    summary: ClassVar[str] = "powers of √2, of its root, or of the decimal table; a constant an input, then a shift"
    paper: ClassVar[str] = "Cai, Takemoto & Nakajo 2018, A Deep Look into Logarithmic Quantization"
    examples: ClassVar[tuple[str, ...]] = ("log", "log:base=root4", "log:base=decimal", "log:base=decimal:paper")
    widths: ClassVar[range] = range(2, 9)

    base: str = "sqrt2"  # one of BASES
    fraction: int = FRACTION  # bits behind the binary point of the constants; base 2 has no constants
    zero: bool = True  # whether zero is one of the codes
    published: bool = False  # the decimal table as it is: no scale, nearest in logarithm

    def __post_init__(self) -> None:
        LevelGrid.__post_init__(self)
        needed = decimal_table.least_fraction(self.codes) if self.base == "decimal" else 0
        if self.fraction < needed:
            raise QuantizeError(
                f"fraction={self.fraction} makes levels of the decimal table equal at {self.bits} bits; "
                f"use fraction={needed} or more"
            )

    @classmethod
    def build(cls, bits: int, options: Options) -> "Logarithmic":
        """Takes `base`, `fraction`, and either `paper` or `zero`, `range` and `percentile`."""
        base = options.choice("base", BASES, "sqrt2")
        if base == "decimal" and options.flag("paper"):
            fraction = options.integer("fraction", decimal_table.OCTAVES, 14, PUBLISHED_FRACTION)
            unscaled = {"granularity": "tensor", "range": "max", "zero": False, "published": True}
            return cls(bits=bits, base=base, fraction=fraction, **unscaled)  # type: ignore[arg-type]
        if base == "decimal":
            fraction = options.integer("fraction", decimal_table.OCTAVES, 14, DECIMAL_FRACTION)
        else:
            fraction = options.integer("fraction", 3, 14, FRACTION) if base != "2" else 0
        zero = options.choice("zero", ("yes", "no"), "no" if base == "decimal" else "yes") == "yes"
        return cls(bits=bits, base=base, fraction=fraction, zero=zero, **range_options(options))  # type: ignore[arg-type]

    @property
    def codes(self) -> int:
        """Magnitude codes, that of zero included where there is one."""
        return 1 << self.bits - 1

    def magnitudes(self) -> tuple[int, ...]:
        """The integers above zero, ascending, without the power of two that they have in common."""
        count = self.codes - (1 if self.zero else 0)
        if self.base == "decimal":
            found = decimal_table.integers(self.codes, self.fraction)[-count:]
        else:
            steps = STEPS_AN_OCTAVE[self.base]
            constants = [round(2 ** (step / steps + self.fraction)) for step in range(steps)]
            found = tuple(constants[index % steps] << index // steps for index in range(count))
        together = math.gcd(*found)
        common = together & -together
        return tuple(magnitude // common for magnitude in found)

    def levels(self) -> tuple[int, ...]:
        """Both signs of every magnitude, and zero between them where it is a code."""
        magnitudes = self.magnitudes()
        zeros = (0,) if self.zero else ()
        return (*(-magnitude for magnitude in reversed(magnitudes)), *zeros, *magnitudes)

    def encode(self, targets: NDArray[np.float64]) -> NDArray[np.int64]:
        """The nearest level; where zero is no code, only zero becomes zero."""
        codes = LevelGrid.encode(self, targets)
        return codes if self.zero else np.where(targets == 0, 0, codes)

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """In the paper the largest level is 1, whatever the weights are; larger ones saturate."""
        if not self.published:
            return LevelGrid.fit(self, rows)
        magnitudes = np.array(self.magnitudes())
        scales = np.full(len(rows), 1 / magnitudes[-1])  # a power of two
        codes = np.sign(rows).astype(np.int64) * magnitudes[decimal_table.encode(rows, self.codes)]
        return GridWeights(codes, scales, self.table())


GRID = Logarithmic
