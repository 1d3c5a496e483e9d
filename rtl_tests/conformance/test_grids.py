"""Every number system that the package offers keeps the promises of `Grid`; one without a case here fails."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import LOWEST_EXPONENT, Grid, GridWeights, squared_error
from shiftwright.quantize.grids.spec import grid_types, parse_grid

# Grid and bits → the magnitudes of its levels.
CASES: dict[tuple[str, int], list[int]] = {
    ("uniform", 1): [1],
    ("uniform", 2): [0, 1],
    ("uniform", 4): list(range(8)),
    ("uniform", 8): list(range(128)),
    ("pot", 2): [0, 1],
    ("pot", 3): [0, 1, 2, 4],
    ("pot", 4): [0, 1, 2, 4, 8, 16, 32, 64],
    ("pot", 5): [0, *(1 << shift for shift in range(15))],
    ("ternary", 2): [0, 1],
    ("ternary", 8): [0, 1],
    ("ternary:threshold=0.7", 2): [0, 1],
}
NO_FLOOR = -(10**6)
NEAREST = [case for case in CASES if "threshold" not in case[0]]


def quantized(grid: Grid, weights: NDArray[np.float64], floor: int = NO_FLOOR) -> GridWeights:
    """Weights (channels, n) on the grid, all channels with the same least exponent."""
    return grid.quantize(weights, np.full(len(weights), floor))


def normal_weights(channels: int = 6, count: int = 40) -> NDArray[np.float64]:
    """Normal random weights of very different channels."""
    random = np.random.default_rng(0)
    return random.normal(size=(channels, count)) * 2.0 ** random.integers(-9, 9, size=(channels, 1))


def test_every_grid_has_a_case() -> None:
    """A new module in grids/ is not conforming until it stands in CASES."""
    assert {spec.split(":")[0] for spec, _ in CASES} == set(grid_types())
    assert all(grid.summary for grid in grid_types().values())


@pytest.mark.parametrize(("spec", "bits"), CASES)
def test_levels_are_as_stated(spec: str, bits: int) -> None:
    """Both signs of the listed magnitudes, ascending, within int16 and within the stored bits."""
    grid = parse_grid(spec, bits)
    magnitudes = CASES[spec, bits]

    assert list(grid.levels()) == sorted({sign * magnitude for magnitude in magnitudes for sign in (-1, 1)})
    assert len(grid.levels()) <= 2**grid.bits
    assert grid.largest == max(magnitudes)


@pytest.mark.parametrize(("spec", "bits"), CASES)
def test_weights_become_levels(spec: str, bits: int) -> None:
    """Whatever the channel's range, and with a floor that most channels would like to go below."""
    grid = parse_grid(spec, bits)
    for floor in (NO_FLOOR, 0):
        found = quantized(grid, normal_weights(), floor)

        assert np.isin(found.codes, grid.levels()).all()
        assert (found.exponents >= floor).all()


@pytest.mark.parametrize(("spec", "bits"), NEAREST)
@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_no_level_is_nearer_than_the_chosen_one(spec: str, bits: int, values: list[float]) -> None:
    """At the exponent that was chosen, against every level."""
    grid, weights = parse_grid(spec, bits), np.array([values])
    found = quantized(grid, weights)
    step = np.ldexp(1.0, int(found.exponents[0]))
    distances = np.abs(weights[0][:, None] - np.array(grid.levels()) * step)

    np.testing.assert_array_equal(np.abs(weights - found.real())[0], distances.min(axis=1))


@pytest.mark.parametrize(("spec", "bits"), CASES)
def test_no_other_exponent_has_less_error(spec: str, bits: int) -> None:
    """Ten octaves to either side."""
    grid, weights = parse_grid(spec, bits), normal_weights()
    found = quantized(grid, weights)
    least = squared_error(weights, found.codes, found.exponents)
    for step in range(-10, 11):
        exponents = found.exponents + step

        assert (squared_error(weights, grid.nearest(weights, exponents), exponents) >= least).all()


@pytest.mark.parametrize(("spec", "bits"), CASES)
def test_weights_on_the_grid_stay_as_they_are(spec: str, bits: int) -> None:
    """A channel of levels at any scale is held exactly."""
    grid = parse_grid(spec, bits)
    channel = [grid.largest, -grid.largest, *np.random.default_rng(0).choice(grid.levels(), 30)]
    weights = np.ldexp(np.array([channel] * 3, dtype=np.float64), np.array([[-20], [0], [13]]))

    np.testing.assert_array_equal(quantized(grid, weights).real(), weights)


@pytest.mark.parametrize(("spec", "bits"), CASES)
def test_doubling_the_weights_moves_the_exponent_alone(spec: str, bits: int) -> None:
    """Scales are powers of two, so the codes do not see one."""
    grid, weights = parse_grid(spec, bits), normal_weights()
    once, twice = quantized(grid, weights), quantized(grid, 2 * weights)

    assert (once.codes == twice.codes).all()
    assert (once.exponents + 1 == twice.exponents).all()


@pytest.mark.parametrize(("spec", "bits"), CASES)
def test_odd_channels_are_well_defined(spec: str, bits: int) -> None:
    """All zero, constant, a single weight, 1e30 and 1e-30: finite, and zero stays zero where the grid has it."""
    grid = parse_grid(spec, bits)
    weights = np.array([[0.0, 0.0], [0.3, 0.3], [0.0, 5.0], [1e30, -1e30], [1e-30, 1e-30]])
    found = quantized(grid, weights)

    assert np.isfinite(found.real()).all()
    assert (found.exponents >= LOWEST_EXPONENT).all()
    if 0 in grid.levels():
        assert not found.codes[0].any()
    assert quantized(grid, np.zeros((2, 3))).codes.shape == (2, 3)


def test_the_published_ternary_threshold() -> None:
    """0.7 of the mean magnitude 1 leaves what is larger than 0.7 (Li, Zhang & Liu)."""
    weights = np.array([[0.1, -0.69, 0.71, -2.5]])

    assert quantized(parse_grid("ternary:threshold=0.7", 2), weights).codes.tolist() == [[0, 0, 1, -1]]


def test_least_squares_ternary_is_never_worse_than_the_threshold() -> None:
    """In squared error, channel by channel."""
    weights = normal_weights(50)
    errors = [
        squared_error(weights, found.codes, found.exponents)
        for found in (quantized(parse_grid(spec, 2), weights) for spec in ("ternary", "ternary:threshold=0.7"))
    ]

    assert (errors[0] <= errors[1]).all()


def test_power_of_two_saturates_at_14_decibels() -> None:
    """Normal weights: 14.2 dB at four bits and no more at five, where uniform has 20.8."""
    weights = np.random.default_rng(0).normal(size=(1, 100_000))

    def decibels(spec: str, bits: int) -> float:
        noise = np.square(weights - quantized(parse_grid(spec, bits), weights).real()).mean()
        return float(10 * np.log10(np.square(weights).mean() / noise))

    assert decibels("pot", 5) - decibels("pot", 4) < 0.3
    assert 13.5 < decibels("pot", 4) < 14.6
    assert decibels("uniform", 5) > decibels("pot", 5) + 4
