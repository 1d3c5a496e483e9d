"""From a matrix to the search's first state: signed digits, intervals, levels and tables of the right size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.cmvm.cse import state as columns
from shiftwright.arith.cmvm.cse.digits import signed_digits
from shiftwright.arith.cmvm.cse.search import Best
from shiftwright.arith.cmvm.cse.state import NONE, State

WIDEST = float(1 << 60)
UNLIMITED = 4096  # levels that the search counts where depth is not limited; then nothing depends on them


@dataclass(frozen=True, slots=True)
class Problem:
    """y = matrix·x + constants over `lo` … `hi`, as rows (output, input, shift, negative) of signed digits."""

    lo: NDArray[np.int64]
    hi: NDArray[np.int64]
    constants: NDArray[np.int64]
    matrix: NDArray[np.int64]
    digits: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]) -> "Problem":
        """An input that takes only one value joins the constants."""
        bounds = np.array(ranges, dtype=np.int64).reshape(len(ranges), 2)
        lo, hi = bounds[:, 0], bounds[:, 1]
        fixed = lo == hi
        totals = np.array(constants, dtype=np.int64) + matrix[:, fixed] @ lo[fixed]
        matrix = np.where(fixed, 0, matrix)
        digits = signed_digits(matrix)
        lengths = np.bincount(digits[:, 0], minlength=len(constants))
        return cls(lo, hi, totals, matrix, digits, lengths)

    @property
    def reserved(self) -> NDArray[np.int64]:
        """A leaf beyond the digits of a row: its constant, or a 0 to subtract from where all digits are negative."""
        added = np.zeros(len(self.constants), dtype=bool)
        added[self.digits[self.digits[:, 3] == 0, 0]] = True
        leaf: NDArray[np.int64] = ((self.constants != 0) | ((self.lengths > 0) & ~added)).astype(np.int64)
        return leaf

    @property
    def least_depth(self) -> int:
        """Levels that the longest row takes: ceil(log2(leaves))."""
        leaves = self.lengths + self.reserved
        return (max(int(leaves.max(initial=0)), 1) - 1).bit_length()


def is_too_wide(matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]) -> bool:
    """Whether an output might pass 60 bits; signed digits may stand for twice the weight on the way."""
    largest = [max(abs(lo), abs(hi), 1) for lo, hi in ranges]
    rows = np.abs(matrix.astype(float)) @ np.array(largest, dtype=float) if len(largest) else np.zeros(len(matrix))
    return bool(2 * rows.max(initial=0) + max((abs(constant) for constant in constants), default=0) > WIDEST)


@dataclass(frozen=True, slots=True)
class Start:
    """Expressions to begin with, as terms (expression, value, shift, negative). Values behind the outputs are nodes
    that the start brings along: `weights` (nodes, inputs) is what they compute, `levels` where they stand."""

    terms: NDArray[np.int64]
    weights: NDArray[np.int64]
    levels: NDArray[np.int64]

    @classmethod
    def plain(cls, problem: Problem) -> "Start":
        """Every row in its own digits."""
        inputs = len(problem.lo)
        terms = problem.digits + np.array([inputs, 0, 0, 0])
        return cls(terms, np.zeros((0, inputs), dtype=np.int64), np.zeros(0, dtype=np.int64))


def first_state(problem: Problem, start: Start, seed: int, arity: int, depth: int | None, costs: list[int]) -> State:
    """The state before anything is shared; `depth` is the greatest level, `costs` are (bit2, fixed2, bit3, fixed3)."""
    inputs, outputs, terms = len(problem.lo), len(problem.constants), len(start.terms)
    nodes = len(start.levels)
    size = inputs + outputs + nodes + terms + 64
    values = np.zeros((size, columns.VALUE_COLUMNS), dtype=np.int64)
    values[:, columns.FIRST] = values[:, columns.FIRST_READER] = NONE
    values[: inputs + outputs, columns.ALIVE] = 1
    values[:inputs, columns.LO], values[:inputs, columns.HI] = problem.lo, problem.hi
    rising, falling = np.maximum(problem.matrix, 0), np.minimum(problem.matrix, 0)
    ends = values[inputs : inputs + outputs]
    ends[:, columns.LO] = rising @ problem.lo + falling @ problem.hi + problem.constants
    ends[:, columns.HI] = rising @ problem.hi + falling @ problem.lo + problem.constants
    ends[:, columns.CONSTANT] = problem.constants
    power = _powers(arity, depth)
    ends[:, columns.RESERVED] = ends[:, columns.KRAFT] = problem.reserved * power[0]
    made = slice(inputs + outputs, inputs + outputs + nodes)
    values[made, columns.ALIVE] = 1
    values[made, columns.LEVEL] = start.levels
    rising, falling = np.maximum(start.weights, 0), np.minimum(start.weights, 0)
    values[made, columns.LO] = rising @ problem.lo + falling @ problem.hi
    values[made, columns.HI] = rising @ problem.hi + falling @ problem.lo
    lengths = np.bincount(start.terms[:, 0], minlength=size)
    pairs = int((lengths * (lengths - 1) // 2).sum())
    exact = size * inputs <= 1 << 26  # 512 MB; beyond that, operands' intervals are added
    coefficients = np.zeros((size, inputs) if exact else (1, 1), dtype=np.int64)
    if exact:
        coefficients[np.arange(inputs), np.arange(inputs)] = 1
        coefficients[made] = start.weights
    counters = np.zeros(columns.COUNTERS, dtype=np.int64)
    counters[columns.INPUTS], counters[columns.OUTPUTS] = inputs, outputs
    counters[columns.TOP] = inputs + outputs + nodes
    counters[columns.FREE_TERMS] = capacity = 2 * max(terms, len(problem.digits)) + 256
    taken = inputs + outputs + nodes
    free_values = np.zeros(size, dtype=np.int64)  # room for the first nodes too, which may be given back
    free_values[: size - taken] = np.arange(size - 1, taken - 1, -1)
    counters[columns.FREE_VALUES] = size - taken
    counters[columns.SEED] = (seed * 2654435761 + 88172645463325252) & (1 << 62) - 1
    counters[columns.ARITY] = arity
    counters[columns.DEPTH] = UNLIMITED - 8 if depth is None else depth
    counters[[columns.BIT2, columns.FIXED2, columns.BIT3, columns.FIXED3]] = costs
    counters[columns.EXACT] = exact
    table = _table(4 * pairs)
    return State(
        values=values,
        terms=np.zeros((capacity, columns.TERM_COLUMNS), dtype=np.int64),
        coefficients=coefficients,
        power=power,
        free_values=free_values,
        free_terms=np.arange(capacity - 1, -1, -1, dtype=np.int64),
        table=table,
        heap_score=np.zeros(len(table) // 2),
        heap_key=np.zeros(len(table) // 2, dtype=np.int64),
        touched=np.zeros(len(table), dtype=np.int64),
        log=np.zeros((max(1 << 16, 20 * capacity), 6), dtype=np.int64),
        dirty=np.zeros(size, dtype=np.int64),
        queue=np.zeros(size, dtype=np.int64),
        dropped=np.zeros(size, dtype=np.int64),
        found=np.zeros((capacity, 2), dtype=np.int64),
        items=np.zeros((2 * capacity + 8, 6), dtype=np.int64),
        merges=np.zeros((capacity, 3), dtype=np.int64),
        live=np.zeros(capacity, dtype=np.int64),
        counters=counters,
        noise=np.zeros(3),
    )


def _table(patterns: int) -> NDArray[np.int64]:
    return np.full(1 << min(max(patterns.bit_length(), 12), 24), NONE, dtype=np.int64)


def _powers(arity: int, depth: int | None) -> NDArray[np.int64]:
    """arity^level up to the limit and prohibitive beyond; without a limit all 0, so that every sum fits."""
    if depth is None:
        return np.zeros(UNLIMITED, dtype=np.int64)
    assert arity ** (depth + 1) < 1 << 60
    return np.array([arity**level if level <= depth + 1 else 1 << 61 for level in range(depth + 8)], dtype=np.int64)


def first_best(state: State) -> Best:
    """Room for the cheapest state."""
    size = len(state.values)
    return Best(
        rows=np.zeros((len(state.terms), 4), dtype=np.int64),
        bounds=np.zeros((size, 3), dtype=np.int64),
        alive=np.zeros(size, dtype=np.int64),
        scalars=np.zeros(3, dtype=np.int64),
    )


def slimmed(state: State) -> State:
    """The same state with tables of the size that is needed after the first elimination: they fit the cache."""
    table = _table(8 * int(state.counters[columns.PATTERNS]))
    if len(table) >= len(state.table):
        return state
    live = state.table[state.table != NONE]
    _fill(table, live)
    return state._replace(
        table=table,
        heap_score=np.zeros(len(table) // 2),
        heap_key=np.zeros(len(table) // 2, dtype=np.int64),
        touched=np.zeros(len(table), dtype=np.int64),
    )


def _fill(table: NDArray[np.int64], entries: NDArray[np.int64]) -> None:
    """Linear probing for all entries at once: who finds a place taken steps on."""
    mask = np.uint64(len(table) - 1)
    keys = (entries >> 15).astype(np.uint64)
    slots = (keys * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(24)) & mask
    left = entries
    while len(left):
        free = table[slots] == NONE
        table[slots[free]] = left[free]
        lost = table[slots] != left
        left, slots = left[lost], (slots[lost] + np.uint64(1)) & mask
