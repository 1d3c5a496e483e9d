"""From the words a user writes (`pot`, `ternary:threshold=0.7`) to a grid that fits the file format."""

from dataclasses import replace

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import GRANULARITIES, Grid
from shiftwright.quantize.grids.options import Options, nearest_name
from shiftwright.registry import entries

LARGEST_WEIGHT = 2**15 - 1  # int16, the widest weight that every runtime reads


def grid_types() -> dict[str, type[Grid]]:
    """Every number system by name, one a module of this package."""
    found = {}
    for name, entry in entries("shiftwright.quantize.grids", "GRID").items():
        assert isinstance(entry, type), f"{name}.GRID is not a class"
        assert issubclass(entry, Grid), f"{name}.GRID is not a Grid"
        found[name] = entry
    return found


def parse_grid(spec: str, bits: int) -> Grid:
    """The grid that `name:key=value:…` names, at `bits` stored bits; every grid takes `granularity=tensor|channel`.

    QuantizeError for an unknown name or option, for bits that the grid is not made for, and for integers beyond int16,
    the last two with the bits that go with these options."""
    types = grid_types()
    name, _ = Options.parse(spec)
    if name not in types:
        raise QuantizeError(f"no grid is called {name!r}; {nearest_name(name, list(types), 'grids')}")
    widths = types[name].widths
    if widths is not None and bits not in widths:
        usable = _usable(types[name], spec, widths)
        span = f"{usable[0]} to {usable[-1]}" if len(usable) > 1 else f"{usable[0]}"
        raise QuantizeError(f"{spec} weights take {span} bits, not {bits}; pick one of those")
    grid = _build(types[name], spec, bits)
    if widths is not None and not _fits(grid):
        raise QuantizeError(
            f"{spec} at {bits} bits needs integers of {grid.numbers.largest.bit_length() + 1} bits, beyond int16; "
            f"use {_usable(types[name], spec, widths)[-1]} weight bits or fewer"
        )
    return grid


def _build(kind: type[Grid], spec: str, bits: int) -> Grid:
    _, options = Options.parse(spec)
    grid = kind.build(bits, options)
    granularity = options.choice("granularity", GRANULARITIES, grid.granularity)
    options.finish()
    return replace(grid, granularity=granularity)


def _fits(grid: Grid) -> bool:
    return grid.numbers.largest <= LARGEST_WEIGHT


def _usable(kind: type[Grid], spec: str, widths: range) -> list[int]:
    """The bits, ascending, at which the grid is possible with its options; QuantizeError if they are to blame."""
    usable, problems = [], []
    for bits in widths:
        try:
            if _fits(_build(kind, spec, bits)):
                usable.append(bits)
        except QuantizeError as problem:
            problems.append(problem)
    if not usable:
        raise problems[0]
    return usable
