"""A summand as bits: a slice of a named word, shifted and extended to the width of the sum it enters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One summand: `name[high:0]` above `zeros` zeros and below `extension` zeros or copies of its top bit.

    A constant has no name; its bits are `number`, `width` wide."""

    negative: bool
    width: int
    number: int = 0
    name: str = ""
    high: int = 0
    zeros: int = 0
    extension: int = 0
    signed: bool = False

    @property
    def low_zeros(self) -> int:
        """How many of its lowest bits are always 0; the width where all are."""
        if self.name:
            return self.zeros
        return (self.number & -self.number).bit_length() - 1 if self.number else self.width

    @property
    def repeats_sign(self) -> bool:
        """Whether its top bit may be 1 and is a copy of the bit below."""
        if self.name:
            return self.signed and self.extension > 0
        return self.number >> max(0, self.width - 2) == 3

    def highest(self, signed: bool) -> int:
        """The bit above which all bits are copies of it (signed), or 0."""
        if self.name:
            return self.zeros + self.high + (signed and self.extension > 0 and not self.signed)
        bits = self.number
        if signed and bits >> self.width - 1:
            bits ^= (1 << self.width) - 1
        return min(self.width - 1, max(0, bits.bit_length() - (not signed)))
