"""Constant-matrix products as adder graphs: exact, proved, and no larger than they need to be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder, multiply
from shiftwright.arith.cmvm.csd import SOLVER
from shiftwright.arith.csd import csd_digits, csd_weight
from shiftwright.arith.prove import prove_graph
from shiftwright.registry import entries


def solve(rows: list[list[int]], constants: list[int], ranges: list[tuple[int, int]]) -> AdderGraph:
    """Solves, proves and returns the graph."""
    matrix = np.array(rows, dtype=np.int64).reshape(len(constants), len(ranges))
    graph = SOLVER.solve(matrix, ranges, constants)
    prove_graph(graph, matrix, constants)
    return graph


def corners(ranges: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Every combination of the inputs' least and greatest values."""
    axes = np.meshgrid(*[np.array(ends) for ends in ranges], indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)


@given(st.data())
def test_every_graph_is_exact(data: st.DataObject) -> None:
    """Random matrices, constants and intervals: the proof holds, and evaluation at all corners of the inputs."""
    inputs, outputs = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 5))
    weight = st.one_of(st.just(0), st.integers(-40, 40), st.integers(-(1 << 20), 1 << 20))
    rows = data.draw(st.lists(st.lists(weight, min_size=inputs, max_size=inputs), min_size=outputs, max_size=outputs))
    constants = data.draw(st.lists(st.one_of(st.just(0), weight), min_size=outputs, max_size=outputs))
    ends = st.tuples(st.integers(-300, 300), st.integers(-300, 300))
    ranges = [(min(pair), max(pair)) for pair in data.draw(st.lists(ends, min_size=inputs, max_size=inputs))]

    graph = solve(rows, constants, ranges)

    x = corners(ranges)
    expected = [
        [sum(w * v for w, v in zip(r, p, strict=True)) + c for r, c in zip(rows, constants, strict=True)]
        for p in x.tolist()
    ]
    assert expected == graph(x).tolist()
    assert all(len(add.operands) + bool(add.constant) <= 2 for add in graph.adds if add.operands)


@pytest.mark.parametrize(
    ("row", "constant", "adders", "output"),
    [
        pytest.param([0, 0], 0, 0, None, id="zero"),
        pytest.param([0, 8], 0, 0, Operand(1, 3), id="one-hot-is-a-wire"),
        pytest.param([0, -8], 0, 1, Operand(2, 3), id="negated-one-hot"),
        pytest.param([0, 0], -24, 0, Operand(2, 3), id="constant"),
        pytest.param([4, 0], 2, 1, Operand(2, 1), id="wire-plus-constant"),
        pytest.param([-1, -1], 0, 2, Operand(3), id="all-negative"),
        pytest.param([-1, -1], 5, 2, Operand(3), id="all-negative-plus-constant"),
        pytest.param([3, 5], 0, 3, Operand(4), id="two-digits-each"),
    ],
)
def test_small_rows(row: list[int], constant: int, adders: int, output: Operand | None) -> None:
    """What each kind of row costs and where its output lies."""
    graph = solve([row], [constant], [(-8, 7), (0, 15)])

    assert (adders, (output,)) == (graph.adders, graph.outputs)


def test_rows_equal_up_to_a_shift_share_one_tree() -> None:
    """Equal rows, and a row and constant four times another's; another constant is another row."""
    graph = solve([[1, 3], [4, 12], [1, 3], [1, 3]], [5, 20, 5, 6], [(0, 7), (0, 7)])

    assert 2 * (1 + 1 + 1) == graph.adders
    first = graph.outputs[0]
    assert first is not None
    assert (first, Operand(first.value, 2), first) == graph.outputs[:3]


def test_no_inputs_and_no_outputs() -> None:
    """Empty matrices are graphs too."""
    assert AdderGraph(((0, 1),), (), ()) == solve([], [], [(0, 1)])
    assert [(7, 7)] == [solve([[]], [7], []).output_range(0)]


def test_inputs_of_a_single_value_are_constants() -> None:
    """A channel that always carries 3 takes no adder of its own."""
    graph = solve([[2, 5], [0, -5]], [0, 1], [(-4, 4), (3, 3)])

    assert (1, [(7, 23), (-14, -14)]) == (graph.adders, [graph.output_range(index) for index in range(2)])


@pytest.mark.parametrize("terms", [1, 2, 3, 5, 8, 17])
def test_trees_are_balanced(terms: int) -> None:
    """Depth is the least that two-input adders allow, and the count is one less than the terms."""
    graph = solve([[1] * terms], [0], [(0, 1)] * terms)

    assert (terms - 1, (terms - 1).bit_length()) == (graph.adders, graph.depth)


def test_a_deep_term_enters_late() -> None:
    """Terms of unequal level: the shallow ones meet first, so that the deep one costs one level more."""
    builder = Builder([(0, 1)] * 8)
    deep = builder.total([Operand(number) for number in range(4)])
    assert deep is not None

    total = builder.total([deep, *(Operand(number) for number in range(4, 8))])

    assert total is not None
    assert (2, 3) == (builder.level_of(deep.value), builder.level_of(total.value))


def test_common_shifts_leave_the_adder() -> None:
    """8a + 16b is (a + 2b) << 3: the adder carries no low zeros."""
    builder = Builder([(0, 15), (0, 15)])

    total = builder.total([Operand(0, 3), Operand(1, 4)], 8)

    assert total is not None and total.shift == 3
    assert all(min(term.shift for term in add.operands) == 0 or add.constant & 1 for add in builder.graph([]).adds)


def test_intervals_see_through_reconvergence() -> None:
    """4x - x is 3x: its interval is three times that of x, not the difference of two intervals."""
    builder = Builder([(-5, 10)])

    value = builder.add([Operand(0, 2), Operand(0, 0, negative=True)])

    assert (-15, 30) == builder.range_of(value)


@given(st.integers(-300, 300), st.integers(-300, 300))
def test_multiply_appends_a_product(multiplier: int, constant: int) -> None:
    """value * M + c for a value that is itself a shifted sum, in as many adders as digits ask for."""
    builder = Builder([(-9, 9), (0, 12)])
    value = builder.total([Operand(0, 1), Operand(1, 2)])
    assert value is not None

    product = multiply(builder, value, multiplier, constant)

    graph = builder.graph([product])
    prove_graph(graph, np.array([[2 * multiplier, 4 * multiplier]]), [constant])
    # With every digit negative and no constant to subtract from, one operand is negated first.
    negation = bool(multiplier) and all(sign < 0 for _, sign in csd_digits(multiplier)) and not constant
    spare = 1 if not multiplier else 0  # without a product a constant is no adder
    assert graph.adders == 1 + max(0, csd_weight(multiplier) - 1) + bool(constant) * (1 - spare) + negation


def test_extend_goes_on_from_a_finished_graph() -> None:
    """The values of a solved graph keep their numbers, and a requantizer's product follows its output."""
    solved = solve([[1, 2]], [3], [(0, 7), (0, 7)])
    output = solved.outputs[0]
    assert output is not None

    builder = Builder.extend(solved)
    graph = builder.graph([multiply(builder, output, 5, -1)])

    assert solved.adds == graph.adds[: len(solved.adds)]
    prove_graph(graph, np.array([[5, 10]]), [14])


def test_solvers_are_found_by_their_modules() -> None:
    """The registry lists a solver under its module's name, which is the name users type."""
    found = entries("shiftwright.arith.cmvm", "SOLVER")

    assert SOLVER is found["csd"] and SOLVER.name == "csd"
