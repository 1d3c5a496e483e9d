"""Reads a layer's number system off its integers: every weight is sign · odd mantissa · 2^shift."""

import numpy as np
from numpy.typing import NDArray

LISTED = 4


def odd_mantissas(weights: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """The distinct odd mantissas and the distinct shifts of the weights that are not zero, ascending."""
    sizes = np.unique(np.abs(weights[weights != 0]))
    low = sizes & -sizes
    shifts = [int(bit).bit_length() - 1 for bit in np.unique(low).tolist()]
    return [int(odd) for odd in np.unique(sizes // low).tolist()] if sizes.size else [], shifts


def number_system(weights: NDArray[np.int64]) -> str:
    """A name a person recognizes: binary, ternary, powers of two, or the mantissas themselves."""
    mantissas, shifts = odd_mantissas(weights)
    if not mantissas:
        return "zero"
    if mantissas == [1]:
        if len(shifts) == 1:
            return "ternary" if (weights == 0).any() else "binary"
        return f"2^{shifts[0]}…2^{shifts[-1]}"
    if len(mantissas) <= LISTED:
        return f"{{{', '.join(map(str, mantissas))}}}·2^{shifts[0]}…{shifts[-1]}"
    return f"{len(mantissas)} mantissas"
