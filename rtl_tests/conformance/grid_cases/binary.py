"""A sign."""

from rtl_tests.conformance.grid_case import GridCase

CASES = tuple(GridCase(spec="binary", bits=bits, magnitudes=(1,)) for bits in (1, 8))  # the bits are always one
