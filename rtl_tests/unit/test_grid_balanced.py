"""Balanced weights: even use of the codes, the published quirks, and what they cost without training."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.balanced import Balanced
from shiftwright.quantize.grids.base import GridWeights, squared_error
from shiftwright.quantize.grids.spec import parse_grid

CONTINUOUS = {
    "normal": np.random.default_rng(0).normal(size=(1, 20_000)),
    "uniform": np.random.default_rng(0).uniform(-1, 1, size=(1, 20_000)),
}
ROWS = st.lists(st.integers(-4, 4).map(float) | st.floats(-10, 10, width=16), min_size=1, max_size=40)


def quantized(spec: str, bits: int, weights: NDArray[np.float64]) -> GridWeights:
    """Weights (channels, n) on the grid, scales as low as they like."""
    return parse_grid(spec, bits).quantize(weights, np.zeros(len(weights)))


def decibels(spec: str, bits: int, weights: NDArray[np.float64]) -> float:
    """Signal to quantization noise of all weights together."""
    noise = squared_error(weights, quantized(spec, bits, weights)).sum()
    return float(10 * np.log10(np.square(weights).sum() / noise))


def entropy(codes: NDArray[np.int64]) -> float:
    """Bits of information in a code, by how often each occurs."""
    share = np.unique(codes, return_counts=True)[1] / codes.size
    return float(-(share * np.log2(share)).sum())


def split(weights: list[float], depth: int, code: int = 0) -> dict[float, int]:
    """The leaf of each value by plain recursion; a value at the mean goes to the side away from zero."""
    if not depth or not weights:
        return dict.fromkeys(weights, code)
    mean = min(max(float(np.sum(np.sort(weights))) / len(weights), min(weights)), max(weights))
    upper = [weight for weight in weights if weight > mean or weight == mean > 0]
    lower = [weight for weight in weights if weight < mean or weight == mean <= 0]
    return split(lower, depth - 1, 2 * code) | split(upper, depth - 1, 2 * code + 1)


@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("weights", CONTINUOUS.values(), ids=CONTINUOUS)
def test_codes_are_used_evenly(weights: NDArray[np.float64], bits: int) -> None:
    """Entropy of k bits: all of it with medians, 98 % with means; a uniform grid up to the peak stays below."""
    assert entropy(quantized("balanced:median", bits, weights).codes) == pytest.approx(bits, abs=0.01)
    assert entropy(quantized("balanced", bits, weights).codes) >= 0.98 * bits


@pytest.mark.parametrize("bits", [2, 4])
def test_a_uniform_grid_is_not_used_evenly(bits: int) -> None:
    """Normal weights, scaled to the peak: what balancing is for."""
    assert entropy(quantized("uniform:range=max", bits, CONTINUOUS["normal"]).codes) < bits - 0.8


@pytest.mark.parametrize("bits", range(1, 9))
def test_codes_are_the_odd_integers(bits: int) -> None:
    """Each of the 2^k, and 8 bits reach 255."""
    codes = quantized("balanced", bits, CONTINUOUS["normal"]).codes

    assert np.unique(codes).tolist() == list(range(1 - 2**bits, 2**bits, 2))


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
@given(row=ROWS)
def test_leaves_are_those_of_the_recursion(bits: int, row: list[float]) -> None:
    """Sorting and searching find what splitting does, ties included."""
    leaf = split(row, bits)

    assert Balanced(bits=bits).leaves(np.array(row)).tolist() == [leaf[weight] for weight in row]


@pytest.mark.parametrize("spec", ["balanced", "balanced:scale=mean", "balanced:scale=max"])
@given(row=ROWS.filter(lambda row: all(abs(weight) > 1e-3 for weight in row)))
def test_negated_weights_are_negated_codes(spec: str, row: list[float]) -> None:
    """No code has a side of its own; weights of zero aside, which have to go to one."""
    weights = np.array([row])

    assert quantized(spec, 2, weights).codes.tolist() == (-quantized(spec, 2, -weights).codes).tolist()


def test_the_scale_has_least_squared_error_for_the_codes() -> None:
    """By default; no scale near it does better, and a correction may move it."""
    weights = CONTINUOUS["normal"]
    found = quantized("balanced", 3, weights)
    least = squared_error(weights, found)
    for factor in (0.98, 0.999, 1.001, 1.02):
        assert squared_error(weights, GridWeights(found.codes, found.scales * factor, found.tables)) > least
    assert parse_grid("balanced", 3).refits


@pytest.mark.parametrize(("rule", "reach"), [("mean", 2.5 * 1.25), ("max", 2.0)])
def test_other_scales_are_rules(rule: str, reach: float) -> None:
    """2.5 times the mean magnitude, or the largest, is what the largest code stands for; corrections leave it."""
    grid = parse_grid(f"balanced:scale={rule}", 2)
    found = grid.quantize(np.array([[-2.0, -0.5, 0.5, 2.0]]), np.zeros(1))

    assert found.codes.tolist() == [[-3, -1, 1, 3]]
    np.testing.assert_allclose(found.scales * 3, [reach], rtol=1e-6)
    assert not grid.refits


def test_the_published_rounding_moves_each_leafs_least_weight() -> None:
    """Two weights a leaf: the lower of them gets the code of the leaf below, but for the lowest leaf."""
    weights = np.array([[-4.0, -3, -2, -1, 1, 2, 3, 4]])

    assert quantized("balanced", 2, weights).codes.tolist() == [[-3, -3, -1, -1, 1, 1, 3, 3]]
    assert quantized("balanced:paper", 2, weights).codes.tolist() == [[-3, -3, -3, -1, -1, 1, 1, 3]]
    assert quantized("balanced:median:paper", 2, weights).codes.tolist() == [[-3, -3, -3, -1, -1, 1, 1, 3]]
    assert quantized("balanced:paper", 2, weights).scales * 3 == pytest.approx([4.0])


@pytest.mark.parametrize("spec", ["balanced", "balanced:median", "balanced:paper", "balanced:median:paper"])
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param([0.3] * 5, [7] * 5, id="constant"),
        pytest.param([-0.3] * 5, [-7] * 5, id="constant-negative"),
        pytest.param([0.7], [7], id="single"),
        pytest.param([-2.0, 2.0, 2.0, -2.0], [-7, 7, 7, -7], id="two-values"),
    ],
)
def test_few_values_leave_codes_unused(spec: str, row: list[float], expected: list[int]) -> None:
    """Equal weights cannot be split: they get the outermost code of their sign, and the weights are held."""
    found = quantized(spec, 3, np.array([row]))

    assert found.codes.tolist() == [expected]
    np.testing.assert_allclose(found.real(), [row], rtol=1e-6)


def test_what_balance_costs_without_training() -> None:
    """Normal weights: at 2 bits better than a uniform grid up to the peak, from 4 bits on worse than a fitted one.

    A fifth bit is worth half a decibel. The scale as published makes the error larger than the weights."""
    weights = CONTINUOUS["normal"]

    assert decibels("balanced", 2, weights) > decibels("uniform:range=max", 2, weights) + 5
    assert decibels("balanced", 4, weights) < decibels("uniform", 4, weights) - 4
    assert decibels("balanced", 5, weights) < decibels("balanced", 4, weights) + 1
    assert decibels("balanced:paper", 2, weights) < 0


@pytest.mark.parametrize("bits", [0, 9])
def test_other_bits_are_refused(bits: int) -> None:
    """One to eight."""
    with pytest.raises(QuantizeError, match=rf"^balanced weights take 1 to 8 bits, not {bits}; pick one of those$"):
        parse_grid("balanced", bits)
