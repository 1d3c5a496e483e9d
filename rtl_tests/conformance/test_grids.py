"""Every number system that the package offers keeps the promises of `Grid`; one without cases fails.

The cases stand in `grid_cases/`, a module a grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtl_tests.conformance.grid_case import GridCase, grid_cases
from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import (
    GRANULARITIES,
    LEAST_SCALE,
    Grid,
    GridWeights,
    NumberSystem,
    nearest,
    squared_error,
)
from shiftwright.quantize.grids.spec import LARGEST_WEIGHT, grid_types, parse_grid

CASES = grid_cases()
ODD_CHANNELS = {
    "zeros": [0.0, 0.0, 0.0],
    "constant": [0.3, 0.3, 0.3],
    "constant-negative": [-0.3, -0.3, -0.3],
    "one-of-three": [0.0, 5.0, 0.0],
    "huge": [1e30, -1e30, 1e29],
    "tiny": [1e-30, 1e-30, -1e-31],
    "one-large": [1e-6, -1e-6, 1e6],
}
# A search tries finitely many scales: 5 % more than the least error there is, 0.2 dB, still counts as the least.
SEARCH_TOLERANCE = 1.05

every_case = pytest.mark.parametrize("case", CASES, ids=str)


def cases_that(promise: str) -> pytest.MarkDecorator:
    """Parametrizes over the cases that make an optional promise."""
    return pytest.mark.parametrize("case", [case for case in CASES if getattr(case, promise)], ids=str)


def quantized(grid: Grid, weights: NDArray[np.float64], floor: float = 0.0) -> GridWeights:
    """Weights (channels, n) on the grid, all channels with the same least scale."""
    return grid.quantize(weights, np.full(len(weights), floor))


def normal_weights(channels: int = 6, count: int = 40) -> NDArray[np.float64]:
    """Normal random weights of very different channels."""
    random = np.random.default_rng(0)
    return random.normal(size=(channels, count)) * 2.0 ** random.integers(-9, 9, size=(channels, 1))


def test_every_grid_has_cases() -> None:
    """A new module in grids/ is not conforming until it has cases, one for each spelling that the lists show."""
    types = grid_types()

    assert {case.spec.split(":")[0] for case in CASES} == set(types)
    assert {example for grid in types.values() for example in grid.examples} <= {case.spec for case in CASES}


@pytest.mark.parametrize("name", grid_types())
def test_every_grid_is_described(name: str) -> None:
    """A summary of two lines at most, the source with its year, examples of its own."""
    grid = grid_types()[name]

    assert 0 < len(grid.summary) <= 2 * 80
    assert any(word.strip(",;:()").isdigit() and len(word.strip(",;:()")) == 4 for word in grid.paper.split())
    assert [example.split(":")[0] for example in grid.examples] == [name] * len(grid.examples) != []


@pytest.mark.parametrize("case", [case for case in CASES if case.expected()], ids=str)
def test_levels_are_as_stated(case: GridCase) -> None:
    """What the weights become is from the case's levels, and the number system is theirs."""
    levels, grid = case.expected() or (), parse_grid(case.spec, case.bits)

    assert list(levels) == quantized(grid, normal_weights()).tables[0].tolist()
    assert NumberSystem.of(levels) == grid.numbers


@every_case
def test_the_number_system_covers_the_levels(case: GridCase) -> None:
    """Tables ascend and hold no unannounced integer, mantissa or shift; all fit int16 and the stored bits."""
    grid = parse_grid(case.spec, case.bits)
    numbers, tables = grid.numbers, quantized(grid, normal_weights()).tables

    assert numbers.largest <= LARGEST_WEIGHT
    assert numbers.levels <= 2**grid.bits
    assert (np.diff(tables, axis=1) >= 0).all()
    for table in tables:
        found = NumberSystem.of(tuple(set(table.tolist())))
        assert found.largest <= numbers.largest
        assert found.levels <= numbers.levels
        assert numbers.shifts[0] <= found.shifts[0] <= found.shifts[1] <= numbers.shifts[1]
        assert numbers.mantissas is None or set(found.mantissas or ()) <= set(numbers.mantissas)


@every_case
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_weights_become_levels(case: GridCase, granularity: str) -> None:
    """Whatever the channel's range, and with a floor that most channels would like to go below; scales are float32."""
    grid, weights = parse_grid(f"{case.spec}:granularity={granularity}", case.bits), normal_weights()
    for floor in (0.0, 1.0):
        found = quantized(grid, weights, floor)
        tables = np.broadcast_to(found.tables, (len(weights), found.tables.shape[1]))

        assert [set(row) - set(table) for row, table in zip(found.codes.tolist(), tables.tolist(), strict=True)] == [
            set()
        ] * len(weights)
        assert (found.scales >= max(floor, LEAST_SCALE)).all()
        assert (found.scales == found.scales.astype(np.float32)).all()


