"""Words known modulo 2^bits: coefficients over the inputs as residues, and the one way to read them as numbers.

Inputs are counted from their least values: input j is its least value plus 0 … spans[j]."""

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.int64] | NDArray[np.object_]
INT64_BITS = 60  # words of up to as many bits are worked out in int64, wider ones in Python integers


def residue(row: Row, bits: int) -> Row:
    """The residues modulo 2^bits in -2^(bits-1) … 2^(bits-1) - 1."""
    half = 1 << bits - 1
    found: Row = (row + half & (2 * half - 1)) - half
    return found


def fit(row: Row, offset: int, spans: Row, bits: int, signed: bool) -> tuple[Row, int] | None:
    """The coefficients, congruent to `row` and `offset` modulo 2^bits, whose interval fits `bits` bits; None without.

    There is at most one such set, and in it at most one coefficient is not the least residue: the sum of
    |coefficient|·span is below 2^bits, so that one of 2^(bits-1) or more is alone, and its input has two values."""
    size = 1 << bits
    sizes = np.abs(row)
    # The float sees a sum that int64 would wrap.
    if row.dtype == np.int64 and (sizes.astype(float) * spans.astype(float)).sum() >= 2.0 * size:
        return None
    sizes = sizes * spans
    total = int(sizes.sum())
    if total >= size:
        return None
    floor = -(size >> 1) if signed else 0

    def placed(row: Row, total: int) -> tuple[Row, int] | None:
        down = int((np.minimum(row, 0) * spans).sum())
        least = (offset + down - floor) % size + floor
        return (row, least - down) if least + total < floor + size else None

    found = placed(row, total)
    if found is None and row.size:
        largest = int(np.argmax(sizes))
        folded = total - int(sizes[largest]) + size - int(sizes[largest])
        if spans[largest] == 1 and folded < size:
            other = row.copy()
            other[largest] += size if row[largest] < 0 else -size
            found = placed(other, folded)
    return found


def width_of(lo: int, hi: int) -> int:
    """How many bits the narrowest lane of lo … hi has, at least one."""
    signed = lo < 0
    bits = 1
    while lo < (-(1 << bits - 1) if signed else 0) or hi >= 1 << bits - signed:
        bits += 1
    return bits
