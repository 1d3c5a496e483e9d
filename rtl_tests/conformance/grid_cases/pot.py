"""Powers of two."""

from rtl_tests.conformance.grid_case import GridCase


def powers(count: int) -> tuple[int, ...]:
    """So many of them, from one."""
    return tuple(1 << shift for shift in range(count))


CASES = (
    *(GridCase(spec="pot", bits=bits, magnitudes=(0, *powers(2 ** (bits - 1) - 1))) for bits in (2, 3, 4, 5)),
    GridCase(spec="pot:range=max", bits=4, magnitudes=(0, *powers(7)), searched=False),
    *(
        GridCase(
            spec="pot:paper",
            bits=bits,
            magnitudes=powers(2 ** (bits - 1)),
            nearest=False,
            searched=False,
            zero_flag=True,
        )
        for bits in (2, 3, 4)
    ),
)
