"""The plain engines of the benchmarks against integer products: what is compared with must compute the same."""

import numpy as np
import pytest

from benchmarks.engines_plain import ProductEngine, ProductEngine4
from benchmarks.folded_rows import RowEngine, RowTreeEngine
from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.format import Lane

POSITIONS, ROWS, COLUMNS, PE, SIMD = 3, 4, 12, 2, 4
KINDS: dict[str, tuple[type[FoldedEngine], int]] = {
    "rows": (RowEngine, 4),
    "row_trees": (RowTreeEngine, 4),
    "products_4": (ProductEngine4, 4),
    "products_8": (ProductEngine, 8),
}


def case(name: str) -> Case:
    """Random weights and words of all values, the least ones among them."""
    kind, bits = KINDS[name]
    rng = np.random.default_rng(bits)
    matrix = rng.integers(-(1 << bits - 1), 1 << bits - 1, (ROWS, COLUMNS))
    matrix[0, 0] = -(1 << bits - 1)
    engine = kind(matrix, [0] * ROWS, Lane(8, True), -128, 127, PE, SIMD)
    positions = rng.integers(-128, 128, (POSITIONS, COLUMNS))
    positions[1] = -128
    words = [
        engine.words.pack(chunk)
        for position in positions
        for chunk in np.tile(position.reshape(-1, SIMD), (ROWS // PE, 1)).tolist()
    ]
    sums = positions @ matrix.T
    expected = [engine.results.pack(results) for results in sums.reshape(-1, PE).tolist()]
    return Case(name, engine, words, expected, POSITIONS, engine.latency, engine.interval)


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all engines."""
    return simulate(tmp_path_factory.mktemp("plain"), [case(name) for name in KINDS])


@pytest.mark.parametrize("name", KINDS)
def test_results_are_those_of_the_matrix(name: str, complaints: dict[str, str]) -> None:
    """Every payload, in order, under stalls; latency, interval and handshake as for the engine's own lanes."""
    assert complaints[name] == ""
