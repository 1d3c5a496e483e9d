"""Proofs that hold for every input: an adder graph equals its matrix, a requantizer the real-number formula.

Nothing here is shared with what it checks: no builder, no solver, no software model, no threshold formula. Only the
data structures are read."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.requantize import Requantizer
from shiftwright.errors import ProofError

INT64_SAFE = 1 << 62
Row = NDArray[np.int64] | NDArray[np.object_]  # objects are Python integers, for sums beyond int64
HINT = "this is a fault of Shiftwright's solver or of an edited file; please report it with the model"


def prove_graph(graph: AdderGraph, matrix: NDArray[np.int64], constants: Sequence[int]) -> None:
    """Proves y = matrix·x + constants for all x within graph.inputs, and every interval and level on the way.

    An adder graph is linear, so the exact coefficients of each value over the inputs say all about it. An input that
    can take only one value counts as a constant. ProofError names the first add or output that is wrong."""
    inputs = len(graph.inputs)
    if matrix.shape != (len(graph.outputs), inputs) or len(constants) != len(graph.outputs):
        raise ProofError(
            f"the graph has {len(graph.outputs)} outputs of {inputs} inputs, the matrix is {matrix.shape} with "
            f"{len(constants)} constants; {HINT}"
        )
    for number, (lo, hi) in enumerate(graph.inputs):
        if lo > hi:
            raise ProofError(f"input {number} has the empty interval {lo} … {hi}; {HINT}")
    state = _Coefficients(graph)
    for number, add in enumerate(graph.adds):
        _prove_add(state, f"add {number} (value {inputs + number})", inputs + number, add)
    for number, output in enumerate(graph.outputs):
        wanted = [int(weight) for weight in matrix[number]]
        _prove_output(state, number, output, wanted, int(constants[number]))


class _Coefficients:
    """The coefficients over the inputs, constant, interval and level of each value, worked out add by add.

    Rows leave when their last reader has passed, which keeps the largest graphs in memory."""

    def __init__(self, graph: AdderGraph) -> None:
        self.lo = np.array([lo for lo, _ in graph.inputs], dtype=object)
        self.hi = np.array([hi for _, hi in graph.inputs], dtype=object)
        self.fixed = [lo if lo == hi else None for lo, hi in graph.inputs]
        self.magnitude = [max(abs(lo), abs(hi), 1) for lo, hi in graph.inputs]
        self.narrow = sum(self.magnitude) < INT64_SAFE
        if self.narrow:
            self.lo, self.hi = self.lo.astype(np.int64), self.hi.astype(np.int64)
        self.rows: list[Row | None] = []
        self.offset: list[int] = []
        self.level = [0] * len(graph.inputs)
        self.bound = list(self.magnitude)  # of each value: at least the sum of |coefficient| * |input| and |constant|
        for number, only in enumerate(self.fixed):
            row = np.zeros(len(graph.inputs), dtype=np.int64)
            row[number] = only is None
            self.rows.append(row)
            self.offset.append(0 if only is None else only)
        self.last_reader = {
            operand.value: len(graph.inputs) + number
            for number, add in enumerate(graph.adds)
            for operand in add.operands
        }
        for output in graph.outputs:
            if output is not None:
                self.last_reader[output.value] = len(graph.inputs) + len(graph.adds)

    def sum(self, operands: Sequence[Operand], constant: int) -> tuple[Row, int, int]:
        """(coefficients, constant, bound) of a sum of operands."""
        bound = abs(constant) + sum(self.bound[operand.value] << operand.shift for operand in operands)
        exact = np.int64 if self.narrow and bound < INT64_SAFE else object
        row = np.zeros(len(self.fixed), dtype=exact)
        for operand in operands:
            source = self.rows[operand.value]
            assert source is not None
            factor = -(1 << operand.shift) if operand.negative else 1 << operand.shift
            row = row + source.astype(exact) * factor
            constant += factor * self.offset[operand.value]
        return row, constant, bound

    def interval(self, row: Row, constant: int) -> tuple[int, int]:
        """The least and the greatest value of coefficients over the inputs' intervals."""
        rising, falling = np.maximum(row, 0), np.minimum(row, 0)
        low = int((rising * self.lo + falling * self.hi).sum()) if row.size else 0
        high = int((rising * self.hi + falling * self.lo).sum()) if row.size else 0
        return low + constant, high + constant

    def release(self, operands: Sequence[Operand], reader: int) -> None:
        """Drops the rows that nobody reads any more."""
        for operand in operands:
            if self.last_reader[operand.value] == reader:
                self.rows[operand.value] = None


