"""Evenly spaced integers."""

from rtl_tests.conformance.grid_case import GridCase

CASES = (
    *(
        GridCase(spec="uniform", bits=bits, magnitudes=magnitudes)
        for bits, magnitudes in {1: (1,), 2: (0, 1), 4: tuple(range(8)), 8: tuple(range(128))}.items()
    ),
    GridCase(spec="uniform:range=max", bits=4, magnitudes=tuple(range(8)), searched=False),
    GridCase(spec="uniform:percentile=99", bits=4, magnitudes=tuple(range(8)), searched=False, exact=False),
    *(GridCase(spec="uniform:asymmetric", bits=bits, exact=False) for bits in (1, 2, 4, 8)),
    *(
        GridCase(spec=f"uniform:asymmetric:{rule}", bits=4, searched=False, exact=False)
        for rule in ("range=max", "percentile=99")
    ),
)
