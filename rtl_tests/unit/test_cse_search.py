"""The search behind the solver: its state keeps every invariant, and a step that is undone leaves no trace."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.cse import CseSolver
from shiftwright.arith.cmvm.cse.digits import signed_digits
from shiftwright.arith.cmvm.cse.effort import budget
from shiftwright.arith.csd import csd_digits
from shiftwright.arith.families.family import Family
from shiftwright.arith.families.generic import FAMILY as GENERIC
from shiftwright.arith.families.xcup import FAMILY as XCUP
from shiftwright.arith.prove import prove_graph

ROOT = Path(__file__).parents[2]
BYTES = [(-128, 127)]


def solved(matrix: NDArray[np.int64], solver: CseSolver) -> AdderGraph:
    """The proved graph over signed bytes."""
    graph = solver.solve(matrix, BYTES * matrix.shape[1], [0] * len(matrix))
    prove_graph(graph, matrix, [0] * len(matrix))
    return graph


@pytest.mark.parametrize(
    ("arity", "depth", "seed"),
    [(2, "none", 0), (2, "none", 11), (2, "0", 1), (2, "1", 8), (3, "none", 3), (3, "0", 4), (3, "0", 7)],
)
def test_every_step_keeps_the_invariants(arity: int, depth: str, seed: int) -> None:
    """Pattern counts, Kraft sums, intervals, weights and costs are found anew after each step, and undo is exact."""
    command = [sys.executable, "-W", "ignore", "-m", "rtl_tests.unit.cse_steps", str(arity), depth, str(seed)]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 20


@given(st.lists(st.integers(-(1 << 40), 1 << 40), min_size=1, max_size=6))
def test_signed_digits_are_canonical(weights: list[int]) -> None:
    """The digits of a matrix are those of its weights, one by one."""
    found = signed_digits(np.array([weights], dtype=np.int64)).tolist()

    assert [
        [0, column, shift, int(sign < 0)] for column, weight in enumerate(weights) for shift, sign in csd_digits(weight)
    ] == found


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([1, 3, 100, 1 << 24]),
    st.sampled_from([None, 0, 1, 2]),
    st.sampled_from([GENERIC, XCUP]),
)
def test_graphs_are_exact_and_within_the_depth_limit(
    seed: int, outputs: int, inputs: int, largest: int, limit: int | None, family: Family
) -> None:
    """Random matrices, constants and ranges: proved, no deeper than allowed, no more operands than the family sums."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-largest, largest + 1, (outputs, inputs)) * (rng.random((outputs, inputs)) < 0.8)
    if seed % 3 == 0:
        matrix = -np.abs(matrix)
    constants = (rng.integers(-500, 500, outputs) * (seed % 2)).tolist()
    ranges = [[(-128, 127)], [(0, 255)], [(-3, 90)], [(7, 7)]][seed % 4] * inputs
    solver = CseSolver(limit, "fast" if seed % 5 else 0.005, seed % 7, family)

    graph = solver.solve(matrix, ranges, constants)

    prove_graph(graph, matrix, constants)
    assert all(len(add.operands) <= family.operands for add in graph.adds)
    if limit is not None:
        assert graph.depth <= least_depth(matrix, ranges, constants) + limit


def least_depth(matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]) -> int:
    """ceil(log2(leaves)) of the longest row: its digits, and its constant, or a 0 where all digits are subtracted."""
    longest = 1
    for row, constant in zip(matrix.tolist(), constants, strict=True):
        constant += sum(w * lo for w, (lo, hi) in zip(row, ranges, strict=True) if lo == hi)
        digits = [d for w, (lo, hi) in zip(row, ranges, strict=True) if lo != hi for d in csd_digits(w)]
        alone = bool(constant) or (bool(digits) and all(sign < 0 for _, sign in digits))
        longest = max(longest, len(digits) + alone)
    return (longest - 1).bit_length()


def test_named_efforts_always_give_the_same_graph() -> None:
    """By seed and effort; another seed finds another graph."""
    matrix = np.random.default_rng(5).integers(-8, 9, (12, 12))

    assert solved(matrix, CseSolver(seed=3)) == solved(matrix, CseSolver(seed=3))
    assert solved(matrix, CseSolver(seed=3)) != solved(matrix, CseSolver(seed=4))


@pytest.mark.parametrize("limit", [None, 0, 2])
def test_more_effort_finds_smaller_graphs(limit: int | None) -> None:
    """The search takes at least four of a hundred bits off the greedy elimination's graph."""
    matrix = np.random.default_rng(6).choice([-1, 0, 1], (32, 32))

    assert solved(matrix, CseSolver(limit)).bits < 0.96 * solved(matrix, CseSolver(limit, "fast")).bits


def test_an_effort_in_seconds_takes_them() -> None:
    """And the result is proved like any other."""
    matrix = np.random.default_rng(7).choice([-1, 0, 1], (16, 16))

    assert solved(matrix, CseSolver(effort=0.2)).bits <= solved(matrix, CseSolver(effort="fast")).bits


def test_shared_rows_cost_nothing() -> None:
    """Equal, shifted and negated rows: wires, and one negation."""
    row = [1, 0, -2, 5]
    matrix = np.array([row, row, [4 * w for w in row], [-w for w in row]])

    assert solved(matrix[:3], CseSolver()).adders == solved(matrix[:1], CseSolver()).adders
    assert solved(matrix, CseSolver()).adders == solved(matrix[:1], CseSolver()).adders + 1


def test_rows_that_are_alike_follow_one_another() -> None:
    """Large weights that differ little: differences between rows take a fraction of the digits."""
    base = np.random.default_rng(8).integers(129, 256, 12)
    matrix = np.stack([base + (np.arange(12) == place) for place in range(8)])

    assert solved(matrix, CseSolver()).adders <= solved(matrix[:1], CseSolver()).adders + 8


def test_three_operands_take_about_half_the_adders() -> None:
    """A row of 27 words: 26 adders of two, 13 of three, on three levels."""
    matrix = np.ones((1, 27), dtype=np.int64)

    assert [26, 5] == [(graph := solved(matrix, CseSolver(0))).adders, graph.depth]
    assert [13, 3] == [(graph := solved(matrix, CseSolver(0, family=XCUP))).adders, graph.depth]


def test_effort_grows_with_the_matrix() -> None:
    """Work is counted, not timed: none at fast, and for large matrices as the square of the digits."""
    assert budget("fast", 10_000, 5_000, 0) == 0
    assert 4 * budget("normal", 10_000, 5_000, 0) == budget("normal", 10_000, 10_000, 0)
    assert budget("normal", 100, 50, None) < budget("high", 100, 50, None)
