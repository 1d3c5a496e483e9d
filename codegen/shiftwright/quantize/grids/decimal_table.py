"""The decimal table of Cai, Takemoto & Nakajo 2018: equal steps from 2^-7 to 1 in the logarithm, not necessarily whole.

At eight codes the steps are whole octaves and the levels are powers of two."""

import numpy as np
from numpy.typing import NDArray

OCTAVES = 7


def exponents(codes: int) -> NDArray[np.float64]:
    """The logarithms to base two of the levels, ascending from -7 to 0, (codes,)."""
    return np.linspace(-OCTAVES, 0, codes)


def integers(codes: int, fraction: int) -> tuple[int, ...]:
    """The levels times 2^fraction, rounded, ascending; the largest is 2^fraction.

    The paper's 15 bits of fraction would make that 32768, one more than int16 holds."""
    return tuple(round(level) for level in np.exp2(exponents(codes) + fraction).tolist())


def least_fraction(codes: int) -> int:
    """The fewest fractional bits at which no two levels are the same integer."""
    return next(fraction for fraction in range(OCTAVES, 64) if len(set(integers(codes, fraction))) == codes)


def encode(weights: NDArray[np.float64], codes: int) -> NDArray[np.int64]:
    """For every weight but zero the index of the level nearest in logarithm; any for zero, whose sign tells it."""
    logarithms = np.zeros(weights.shape)
    np.log2(np.abs(weights), out=logarithms, where=weights != 0)
    steps = (logarithms + OCTAVES) * (codes - 1) / OCTAVES
    return np.clip(np.rint(steps), 0, codes - 1).astype(np.int64)
