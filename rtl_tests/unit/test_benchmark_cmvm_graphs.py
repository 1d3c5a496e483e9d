"""Graphs of other solvers become ours: the same sums, negations only where an output keeps a sign, proved."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cmvm_graphs import ADD, READ, SUBTRACT, ConversionError, convert
from benchmarks.cmvm_rows import negations
from shiftwright.arith.adder_graph import Operand
from shiftwright.errors import ProofError

SPAN = (-128, 127)
Json = dict[str, Any]


def stage(operations: list[list[int]], outputs: list[list[int]], input_shifts: list[int] | None = None) -> Json:
    """A block that reads all its inputs first, as the others do; `operations` follow those reads."""
    shifts = input_shifts if input_shifts is not None else [0, 0]
    reads = [[READ, number, -1, 0] for number in range(len(shifts))]
    return {"input_shifts": shifts, "operations": [*reads, *operations], "outputs": outputs}


def converted(stages: list[Json], *rows: list[int]) -> Any:
    """The graph of stages that compute these rows."""
    matrix = np.array(rows, dtype=np.int64)
    return convert(stages, matrix, [SPAN] * matrix.shape[1])


def test_an_operation_is_an_adder() -> None:
    """Values 0 and 1 are inputs; 2 is 5·x0, 3 is 5·x0 + 2·x1, 4 is 3 minus four times 2."""
    operations = [[ADD, 0, 0, 2], [ADD, 2, 1, 1], [SUBTRACT, 3, 2, 2]]
    graph = converted([stage(operations, [[2, 1, False], [4, 0, False]])], [10, 0], [-15, 2])

    assert (graph.adders, graph.depth, negations(graph)) == (3, 3, 0)
    assert graph(np.array([[7, -9]])).tolist() == [[70, -123]]


def test_fractions_on_the_way_become_integers() -> None:
    """x - x/4 is 3/4 of x; four times that is 3x, with an adder whose operands are x and 4x."""
    graph = converted([stage([[SUBTRACT, 0, 0, -2]], [[2, 2, False]])], [3, 0])

    assert [add.operands for add in graph.adds] == [(Operand(0, 2), Operand(0, 0, True))]
    assert graph.outputs == (Operand(2, 0),)


def test_an_input_may_arrive_shifted() -> None:
    """The shift goes into the adder's operand."""
    graph = converted([stage([[ADD, 0, 1, 0]], [[2, 0, False]], [0, 3])], [1, 8])

    assert graph.adds[0].operands == (Operand(0), Operand(1, 3))


def test_signs_between_stages_are_free() -> None:
    """The second block adds what the first gives negated: one subtraction, no negation."""
    first = stage([], [[0, 0, True], [1, 0, False]])
    graph = converted([first, stage([[ADD, 0, 1, 0]], [[2, 0, False]])], [-1, 1])

    assert [add.operands for add in graph.adds] == [(Operand(1), Operand(0, 0, True))]


def test_two_negated_operands_are_a_negated_sum() -> None:
    """-a - b has two carries in; a + b with the sign further on has none."""
    first = stage([], [[0, 0, True], [1, 0, True]])
    graph = converted([first, stage([[ADD, 0, 1, 0], [SUBTRACT, 0, 2, 0]], [[3, 0, False]])], [0, 1])

    assert [add.operands for add in graph.adds] == [(Operand(0), Operand(1)), (Operand(2), Operand(0, 0, True))]


def test_an_output_left_with_a_sign_costs_a_negation_of_its_width() -> None:
    """Nine bits for -x of an 8-bit word, once for all outputs that are its multiples by powers of two."""
    graph = converted([stage([], [[0, 0, True], [0, 3, True], [0, 1, False]])], [-1, 0], [-8, 0], [2, 0])

    assert (graph.adders, negations(graph), graph.bits, graph.depth) == (1, 1, 9, 1)
    assert graph.outputs == (Operand(2, 0), Operand(2, 3), Operand(0, 1))


def test_zeros_cost_nothing() -> None:
    """An output of -1 is 0, and so is what the next block reads from it."""
    first = stage([], [[-1, 0, False], [1, 0, False]])
    second = stage([[SUBTRACT, 0, 1, 2], [ADD, 1, 0, 1]], [[-1, 0, False], [2, 0, True], [3, 0, False]])
    graph = converted([first, second], [0, 0], [0, 4], [0, 1])

    assert (graph.adders, graph.outputs) == (0, (None, Operand(1, 2), Operand(1)))


@pytest.mark.parametrize(
    ("block", "error", "message"),
    [
        pytest.param(stage([[4, 0, 0, 0]], [[2, 0, False]]), ConversionError, "operation 4 of value 2", id="operation"),
        pytest.param(stage([], [[0, -1, False]]), ConversionError, "2\\^-1", id="fraction"),
        pytest.param(stage([[ADD, 0, 1, 1]], [[2, 0, False]]), ProofError, "2 times input 1, the matrix", id="product"),
    ],
)
def test_what_is_no_such_product_is_refused(block: Json, error: type[Exception], message: str) -> None:
    """An operation that no sum is, half an input, another matrix."""
    with pytest.raises(error, match=message):
        converted([block], [1, 1])


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[Json], list[list[int]]]:
    """Two chained blocks over three inputs, and the integer rows that they compute, by fractions."""
    rows = [[Fraction(int(row == column)) for column in range(3)] for row in range(3)]
    stages = []
    for last in (False, True):
        shifts = draw(st.lists(st.integers(-2, 2), min_size=len(rows), max_size=len(rows)))
        known = [[entry * Fraction(2) ** shift for entry in row] for row, shift in zip(rows, shifts, strict=True)]
        operations = []
        for _ in range(draw(st.integers(0, 6))):
            first, second = (draw(st.integers(0, len(known) - 1)) for _ in range(2))
            opcode, shift = draw(st.sampled_from([ADD, SUBTRACT])), draw(st.integers(-3, 3))
            factor = Fraction(2) ** shift * (1 if opcode == ADD else -1)
            operations.append([opcode, first, second, shift])
            known.append([a + factor * b for a, b in zip(known[first], known[second], strict=True)])
        outputs = []
        for _ in range(3):
            value, negative = draw(st.integers(0, len(known) - 1)), draw(st.booleans())
            # The last shift is large enough for integers: at most 2 + 3·6 bits of fraction a block.
            outputs.append([value, 40 if last else draw(st.integers(-2, 2)), negative])
        rows = [
            [entry * Fraction(2) ** shift * (-1 if negative else 1) for entry in known[value]]
            for value, shift, negative in outputs
        ]
        stages.append(stage(operations, outputs, shifts))
    return stages, [[int(entry) for entry in row] for row in rows]


@given(programs())
def test_any_chain_of_sums_converts_to_what_it_computes(program: tuple[list[Json], list[list[int]]]) -> None:
    """The graph computes the rows, with an adder an operation at most, and one a negated output."""
    stages, rows = program
    graph = convert(stages, np.array(rows, dtype=object), [(-2, 1)] * 3)
    made = sum(row[0] != READ for block in stages for row in block["operations"])

    assert graph.adders - negations(graph) <= made
    assert negations(graph) <= 3
