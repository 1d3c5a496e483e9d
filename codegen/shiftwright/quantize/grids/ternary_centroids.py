"""Three centroids -a, 0 and +b a row, as integers times one scale.

With real centroids both signs are problems of their own, each solved exactly by the scan. Hardware multiplies by
integers, so that a : b becomes n : p of two small ones, the pair and the scale that lose least. With integers up to 15
the ratio is off by 1/28, 3.6 %, at most where it is within 1 : 3 … 3 : 1, and by 1/16 within 1 : 15 … 15 : 1."""

from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import GridWeights, nearest, squared_error
from shiftwright.quantize.grids.level_grid import least_squares_scales
from shiftwright.quantize.grids.ternary_scan import SIGNS, signs, survivors

REFINEMENTS = 4
EQUAL = 1e-12  # of the squared sum: pairs that differ by less lose the same


def fit_centroids(rows: NDArray[np.float64], largest: int) -> GridWeights:
    """Rows (rows, n) on -n, 0, +p times a scale, n and p up to `largest`; never worse than one scale for both signs.

    A row of one sign has -1, 0 and +1."""
    peaks = np.abs(rows).max(axis=1)
    unit = rows / peaks[:, None]
    sides = [survivors(np.maximum(side, 0)) for side in (-unit, unit)]
    counts = np.stack([kept.sum(axis=1) for kept in sides], axis=1)
    sums = np.stack([(np.abs(unit) * kept).sum(axis=1) for kept in sides], axis=1)
    pairs = integer_pairs(largest)[choose_pairs(counts, sums, largest)]
    codes = np.where(sides[0], -pairs[:, :1], np.where(sides[1], pairs[:, 1:], 0))
    tables = np.stack([-pairs[:, 0], np.zeros(len(rows), dtype=np.int64), pairs[:, 1]], axis=1)
    scales = least_squares_scales(unit, codes, np.ones(len(rows)))
    for _ in range(REFINEMENTS):  # neither step can lose
        codes = nearest(tables, unit / scales[:, None])
        scales = least_squares_scales(unit, codes, scales)
    plain = signs(unit, survivors(np.abs(unit)))
    found = GridWeights(codes, scales, tables)
    worse = squared_error(unit, found) > squared_error(unit, plain)  # small integers can be too coarse
    for kept, other in ((codes, plain.codes), (scales, plain.scales), (tables, np.broadcast_to(SIGNS, tables.shape))):
        kept[worse] = other[worse]
    return GridWeights(codes, scales * peaks, tables)


def integer_pairs(largest: int) -> NDArray[np.int64]:
    """Pairs (pairs, 2) of coprime integers from 1 to `largest`, those of the least sum first."""
    numbers = range(1, largest + 1)
    coprime = [pair for pair in product(numbers, numbers) if gcd(*pair) == 1]
    return np.array(sorted(coprime, key=lambda pair: (sum(pair), pair)), dtype=np.int64)


def choose_pairs(counts: NDArray[np.int64], sums: NDArray[np.float64], largest: int) -> NDArray[np.int64]:
    """Index of the pair that loses least, (rows,), for the survivors' counts and sums (rows, 2), negative ones first.

    With its best scale a pair keeps (n·S₁ + p·S₂)² / (k₁·n² + k₂·p²) of the squared sum."""
    pairs = integer_pairs(largest)
    kept = np.square(sums @ pairs.T) / (counts @ np.square(pairs).T)
    most = kept.max(axis=1, keepdims=True)
    first: NDArray[np.int64] = (kept >= most * (1 - EQUAL)).argmax(axis=1)
    return first