def _prove_add(state: _Coefficients, name: str, number: int, add: Add) -> None:
    if len(add.operands) > 3:
        raise ProofError(f"{name} sums {len(add.operands)} operands, an adder takes three at most; {HINT}")
    if len(add.operands) == 3:
        if add.constant:
            raise ProofError(f"{name} adds {add.constant} to three operands, an adder has no input for it; {HINT}")
        if all(operand.negative for operand in add.operands):
            raise ProofError(f"{name} negates three operands, an adder has carry inputs for two; {HINT}")
    for operand in add.operands:
        if not 0 <= operand.value < number or operand.shift < 0:
            raise ProofError(f"{name} reads value {operand.value} << {operand.shift}, which is not there yet; {HINT}")
    row, constant, bound = state.sum(add.operands, add.constant)
    lo, hi = state.interval(row, constant)
    if (add.lo, add.hi) != (lo, hi):
        raise ProofError(f"{name} states the interval {add.lo} … {add.hi}, its values span {lo} … {hi}; {HINT}")
    level = max((state.level[operand.value] for operand in add.operands), default=-1) + 1
    if add.level != level:
        raise ProofError(f"{name} states level {add.level}, its operands put it on level {level}; {HINT}")
    state.release(add.operands, number)
    state.rows.append(row)
    state.offset.append(constant)
    state.bound.append(max(bound, 1))  # never 0, so that a bound inside int64 keeps every shift inside too
    state.level.append(level)


def _prove_output(state: _Coefficients, number: int, output: Operand | None, wanted: list[int], constant: int) -> None:
    for column, only in enumerate(state.fixed):
        if only is not None:
            constant, wanted[column] = constant + wanted[column] * only, 0
    if output is not None and (output.negative or output.shift < 0 or not 0 <= output.value < len(state.rows)):
        raise ProofError(f"output {number} is {output}, not a shifted value of the graph; {HINT}")
    row, offset, _ = state.sum([] if output is None else [output], 0)
    found = [int(coefficient) for coefficient in row]
    for column, (have, want) in enumerate(zip(found, wanted, strict=True)):
        if have != want:
            raise ProofError(f"output {number} has {have} times input {column}, the matrix has {want}; {HINT}")
    if offset != constant:
        raise ProofError(f"output {number} adds the constant {offset}, not {constant}; {HINT}")


