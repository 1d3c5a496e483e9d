"""Which forms of a matrix the search begins from: signed digits, odd multiples of inputs, differences of rows."""

import numpy as np

from shiftwright.arith.cmvm.cse.differences import differences
from shiftwright.arith.cmvm.cse.multiples import multiples
from shiftwright.arith.cmvm.cse.problem import Problem, Start

FEW = 256  # digits of a matrix for which every form is searched
DIFFERENCES_WORTH = 0.95  # of the terms at most, for them to be tried beside the other form
MULTIPLES_WORTH = 0.6  # of the digits at most, for them to take their place


def starts(problem: Problem, arity: int, depth: int | None) -> list[Start]:
    """The forms worth a greedy elimination where sums of `arity` words may stand on levels up to `depth`."""
    plain, digits = Start.plain(problem), len(problem.digits)
    by_multiples = multiples(problem, arity, depth)
    if digits <= FEW:
        by_rows = differences(problem, arity, depth)
        return [start for start in (plain, by_multiples, by_rows) if start is not None]
    base = plain
    if by_multiples is not None and len(by_multiples.terms) <= MULTIPLES_WORTH * digits:
        base = by_multiples
    # With weights of ±1 and ±2 two large rows are never alike enough.
    by_rows = differences(problem, arity, depth) if np.abs(problem.matrix).max() > 2 else None
    if by_rows is not None and len(by_rows.terms) <= DIFFERENCES_WORTH * len(base.terms):
        return [base, by_rows]
    return [base]
