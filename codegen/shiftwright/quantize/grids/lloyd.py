"""Lloyd's iteration in one dimension: centroids move to the means of the values nearest to them.

Lloyd 1982 (IEEE Trans. Inf. Theory 28(2)), with centroids that may be held where they are."""

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.segments import segment_means


def lloyd(
    ordered: NDArray[np.float64], centroids: NDArray[np.float64], held: NDArray[np.bool_], steps: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Centroids (k,) after at most so many steps over ascending values, and how many values are nearest to each.

    `centroids` ascend. Those that are `held` (k,) stay, and so do those that have no value. Half way between two
    centroids a value belongs to the lower."""
    sizes = _sizes(ordered, centroids)
    for _ in range(steps):
        means, _ = segment_means(ordered, np.concatenate([[0], np.cumsum(sizes)]))
        moved = np.where(held | (sizes == 0), centroids, means)
        if (moved == centroids).all():
            break
        # A mean lies between its old bounds, and so does a held or empty centroid: the order stays.
        centroids = moved
        sizes = _sizes(ordered, centroids)
    return centroids, sizes


def _sizes(ordered: NDArray[np.float64], centroids: NDArray[np.float64]) -> NDArray[np.int64]:
    bounds = np.searchsorted(ordered, (centroids[1:] + centroids[:-1]) / 2, side="right")
    sizes: NDArray[np.int64] = np.diff(bounds, prepend=0, append=len(ordered))
    return sizes
