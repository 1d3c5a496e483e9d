"""Measures that tests of several grids share: relative errors as exact fractions, and noise on normal weights."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

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