def prove_requantizer(
    requantizer: Requantizer,
    scale: Fraction,
    bias: Fraction,
    zero_point: int,
    lo: int,
    hi: int,
    acc_lo: int,
    acc_hi: int,
) -> None:
    """Proves q(acc) = clamp(round_half_even(scale * (acc + bias)) + zero_point, lo, hi) for acc_lo <= acc <= acc_hi.

    The formula and the hardware both rise monotonically (`scale` with a multiplier >= 0; `half_even` is rounding, and
    rounding is monotone; `search` counts). So where a stretch of accumulators has equal formula codes at its two ends,
    and the hardware has the same code there, both are constant between; other stretches are split. Every step of the
    formula is thus seen from both sides. ProofError gives the first mismatch found."""
    _prove_form(requantizer)
    # Over one denominator: scale * (acc + bias) = (acc * slope + offset) / unit.
    slope = scale.numerator * bias.denominator
    offset = scale.numerator * bias.numerator
    unit = scale.denominator * bias.denominator
    if slope <= 0:
        raise ProofError(f"scale {scale} is not positive, so codes do not rise with the accumulator")

    def formula(acc: int) -> int:
        floor, remainder = divmod(acc * slope + offset, unit)
        up = 2 * remainder > unit or (2 * remainder == unit and floor % 2 == 1)
        return max(lo, min(hi, floor + up + zero_point))

    def agreed(acc: int) -> int:
        expected, computed = formula(acc), _hardware(requantizer, acc)
        if expected != computed:
            raise ProofError(
                f"accumulator {acc}: the {requantizer.form} form gives {computed}, the formula {expected}; {HINT}"
            )
        return expected

    stretches = [(acc_lo, agreed(acc_lo), acc_hi, agreed(acc_hi))]
    while stretches:
        left, left_code, right, right_code = stretches.pop()
        if left_code == right_code or right - left <= 1:
            continue
        # Split where the middle code should begin: a wrong guess would cost time, not truth.
        middle_code = (left_code + right_code + 1) // 2 - zero_point
        guess = -((2 * offset - (2 * middle_code - 1) * unit) // (2 * slope))
        middle = min(max(guess, left + 1), right - 1)
        code = agreed(middle)
        stretches += [(left, left_code, middle, code), (middle, code, right, right_code)]


def prove_thresholds(
    requantizer: Requantizer,
    thresholds: Sequence[Fraction],
    scale: Fraction,
    offset: Fraction,
    lo: int,
    hi: int,
    acc_lo: int,
    acc_hi: int,
) -> None:
    """Proves q(acc) = clamp(how many thresholds are <= scale * acc + offset, lo, hi) for acc_lo <= acc <= acc_hi.

    Both sides rise monotonically, and the circuit's code changes only at the integers that it compares with. So they
    are held against each other at both ends of the interval and on both sides of each of these integers: between two
    such places the circuit is constant, and what is equal at both and monotone is constant too. ProofError gives the
    first mismatch found."""
    _prove_form(requantizer)
    if scale <= 0 or any(earlier > later for earlier, later in pairwise(thresholds)):
        raise ProofError(f"scale {scale} is not positive or the thresholds do not ascend, so codes do not rise")
    if requantizer.form != "search" and requantizer.multiplier:
        raise ProofError(f"a {requantizer.form} form with multiplier {requantizer.multiplier} compares nothing; {HINT}")
    edges = requantizer.thresholds if requantizer.form == "search" else ()
    places = {acc_lo, acc_hi} | {place for edge in edges for place in (edge - 1, edge) if acc_lo <= place <= acc_hi}
    # Over one denominator: no threshold is compared but as whole numbers.
    unit = lcm(scale.denominator, offset.denominator, *(threshold.denominator for threshold in thresholds))
    slope, start = int(scale * unit), int(offset * unit)
    wanted = [int(threshold * unit) for threshold in thresholds]
    for acc in sorted(places):
        expected = max(lo, min(hi, sum(threshold <= acc * slope + start for threshold in wanted)))
        computed = _hardware(requantizer, acc)
        if expected != computed:
            raise ProofError(
                f"accumulator {acc}: the {requantizer.form} form gives {computed}, the thresholds {expected}; {HINT}"
            )


def _prove_form(requantizer: Requantizer) -> None:
    """The conditions under which a form rises monotonically."""
    if requantizer.form == "search":
        if any(earlier > later for earlier, later in pairwise(requantizer.thresholds)):
            raise ProofError(f"the thresholds of a search requantizer do not ascend; {HINT}")
        if requantizer.hi != requantizer.lo + len(requantizer.thresholds):
            raise ProofError(
                f"a search over {len(requantizer.thresholds)} thresholds cannot give codes {requantizer.lo} … "
                f"{requantizer.hi}; {HINT}"
            )
    elif requantizer.multiplier < 0 or requantizer.shift < (requantizer.form == "half_even"):
        raise ProofError(f"multiplier {requantizer.multiplier} and shift {requantizer.shift} do not round; {HINT}")


def _hardware(requantizer: Requantizer, acc: int) -> int:
    """One code as the circuit computes it, in Python integers."""
    if requantizer.form == "search":
        # The circuit's own walk: from the highest address bit down, keep a bit where that many thresholds are reached.
        count = 0
        for bit in reversed(range(len(requantizer.thresholds).bit_length())):
            trial = count | 1 << bit
            if trial <= len(requantizer.thresholds) and requantizer.thresholds[trial - 1] <= acc:
                count = trial
        return requantizer.lo + count
    y = acc * requantizer.multiplier + requantizer.constant
    if requantizer.form == "half_even":
        half = 1 << requantizer.shift - 1
        y += half - 1 + (y >> requantizer.shift & 1 ^ requantizer.odd)
    return max(requantizer.lo, min(requantizer.hi, y >> requantizer.shift))
