"""Which requantizers work on serial words: those that drop low bits and saturate at a power of two, or not at all."""

from dataclasses import dataclass

from shiftwright.arith.interval import bit_width
from shiftwright.arith.requantize import Requantizer


@dataclass(frozen=True, slots=True)
class SerialClamp:
    """Code = word >> `shift`, held within 0 … 2^`bits` - 1, or if it is `signed` within -2^`bits` … 2^`bits` - 1.

    Where the code cannot leave these bounds, the clamp changes nothing and `clamps` is False. A word has a sign, and
    then its top bit is one, where `below_zero` says that it may be negative."""

    shift: int
    bits: int
    signed: bool
    clamps: bool
    below_zero: bool

    @classmethod
    def of(cls, tail: Requantizer, lo: int, hi: int) -> "SerialClamp | None":
        """That of a requantizer for sums y = acc·multiplier + constant within lo … hi; None where it needs the word."""
        if tail.form != "scale" or tail.shift >= bit_width(lo, hi)[0]:
            return None
        least, most = lo >> tail.shift, hi >> tail.shift
        codes = max(tail.lo, min(least, tail.hi)), min(tail.hi, max(most, tail.lo))
        # Not a lane's width, which is never 0: a code of more bits than the word has left has no sign above it.
        bits = max((~code if code < 0 else code).bit_length() for code in codes)
        under, over = least < tail.lo, most > tail.hi
        if (under and tail.lo not in (0, -(1 << bits))) or (over and tail.hi != (1 << bits) - 1):
            return None
        return cls(tail.shift, bits, codes[0] < 0, under or over, lo < 0)
