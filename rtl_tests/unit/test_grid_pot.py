"""Powers of two: how far off they are at worst, that more bits do not help, and the published rule."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl_tests.unit.grid_measures import decibels, quantized, relative_error
from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.pot import PowerOfTwo
from shiftwright.quantize.grids.spec import parse_grid


@given(st.floats(1, 64))
def test_the_nearest_is_off_by_a_third_at_most(value: float) -> None:
    """Between the least and the greatest of 1, 2, … 64."""
    code = int(PowerOfTwo(bits=4).encode(np.array([[value]]))[0, 0])

    assert relative_error(value, code) <= Fraction(1, 3)


@pytest.mark.parametrize("value", [1.5, 3.0, 6.0, 48.0])
def test_half_way_the_error_is_a_third(value: float) -> None:
    """Exactly, on the lower side, which is the one chosen."""
    code = int(PowerOfTwo(bits=4).encode(np.array([[value]]))[0, 0])

    assert Fraction(1, 3) == relative_error(value, code)


@given(st.floats(2.0**-7, 1, width=32, exclude_min=True, exclude_max=True))
def test_the_published_rule_is_off_by_41_percent_at_most(value: float) -> None:
    """√2 - 1 and no more: nearest in logarithm, code / value is within √½ … √2. In squares, so that it is exact."""
    (code, _) = quantized("pot:paper", 4, np.array([[value, 1.0]]))[0].tolist()

    assert Fraction(1, 2) <= (Fraction(code) / Fraction(value)) ** 2 <= 2


def test_the_published_rule_rounds_the_logarithm() -> None:
    """1.42 is past the middle between 1 and 2 in logarithm, not in value; the default takes 1 there."""
    weights = np.array([[8.0, 1.42, 1.40, 0.0, -2.9]])

    assert quantized("pot:paper", 4, weights).tolist() == [[8.0, 2.0, 1.0, 0.0, -4.0]]
    assert quantized("pot:range=max", 4, weights).tolist() == [[8.0, 1.0, 1.0, 0.0, -2.0]]


@pytest.mark.parametrize(
    ("largest", "top"),
    [
        pytest.param(1.0, 1.0, id="on-a-power"),
        pytest.param(1.41, 1.0, id="down"),
        pytest.param(1.42, 2.0, id="up"),
        pytest.param(0.004, 2.0**-8, id="small"),
    ],
)
def test_the_published_range_is_the_rounded_logarithm_of_the_largest(largest: float, top: float) -> None:
    """Of the whole tensor; what is more than seven octaves below becomes the smallest level, never zero."""
    found = quantized("pot:paper", 4, np.array([[largest, -largest / 1e6], [largest / 3, 0.0]]))

    assert found[0].tolist() == [top, -top / 128]
    assert found[1, 1] == 0


def test_bits_do_not_help() -> None:
    """Normal weights: 14.2 dB at four bits and at five; uniform gains more than five in between."""
    assert decibels("pot", 4) == pytest.approx(14.24, abs=0.1)
    assert decibels("pot", 5) - decibels("pot", 4) < 0.02
    assert decibels("uniform", 5) - decibels("uniform", 4) > 5


@pytest.mark.parametrize(
    ("spec", "bits", "message"),
    [
        pytest.param("pot", 1, "^pot weights take 2 to 5 bits, not 1; pick one of those$", id="one-bit"),
        pytest.param("pot", 6, "integers of 32 bits, beyond int16; use 5 weight bits or fewer", id="int16"),
        pytest.param("pot:paper", 5, "integers of 17 bits, beyond int16; use 4 weight bits or fewer", id="one-more"),
        pytest.param("pot:paper", 9, "^pot:paper weights take 2 to 4 bits, not 9", id="paper-nine"),
        pytest.param("pot:paper:range=max", 4, "has no option 'range'", id="the-paper-sets-the-range"),
        pytest.param("pot:papr", 9, "has no option 'papr'; did you mean 'paper'", id="option-before-bits"),
    ],
)
def test_what_does_not_fit_is_refused(spec: str, bits: int, message: str) -> None:
    """With what would."""
    with pytest.raises(QuantizeError, match=message):
        parse_grid(spec, bits)
