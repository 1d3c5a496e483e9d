"""Integers that the weights choose: one table for all channels, which therefore see each other."""

from rtl_tests.conformance.grid_case import GridCase

CASES = (
    *(GridCase(spec="codebook", bits=bits, exact=False, independent=False, searched=False) for bits in (2, 3, 4, 5, 6)),
    GridCase(spec="codebook:width=6", bits=4, exact=False, independent=False, searched=False),
    *(GridCase(spec="codebook:pot", bits=bits, exact=False, independent=False, searched=False) for bits in (2, 4, 6)),
)
