"""Codebooks: the clustering, the integers that centroids become, one table for a layer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import GridWeights, squared_error
from shiftwright.quantize.grids.codebook import first_centroids
from shiftwright.quantize.grids.lloyd import lloyd
from shiftwright.quantize.grids.spec import parse_grid

NORMAL = np.random.default_rng(0).normal(size=(8, 1000))
SPECS = ("codebook", "codebook:width=6", "codebook:pot", "codebook:granularity=channel", "codebook:width=16:steps=50")


def quantized(spec: str, bits: int, weights: NDArray[np.float64]) -> GridWeights:
    """Weights (channels, n) on the grid, scales as low as they like."""
    return parse_grid(spec, bits).quantize(weights, np.zeros(len(weights)))


def decibels(spec: str, bits: int, weights: NDArray[np.float64]) -> float:
    """Signal to quantization noise of all weights together."""
    noise = squared_error(weights, quantized(spec, bits, weights)).sum()
    return float(10 * np.log10(np.square(weights).sum() / noise))


def test_the_published_first_centroids() -> None:
    """0 and ±n/2^j with n the power of two at or below the largest magnitude."""
    assert first_centroids(4, 1.9).tolist() == [-1, -0.5, -0.25, -0.125, 0, 0.125, 0.25, 0.5, 1]
    assert first_centroids(2, 2.0).tolist() == [-2, 0, 2]
    assert [len(first_centroids(bits, 1.0)) for bits in (2, 3, 4, 5, 6)] == [3, 5, 9, 17, 33]


@given(
    values=st.lists(st.floats(-10, 10), min_size=1, max_size=40),
    start=st.lists(st.integers(-20, 20), min_size=1, max_size=6, unique=True),
    data=st.data(),
)
def test_lloyds_steps_are_the_plain_ones(values: list[float], start: list[int], data: st.DataObject) -> None:
    """Assign each value, average each cluster, leave held and empty ones; the error only falls and the order stays."""
    ordered, centroids = np.sort(values), np.sort(np.array(start, dtype=np.float64))
    held = np.array([data.draw(st.booleans()) for _ in start])
    error = np.inf
    for step in range(4):
        found, sizes = lloyd(ordered, np.sort(np.array(start, dtype=np.float64)), held, step)
        np.testing.assert_allclose(found, centroids, atol=1e-9)
        distances = np.abs(ordered[:, None] - found)
        assert (np.diff(found) >= 0).all()
        assert sizes.sum() == len(values)
        assert (np.square(distances).min(axis=1).sum()) <= error + 1e-9
        error = np.square(distances).min(axis=1).sum()
        choice = np.searchsorted((found[1:] + found[:-1]) / 2, ordered)
        centroids = np.array(
            [
                centroid if fixed or not (choice == index).any() else ordered[choice == index].mean()
                for index, (centroid, fixed) in enumerate(zip(found, held, strict=True))
            ]
        )


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("spec", SPECS)
def test_one_table_of_integers_for_the_layer(spec: str, bits: int) -> None:
    """At most 2^(b-1) + 1, zero among them, none twice, without a common divisor, within the width."""
    grid, found = parse_grid(spec, bits), quantized(spec, bits, NORMAL)
    (table,) = found.tables.tolist()

    assert table == sorted(set(table))
    assert 0 in table
    assert 3 <= len(table) <= 2 ** (bits - 1) + 1
    assert max(map(abs, table)) <= grid.numbers.largest
    assert np.gcd.reduce(table) == 1
    if "pot" in spec:
        assert all(level & (level - 1) == 0 for level in map(abs, table))


@pytest.mark.parametrize("spec", SPECS)
def test_few_values_are_held_exactly(spec: str) -> None:
    """Clusters of one value each, at the powers of two where the centroids begin."""
    weights = np.random.default_rng(0).choice([-4.0, -2, -1, -0.5, 0, 0.5, 1, 2, 4], size=(3, 200))
    found = quantized(spec, 4, weights)

    assert found.tables.tolist() == [[-8, -4, -2, -1, 0, 1, 2, 4, 8]]
    np.testing.assert_array_equal(found.real(), weights)


def test_centroids_that_become_one_integer_are_merged() -> None:
    """At 4 bits of width ±1/8 and what lies inside cannot all be told from each other."""
    weights = np.concatenate([NORMAL[0], [200.0, -200.0]])[None]
    found = quantized("codebook:width=4", 4, weights)

    assert found.tables.shape[1] < 9
    assert np.abs(found.tables).max() <= 7
    assert np.isfinite(found.real()).all()


@pytest.mark.parametrize(("bits", "tolerance"), [(3, 0.01), (4, 0.02), (5, 0.1)])
def test_eight_bits_cost_the_centroids_little(bits: int, tolerance: float) -> None:
    """In decibels, against 16; and so wide, the integers are the real centroids."""
    assert decibels("codebook:width=16", bits, NORMAL) - decibels("codebook", bits, NORMAL) < tolerance


@pytest.mark.parametrize(
    ("spec", "bits", "expected"),
    [
        pytest.param("codebook", 2, 7.2, id="2-bits"),
        pytest.param("codebook", 3, 10.9, id="3-bits"),
        pytest.param("codebook", 4, 15.4, id="4-bits"),
        pytest.param("codebook", 5, 17.1, id="5-bits-not-converged"),
        pytest.param("codebook:steps=100", 5, 20.9, id="5-bits-converged"),
        pytest.param("codebook:pot", 4, 13.9, id="powers-of-two"),
    ],
)
def test_decibels_of_normal_weights(spec: str, bits: int, expected: float) -> None:
    """Near the optimum of 5 and 9 levels (Max 1960: 11.0, 15.5); 17 levels need more than the ten published steps."""
    assert abs(decibels(spec, bits, NORMAL) - expected) < 0.3


def test_channels_share_a_table_and_have_scales_of_their_own() -> None:
    """Channels that differ by powers of two have the same codes; one scale for all of them holds only the largest."""
    weights = NORMAL * np.exp2(np.arange(8.0))[:, None]
    plain, spread = (quantized("codebook:granularity=channel", 4, w) for w in (NORMAL, weights))

    assert plain.codes.tolist() == spread.codes.tolist()
    assert (spread.scales / plain.scales).tolist() == np.exp2(np.arange(8)).tolist()
    assert len(set(quantized("codebook", 4, weights).scales.tolist())) == 1
    assert decibels("codebook:granularity=channel", 4, NORMAL) > decibels("codebook", 4, NORMAL) - 0.2


def test_an_outlier_takes_a_centroid_for_itself() -> None:
    """As published the first centroids hang on the largest weight; a far one leaves the rest at zero."""
    weights = np.concatenate([NORMAL[0], [1e6]])[None]
    found = quantized("codebook", 4, weights)

    assert found.codes[0, -1] == found.tables.max()
    assert np.abs(found.real()[0, -1] / 1e6 - 1) < 1e-3
    assert not found.codes[0, :-1].any()


@pytest.mark.parametrize(
    ("spec", "bits", "message"),
    [
        ("codebook", 1, "codebook weights take 2 to 6 bits, not 1; pick one of those"),
        ("codebook", 7, "codebook weights take 2 to 6 bits, not 7; pick one of those"),
        ("codebook:width=2", 7, "codebook:width=2 weights take 2 bits, not 7; pick one of those"),
        ("codebook:width=17", 4, "grid .* width=17 is not a whole number within 4 … 16"),
        ("codebook:width=3", 4, "grid .* width=3 is not a whole number within 4 … 16"),
        ("codebook:pot:width=6", 4, "grid .* has no option 'width'; .*"),
    ],
)
def test_what_makes_no_sense_is_refused(spec: str, bits: int, message: str) -> None:
    """In one line, with what is allowed."""
    with pytest.raises(QuantizeError, match=f"^{message}$"):
        parse_grid(spec, bits)
