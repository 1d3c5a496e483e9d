"""Canonical signed digits of whole matrices."""

import numpy as np
from numpy.typing import NDArray


def signed_digits(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows (row, column, shift, negative) of the canonical signed digits of all weights, sorted."""
    magnitude = np.abs(matrix)
    triple = 3 * magnitude
    plus, minus = (triple & ~magnitude) >> 1, (magnitude & ~triple) >> 1
    found = []
    for shift in range(int(max(plus.max(initial=0), minus.max(initial=0))).bit_length()):
        for mask, negative in ((plus, 0), (minus, 1)):
            row, column = np.nonzero(mask >> shift & 1)
            sign = negative ^ (matrix[row, column] < 0)
            found.append(np.stack([row, column, np.full_like(row, shift), sign], axis=1))
    if not found:
        return np.zeros((0, 4), dtype=np.int64)
    digits = np.concatenate(found).astype(np.int64)
    return digits[np.lexsort((digits[:, 2], digits[:, 1], digits[:, 0]))]
