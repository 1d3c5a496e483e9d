"""Odd integers; which one depends on a weight's rank, not on its value."""

from rtl_tests.conformance.grid_case import GridCase

CASES = (
    *(
        GridCase(
            spec=spec,
            bits=bits,
            magnitudes=tuple(range(1, 2**bits, 2)),
            nearest=False,
            searched=False,
            exact=False,
        )
        for spec, widths in {
            "balanced": (1, 2, 4, 8),
            "balanced:median": (2, 4),
            "balanced:paper": (1, 2, 4),
            "balanced:median:paper": (2,),
            "balanced:scale=mean": (2,),
        }.items()
        for bits in widths
    ),
)
