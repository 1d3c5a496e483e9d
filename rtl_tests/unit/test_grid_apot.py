"""Additive powers of two: the published levels, their hardware, and what they gain."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from rtl_tests.unit.grid_measures import decibels
from shiftwright.arith.csd import csd_weights
from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.apot import AdditivePowersOfTwo
from shiftwright.quantize.grids.spec import parse_grid

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)


@pytest.mark.parametrize(
    ("bits", "first", "second", "unit"),
    [
        pytest.param(3, [0, 1, HALF, QUARTER], [0], QUARTER, id="3"),
        pytest.param(4, [0, HALF, QUARTER, HALF**4], [0, HALF**3], HALF**4, id="4"),
        pytest.param(5, [0, HALF, HALF**3, HALF**5], [0, QUARTER, QUARTER**2, QUARTER**3], HALF**6, id="5"),
    ],
)
def test_levels_are_the_published_sums(
    bits: int, first: list[Fraction], second: list[Fraction], unit: Fraction
) -> None:
    """A term of each set, as multiples of the smallest."""
    magnitudes = {(one + other) / unit for one, other in product(first, second)}

    assert sorted(magnitudes) == [level for level in AdditivePowersOfTwo(bits=bits).levels() if level >= 0]
    assert len(magnitudes) == 2 ** (bits - 1)


@pytest.mark.parametrize("bits", [3, 4, 5])
def test_a_product_is_two_shifts_and_an_add_at_most(bits: int) -> None:
    """No level has more than two signed digits."""
    assert csd_weights(np.array(AdditivePowersOfTwo(bits=bits).levels())).max() == min(bits - 2, 2)


@pytest.mark.parametrize(("bits", "expected"), [(3, 13.2), (4, 19.1), (5, 22.2)])
def test_decibels_on_normal_weights(bits: int, expected: float) -> None:
    """At four bits as good as uniform, at five two below it, and eight above powers of two."""
    assert decibels("apot", bits) == pytest.approx(expected, abs=0.15)


def test_they_beat_powers_of_two() -> None:
    """By more than four decibels at four bits and more than seven at five; at three they are powers of two."""
    gains = [decibels("apot", bits) - decibels("pot", bits) for bits in (3, 4, 5)]

    assert gains[0] == 0
    assert gains[1] > 4
    assert gains[2] > 7


@pytest.mark.parametrize("bits", [2, 6])
def test_other_widths_are_refused(bits: int) -> None:
    """Saying which there are."""
    with pytest.raises(QuantizeError, match=rf"^apot weights take 3 to 5 bits, not {bits}; pick one of those$"):
        parse_grid("apot", bits)
