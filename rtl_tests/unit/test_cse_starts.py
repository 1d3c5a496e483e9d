"""Forms of a matrix from which the search begins: each is the matrix, and fits below the depth limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.arith.cmvm.cse import CseSolver
from shiftwright.arith.cmvm.cse.differences import differences
from shiftwright.arith.cmvm.cse.multiples import multiples
from shiftwright.arith.cmvm.cse.problem import Problem, Start
from shiftwright.arith.cmvm.cse.starts import starts

Words = NDArray[np.int64]
BYTES = [(-128, 127)]


def problem_of(matrix: Words) -> Problem:
    """The product alone, over signed bytes."""
    return Problem.of(matrix, BYTES * matrix.shape[1], [0] * len(matrix))


def meaning(start: Start, value: int, inputs: int) -> Words:
    """The weights of a value: one input's own, or the sum of an expression's terms."""
    if value < inputs:
        return np.array([number == value for number in range(inputs)], dtype=np.int64)
    total = np.zeros(inputs, dtype=np.int64)
    for _, read, shift, negative in start.terms[start.terms[:, 0] == value].tolist():
        total += (-1 if negative else 1) * meaning(start, read, inputs) << shift
    return total


def room(start: Start, value: int, first_node: int, arity: int) -> int:
    """Leaves on level 0 that a tree over an expression's terms takes, each term a whole subtree."""
    reads = start.terms[start.terms[:, 0] == value][:, 1]
    return sum(arity ** int(start.levels[read - first_node]) if read >= first_node else 1 for read in reads)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 8),
    st.integers(1, 6),
    st.sampled_from([1, 4, 181, 1 << 12]),
    st.sampled_from([2, 3]),
    st.sampled_from([None, 0, 1, 3]),
)
def test_every_start_is_the_matrix_and_fits(
    seed: int, outputs: int, inputs: int, largest: int, arity: int, spare: int | None
) -> None:
    """Terms add up to rows and to the weights that nodes are said to have; nodes stand as high as their trees reach."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(-largest, largest + 1, 4)
    matrix = rng.choice(np.append(levels, 0), (outputs, inputs)).astype(np.int64)
    problem = problem_of(matrix)
    depth = None if spare is None else problem.least_depth + spare

    for start in (Start.plain(problem), multiples(problem, arity, depth), differences(problem, arity, depth)):
        if start is None:
            continue
        first_node = inputs + outputs
        assert matrix.tolist() == [meaning(start, inputs + row, inputs).tolist() for row in range(outputs)]
        for node, weights in enumerate(start.weights):
            assert weights.tolist() == meaning(start, first_node + node, inputs).tolist()
            if depth is not None:
                assert room(start, first_node + node, first_node, arity) <= arity ** int(start.levels[node])
        if depth is not None:
            assert all(
                room(start, inputs + row, first_node, arity) + problem.reserved[row] <= arity**depth
                for row in range(outputs)
            )


def test_few_mantissas_begin_as_multiples() -> None:
    """Base √2: 181 in every place takes its five digits once an input, not once a weight."""
    matrix = np.random.default_rng(1).choice([-181, -1, 1, 362], (16, 16)).astype(np.int64)

    (start,) = starts(problem_of(matrix), 2, None)

    assert len(start.levels) == 16
    assert len(start.terms) == 16 * 16 + 16 * 5


@pytest.mark.parametrize("largest", [1, 127])
def test_large_matrices_of_many_values_begin_in_digits(largest: int) -> None:
    """Where neither multiples nor differences are worth it, there is one greedy elimination and no more."""
    matrix = np.random.default_rng(2).integers(-largest, largest + 1, (40, 40))

    assert [len(problem_of(matrix).digits)] == [len(start.terms) for start in starts(problem_of(matrix), 2, 0)]


def test_small_matrices_are_searched_from_every_form() -> None:
    """x0 - x1 - x2 from x0 - x1 + x2: ternary rows, too, are differences, which shared terms alone do not find."""
    matrix = np.array([[1, -1, -1], [0, -1, 1], [1, -1, 1]])

    graph = CseSolver().solve(matrix, BYTES * 3, [0] * 3)

    assert graph.adders == 3


def test_equal_negations_are_one() -> None:
    """-x0 three times is one adder."""
    matrix = np.array([[-1, 0], [-1, 0], [1, 0], [-4, 0]])

    assert CseSolver(0).solve(matrix, BYTES * 2, [0] * 4).adders == 1
