"""Uniform weights, symmetric and asymmetric, and binary ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import GridWeights, nearest, squared_error
from shiftwright.quantize.grids.spec import parse_grid
from shiftwright.quantize.grids.uniform import Uniform

NORMAL = np.random.default_rng(0).normal(size=(4, 5000))


def quantized(spec: str, bits: int, weights: NDArray[np.float64]) -> GridWeights:
    """Weights (channels, n) on the grid, scales as low as they like."""
    return parse_grid(spec, bits).quantize(weights, np.zeros(len(weights)))


def decibels(spec: str, bits: int, weights: NDArray[np.float64]) -> float:
    """Signal to quantization noise of all weights together."""
    noise = squared_error(weights, quantized(spec, bits, weights)).sum()
    return float(10 * np.log10(np.square(weights).sum() / noise))


@given(
    bits=st.integers(2, 8),
    targets=st.lists(st.floats(-1e3, 1e3) | st.integers(-600, 600).map(lambda n: n / 2), min_size=1),
)
def test_rounding_is_looking_up(bits: int, targets: list[float]) -> None:
    """The quick way to the nearest level is the slow one's, half way between two included."""
    grid, row = Uniform(bits=bits), np.array([targets])

    assert nearest(grid.table(), row).tolist() == grid.encode(row).tolist()


@pytest.mark.parametrize(("bits", "expected"), [(2, 7.2), (3, 13.3), (4, 19.0), (5, 24.4), (8, 41.0)])
def test_symmetric_decibels_of_normal_weights(bits: int, expected: float) -> None:
    """6 dB a bit, a little less as the best range grows with the bits."""
    assert abs(decibels("uniform", bits, NORMAL) - expected) < 0.5


@pytest.mark.parametrize("bits", range(1, 9))
def test_asymmetric_levels_are_consecutive_and_hold_zero(bits: int) -> None:
    """2^b of them in each channel."""
    tables = quantized("uniform:asymmetric", bits, NORMAL + np.array([[0], [1], [-2], [9]])).tables

    assert (np.diff(tables, axis=1) == 1).all()
    assert tables.shape == (4, 2**bits)
    assert (tables == 0).any(axis=1).all()


@pytest.mark.parametrize("rule", ["mse", "max", "percentile"])
def test_channels_of_one_sign_spend_all_levels_on_it(rule: str) -> None:
    """Beyond int8 at 8 bits: 0 … 255 and -255 … 0."""
    positive = np.random.default_rng(0).random(1000)
    found = quantized(f"uniform:asymmetric:range={rule}", 8, np.array([positive, -positive]))

    assert found.tables[:, [0, -1]].tolist() == [[0, 255], [-255, 0]]


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0, -8.0])
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_no_other_window_has_less_error(bits: int, shift: float) -> None:
    """At the scale that was found, every lowest integer is tried."""
    weights = NORMAL[:, :60] + shift
    found = quantized("uniform:asymmetric", bits, weights)
    least = squared_error(weights, found)
    for lowest in range(1 - 2**bits, 1):
        table = lowest + np.arange(2**bits)[None]
        codes = nearest(table, weights / found.scales[:, None])
        other = squared_error(weights, GridWeights(codes, found.scales, table))

        assert (least <= other * (1 + 1e-6)).all()


def test_weights_on_an_asymmetric_grid_stay_as_they_are() -> None:
    """-2 … 13 at any power of two: the range of the weights is the range of the integers."""
    weights = np.ldexp(np.tile(np.arange(-2.0, 14), (3, 3)), np.array([[-20], [0], [13]]))

    np.testing.assert_array_equal(quantized("uniform:asymmetric", 4, weights).real(), weights)


def test_asymmetric_levels_pay_where_weights_are_lopsided() -> None:
    """Half a decibel for normal weights at 4 bits, which have 16 levels instead of 15; 5 dB for magnitudes."""
    assert 0 < decibels("uniform:asymmetric", 4, NORMAL) - decibels("uniform", 4, NORMAL) < 1
    assert decibels("uniform:asymmetric", 4, np.abs(NORMAL)) > decibels("uniform", 4, np.abs(NORMAL)) + 4


