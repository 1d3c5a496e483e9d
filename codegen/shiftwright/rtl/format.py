"""How words travel side by side on a link: one flat payload, lanes packed without gaps, lane 0 lowest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from amaranth import Cat, Const, Value
from amaranth.lib import stream

from shiftwright.arith.interval import Interval, bit_width


@dataclass(frozen=True, slots=True)
class Lane:
    """One word of a payload: its width in bits, and whether its top bit is a sign."""

    width: int
    signed: bool

    @classmethod
    def spanning(cls, lo: int, hi: int) -> "Lane":
        """The narrowest lane that holds lo … hi."""
        return cls(*bit_width(lo, hi))

    @property
    def lo(self) -> int:
        """Least number the lane holds."""
        return -(1 << self.width - 1) if self.signed else 0

    @property
    def hi(self) -> int:
        """Greatest number the lane holds."""
        return (1 << self.width - self.signed) - 1

    def encode(self, word: int) -> int:
        """The lane's bits, as a number that is not negative, for a word the lane holds."""
        assert self.lo <= word <= self.hi, f"{word} does not fit {self}"
        return word & ((1 << self.width) - 1)

    def decode(self, bits: int) -> int:
        """The word that the lane's bits stand for."""
        return bits - (1 << self.width) if self.signed and bits >> self.width - 1 else bits


@dataclass(frozen=True, slots=True)
class Format:
    """The lanes of a payload, lowest first."""

    lanes: tuple[Lane, ...]
    _offsets: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offsets", tuple(accumulate((lane.width for lane in self.lanes), initial=0)))

    @classmethod
    def of(cls, interval: Interval) -> "Format":
        """The narrowest lanes for an interval, one a channel."""
        return cls.spanning(interval.pairs())

    @classmethod
    def spanning(cls, ranges: Sequence[tuple[int, int]]) -> "Format":
        """The narrowest lanes for (lo, hi) pairs."""
        return cls(tuple(Lane.spanning(lo, hi) for lo, hi in ranges))

    @property
    def bits(self) -> int:
        """Width of the payload."""
        return self._offsets[-1]

    @property
    def signature(self) -> stream.Signature:
        """The link that carries such payloads."""
        return stream.Signature(self.bits)

    def offset(self, index: int) -> int:
        """The payload bit at which a lane starts."""
        return self._offsets[index]

    def slice(self, payload: Value, index: int) -> Value:
        """A lane of a hardware payload, signed or not as the lane says."""
        bits = payload[self.offset(index) : self.offset(index + 1)]
        return bits.as_signed() if self.lanes[index].signed else bits

    def tile(self, positions: int) -> "Format":
        """The format of `positions` payloads side by side, the first one lowest."""
        return Format(self.lanes * positions)

    def pack(self, words: Sequence[int]) -> int:
        """The payload, as a number that is not negative, of one word a lane."""
        pairs = zip(self.lanes, self._offsets[:-1], words, strict=True)
        return sum(lane.encode(word) << offset for lane, offset, word in pairs)

    def unpack(self, payload: int) -> list[int]:
        """One word a lane, from a payload."""
        pairs = zip(self.lanes, self._offsets[:-1], strict=True)
        return [lane.decode(payload >> offset & (1 << lane.width) - 1) for lane, offset in pairs]


def fit(word: Value, width: int) -> Value:
    """A word in exactly `width` bits: cut off above, or extended by its sign if it has one."""
    top = word[-1] if word.shape().signed else Const(0)
    return Cat(word[:width], top.replicate(max(0, width - len(word))))
