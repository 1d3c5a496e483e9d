"""Error compensation: moves weights to other levels where that brings a layer's results nearer to the float ones.

The squared error of a channel's results, its mean set aside for the bias to correct, is d·C·d for the weights' errors d
and the covariance C of the inputs. Each channel is rounded from several scales, weight after weight, later ones making
up for the errors of earlier ones (Frantar et al. 2022, arXiv:2210.17323, in the form of Babai's nearest plane: Chen et
al. 2025, arXiv:2507.18553). Then codes and scale are descended in turn, each given the other, on whatever levels the
grid has."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import LEAST_SCALE, Grid, GridWeights, single

# The rounding begins at each of these parts of the start's scale. Nine leave 5 % less error than five, and take 3/2 of
# the time.
FACTORS = (1.0, *(2.0 ** (step / 8) for step in (-4, -3, -2, -1, 1, 2, 3, 4)))
ROUNDS = 8  # of a sweep over the weights and a new scale, at most
DAMPING = 0.03  # of the mean variance: inputs that hardly vary in the sample still count a little
BLOCK = 64  # columns whose moves reach the other columns in one matrix product

APART = 2.0**18  # of two rows' levels, which are int16: enough for targets far beyond them

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What is wanted of a layer's rows, group by group, the columns of most variance first."""

    weights: Floats  # (groups, rows, n)
    cost: Floats  # (groups, n, n), positive definite
    pull: Floats  # (groups, rows, n): weights @ cost
    levels: "_Levels"
    floor: Floats  # (groups, rows): least scales
    shared: bool  # whether the scales may move by a factor for all rows only


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """Where the rows stand: levels times a scale."""

    codes: Floats  # (groups, rows, n)
    scales: Floats  # (groups, rows)
    slopes: Floats  # (groups, rows, n): the errors in units of the scales, @ cost


@dataclass(frozen=True, slots=True, eq=False)
class _Levels:
    """The levels of all rows on one line, each row's so far from the next that one binary search finds any of them."""

    levels: Floats
    between: Floats  # what is half way from a row's level to its next, ascending through all rows
    first: NDArray[np.int64]  # (groups, rows), or (1, 1) for all: how many rows stand before
    free: NDArray[np.bool_]  # (n, groups, rows): False where a code stays zero, which may be none of the levels

    @classmethod
    def of(cls, tables: NDArray[np.int64], weights: Floats, codes: Floats) -> "_Levels":
        """From tables (channels or 1, levels), weights and the start's codes, both (groups, rows, n).

        Channels of zeros stay so. Elsewhere a zero that is no level is a weight of zero behind a flag: it stays too."""
        rows = np.arange(len(tables))
        between = (tables[:, 1:] + tables[:, :-1]) / 2 + APART * rows[:, None]
        first = rows.reshape((1, 1) if len(tables) == 1 else weights.shape[:2])
        has_zero = (tables == 0).any(axis=1)[first]
        free = weights.any(axis=2, keepdims=True) & ((codes != 0) | has_zero[:, :, None])
        by_column = np.ascontiguousarray(np.moveaxis(free, 2, 0))
        return cls(tables.reshape(-1).astype(np.float64), between.reshape(-1), first, by_column)

    def nearest(self, targets: Floats, column: int) -> Floats:
        """For targets (groups, rows) of a column the nearest of each row's levels; half way the lower one."""
        place = np.clip(targets, -APART / 4, APART / 4) + APART * self.first
        found: Floats = self.levels[np.searchsorted(self.between, place) + self.first] * self.free[column]
        return found


