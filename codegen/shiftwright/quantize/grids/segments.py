"""Stretches of sorted values: where they begin and end, and their means.

Clusters of numbers on a line are such stretches, so that sorting once makes every later look at them cheap."""

import numpy as np
from numpy.typing import NDArray


def segment_means(
    ordered: NDArray[np.float64], edges: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Means and sizes (m,) of the stretches between edges (m + 1,) of ascending values; an empty one's mean is 0.

    Edges ascend from 0 to the number of values. A mean lies within its stretch, whatever rounding says."""
    sizes: NDArray[np.int64] = np.diff(edges)
    full = sizes > 0
    means = np.zeros(len(sizes))
    begins, ends = edges[:-1][full], edges[1:][full]
    means[full] = np.clip(np.add.reduceat(ordered, begins) / sizes[full], ordered[begins], ordered[ends - 1])
    return means, sizes
