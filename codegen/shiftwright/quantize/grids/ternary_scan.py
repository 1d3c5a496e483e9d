"""Which magnitudes one common value stands for best, the rest becoming zero: exactly, by a sorted scan.

The k largest magnitudes, of sum S, lose least with their mean as the value, and then S²/k of the row's squared sum is
kept. The best k is the one of the largest S²/k: O(n log n)."""

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import GridWeights

SIGNS = np.array([[-1, 0, 1]])


def survivors(magnitude: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where magnitudes (rows, n), none negative, keep a value; equal magnitudes fare alike.

    Of equally good choices the fewest survive. A row of zeros has no survivor."""
    peak = magnitude.max(axis=1, keepdims=True, initial=0)
    unit = magnitude / np.where(peak > 0, peak, 1)  # squares neither overflow nor vanish
    descending = -np.sort(-unit, axis=1)
    counts = np.arange(1, magnitude.shape[1] + 1)
    kept = np.square(np.cumsum(descending, axis=1)) / counts
    last = descending[np.arange(len(unit)), kept.argmax(axis=1)]
    chosen: NDArray[np.bool_] = (unit >= last[:, None]) & (unit > 0)
    return chosen


def signs(rows: NDArray[np.float64], kept: NDArray[np.bool_]) -> GridWeights:
    """The signs of the kept weights (rows, n) times their mean magnitude, the least squares scale.

    Where none is kept the scale is beside the point, and the mean magnitude of all."""
    magnitude = np.abs(rows)
    mean = (magnitude * kept).sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
    scales = np.where(kept.any(axis=1), mean, magnitude.mean(axis=1))
    return GridWeights(np.where(kept, np.sign(rows), 0).astype(np.int64), scales, SIGNS)
