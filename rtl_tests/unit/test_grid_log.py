"""Logarithmic grids: their constants, how far off they are at worst, decibels, and the published table."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl_tests.unit.grid_measures import decibels, quantized, relative_error, worst_relative_error
from shiftwright.arith.csd import csd_weight, csd_weights
from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids import decimal_table
from shiftwright.quantize.grids.base import Grid
from shiftwright.quantize.grids.log import Logarithmic
from shiftwright.quantize.grids.spec import parse_grid


def log_grid(spec: str, bits: int) -> Logarithmic:
    """The parsed grid."""
    grid: Grid = parse_grid(spec, bits)
    assert isinstance(grid, Logarithmic)
    return grid


@pytest.mark.parametrize(
    ("fraction", "constant", "digits", "percent"),
    [
        pytest.param(3, 11, 3, -2.8, id="11/8"),
        pytest.param(4, 23, 3, 1.65, id="23/16"),
        pytest.param(5, 45, 4, -0.56, id="45/32"),
        pytest.param(6, 91, 4, 0.54, id="91/64"),
        pytest.param(7, 181, 5, -0.01, id="181/128"),
    ],
)
def test_the_constant_for_the_root_of_two(fraction: int, constant: int, digits: int, percent: float) -> None:
    """All levels are it or one, shifted; its signed digits and how far it is off."""
    grid = log_grid(f"log:fraction={fraction}", 4)

    assert grid.numbers.mantissas == (1, constant)
    assert grid.numbers.adders == csd_weight(constant) - 1 == digits - 1
    assert 100 * (constant / 2**fraction / 2**0.5 - 1) == pytest.approx(percent, abs=0.05)


@pytest.mark.parametrize("bits", [2, 3, 4, 5])
def test_base_two_is_power_of_two(bits: int) -> None:
    """The same levels, hence the same weights."""
    weights = np.random.default_rng(0).normal(size=(4, 30))

    assert parse_grid("pot", bits).numbers == log_grid("log:base=2", bits).numbers
    np.testing.assert_array_equal(quantized("pot", bits, weights), quantized("log:base=2", bits, weights))


# (β - 1) / (β + 1) is 17.157 % for √2 and 8.643 % for its root; the constants as built come near it.
@pytest.mark.parametrize(
    ("spec", "bits", "expected"),
    [
        pytest.param("log:base=2", 5, Fraction(1, 3), id="2"),
        pytest.param("log", 5, Fraction(75, 437), id="181/128"),  # 17.162 %
        pytest.param("log:fraction=4", 5, Fraction(7, 39), id="23/16"),  # 17.9 %
        pytest.param("log:fraction=3", 5, Fraction(5, 27), id="11/8"),  # 18.5 %
        pytest.param("log:base=root4", 6, Fraction(29, 333), id="152/128"),  # 8.71 %
    ],
)
def test_worst_error_of_the_nearest(spec: str, bits: int, expected: Fraction) -> None:
    """Half way between the two levels that are furthest apart for their size, exactly."""
    grid = log_grid(spec, bits)
    magnitudes = grid.magnitudes()
    middles = [float(Fraction(lower + upper, 2)) for lower, upper in pairwise(magnitudes)]
    codes = grid.encode(np.array([middles]))[0].tolist()

    assert worst_relative_error(magnitudes) == expected
    assert max(relative_error(*pair) for pair in zip(middles, codes, strict=True)) == expected


@pytest.mark.parametrize(
    "spec", ["log", "log:zero=no", "log:fraction=3", "log:base=root4", "log:base=decimal", "log:base=decimal:zero=yes"]
)
@given(share=st.floats(0, 1), negative=st.booleans())
def test_no_error_is_worse_than_half_way(spec: str, share: float, negative: bool) -> None:
    """For every value from the smallest level to the largest, of both signs, exactly."""
    grid = log_grid(spec, 5)
    magnitudes = grid.magnitudes()
    value = magnitudes[0] + share * (magnitudes[-1] - magnitudes[0])
    code = int(grid.encode(np.array([[-value if negative else value]]))[0, 0])

    assert relative_error(-value if negative else value, code) <= worst_relative_error(magnitudes)


def test_worst_error_of_the_published_table() -> None:
    """17.55 % at five bits is 2^(7/30) - 1, half a step in logarithm; integers of 14 bits add at most 0.18 %."""
    weights = np.exp2(np.linspace(-7, 0, 20_000, dtype=np.float32)).astype(np.float64)[None]
    errors = np.abs(quantized("log:base=decimal:paper", 5, weights) / weights - 1)

    assert errors.max() == pytest.approx(2 ** (7 / 30) - 1, abs=0.0025)


@given(st.floats(2.0**-7, 1, width=32))
def test_no_error_of_the_published_table_is_worse(value: float) -> None:
    """The ratio of level to weight is within half a step and the rounding of the table; in powers, so exact."""
    found = Fraction(quantized("log:base=decimal:paper", 5, np.array([[value]])).item())
    rounding = Fraction(10018, 10000) ** 30

    assert Fraction(1, 2**7) / rounding <= (found / Fraction(value)) ** 30 <= 2**7 * rounding


def test_the_published_table_at_three_magnitude_bits_is_power_of_two() -> None:
    """The same levels for tensors whose largest weight rounds to one, and so the same weights; 8 codes are octaves."""
    weights = np.random.default_rng(0).normal(size=(4, 300)).clip(-1, 1)

    assert parse_grid("pot:paper", 4).numbers == log_grid("log:base=decimal:paper", 4).numbers
    np.testing.assert_array_equal(quantized("pot:paper", 4, weights), quantized("log:base=decimal:paper", 4, weights))


def test_the_published_table_is_absolute() -> None:
    """Above one it saturates, below 2^-7 it keeps the smallest level, zero alone is zero; no layer has a scale."""
    weights = np.array([[3.0, -1.0, 1e-9, 0.0], [0.0, 0.0, 0.0, -1e-30]])

    assert quantized("log:base=decimal:paper", 5, weights).tolist() == [
        [1.0, -1.0, 2.0**-7, 0.0],
        [0.0, 0.0, 0.0, -(2.0**-7)],
    ]


@pytest.mark.parametrize(
    ("fraction", "percent", "digits"),
    [pytest.param(10, 1.8, 3.06, id="10"), pytest.param(14, 0.18, 4.19, id="14")],
)
def test_the_table_as_integers(fraction: int, percent: float, digits: float) -> None:
    """Sixteen codes: the worst rounding, and signed digits on average."""
    integers = np.array(decimal_table.integers(16, fraction))
    rounding = np.abs(integers / np.exp2(decimal_table.exponents(16) + fraction) - 1)

    assert 100 * rounding.max() == pytest.approx(percent, abs=0.05)
    assert csd_weights(integers).mean() == pytest.approx(digits, abs=0.01)


@pytest.mark.parametrize("bits", [4, 5, 6])
def test_nearest_in_value_beats_nearest_in_logarithm(bits: int) -> None:
    """Why the default rounds so: less error at every scale, here of the decimal table at four octaves of them."""
    weights = np.random.default_rng(0).normal(size=(1, 4000))
    grid, codes = log_grid("log:base=decimal", bits), 1 << bits - 1
    levels = np.array(grid.magnitudes())
    for scale in np.abs(weights).max() / grid.numbers.largest * np.exp2(np.arange(-2, 2, 0.25)):
        targets = weights / scale
        by_logarithm = np.sign(weights) * levels[decimal_table.encode(targets / levels[-1], codes)]

        assert np.square(grid.encode(targets) - targets).sum() < np.square(by_logarithm - targets).sum()


@pytest.mark.parametrize(
    ("spec", "bits", "expected"),
    [
        pytest.param("log", 3, 11.6, id="sqrt2-3"),
        pytest.param("log", 4, 18.9, id="sqrt2-4"),
        pytest.param("log", 5, 20.1, id="sqrt2-5"),
        pytest.param("log:fraction=4", 5, 20.1, id="sqrt2-5-by-23/16"),
        pytest.param("log:base=root4", 4, 14.5, id="root4-4"),
        pytest.param("log:base=root4", 5, 23.9, id="root4-5"),
        pytest.param("log:base=root4", 6, 26.1, id="root4-6"),
        pytest.param("log:base=decimal", 4, 14.2, id="decimal-4"),
        pytest.param("log:base=decimal", 5, 20.65, id="decimal-5"),
        pytest.param("log:base=decimal", 6, 26.9, id="decimal-6"),
        pytest.param("log:base=decimal:range=max", 5, 20.6, id="decimal-max-5"),
    ],
)
def test_decibels_on_normal_weights(spec: str, bits: int, expected: float) -> None:
    """Searched scales unless said otherwise."""
    assert decibels(spec, bits) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(("bits", "expected"), [(4, 13.8), (5, 20.5), (6, 26.9)])
def test_decibels_of_the_published_table(bits: int, expected: float) -> None:
    """Weights of deviation 0.2, which hardly reach one."""
    assert decibels("log:base=decimal:paper", bits, 0.2) == pytest.approx(expected, abs=0.15)


def test_the_published_table_fails_where_it_has_no_range() -> None:
    """It has no scale: at a deviation of one a third of the weights saturate, and 12 of its 20.5 dB are gone."""
    assert decibels("log:base=decimal:paper", 5, 1.0) < 9


def test_a_searched_range_matters_with_few_bits() -> None:
    """√2 at three bits has three magnitudes within an octave: 8 dB between the largest weight and the best scale."""
    assert decibels("log", 3) - decibels("log:range=max", 3) > 7
    assert decibels("log", 5) - decibels("log:range=max", 5) < 0.2


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        ("log", 5),
        ("log:zero=no", 5),
        ("log:base=root4", 6),
        ("log:base=2", 5),
        ("log:base=2:zero=no", 4),  # a sixteenth power of two is beyond int16
        ("log:base=decimal", 6),  # more need more fractional bits than are usual
        ("log:base=decimal:fraction=12", 8),
        ("log:base=decimal:paper", 8),
    ],
)
def test_the_most_bits(spec: str, most: int) -> None:
    """With these options, which messages about too few bits know of."""
    assert parse_grid(spec, most).bits == most
    with pytest.raises(QuantizeError):
        parse_grid(spec, most + 1)
    with pytest.raises(QuantizeError, match=f"^{spec} weights take 2 to {most} bits, not 1; pick one of those$"):
        parse_grid(spec, 1)


@pytest.mark.parametrize(
    ("spec", "bits", "message"),
    [
        pytest.param("log:fraction=3", 6, "beyond int16; use 5 weight bits or fewer", id="less-fraction-does-not-help"),
        pytest.param(
            "log:base=root4:fraction=8", 6, "beyond int16; use 5 weight bits or fewer", id="too-much-fraction"
        ),
        pytest.param("log:fraction=2", 4, "fraction=2 is not a whole number within 3 … 14", id="too-little-fraction"),
        pytest.param("log:base=decimal:fraction=15", 5, "not a whole number within 7 … 14", id="one-more-than-int16"),
        pytest.param(
            "log:base=decimal", 7, "fraction=10 makes levels .* equal at 7 bits; use fraction=11", id="merged"
        ),
        pytest.param("log:base=2:fraction=5", 4, "has no option 'fraction'", id="no-constants"),
        pytest.param("log:base=3", 4, "base='3' is unknown; use one of sqrt2 | root4 | 2 | decimal", id="base"),
        pytest.param("log:paper", 4, "has no option 'paper'", id="only-the-table-is-published"),
        pytest.param("log:base=decimal:paper:range=max", 4, "has no option 'range'", id="the-paper-has-no-range"),
        pytest.param("log:base=decimal", 8, "fraction=10 makes .* equal at 8 bits; use fraction=12", id="merged-at-8"),
        pytest.param("log:base=3", 1, "base='3' is unknown", id="base-before-bits"),
    ],
)
def test_what_does_not_work_is_refused(spec: str, bits: int, message: str) -> None:
    """With what would."""
    with pytest.raises(QuantizeError, match=message):
        parse_grid(spec, bits)
