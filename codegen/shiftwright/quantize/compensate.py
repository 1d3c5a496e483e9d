"""Error compensation: moves weights to other levels where that brings a layer's results nearer to the float ones.

The squared error of a channel's results, its mean set aside for the bias to correct, is d·C·d for the weights' errors d
and the covariance C of the inputs. It is descended one weight at a time, given all others, from several scales: the
objective of Frantar & Alistarh 2022 (arXiv:2208.11580), minimised by coordinate descent so that any grid will do."""

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import LOWEST_EXPONENT, Grid, GridWeights

SWEEPS = 4
STEPS = (0, 1, -1)  # exponents tried, from the start's; the start comes first and stays on equal error
DAMPING = 0.1  # of the mean variance: inputs that hardly vary in the sample still count a little


def compensate(
    grid: Grid, weights: NDArray[np.float64], start: GridWeights, covariance: NDArray[np.float64]
) -> GridWeights:
    """Better codes for weights (channels, n), given the covariance (groups, n, n) of their inputs.

    No channel gets worse than at the start, by the damped measure."""
    groups, width, _ = covariance.shape
    damped = covariance + DAMPING * np.trace(covariance, axis1=1, axis2=2)[:, None, None] / width * np.eye(width)
    codes, exponents = start.codes.copy(), start.exponents.copy()
    for group, rows in enumerate(np.array_split(np.arange(len(weights)), groups)):
        first = GridWeights(start.codes[rows], start.exponents[rows])
        if damped[group].trace() > 0:
            better = _descend(grid, weights[rows], first, damped[group])
            codes[rows], exponents[rows] = better.codes, better.exponents
    return GridWeights(codes, exponents)


def _descend(grid: Grid, weights: NDArray[np.float64], start: GridWeights, cost: NDArray[np.float64]) -> GridWeights:
    best, least = GridWeights(start.codes.copy(), start.exponents.copy()), _error(weights, start, cost)
    for step in STEPS:
        exponents = np.maximum(start.exponents + step, LOWEST_EXPONENT)
        codes = start.codes if step == 0 else grid.nearest(weights, exponents)
        tried = _sweep(grid, weights, GridWeights(codes, exponents), cost)
        error = _error(weights, tried, cost)
        better = error < least
        least = np.where(better, error, least)
        best.codes[better], best.exponents[better] = tried.codes[better], tried.exponents[better]
    return best


def _sweep(grid: Grid, weights: NDArray[np.float64], start: GridWeights, cost: NDArray[np.float64]) -> GridWeights:
    """Codes after SWEEPS rounds over all weights, in units of each channel's scale so that levels are integers."""
    levels = np.array(grid.levels(), dtype=np.float64)
    between = (levels[1:] + levels[:-1]) / 2
    codes = start.codes.astype(np.float64)
    slope = (codes - np.ldexp(weights, -start.exponents[:, None])) @ cost
    for _ in range(SWEEPS):
        moved = False
        for index in range(weights.shape[1]):
            target = codes[:, index] - slope[:, index] / cost[index, index]
            change = levels[np.searchsorted(between, target)] - codes[:, index]
            if change.any():
                moved = True
                codes[:, index] += change
                slope += change[:, None] * cost[index]
        if not moved:
            break
    return GridWeights(codes.astype(np.int64), start.exponents)


def _error(weights: NDArray[np.float64], tried: GridWeights, cost: NDArray[np.float64]) -> NDArray[np.float64]:
    """d·C·d of each channel."""
    difference = weights - tried.real()
    error: NDArray[np.float64] = ((difference @ cost) * difference).sum(axis=1)
    return error
