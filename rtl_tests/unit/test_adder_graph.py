"""The adder graph as data: evaluation, ranges, and the count of adders and bits."""

import numpy as np
import pytest

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand

# y0 = 4a - b + 1, y1 = -b, y2 = 6, y3 = 0, for a in 0 … 15 and b in -8 … 7.
GRAPH = AdderGraph(
    inputs=((0, 15), (-8, 7)),
    adds=(
        Add((Operand(0, 2), Operand(1, 0, negative=True)), 1, -6, 69, 1),
        Add((Operand(1, 0, negative=True),), 0, -7, 8, 1),
        Add((), 3, 3, 3, 0),
    ),
    outputs=(Operand(2), Operand(3), Operand(4, 1), None),
)


def test_evaluates_every_input() -> None:
    """The graph's four outputs at every pair of inputs."""
    x = np.array([(a, b) for a in range(16) for b in range(-8, 8)])

    assert [[4 * a - b + 1, -b, 6, 0] for a, b in x.tolist()] == GRAPH(x).tolist()


def test_without_outputs_the_batch_remains() -> None:
    """A graph of nothing still answers with one row an input."""
    assert AdderGraph(((0, 1),), (), ())(np.zeros((5, 1), dtype=np.int64)).shape == (5, 0)


def test_ranges_shift_with_their_output() -> None:
    """An output's range is its value's, shifted; None is 0."""
    assert [(-6, 69), (-7, 8), (6, 6), (0, 0)] == [GRAPH.output_range(index) for index in range(4)]


def test_constants_are_no_adders() -> None:
    """Two adders, one level deep; the constant counts for neither."""
    levels = [GRAPH.level_of(value) for value in range(5)]

    assert [0, 0, 1, 1, 0] == levels
    assert (GRAPH.adders, GRAPH.depth) == (len({2, 3}), max(levels))


@pytest.mark.parametrize(
    ("add", "bits"),
    [
        pytest.param(Add((Operand(0, 0), Operand(0, 3)), 0, 0, 135, 1), 8 - 3, id="low-bits-pass-through"),
        pytest.param(Add((Operand(0, 0), Operand(0, 3, True)), 0, -120, 15, 1), 8 - 3, id="nothing-to-borrow"),
        pytest.param(Add((Operand(0, 0, True), Operand(0, 3)), 0, -15, 120, 1), 8, id="borrow-from-the-bottom"),
        pytest.param(Add((Operand(0, 0),), 8, 8, 23, 1), 5 - 3, id="constant-with-low-zeros"),
        pytest.param(Add((Operand(0, 0, True),), 0, -15, 0, 1), 5, id="negation"),
    ],
)
def test_bits_count_full_adders_only(add: Add, bits: int) -> None:
    """Low bits that one operand alone reaches cost nothing, unless that operand is subtracted."""
    assert bits == AdderGraph(((0, 15),), (add,), (Operand(1),)).bits
