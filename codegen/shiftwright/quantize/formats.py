"""The integer format of an activation: bits, sign, and a scale that is a power of two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError

# Exponents tried below the one that reaches the extremes: past three octaves of saturation nothing gets better.
SPAN = 3
# float32 powers of two have exponents down to -126; the product with a weight's scale must stay there too.
LOWEST, HIGHEST = -60, 60


@dataclass(frozen=True, slots=True)
class Format:
    """Codes lo … hi stand for code · 2^exponent."""

    bits: int
    signed: bool
    exponent: int

    @property
    def lo(self) -> int:
        """The lowest code."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        """The highest code."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Codes of real values, as whole float64 numbers: round half to even, then saturate."""
        return np.clip(np.rint(np.ldexp(values, -self.exponent)), self.lo, self.hi)


def choose_format(name: str, sample: NDArray[np.float64], lowest: float, highest: float, bits: int) -> Format:
    """The format of least mean squared error on a sample of values that lie within lowest … highest.

    Signed if anything is negative. A value that is never other than 0 gets a range of 1."""
    signed = lowest < 0
    if lowest == highest == 0:
        highest = 1.0
    reach = LOWEST
    while not _holds(Format(bits, signed, reach), lowest, highest):
        reach += 1
        if reach > HIGHEST:
            raise QuantizeError(
                f"value {name!r} reaches {max(-lowest, highest):g}; scale the network or its input down"
            )
    candidates = [Format(bits, signed, max(reach - step, LOWEST)) for step in range(SPAN + 1)]
    # The coarser format comes first and stays on equal error.
    return min(candidates, key=lambda candidate: _mean_squared_error(candidate, sample))


def _holds(candidate: Format, lowest: float, highest: float) -> bool:
    """Whether the extremes are no further than half a step outside."""
    step = 2.0**candidate.exponent
    return highest <= (candidate.hi + 0.5) * step and lowest >= (candidate.lo - 0.5) * step


def _mean_squared_error(candidate: Format, sample: NDArray[np.float64]) -> float:
    return float(np.square(np.ldexp(candidate.encode(sample), candidate.exponent) - sample).mean())
