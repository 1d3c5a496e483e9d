"""Odd multiples of each input as nodes: a start that pays where few mantissas come again and again.

Weights of base √2, or a column with many rows, hold the same odd number many times, shifted and signed. As a node it
takes its digits once. The search may take it apart again where other patterns save more."""

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.cmvm.cse.digits import signed_digits
from shiftwright.arith.cmvm.cse.problem import Problem, Start
from shiftwright.arith.csd import csd_weights

Words = NDArray[np.int64]


def multiples(problem: Problem, arity: int, depth: int | None) -> Start | None:
    """The start over multiples that two rows read; None where there are none.

    A multiple takes a whole subtree of a row, which may have more leaves than it has digits: where depth is limited,
    a row reads as many as leave room for its other digits."""
    matrix, inputs, outputs = problem.matrix, len(problem.lo), len(problem.constants)
    lowest = np.maximum(np.abs(matrix) & -np.abs(matrix), 1)
    odd = np.abs(matrix) // lowest
    digits = csd_weights(odd)
    levels = _levels(digits, arity)
    reads = odd > 1
    if depth is not None:
        reads &= _fitting(arity**levels - digits, arity**depth - problem.lengths - problem.reserved)
    pairs = np.stack([np.broadcast_to(np.arange(inputs), odd.shape)[reads], odd[reads]], axis=1)
    chosen, place, count = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    shared, place = count > 1, place.ravel()
    if not shared.any():
        return None
    reads[reads] = shared[place]
    node_of = np.cumsum(shared) - 1
    made = chosen[shared]
    weights = np.zeros((len(made), inputs), dtype=np.int64)
    weights[np.arange(len(made)), made[:, 0]] = made[:, 1]
    nodes = inputs + outputs
    rows, columns = np.nonzero(reads)
    readers = np.stack(
        [
            inputs + rows,
            nodes + node_of[place[shared[place]]],
            np.bitwise_count(lowest[rows, columns] - 1).astype(np.int64),
            (matrix[rows, columns] < 0).astype(np.int64),
        ],
        axis=1,
    )
    rest = signed_digits(np.where(reads, 0, matrix)) + np.array([inputs, 0, 0, 0])
    own = signed_digits(weights) + np.array([nodes, 0, 0, 0])
    return Start(np.concatenate([rest, readers, own]), weights, _levels(csd_weights(made[:, 1]), arity))


def _levels(leaves: Words, arity: int) -> Words:
    """The least level on which a tree over so many leaves fits."""
    powers = [1]
    while powers[-1] < leaves.max(initial=0):
        powers.append(powers[-1] * arity)
    return np.searchsorted(np.array(powers), leaves).astype(np.int64)


def _fitting(extra: Words, room: Words) -> NDArray[np.bool_]:
    """Which entries of each row may take their `extra` leaves within the row's room, the least of them first."""
    order = np.argsort(extra, axis=1, kind="stable")
    fits = np.cumsum(np.take_along_axis(extra, order, axis=1), axis=1) <= room[:, np.newaxis]
    found = np.zeros_like(fits)
    np.put_along_axis(found, order, fits, axis=1)
    return found
