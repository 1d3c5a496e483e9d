"""Uniform weights: evenly spaced integers, symmetric about zero; one bit is the sign alone."""

from dataclasses import dataclass
from typing import ClassVar

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import Grid
from shiftwright.quantize.grids.options import Options


@dataclass(frozen=True, slots=True)
class Uniform(Grid):
    """-(2^(b-1) - 1) … 2^(b-1) - 1; the lowest two's-complement code is left out so that negation is exact."""

    summary: ClassVar[str] = "evenly spaced integers, 1 to 8 bits"
    width: int = 4  # bits, the sign included

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 8:
            raise QuantizeError(f"uniform weights take 1 to 8 bits, not {self.width}; pick one of those")

    @classmethod
    def build(cls, bits: int, options: Options) -> "Uniform":
        """Takes no options."""
        return cls(bits)

    @property
    def bits(self) -> int:
        """As given."""
        return self.width

    def levels(self) -> tuple[int, ...]:
        """Every integer in between; at one bit -1 and 1."""
        if self.width == 1:
            return -1, 1
        largest = 2 ** (self.width - 1) - 1
        return tuple(range(-largest, largest + 1))


GRID = Uniform
