"""The integer format of an activation: bits, sign, and a scale that is a power of two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.level_grid import RANGES, USUAL_PERCENTILE, check_percentile
from shiftwright.quantize.grids.options import nearest_name

# Octaves of saturation tried below the exponent that reaches the extremes. Cutting off one value among n pays as
# long as it lies within √n deviations: nine octaves for as many values as calibration keeps.
SPAN = 10
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

    def rounded(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers that real values become."""
        found: NDArray[np.float64] = np.ldexp(self.encode(values), self.exponent)
        return found


@dataclass(frozen=True, slots=True)
class RangeRule:
    """How far a format reaches: for the least squared error, to the extremes, or to a percentile of the magnitudes.

    The same rules as those of weights on a grid of fixed levels."""

    kind: str = "mse"  # one of RANGES
    percentile: float = USUAL_PERCENTILE

    @classmethod
    def parse(cls, text: str) -> "RangeRule":
        """The rule of `mse`, `max`, `percentile` or `percentile=99.9`; QuantizeError for anything else."""
        kind, given, value = text.partition("=")
        if kind not in RANGES:
            raise QuantizeError(f"no activation range is called {kind!r}; {nearest_name(kind, list(RANGES), 'ranges')}")
        if not given:
            return cls(kind)
        if kind != "percentile":
            raise QuantizeError(f"activation range {kind!r} takes no value; write {kind}, or percentile=99.9")
        try:
            percentile = float(value)
        except ValueError:
            raise QuantizeError(f"percentile {value!r} is not a number; write percentile=99.9") from None
        check_percentile(percentile)
        # A sample does not hold the extremes, which are known all the same.
        return cls("max") if percentile == 100 else cls(kind, percentile)


LEAST_ERROR = RangeRule()


def choose_format(
    name: str,
    sample: NDArray[np.float64],
    lowest: float,
    highest: float,
    bits: int,
    rule: RangeRule = LEAST_ERROR,
) -> Format:
    """The format of values that lie within lowest … highest, and of which a sample is at hand.

    Signed if anything is negative. A value that is never other than 0 gets a range of 1. QuantizeError, with the
    value's `name`, where it lies beyond all scales."""
    signed = lowest < 0
    lowest, highest = reached_within(sample, lowest, highest, rule)
    if lowest == highest == 0:
        highest = 1.0
    reach = LOWEST
    while not _holds(Format(bits, signed, reach), lowest, highest):
        reach += 1
        if reach > HIGHEST:
            raise QuantizeError(
                f"value {name!r} reaches {max(-lowest, highest):g}; scale the network or its input down"
            )
    if rule.kind != "mse":
        return Format(bits, signed, reach)
    candidates = [Format(bits, signed, exponent) for exponent in range(reach, max(reach - SPAN, LOWEST) - 1, -1)]
    # The coarser format comes first and stays on equal error.
    return min(candidates, key=lambda candidate: _mean_squared_error(candidate, sample))


def reached_within(sample: NDArray[np.float64], lowest: float, highest: float, rule: RangeRule) -> tuple[float, float]:
    """The extremes that a format has to reach: all, or those up to the percentile asked for."""
    if rule.kind == "percentile":
        within = float(np.percentile(np.abs(sample), rule.percentile)) if sample.size else 0.0
        if within > 0:  # else the value is zero almost always, and what is left of it is all that counts
            return max(lowest, -within), min(highest, within)
    return lowest, highest


def _holds(candidate: Format, lowest: float, highest: float) -> bool:
    """Whether the extremes are no further than half a step outside, so that they are rounded and not cut off."""
    step = 2.0**candidate.exponent
    return highest <= (candidate.hi + 0.5) * step and lowest >= (candidate.lo - 0.5) * step


def _mean_squared_error(candidate: Format, sample: NDArray[np.float64]) -> float:
    return float(np.square(candidate.rounded(sample) - sample).mean())
