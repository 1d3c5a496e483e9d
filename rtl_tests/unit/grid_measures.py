"""What tests of several grids share: errors as exact fractions, noise on normal weights, the bits a spelling takes."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.spec import parse_grid


def quantized(spec: str, bits: int, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the weights (channels, n) stand for on the grid; scales as small as the grid likes."""
    return parse_grid(spec, bits).quantize(weights, np.zeros(len(weights))).real()


def relative_error(value: float, code: int) -> Fraction:
    """Of an integer that stands for a value in units of the scale."""
    return abs(Fraction(code) / Fraction(value) - 1)


def worst_relative_error(magnitudes: tuple[int, ...]) -> Fraction:
    """Of the nearest of ascending positive levels, for values between the outermost: half way between two of them."""
    return max(Fraction(upper - lower, upper + lower) for lower, upper in pairwise(magnitudes))


def decibels(spec: str, bits: int, deviation: float = 1.0, count: int = 50_000) -> float:
    """Signal to noise of one channel of normal weights."""
    weights = deviation * np.random.default_rng(0).normal(size=(1, count))
    noise = np.square(weights - quantized(spec, bits, weights)).sum()
    return float(10 * np.log10(np.square(weights).sum() / noise))


def takes(spec: str, bits: int) -> bool:
    """Whether a spelling may be asked for so many bits."""
    try:
        parse_grid(spec, bits)
    except QuantizeError:
        return False
    return True


def fitting_bits(spec: str) -> int:
    """Four, or the number next to it that a spelling takes."""
    return next(bits for bits in (4, 3, 2, 5, 1) if takes(spec, bits))
