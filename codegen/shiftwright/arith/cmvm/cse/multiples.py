"""Odd multiples of each input as nodes: a start that pays where few mantissas come again and again.

Weights of base √2, or a column with many rows, hold the same odd number many times, shifted and signed. As a node it
takes its digits once. The search may take it apart again where other patterns save more."""

import numpy as np

from shiftwright.arith.cmvm.cse.problem import Problem, Start
from shiftwright.arith.csd import csd_digits


def multiples(problem: Problem, arity: int) -> Start | None:
    """The start over multiples that two rows read; None where there are none.

    A multiple with n digits takes the room of arity^ceil(log n) < arity·n leaves in a row's tree: where depth is
    limited, one level has to be spare."""
    matrix, inputs, outputs = problem.matrix, len(problem.lo), len(problem.constants)
    magnitudes = np.abs(matrix)
    lowest = magnitudes & -magnitudes
    odd = magnitudes // np.maximum(lowest, 1)
    keys = np.stack([np.broadcast_to(np.arange(inputs), odd.shape), odd], axis=-1).reshape(-1, 2)
    chosen, place, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    shared = (count > 1) & (chosen[:, 1] > 1)
    if not shared.any():
        return None
    node_of = np.where(shared, inputs + outputs + np.cumsum(shared) - 1, -1)[place.ravel()].reshape(odd.shape)
    is_read = node_of >= 0
    terms = problem.digits[~is_read[problem.digits[:, 0], problem.digits[:, 1]]]
    rows, columns = np.nonzero(is_read)
    shifts = np.rint(np.log2(lowest[rows, columns])).astype(np.int64)
    reads = np.stack([rows, node_of[rows, columns], shifts, (matrix[rows, columns] < 0) * 1], axis=1)
    made = chosen[shared]
    weights = np.zeros((len(made), inputs), dtype=np.int64)
    weights[np.arange(len(made)), made[:, 0]] = made[:, 1]
    digits = [csd_digits(int(number)) for number in made[:, 1]]
    own = [
        (inputs + outputs + node, int(column), shift, int(sign < 0))
        for node, (column, parts) in enumerate(zip(made[:, 0], digits, strict=True))
        for shift, sign in parts
    ]
    levels = np.array([_level(len(parts), arity) for parts in digits], dtype=np.int64)
    offset = np.array([inputs, 0, 0, 0])
    return Start(np.concatenate([terms + offset, reads + offset, np.array(own, dtype=np.int64)]), weights, levels)


def _level(leaves: int, arity: int) -> int:
    level = 0
    while arity**level < leaves:
        level += 1
    return level
