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

    QuantizeError for an unknown name or option, and for integers beyond int16 (with the most bits that fit)."""
    types = grid_types()
    name, options = Options.parse(spec)
    if name not in types:
        raise QuantizeError(f"no grid is called {name!r}; {nearest_name(name, list(types), 'grids')}")
    grid = types[name].build(bits, options)
    granularity = options.choice("granularity", GRANULARITIES, grid.granularity)
    options.finish()
    if grid.numbers.largest > LARGEST_WEIGHT:
        fits = next(fewer for fewer in range(bits - 1, 0, -1) if _fits(types[name], fewer, spec))
        raise QuantizeError(
            f"{spec} at {bits} bits needs integers of {grid.numbers.largest.bit_length() + 1} bits, beyond int16; "
            f"use {fits} weight bits or fewer"
        )
    return replace(grid, granularity=granularity)


def _fits(grid: type[Grid], bits: int, spec: str) -> bool:
    _, options = Options.parse(spec)
    return grid.build(bits, options).numbers.largest <= LARGEST_WEIGHT
