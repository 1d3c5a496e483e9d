"""Ternary weights: the least squares scan, the threshold rules, three centroids."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import GridWeights, squared_error
from shiftwright.quantize.grids.spec import parse_grid
from shiftwright.quantize.grids.ternary_centroids import choose_pairs, integer_pairs

NORMAL = np.random.default_rng(0).normal(size=(20, 100)) * np.exp2(np.arange(20.0))[:, None]
# Small integers make ties, floats do not.
ROWS = st.lists(st.integers(-4, 4).map(float) | st.floats(-10, 10, width=16), min_size=1, max_size=9).filter(any)


def quantized(spec: str, weights: NDArray[np.float64]) -> GridWeights:
    """Weights (channels, n) on the grid, scales as low as they like."""
    return parse_grid(spec, 2).quantize(weights, np.zeros(len(weights)))


def errors(spec: str, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared error of each channel."""
    return squared_error(weights, quantized(spec, weights))


@given(row=ROWS)
def test_no_ternary_row_has_less_error(row: list[float]) -> None:
    """Against every pattern of -1, 0 and 1, each with its least squares scale."""
    weights = np.array(row)
    patterns = np.array(np.meshgrid(*[[0, 1]] * len(row))).reshape(len(row), -1).T[1:] * np.sign(weights)
    squares = np.square(patterns).sum(axis=1)
    kept = np.square(patterns @ weights)[squares > 0] / squares[squares > 0]
    least = np.square(weights).sum() - kept.max()

    np.testing.assert_allclose(errors("ternary", weights[None])[0], least, rtol=1e-5, atol=1e-5 * kept.max())


def test_scan_is_a_spelling_of_the_default() -> None:
    """The scan is exact and needs no range, so that it is what `ternary` does."""
    assert quantized("ternary", NORMAL).codes.tolist() == quantized("ternary:scan", NORMAL).codes.tolist()


def test_the_published_threshold() -> None:
    """0.7 of the mean magnitude 1 leaves what is larger, and the scale is the mean of that (Li, Zhang & Liu)."""
    found = quantized("ternary:threshold=0.7", np.array([[0.1, -0.69, 0.71, -2.5]]))

    assert found.codes.tolist() == [[0, 0, 1, -1]]
    np.testing.assert_allclose(found.scales, [(0.71 + 2.5) / 2], rtol=1e-6)


def test_the_paper_has_one_threshold_for_the_layer() -> None:
    """A channel below it is zero; a correction may not move its scale."""
    weights = np.array([[0.1, -0.1, 0.2], [1.0, -1.0, 2.0]])

    assert quantized("ternary:paper", weights).codes.tolist() == [[0, 0, 0], [1, -1, 1]]
    assert quantized("ternary:threshold=0.7", weights).codes.tolist() == [[1, -1, 1], [1, -1, 1]]
    assert not parse_grid("ternary:paper", 2).refits


@pytest.mark.parametrize("threshold", ["0.7", "0.5", "1", "1.9"])
def test_least_squares_is_never_worse_than_a_threshold(threshold: str) -> None:
    """Row by row."""
    assert (errors("ternary", NORMAL) <= errors(f"ternary:threshold={threshold}", NORMAL) * (1 + 1e-6)).all()


def test_a_threshold_above_the_mean_may_leave_nothing() -> None:
    """Equal magnitudes all fall below it: zeros, and a scale that is no less a number."""
    found = quantized("ternary:threshold=1.5", np.array([[2.0, -2.0]]))

    assert (found.codes.tolist(), found.scales.tolist()) == ([[0, 0]], [2.0])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ternary:threshold=2", r"ternary threshold 2 is outside \(0, 2\); 0\.7 is usual"),
        ("ternary:paper:centroids", r"grid .* paper and centroids are two rules; keep one of them"),
        ("ternary:scan:threshold=0.5", r"grid .* scan and threshold are two rules; keep one of them"),
        ("ternary:range=max", r"grid .* has no option 'range'; .*"),
        ("ternary:largest=3", r"grid .* has no option 'largest'; .*"),
        ("ternary:centroids:largest=128", r"grid .* largest=128 is not a whole number within 1 … 127"),
    ],
)
def test_what_makes_no_sense_is_refused(spec: str, message: str) -> None:
    """In one line."""
    with pytest.raises(QuantizeError, match=f"^{message}$"):
        parse_grid(spec, 2)


def test_centroids_hold_lopsided_weights() -> None:
    """-2·s, 0 and 5·s are found from the weights, exactly."""
    weights = np.array([[-2.0, 5, 0, 0, 5, -2, 5]]) * 0.25
    found = quantized("ternary:centroids", weights)

    assert (found.tables.tolist(), found.scales.tolist()) == ([[-2, 0, 5]], [0.25])
    np.testing.assert_array_equal(found.real(), weights)


@pytest.mark.parametrize("sign", [1, -1])
def test_centroids_of_one_sign_are_the_plain_levels(sign: int) -> None:
    """There is no ratio to choose: integers of 1, and the plain scale."""
    weights = sign * np.array([[0.1, 0.9, 1.1, 0.05], [3.0, 3.0, 3.0, 3.0]])
    found, plain = quantized("ternary:centroids", weights), quantized("ternary", weights)

    assert found.tables.tolist() == [[-1, 0, 1]] * 2
    assert found.codes.tolist() == plain.codes.tolist()
    np.testing.assert_allclose(found.scales, plain.scales, rtol=1e-6)


@given(rows=st.integers(0, 2**32 - 1), largest=st.sampled_from([2, 3, 15, 127]))
def test_centroids_are_never_worse_than_one_scale(rows: int, largest: int) -> None:
    """Whatever integers they may be."""
    weights = np.random.default_rng(rows).normal(size=(4, 9))

    assert (
        errors(f"ternary:centroids:largest={largest}", weights) <= errors("ternary", weights) * (1 + 1e-5) + 1e-9
    ).all()


def test_integers_cost_centroids_little() -> None:
    """Against the real centroids, which are a scan of each sign: the error grows by less than a hundredth."""
    weights = np.where(NORMAL > 0, 3 * NORMAL, NORMAL)
    real = errors("ternary", np.maximum(weights, 0)) + errors("ternary", np.minimum(weights, 0))
    found = errors("ternary:centroids", weights)

    assert (found >= real * (1 - 1e-6)).all()
    assert found.sum() < 1.01 * real.sum()


@pytest.mark.parametrize(
    ("reach", "most"),
    [pytest.param(3, 1 / 28, id="ordinary-a-28th"), pytest.param(15, 1 / 16, id="all-that-15-reaches-a-16th")],
)
@settings(max_examples=300)
@given(logarithm=st.floats(-1, 1), counts=st.tuples(st.integers(1, 1000), st.integers(1, 1000)))
def test_the_ratio_of_centroids_is_kept(reach: float, most: float, logarithm: float, counts: tuple[int, int]) -> None:
    """Within 1 : 3 … 3 : 1 and 1 : 15 … 15 : 1 with integers up to 15, however many weights either sign has."""
    ratio = reach**logarithm
    sizes = np.array([counts])
    sums = sizes * np.array([[1.0, ratio]])
    negative, positive = integer_pairs(15)[choose_pairs(sizes, sums, 15)[0]].tolist()

    assert abs(positive / negative / ratio - 1) <= most + 1e-9
