"""The solver on matrices out of the ordinary: every graph is proved, within its depth limit, and the same each time."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.arith.csd import csd_digits
from shiftwright.arith.families.choose import family
from shiftwright.arith.prove import prove_graph

Ranges = list[tuple[int, int]]
BYTE = (-128, 127)
RANDOM = np.random.default_rng(5)


def solve(matrix: Any, ranges: Ranges | None = None, constants: list[int] | None = None, **options: Any) -> AdderGraph:
    """Solved twice, proved, and measured against the depth limit and the family's adders."""
    weights: NDArray[np.int64] = np.asarray(matrix, dtype=np.int64)
    ranges = ranges if ranges is not None else [BYTE] * weights.shape[1]
    constants = constants if constants is not None else [0] * len(weights)
    chosen = SolverSettings(**({"effort": "fast"} | options))
    graph = chosen.make().solve(weights, ranges, constants)
    prove_graph(graph, weights, constants)
    assert graph == chosen.make().solve(weights, ranges, constants)
    assert all(len(add.operands) <= family(chosen.family).operands for add in graph.adds)
    if chosen.depth_limit is not None:
        assert graph.depth <= least_depth(weights, ranges, constants) + chosen.depth_limit
    return graph


def least_depth(matrix: NDArray[np.int64], ranges: Ranges, constants: list[int]) -> int:
    """Levels of a balanced tree of two-input adders over the longest row.

    Its leaves are signed digits and its constant; a row of negative digits alone has a 0 to be subtracted from."""
    most = 1
    for row, constant in zip(matrix.tolist(), constants, strict=True):
        total = constant + sum(w * lo for w, (lo, hi) in zip(row, ranges, strict=True) if lo == hi)
        signs = [sign for w, (lo, hi) in zip(row, ranges, strict=True) if lo < hi for _, sign in csd_digits(w)]
        most = max(most, len(signs) + (total != 0 or (bool(signs) and max(signs) < 0)))
    return (most - 1).bit_length()


def sparse(size: int, density: float) -> NDArray[np.int64]:
    """Small weights here and there."""
    matrix = RANDOM.integers(-8, 9, (size, size))
    matrix[RANDOM.random((size, size)) > density] = 0
    return matrix


WITHOUT_ADDERS: dict[str, tuple[Any, tuple[Operand | None, ...]]] = {
    "zero": (np.zeros((2, 3)), (None, None)),
    "no outputs": (np.zeros((0, 3)), ()),
    "no inputs": (np.zeros((2, 0)), (None, None)),
    "neither": (np.zeros((0, 0)), ()),
    "one-hot": ([[0, 4], [1, 0]], (Operand(1, 2), Operand(0, 0))),
}


@pytest.mark.parametrize("name", WITHOUT_ADDERS)
@pytest.mark.parametrize("brand", ["generic", "xcup"])
def test_wires_take_no_adder(name: str, brand: str) -> None:
    """Nothing is built for what is only picked or nothing."""
    matrix, outputs = WITHOUT_ADDERS[name]
    graph = solve(matrix, family=brand, depth_limit=0)

    assert (graph.adders, graph.bits, graph.outputs) == (0, 0, outputs)


@pytest.mark.parametrize(
    ("matrix", "constants", "adders"),
    [
        pytest.param([[1, 2, 3]] * 4, None, 3, id="equal rows"),
        pytest.param([[1, 2, 3], [4, 8, 12]], None, 3, id="a row four times another"),
        pytest.param([[1, 2, 3], [1, 2, 3]], [0, 5], 4, id="equal rows but for a constant"),
        pytest.param([[1, 1], [-1, -1]], None, 2, id="a row and its negation"),
        pytest.param([[-8, 0]], None, 1, id="a negated input"),
        pytest.param([[-1, -1, -1]], None, 3, id="negative alone"),
        pytest.param([[0, 0]], [7], 0, id="a constant alone"),
        pytest.param([[0, 1]], [7], 1, id="an input and a constant"),
        pytest.param([[0, -1]], [7], 1, id="a constant less an input"),
    ],
)
def test_small_rows_take_no_more_adders_than_they_must(
    matrix: list[list[int]], constants: list[int] | None, adders: int
) -> None:
    """Rows that are equal up to sign and shift are built once."""
    assert solve(matrix, constants=constants, depth_limit=0).adders == adders


def test_inputs_of_a_single_value_are_constants() -> None:
    """A channel that always carries 3 takes no adder of its own; where all do, nothing is added at all."""
    graph = solve([[2, 5], [0, -5]], [(-4, 4), (3, 3)], [0, 1])

    assert (graph.adders, [graph.output_range(index) for index in range(2)]) == (1, [(7, 23), (-14, -14)])
    assert solve(RANDOM.integers(-9, 10, (4, 4)), [(3, 3)] * 4).adders == 0