@pytest.mark.parametrize(("spec", "steps"), [("uniform", 14), ("uniform:asymmetric", 15)])
def test_the_full_range_saturates_nothing(spec: str, steps: int) -> None:
    """With `range=max` no weight is off by more than half a step."""
    found = quantized(f"{spec}:range=max", 4, NORMAL)
    steps_off = np.abs(NORMAL - found.real()).max(axis=1) / found.scales
    spread = 2 * np.abs(NORMAL).max(axis=1) if steps == 14 else np.ptp(NORMAL, axis=1)

    assert (steps_off <= 0.5 + 1e-5).all()
    np.testing.assert_allclose(found.scales, spread / steps, rtol=1e-6)


@pytest.mark.parametrize("spec", ["uniform", "uniform:asymmetric"])
def test_a_percentile_lets_an_outlier_saturate(spec: str) -> None:
    """One weight in a thousand, a hundred times the others, does not widen the steps, as it does with `range=max`."""
    weights = np.concatenate([np.linspace(-1, 1, 1999), [100.0]])[None]
    inner = quantized(f"{spec}:percentile=99.8", 4, weights)
    outer = quantized(f"{spec}:range=max", 4, weights)

    assert 0.12 < inner.scales[0] < 0.16
    assert outer.scales[0] > 6


def test_a_percentile_of_mostly_zeros_falls_back_to_the_largest() -> None:
    """One weight of a thousand is not zero: the row keeps it."""
    weights = np.zeros((2, 1000))
    weights[0, 7], weights[1, 7] = 3, -3
    for spec in ("uniform", "uniform:asymmetric"):
        np.testing.assert_allclose(quantized(f"{spec}:percentile=99", 4, weights).real(), weights, rtol=1e-6)


@pytest.mark.parametrize("grid", ["uniform", "uniform:asymmetric", "pot", "apot", "log"])
@pytest.mark.parametrize("rule", ["max", "mse"])
def test_two_range_rules_are_refused(grid: str, rule: str) -> None:
    """In either order: what a percentile is for is no other rule's."""
    for options in (f"range={rule}:percentile=99", f"percentile=99:range={rule}"):
        with pytest.raises(QuantizeError) as caught:
            parse_grid(f"{grid}:{options}", 4)
        assert str(caught.value) == (
            f"grid '{grid}:{options}': range={rule} and percentile are two rules; keep one of them"
        )


@pytest.mark.parametrize("percentile", ["", ":percentile=99.9"])
def test_a_percentile_may_name_its_rule(percentile: str) -> None:
    """Or the rule alone stands there, with the usual percentile."""
    assert parse_grid(f"uniform:range=percentile{percentile}", 4) == parse_grid("uniform:percentile=99.9", 4)


@pytest.mark.parametrize("bits", [0, 9])
def test_other_bits_are_refused(bits: int) -> None:
    """One to eight."""
    with pytest.raises(QuantizeError, match=rf"^uniform weights take 1 to 8 bits, not {bits}; pick one of those$"):
        parse_grid("uniform", bits)


def test_binary_is_a_sign_times_the_mean_magnitude() -> None:
    """XNOR-Net's closed form, and zero counts as negative."""
    found = quantized("binary", 1, np.array([[0.5, -1.5, 4.0, 0.0]]))

    assert (found.codes.tolist(), found.scales.tolist()) == ([[1, -1, 1, -1]], [1.5])


def test_binary_is_uniform_at_one_bit() -> None:
    """The search finds what the closed form gives: 4.4 dB for normal weights, 1 - 2/π of their square."""
    binary, uniform = quantized("binary", 1, NORMAL), quantized("uniform", 1, NORMAL)

    assert binary.codes.tolist() == uniform.codes.tolist()
    np.testing.assert_allclose(binary.scales, uniform.scales, rtol=1e-6)
    assert abs(decibels("binary", 1, NORMAL) + 10 * np.log10(1 - 2 / np.pi)) < 0.1