def compensate(
    grid: Grid, weights: Floats, start: GridWeights, covariance: Floats, floor: Floats | None = None
) -> GridWeights:
    """Better codes and scales for weights (channels, n), given the covariance (groups, n, n) of their inputs.

    No channel gets worse than at the start by the damped measure; where all share a scale, their sum does not. Scales
    stay where they are if the grid's rule sets them, and never fall below `floor` (channels,)."""
    groups, width, _ = covariance.shape
    channels = len(weights)
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    order = np.argsort(-variance, axis=1, kind="stable")
    mean = variance.mean(axis=1)
    # A group whose inputs never vary does no harm anywhere; each of its weights then counts as much as the next.
    damping = DAMPING * np.where(mean > 0, mean, mean.max() or 1.0)
    cost = np.empty(covariance.shape)
    for group, columns in enumerate(order):
        np.take(covariance[group][columns], columns, axis=1, out=cost[group])
        cost[group, range(width), range(width)] += damping[group]

    def by_group(rows: NDArray[Any]) -> Floats:
        return rows.reshape(groups, channels // groups, *rows.shape[1:]).astype(np.float64)

    def sorted_columns(rows: NDArray[Any]) -> Floats:
        return np.take_along_axis(by_group(rows), order[:, None], axis=2)

    wanted, begun = sorted_columns(weights), sorted_columns(start.codes)
    problem = _Problem(
        weights=wanted,
        cost=cost,
        pull=wanted @ cost,
        levels=_Levels.of(start.tables, wanted, begun),
        floor=by_group(np.maximum(LEAST_SCALE, np.zeros(channels) if floor is None else floor)),
        shared=grid.granularity == "tensor",
    )
    best = _improve(problem, _placed(problem, begun, by_group(start.scales)), grid.refits)
    codes = np.empty_like(best.codes)
    np.put_along_axis(codes, order[:, None], best.codes, axis=2)
    return GridWeights(codes.reshape(weights.shape).astype(np.int64), best.scales.reshape(channels), start.tables)


def _improve(problem: _Problem, start: _Attempt, refits: bool) -> _Attempt:
    best = _better(problem, start, _descend(problem, start, 1, refits))
    # With cost = L·Lᵀ, both counted from the last column, a column's error moves the best places after it as L says.
    plane = np.ascontiguousarray(np.linalg.cholesky(problem.cost[:, ::-1, ::-1])[:, ::-1, ::-1])
    for factor in FACTORS if refits else FACTORS[:1]:
        scales = _scaled(problem, start, np.array(factor))
        codes = problem.weights / scales[:, :, None]
        _sweep(codes, np.zeros_like(codes), plane, problem.levels)
        best = _better(problem, best, _descend(problem, _placed(problem, codes, scales), 1, refits))
    return _better(problem, best, _descend(problem, best, ROUNDS, refits))


def _placed(problem: _Problem, codes: Floats, scales: Floats) -> _Attempt:
    return _Attempt(codes, scales, (codes - problem.weights / scales[:, :, None]) @ problem.cost)


def _descend(problem: _Problem, attempt: _Attempt, rounds: int, refits: bool) -> _Attempt:
    """Codes and scale in turn, each the best given the other, until neither moves or the rounds are over."""
    codes, scales, slopes = attempt.codes.copy(), attempt.scales, attempt.slopes.copy()
    for _ in range(rounds):
        moved = _sweep(codes, slopes, problem.cost, problem.levels)
        if refits:
            following = _least_squares(problem, _Attempt(codes, scales, slopes))
            moved |= bool((following != scales).any())
            slopes += problem.pull * (1 / scales - 1 / following)[:, :, None]
            scales = following
        if not moved:
            break
    return _Attempt(codes, scales, slopes)


def _sweep(codes: Floats, slopes: Floats, effects: Floats, levels: _Levels) -> bool:
    """Moves the codes in place to levels, column after column, and the slopes with them; returns whether any moved.

    Moving column j by one adds effects[j, i] to the slope of column i, which is slope / effects[i, i] above its best
    place. With a layer's codes, their slopes and its cost this is coordinate descent; with the real weights, no slopes
    and the Cholesky factor it rounds each column to make up for those before."""
    width = codes.shape[-1]
    moved = False
    for first in range(0, width, BLOCK):
        block = slice(first, min(first + BLOCK, width))
        local, effect = slopes[:, :, block].copy(), effects[:, block, block]
        change = np.zeros_like(local)
        for index in range(local.shape[-1]):
            before = codes[:, :, first + index]
            after = levels.nearest(before - local[:, :, index] / effect[:, index, index, None], first + index)
            change[:, :, index] = after - before
            codes[:, :, first + index] = after
            local += change[:, :, index, None] * effect[:, None, index]
        if change.any():
            moved = True
            slopes += change @ effects[:, block]
    return moved


def _least_squares(problem: _Problem, attempt: _Attempt) -> Floats:
    """The scales of least error for given codes; as they were where the codes have no part in the weights."""
    scaled = attempt.codes * attempt.scales[:, :, None]
    products = (scaled * problem.pull).sum(axis=2)
    squares = (scaled * (attempt.slopes * attempt.scales[:, :, None] + problem.pull)).sum(axis=2)
    if problem.shared:
        products, squares = products.sum(keepdims=True), squares.sum(keepdims=True)
    usable = (products > 0) & (squares > 0)
    return _scaled(problem, attempt, np.divide(products, squares, out=np.ones_like(products), where=usable))


def _scaled(problem: _Problem, attempt: _Attempt, factors: Floats) -> Floats:
    """The attempt's scales times the factors, float32 and above the floor."""
    return np.where(factors == 1, attempt.scales, single(np.maximum(attempt.scales * factors, problem.floor)))


def _better(problem: _Problem, best: _Attempt, tried: _Attempt) -> _Attempt:
    """Row by row the one of less error, the first on equal; all rows of the same where they share a scale."""
    least, error = _error(problem, best), _error(problem, tried)
    better = error.sum(keepdims=True) < least.sum(keepdims=True) if problem.shared else error < least
    pairs = ((tried.codes, best.codes), (tried.slopes, best.slopes))
    codes, slopes = (np.where(better[:, :, None], new, old) for new, old in pairs)
    return _Attempt(codes, np.where(better, tried.scales, best.scales), slopes)


def _error(problem: _Problem, attempt: _Attempt) -> Floats:
    """d·C·d of each row."""
    difference = attempt.codes * attempt.scales[:, :, None] - problem.weights
    error: Floats = (difference * attempt.slopes).sum(axis=2) * attempt.scales
    return error