SHAPES: dict[str, tuple[Any, Ranges | None]] = {
    "a row": (RANDOM.integers(-99, 100, (1, 30)), None),
    "a column": (RANDOM.integers(-99, 100, (30, 1)), None),
    "24 bits": (RANDOM.integers(-(2**24), 2**24, (5, 5)), None),
    "40 bits": (RANDOM.integers(-(2**40), 2**40, (4, 4)), None),
    "51 bits": (RANDOM.integers(-(2**51), 2**51, (3, 3)), None),
    "powers of two": (2 ** RANDOM.integers(0, 20, (6, 6)), None),
    "wide inputs": (RANDOM.integers(-9, 10, (4, 4)), [(-(2**52), 2**52)] * 4),
    "wide unsigned inputs": (RANDOM.integers(-9, 10, (4, 4)), [(0, 2**54)] * 4),
    "single bits": (RANDOM.integers(-9, 10, (4, 4)), [(0, 1)] * 4),
    "far from zero": (RANDOM.integers(-9, 10, (4, 4)), [(1000, 1001)] * 4),
    "negative inputs": (RANDOM.integers(-9, 10, (4, 4)), [(-7, -2)] * 4),
    "inputs that are -1 or 0": (RANDOM.integers(-9, 10, (4, 4)), [(-1, 0)] * 4),
    "one input of several moves": (RANDOM.integers(-9, 10, (4, 4)), [(3, 3), (-5, -5), (0, 0), BYTE]),
    "sparse": (sparse(100, 0.02), None),
}


@pytest.mark.parametrize("limit", [None, 0, 1])
@pytest.mark.parametrize("brand", ["generic", "xcup"])
@pytest.mark.parametrize("name", SHAPES)
def test_matrices_out_of_the_ordinary_are_proved(name: str, brand: str, limit: int | None) -> None:
    """With two operands an adder and with three, limited and not, with and without constants."""
    matrix, ranges = SHAPES[name]
    for constants in ([0] * len(matrix), RANDOM.integers(-50, 51, len(matrix)).tolist()):
        solve(matrix, ranges, constants, family=brand, depth_limit=limit)


@pytest.mark.slow
@pytest.mark.parametrize("brand", ["generic", "xcup"])
def test_a_thousand_by_a_thousand_at_one_per_cent(brand: str) -> None:
    """Ten thousand weights that hardly ever meet."""
    graph = solve(sparse(1000, 0.01), family=brand, depth_limit=0)

    assert 5_000 < graph.adders < 20_000


WEIGHT = st.one_of(st.just(0), st.integers(-3, 3), st.integers(-40, 40), st.integers(-(1 << 20), 1 << 20))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[list[int]], Ranges, list[int]]:
    """Matrices up to 5×6 with constants, over intervals of all kinds."""
    inputs, outputs = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(WEIGHT, min_size=inputs, max_size=inputs), min_size=outputs, max_size=outputs))
    if draw(st.booleans()):  # rows that have something in common
        rows = [row if draw(st.booleans()) else [-2 * weight for weight in rows[0]] for row in rows]
    constants = draw(st.lists(st.one_of(st.just(0), WEIGHT), min_size=outputs, max_size=outputs))
    ends = st.tuples(st.integers(-300, 300), st.integers(-300, 300))
    pairs = draw(st.lists(ends, min_size=inputs, max_size=inputs))
    return rows, [(min(pair), max(pair)) for pair in pairs], constants


@settings(max_examples=150, deadline=None)
@given(problems(), st.sampled_from([None, 0, 1, 2]), st.sampled_from(["generic", "ecp5", "xcup"]), st.integers(0, 3))
def test_every_graph_is_proved_and_within_its_limit(
    problem: tuple[list[list[int]], Ranges, list[int]], limit: int | None, brand: str, seed: int
) -> None:
    """Whatever the matrix, the limit, the family and the seed; and the same again the next time."""
    rows, ranges, constants = problem

    solve(rows, ranges, constants, depth_limit=limit, family=brand, seed=seed)


@settings(max_examples=15, deadline=None)
@given(problems(), st.sampled_from([None, 0]), st.sampled_from(["generic", "xcup"]))
def test_a_search_keeps_what_is_proved(
    problem: tuple[list[list[int]], Ranges, list[int]], limit: int | None, brand: str
) -> None:
    """A hundredth of a second of ruin and recreate."""
    rows, ranges, constants = problem
    matrix = np.array(rows, dtype=np.int64)

    searched = SolverSettings(effort=0.01, depth_limit=limit, family=brand).make().solve(matrix, ranges, constants)

    prove_graph(searched, matrix, constants)
    assert limit is None or searched.depth <= least_depth(matrix, ranges, constants) + limit
