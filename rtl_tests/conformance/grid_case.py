"""What a conformance case says of a grid, and where the cases are: one module a grid in `grid_cases/`."""

from dataclasses import dataclass

from shiftwright.registry import entries


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCase:
    """A spelling of a grid at a number of bits, and which of the promises that not every grid makes it keeps.

    Both signs of `magnitudes` are the levels, or exactly `levels` are; neither where the weights choose them."""

    spec: str
    bits: int
    magnitudes: tuple[int, ...] | None = None
    levels: tuple[int, ...] | None = None
    nearest: bool = True  # every weight takes the level nearest in value at the scale that was chosen
    searched: bool = True  # no other scale has noticeably less squared error
    exact: bool = True  # weights that are levels times a power of two stay as they are
    scalable: bool = True  # twice the weights are the same codes at twice the scale
    independent: bool = True  # what becomes of a channel depends on no other channel
    zero_flag: bool = False  # zero stands for weights that are exactly zero alone, beside the stored bits

    def __str__(self) -> str:
        return f"{self.spec}-{self.bits}"

    def expected(self) -> tuple[int, ...] | None:
        """The levels, ascending; None where the weights choose them."""
        if self.magnitudes is None:
            return self.levels
        return tuple(sorted({sign * magnitude for magnitude in self.magnitudes for sign in (-1, 1)}))


def grid_cases() -> list[GridCase]:
    """Every module's `CASES`."""
    found: list[GridCase] = []
    for name, cases in entries("rtl_tests.conformance.grid_cases", "CASES").items():
        assert isinstance(cases, tuple), f"{name}.CASES is not a tuple"
        assert all(case.spec.split(":")[0] == name for case in cases), f"{name}.CASES holds another grid's case"
        found += cases
    return found