@every_case
def test_a_tensor_has_one_scale_and_one_table(case: GridCase) -> None:
    """With `granularity=tensor`, a channel of zeros included."""
    weights = normal_weights()
    weights[2] = 0
    found = quantized(parse_grid(f"{case.spec}:granularity=tensor", case.bits), weights)

    assert len(set(found.scales.tolist())) == 1
    assert len(np.unique(found.tables[[row for row in range(len(found.tables)) if row != 2]], axis=0)) == 1
    assert not found.codes[2].any()


@cases_that("nearest")
@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=12),
    floor=st.sampled_from([0.0, 0.01, 1e3, 1e7]),
)
def test_no_level_is_nearer_than_the_chosen_one(case: GridCase, values: list[float], floor: float) -> None:
    """At the scale that was chosen, or that the floor forced, against every level of the table."""
    weights = np.array([values])
    found = quantized(parse_grid(case.spec, case.bits), weights, floor)
    distances = np.abs(weights[0][:, None] - found.tables[0] * found.scales[0])
    slack = 1e-6 * np.abs(weights[0]).max()  # float32 moves the scale after the choice

    assert (np.abs(weights - found.real())[0] <= distances.min(axis=1) + slack).all()


@cases_that("zero_flag")
@pytest.mark.parametrize("floor", [0.0, 1e-3, 1e3])
def test_only_zero_becomes_zero_behind_a_flag(case: GridCase, floor: float) -> None:
    """However small the others are, by themselves or beside a scale that is held up."""
    found = quantized(parse_grid(case.spec, case.bits), np.array([[0.0, 1e-20, -1e-9, 0.5, 0.9, -0.0]]), floor)

    assert (found.codes[0] == 0).tolist() == [True, False, False, False, False, True]


@cases_that("searched")
def test_no_other_scale_has_less_error(case: GridCase) -> None:
    """Five octaves to either side, in steps of 1/31 octave; the search is not exhaustive, hence a tolerance."""
    weights = normal_weights()
    found = quantized(parse_grid(case.spec, case.bits), weights)
    least = squared_error(weights, found)
    for step in range(-5 * 31, 5 * 31 + 1):
        scales = found.scales * 2.0 ** (step / 31)
        codes = nearest(found.tables, weights / scales[:, None])
        other = squared_error(weights, GridWeights(codes, scales, found.tables))

        assert (least <= SEARCH_TOLERANCE * other).all()


@cases_that("exact")
def test_weights_on_the_grid_stay_as_they_are(case: GridCase) -> None:
    """A channel of levels at any scale is held exactly."""
    grid = parse_grid(f"{case.spec}:granularity=channel", case.bits)
    levels = np.array(case.expected())
    channel = [levels.max(), levels.min(), *np.random.default_rng(0).choice(levels, 30)]
    weights = np.ldexp(np.array([channel] * 3, dtype=np.float64), np.array([[-20], [0], [13]]))

    np.testing.assert_array_equal(quantized(grid, weights).real(), weights)


@cases_that("scalable")
def test_doubling_the_weights_doubles_the_scales_alone(case: GridCase) -> None:
    """The codes do not see a power of two."""
    grid, weights = parse_grid(case.spec, case.bits), normal_weights()
    once, twice = quantized(grid, weights), quantized(grid, 2 * weights)

    np.testing.assert_array_equal(once.codes, twice.codes)
    np.testing.assert_array_equal(2 * once.scales, twice.scales)


@cases_that("independent")
def test_channels_do_not_see_each_other(case: GridCase) -> None:
    """With a scale each, a channel alone becomes what it becomes among others."""
    grid, weights = parse_grid(f"{case.spec}:granularity=channel", case.bits), normal_weights()
    together = quantized(grid, weights)
    alone = [quantized(grid, weights[[channel]]) for channel in range(len(weights))]

    np.testing.assert_array_equal(together.codes, np.concatenate([one.codes for one in alone]))
    np.testing.assert_array_equal(together.scales, np.concatenate([one.scales for one in alone]))


@every_case
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_odd_channels_are_well_defined(case: GridCase, granularity: str) -> None:
    """Alone and all at once: finite, scales within bounds, and a channel of zeros stays one."""
    grid = parse_grid(f"{case.spec}:granularity={granularity}", case.bits)
    for channels in (*([name] for name in ODD_CHANNELS), list(ODD_CHANNELS)):
        weights = np.array([ODD_CHANNELS[name] for name in channels])
        found = quantized(grid, weights)

        assert np.isfinite(found.real()).all()
        assert (found.scales >= LEAST_SCALE).all()
        assert not found.codes[~weights.any(axis=1)].any()


@every_case
def test_a_single_weight_keeps_its_sign(case: GridCase) -> None:
    """Of either sign, alone in its channel."""
    found = quantized(parse_grid(f"{case.spec}:granularity=channel", case.bits), np.array([[0.7], [-0.7]]))

    assert np.sign(found.codes[:, 0]).tolist() == [1, -1]


@pytest.mark.parametrize("name", grid_types())
def test_an_unknown_option_is_refused(name: str) -> None:
    """One line that names the options there are."""
    bits = next(case.bits for case in CASES if case.spec == name)

    with pytest.raises(QuantizeError, match=r"^grid '.*' has no option 'colour'; .*the options are [^\n]*$"):
        parse_grid(f"{name}:colour=red", bits)
