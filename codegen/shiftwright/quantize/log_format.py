"""Logarithmic activations: 0 and powers of two, told apart by thresholds (LogNet, Miyashita et al. 2016).

Code 0 of a value that is never negative is the number 0 and code j the number 2^(exponent + j - 1). With a sign, codes
ascend from the most negative power over 0 to the largest one. A number goes to the nearest level, so that thresholds
lie in the middle between two levels; a number on a threshold goes up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.formats import HIGHEST, LEAST_ERROR, LOWEST, SPAN, RangeRule, reached_within
from shiftwright.quantize.grids.options import Options, nearest_name

POWERS = 7
"""Of a sign at most, unless the user says others: see docs/quantizers.md for what more of them bring and cost."""
MOST_POWERS = 15  # 2^14 is the largest number then, in steps of the smallest: what a layer's sums can still carry


@dataclass(frozen=True, slots=True)
class LogFormat:
    """Levels 0 and ±2^(exponent + j) for j = 0 … powers - 1; the lower half is missing where nothing is negative."""

    bits: int
    signed: bool
    exponent: int
    powers: int

    @classmethod
    def within(cls, bits: int, signed: bool, exponent: int, powers: int) -> "LogFormat":
        """The format of as many powers as the bits have codes for, `powers` at most."""
        codes = (1 << bits) - 1
        return cls(bits, signed, exponent, min(codes // 2 if signed else codes, powers))

    @property
    def top(self) -> float:
        """The largest number."""
        return 2.0 ** (self.exponent + self.powers - 1)

    @property
    def levels(self) -> NDArray[np.float64]:
        """The numbers that the codes stand for, ascending."""
        positive = np.ldexp(1.0, self.exponent + np.arange(self.powers))
        return np.concatenate([-positive[::-1] if self.signed else [], [0.0], positive])

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """Where each code but the first begins; float32 holds them."""
        return (self.levels[1:] + self.levels[:-1]) / 2

    def rounded(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers that real values become."""
        found: NDArray[np.float64] = self.levels[np.searchsorted(self.thresholds, values, side="right")]
        return found


@dataclass(frozen=True, slots=True)
class ActivationRule:
    """Which numbers activations may be: even steps, or powers of two and how many of a sign at most."""

    kind: str = "uniform"
    powers: int = POWERS

    @classmethod
    def parse(cls, spec: str) -> "ActivationRule":
        """The rule of `uniform`, `log` or `log:powers=9`; QuantizeError for anything else."""
        kind, options = Options.parse(spec, "activations")
        if kind not in ("uniform", "log"):
            raise QuantizeError(
                f"no activations are called {kind!r}; {nearest_name(kind, ['uniform', 'log'], 'activations')}"
            )
        if kind == "uniform":
            if options.given:
                raise QuantizeError(f"activations {spec!r}: uniform takes no options; write uniform, or log:powers=5")
            return cls()
        powers = options.integer("powers", 1, MOST_POWERS, POWERS)
        options.finish()
        return cls(kind, powers)


def choose_log_format(
    name: str,
    sample: NDArray[np.float64],
    lowest: float,
    highest: float,
    bits: int,
    powers: int,
    rule: RangeRule = LEAST_ERROR,
) -> LogFormat:
    """The format of values that lie within lowest … highest, and of which a sample is at hand; as `choose_format`."""
    signed = lowest < 0
    lowest, highest = reached_within(sample, lowest, highest, rule)
    largest = max(-lowest, highest) or 1.0
    reach = LOWEST
    # Up to half way to the next power, the largest one is the nearest.
    while largest > 1.5 * LogFormat.within(bits, signed, reach, powers).top:
        reach += 1
        if reach > HIGHEST:
            raise QuantizeError(f"value {name!r} reaches {largest:g}; scale the network or its input down")
    if rule.kind != "mse":
        return LogFormat.within(bits, signed, reach, powers)
    exponents = range(reach, max(reach - SPAN, LOWEST) - 1, -1)
    candidates = [LogFormat.within(bits, signed, exponent, powers) for exponent in exponents]
    # The coarser format comes first and stays on equal error.
    return min(candidates, key=lambda candidate: float(np.square(candidate.rounded(sample) - sample).mean()))
