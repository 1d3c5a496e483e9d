"""Powers of two below the largest weight."""

from rtl_tests.conformance.grid_case import GridCase

CASES = tuple(
    GridCase(spec="inq", bits=bits, magnitudes=(0, *(1 << shift for shift in range(2 ** (bits - 2)))), searched=False)
    for bits in (3, 4, 5)
)
