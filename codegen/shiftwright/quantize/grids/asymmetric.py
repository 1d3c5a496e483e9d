"""Consecutive integers for each row of weights: where they begin, and the scale.

A row's integers are lowest … lowest + steps, zero among them. At a given scale the squared error is convex in
`lowest`, so that bisection finds the best one."""

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.grids.level_grid import (
    OCTAVES_ABOVE,
    OCTAVES_BELOW,
    REFINEMENTS,
    STEPS_PER_OCTAVE,
    keep_better,
    least_squares_scales,
)

FINE_STEPS = 8  # to either side of the best scale, within a coarse step: at 8 bits short rows are that particular


def nearest_integers(
    targets: NDArray[np.float64], lowest: NDArray[np.int64], highest: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The integer within lowest … highest nearest to each target, half way the lower; the ends broadcast."""
    rounded = np.rint(targets)
    rounded -= rounded - targets == 0.5
    codes: NDArray[np.int64] = np.clip(rounded, lowest, highest).astype(np.int64)
    return codes


def reach(rows: NDArray[np.float64], steps: int, percentile: float) -> GridWeights:
    """The integers cover `percentile` of each row, half of the rest beyond either end, and zero; the rest saturates."""
    low, high = _ends(
        np.percentile(rows, (100 - percentile) / 2, axis=1), np.percentile(rows, (100 + percentile) / 2, axis=1)
    )
    least, most = _ends(rows.min(axis=1), rows.max(axis=1))
    empty = low == high  # a row that is zero but for a few weights
    low, high = np.where(empty, least, low), np.where(empty, most, high)
    scales = (high - low) / steps
    return _encode(rows / scales[:, None], np.rint(low / scales).astype(np.int64), scales, steps)


def search(rows: NDArray[np.float64], steps: int) -> GridWeights:
    """The scale and the lowest integer of least squared error, row by row; of equal ones the coarsest."""
    low, high = _ends(rows.min(axis=1), rows.max(axis=1))
    natural = (high - low) / steps
    best = _encode(rows / natural[:, None], np.rint(low / natural).astype(np.int64), natural.copy(), steps)
    least = np.full(len(rows), np.inf)
    for step in range(-OCTAVES_ABOVE * STEPS_PER_OCTAVE, OCTAVES_BELOW * STEPS_PER_OCTAVE + 1):
        scales = natural * 2.0 ** (-step / STEPS_PER_OCTAVE)
        error = _keep(rows, scales, steps, best, least)
        rounding = rows.shape[1] * np.square(scales) / 4  # at most; the rest is saturation, which only grows from here
        if (error - rounding > least).all():
            break
    coarse = best.scales.copy()
    for step in range(-FINE_STEPS, FINE_STEPS + 1):
        _keep(rows, coarse * 2.0 ** (step / FINE_STEPS / STEPS_PER_OCTAVE), steps, best, least)
    for _ in range(REFINEMENTS):
        _keep(rows, least_squares_scales(rows, best.codes, best.scales), steps, best, least)
    return best


def _ends(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends (rows,) moved apart to have zero between them."""
    return np.minimum(low, 0), np.maximum(high, 0)


def _encode(
    targets: NDArray[np.float64], lowest: NDArray[np.int64], scales: NDArray[np.float64], steps: int
) -> GridWeights:
    table = lowest[:, None] + np.arange(steps + 1)
    return GridWeights(nearest_integers(targets, table[:, :1], table[:, -1:]), scales, table)


def _keep(
    rows: NDArray[np.float64], scales: NDArray[np.float64], steps: int, best: GridWeights, least: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Tries scales (rows,), keeps in place what has less error than the best so far, and gives the errors (rows,)."""
    targets = rows / scales[:, None]
    return keep_better(targets, _encode(targets, _best_lowest(targets, steps), scales, steps), best, least)


def _best_lowest(targets: NDArray[np.float64], steps: int) -> NDArray[np.int64]:
    """The lowest integer (rows,) of least squared error for targets in units of the scale.

    One more changes the error by 2·Σ(clip(t, lowest + ½, lowest + steps + ½) - t), which grows with `lowest`: the
    least `lowest` is sought for which that is not negative."""
    ends = np.stack([np.floor(targets.min(axis=1)), np.ceil(targets.max(axis=1)) - steps])
    ends = np.clip(ends, -steps, 0)
    first, last = ends.min(axis=0), ends.max(axis=0)
    while (first < last).any():
        middle = np.floor((first + last) / 2)
        edges = middle[:, None] + 0.5
        enough = (np.clip(targets, edges, edges + steps) - targets).sum(axis=1) >= 0
        first, last = np.where(enough, first, middle + 1), np.where(enough, middle, last)
        first = np.minimum(first, last)
    lowest: NDArray[np.int64] = first.astype(np.int64)
    return lowest
