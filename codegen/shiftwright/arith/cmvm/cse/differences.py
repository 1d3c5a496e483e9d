"""Rows as differences to other rows: a start that pays where weights are large and rows alike.

Written as y2 = y1 + (w2 - w1)·x a row takes as many digits as the difference has. Which row follows which is a spanning
tree, grown from the zero row by the cheapest difference (Prim), as far as the depth limit lets rows stand on others."""

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.cmvm.cse.digits import signed_digits
from shiftwright.arith.cmvm.cse.problem import Problem, Start
from shiftwright.arith.csd import csd_weights

MOST = 1 << 23  # weights of differences that are looked at


def differences(problem: Problem, arity: int, depth: int | None) -> Start | None:
    """The start over row differences; None where no row has any, or they would take too long to find."""
    matrix, inputs = problem.matrix, len(problem.lo)
    rows = len(matrix)
    if rows < 2 or 2 * rows * matrix.size > MOST:
        return None
    parents, signs, levels = _tree(problem, arity, depth)
    differing = np.array(matrix - np.where(parents >= 0, signs, 0)[:, np.newaxis] * matrix[parents], dtype=np.int64)
    digits = signed_digits(differing)
    if (parents < 0).all():
        return None
    read = np.unique(parents[parents >= 0])
    node_of = np.full(rows, -1)
    node_of[read] = inputs + rows + np.arange(len(read))
    expression = np.where(node_of >= 0, node_of, inputs + np.arange(rows))
    digits[:, 0] = expression[digits[:, 0]]
    children = np.flatnonzero(parents >= 0)
    nothing = np.zeros_like(children)
    on_parents = np.stack(
        [expression[children], node_of[parents[children]], nothing, (signs[children] < 0) * 1], axis=1
    )
    whole = np.stack([inputs + read, node_of[read], 0 * read, 0 * read], axis=1)
    return Start(np.concatenate([digits, on_parents, whole]), matrix[read], levels[read])


def _tree(
    problem: Problem, arity: int, depth: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(parent or -1, sign, level) of each row."""
    matrix, reserved = problem.matrix, problem.reserved
    rows = len(matrix)
    own = csd_weights(matrix).sum(axis=1)
    minus = np.stack([csd_weights(matrix - row).sum(axis=1) for row in matrix])
    plus = np.stack([csd_weights(matrix + row).sum(axis=1) for row in matrix])
    cost = np.minimum(minus, plus) + 1  # of a row on a parent: [parent, row]
    parents, signs = np.full(rows, -1), np.where(minus <= plus, 1, -1)
    levels, chosen = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.int64)
    best, best_parent = own.copy(), np.full(rows, -1)
    waiting = np.ones(rows, dtype=bool)
    limit = None if depth is None else arity**depth
    for _ in range(rows):
        row = int(np.argmin(np.where(waiting, best, np.iinfo(np.int64).max)))
        waiting[row] = False
        parent = parents[row] = best_parent[row]
        leaves = int(best[row])
        if parent >= 0:
            chosen[row] = signs[parent, row]
            leaves += arity ** int(levels[parent]) - 1 if limit is not None else 0
        while limit is not None and arity ** int(levels[row]) < leaves:
            levels[row] += 1
        if limit is not None and arity ** int(levels[row]) + reserved[row] > limit:
            continue  # nothing may stand on it, not even its own output
        better = waiting & (cost[row] < best)
        if limit is not None:
            better &= arity ** int(levels[row]) + cost[row] - 1 + reserved <= limit
        best[better], best_parent[better] = cost[row][better], row
    return parents, chosen, levels
