"""INQ's powers of two, against the published rule weight by weight."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.spec import parse_grid


def published(weights: list[float], bits: int) -> list[float]:
    """The rule of the paper: β if (α + β)/2 <= |w| < 3β/2 for neighbours α < β of the set."""
    greatest = math.floor(math.log2(4 * max(map(abs, weights)) / 3))
    least = greatest + 1 - 2 ** (bits - 1) // 2
    levels = [0.0, *(2.0**exponent for exponent in range(least, greatest + 1))]

    def one(weight: float) -> float:
        for lower, upper in pairwise(levels):
            if (lower + upper) / 2 <= abs(weight) < 3 * upper / 2:
                return math.copysign(upper, weight)
        return 0.0

    return [one(weight) for weight in weights]


@pytest.mark.parametrize("bits", [3, 4, 5])
@given(weights=st.lists(st.integers(-96, 96).map(lambda n: n / 16) | st.floats(-9, 9), min_size=1).filter(any))
def test_weights_become_what_the_paper_says(bits: int, weights: list[float]) -> None:
    """Half way between two levels included; scales below the file's least one aside."""
    if max(map(abs, weights)) < 1e-6:
        return
    found = parse_grid("inq", bits).quantize(np.array([weights]), np.zeros(1))

    assert found.real()[0].tolist() == published(weights, bits)


@pytest.mark.parametrize(
    ("peak", "top"), [(1.0, 1.0), (1.49, 1.0), (1.5, 2.0), (2.9, 2.0), (3.0, 4.0), (1e30, 2.0**100), (1e-9, 2.0**-30)]
)
def test_the_largest_weight_sets_the_scale(peak: float, top: float) -> None:
    """The top level is the power of two nearest to it, at ratios from ¾ to 1½; corrections leave it there."""
    found = parse_grid("inq", 4).quantize(np.array([[peak, -peak / 3]]), np.zeros(1))

    assert found.scales[0] * 8 == top
    assert not parse_grid("inq", 4).refits


def test_one_scale_for_all_channels() -> None:
    """As published; a channel far below the largest weight is zero."""
    assert parse_grid("inq", 4).quantize(np.array([[1.0, -0.5], [0.01, 0.02]]), np.zeros(2)).codes.tolist() == [
        [8, -4],
        [0, 0],
    ]


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        (2, "inq weights take 3 to 5 bits, not 2; pick one of those"),
        (6, "inq at 6 bits needs integers of 17 bits, beyond int16; use 5 weight bits or fewer"),
        (9, "inq weights take 3 to 5 bits, not 9; pick one of those"),
    ],
)
def test_other_bits_are_refused(bits: int, message: str) -> None:
    """With what is allowed."""
    with pytest.raises(QuantizeError, match=f"^{message}$"):
        parse_grid("inq", bits)
