"""Sums of two powers of two."""

from rtl_tests.conformance.grid_case import GridCase

CASES = (
    GridCase(spec="apot", bits=3, magnitudes=(0, 1, 2, 4)),
    GridCase(spec="apot", bits=4, magnitudes=(0, 1, 2, 3, 4, 6, 8, 10)),
    GridCase(spec="apot", bits=5, magnitudes=(0, 1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 33, 36, 48)),
    GridCase(spec="apot:range=max", bits=4, magnitudes=(0, 1, 2, 3, 4, 6, 8, 10), searched=False),
)
