"""Which requantizers work on serial words: those that drop low bits and saturate at a power of two, or not at all."""

from dataclasses import dataclass

from shiftwright.arith.interval import bit_width
from shiftwright.arith.requantize import Requantizer


@dataclass(frozen=True, slots=True)
class SerialClamp:
    """Code = word >> `shift`, held within 0 … 2^`bits` - 1, or if it is `signed` within -2^`bits` … 2^`bits` - 1.

    Where the code cannot leave these bounds, the clamp changes nothing and `clamps` is False."""

    shift: int
    bits: int
    signed: bool
    clamps: bool

    @classmethod
    def of(cls, tail: Requantizer, lo: int, hi: int) -> "SerialClamp | None":
        """That of a requantizer for sums y = acc·multiplier + constant within lo … hi; None where it needs the word."""
        if tail.form != "scale" or tail.shift >= bit_width(lo, hi)[0]:
            return None
        least, most = lo >> tail.shift, hi >> tail.shift
        codes = max(tail.lo, min(least, tail.hi)), min(tail.hi, max(most, tail.lo))
        width, signed = bit_width(*codes)
        bits = width - signed
        under, over = least < tail.lo, most > tail.hi
        if (under and tail.lo not in (0, -(1 << bits))) or (under and tail.lo == 0 and signed):
            return None
        if over and tail.hi != (1 << bits) - 1:
            return None
        return cls(tail.shift, bits, signed, under or over)
