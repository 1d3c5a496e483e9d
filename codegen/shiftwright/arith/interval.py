"""Exact integer intervals, one a channel: every width in the hardware is derived from these.

Bounds are int64 and stay within ±2^62, so that no later sum of two of them overflows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import RangeError

LIMIT = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Closed bounds `lo <= value <= hi` for each channel; both arrays have shape (channels,)."""

    lo: NDArray[np.int64]
    hi: NDArray[np.int64]

    def __post_init__(self) -> None:
        assert self.lo.shape == self.hi.shape and self.lo.ndim == 1
        assert (self.lo <= self.hi).all()

    @classmethod
    def of(cls, lo: list[int], hi: list[int]) -> "Interval":
        """From Python integers of any size; RangeError where one is beyond ±2^62."""
        worst = max((abs(bound) for bound in [*lo, *hi]), default=0)
        if worst > LIMIT:
            raise RangeError(f"a value reaches {worst}, beyond 62 bits; use fewer weight or activation bits")
        return cls(np.array(lo, dtype=np.int64), np.array(hi, dtype=np.int64))

    @classmethod
    def uniform(cls, lo: int, hi: int, channels: int) -> "Interval":
        """The same bounds for every channel."""
        return cls.of([lo] * channels, [hi] * channels)

    @property
    def channels(self) -> int:
        """How many channels the interval describes."""
        return len(self.lo)

    def tile(self, positions: int) -> "Interval":
        """The interval of `positions` words side by side, channel fastest."""
        return Interval(np.tile(self.lo, positions), np.tile(self.hi, positions))

    def pairs(self) -> list[tuple[int, int]]:
        """(lo, hi) of each channel as Python integers."""
        return list(zip(self.lo.tolist(), self.hi.tolist(), strict=True))

    def contains(self, codes: NDArray[np.int64]) -> bool:
        """Whether every code (…, channels) lies inside."""
        return bool(((codes >= self.lo) & (codes <= self.hi)).all())


def bit_width(lo: int, hi: int) -> tuple[int, bool]:
    """Smallest (width, signed) that holds lo … hi; at least one bit."""
    if lo >= 0:
        return max(1, hi.bit_length()), False
    return max((-lo - 1).bit_length(), hi.bit_length() if hi > 0 else 0) + 1, True
