"""Minus one, zero and one, or three centroids."""

from rtl_tests.conformance.grid_case import GridCase

CASES = (
    GridCase(spec="ternary", bits=2, magnitudes=(0, 1)),
    GridCase(spec="ternary", bits=8, magnitudes=(0, 1)),  # the bits are always two
    *(
        GridCase(spec=spec, bits=2, magnitudes=(0, 1), nearest=False, searched=False, exact=False)
        for spec in ("ternary:threshold=0.7", "ternary:paper")
    ),
    GridCase(spec="ternary:centroids", bits=2, exact=False),
)
