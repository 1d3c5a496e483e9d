"""Power-of-two weights: a product is one shift.

After Miyashita, Lee & Murmann 2016 (arXiv:1603.01025), with two changes: one of the codes is zero, and a weight goes to
the level nearest in value instead of nearest in the logarithm."""

from dataclasses import dataclass
from typing import ClassVar

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import Grid
from shiftwright.quantize.grids.options import Options


@dataclass(frozen=True, slots=True)
class PowerOfTwo(Grid):
    """A sign and 2^(b-1) codes: zero, and the magnitudes 2^0 … 2^(2^(b-1) - 2)."""

    summary: ClassVar[str] = "powers of two and zero, 2 to 5 bits; a product is one shift"
    width: int = 4  # bits, the sign included

    def __post_init__(self) -> None:
        if not 2 <= self.width <= 8:
            raise QuantizeError(f"power-of-two weights take 2 to 5 bits, not {self.width}; pick one of those")

    @classmethod
    def build(cls, bits: int, options: Options) -> "PowerOfTwo":
        """Takes no options."""
        return cls(bits)

    @property
    def bits(self) -> int:
        """As given."""
        return self.width

    def levels(self) -> tuple[int, ...]:
        """Zero and both signs of every magnitude."""
        magnitudes = [1 << shift for shift in range(2 ** (self.width - 1) - 1)]
        return (*(-magnitude for magnitude in reversed(magnitudes)), 0, *magnitudes)


GRID = PowerOfTwo
