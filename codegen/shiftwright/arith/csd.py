"""Canonical signed digits: the way to write an integer as a sum of ± powers of two with the fewest terms.

No two neighbouring digits are nonzero, and that makes the form unique (Reitwiesner 1960). A product by a constant of
weight k takes k - 1 adders."""

import numpy as np
from numpy.typing import NDArray


def csd_digits(number: int) -> list[tuple[int, int]]:
    """The nonzero digits as (shift, sign), lowest first: number == sum(sign << shift). Empty for 0."""
    positive, negative = _digit_masks(abs(number))
    flip = -1 if number < 0 else 1
    digits = positive | negative
    shifts = [shift for shift in range(digits.bit_length()) if digits >> shift & 1]
    return [(shift, flip if positive >> shift & 1 else -flip) for shift in shifts]


def csd_weight(number: int) -> int:
    """How many digits are nonzero; 0 for 0, 1 for every ± power of two."""
    magnitude = abs(number)
    return (magnitude ^ 3 * magnitude).bit_count()


def csd_weights(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """`csd_weight` of every element; same shape. Magnitudes up to 2^61, where three times the number still fits."""
    magnitude = np.abs(numbers)
    assert not magnitude.size or int(magnitude.max()) <= 1 << 61
    return np.asarray(np.bitwise_count(magnitude ^ 3 * magnitude), dtype=np.int64)


def _digit_masks(magnitude: int) -> tuple[int, int]:
    # n = (3n - n) / 2 bit by bit: where 3n has a one and n has none the digit is +1, the other way round it is -1.
    triple = 3 * magnitude
    return (triple & ~magnitude) >> 1, (magnitude & ~triple) >> 1
