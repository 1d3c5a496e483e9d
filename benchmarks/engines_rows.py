"""What the comparison of engines found: a row an engine, rates, and tables of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from benchmarks.engines_cases import Case
from benchmarks.engines_layers import LAYERS, TITLES
from benchmarks.engines_place import Placed
from shiftwright.report.parts import add_row, new_table, thousands

MEGA = 1e6
COLUMNS = (
    *("engine", "cells", "registers", "block RAM", "DSP", "MHz", "cycles"),
    *("M/s", "M/s per 1,000 cells", "core: cells", "MHz"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One engine of one layer: `whole` from position to position, `core` without what brings and takes its words.

    A position takes `cycles` cycles; `adders` are those of the adder graph, where there is one."""

    case: Case
    cycles: int
    adders: int | None
    whole: Placed
    core: Placed | None
    seconds: float

    @property
    def rate(self) -> float:
        """Positions a second."""
        return rate(self.whole, self.cycles)

    @property
    def rate_per_cell(self) -> float:
        """Positions a second and cell."""
        return self.rate / self.whole.cells

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {**asdict(self), "positions_per_second": self.rate, "per_1000_cells": 1000 * self.rate_per_cell}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Row":
        """From what `as_dict` wrote."""
        core = found["core"]
        return cls(
            Case(**found["case"]),
            found["cycles"],
            found["adders"],
            Placed(**found["whole"]),
            None if core is None else Placed(**core),
            found["seconds"],
        )


def rate(placed: Placed, cycles: int) -> float:
    """Positions a second."""
    return placed.fmax * MEGA / cycles


def cells_of(row: Row) -> list[str]:
    """The row's line in the table."""
    whole, core = row.whole, row.core
    counts = [thousands(number) for number in (whole.cells, whole.registers, whole.memory_blocks, whole.dsp)]
    rates = [f"{row.rate / MEGA:.2f}", f"{1000 * row.rate_per_cell / MEGA:.2f}"]
    inside = ["", ""] if core is None else [thousands(core.cells), f"{core.fmax:.0f}"]
    return [row.case.engine, *counts, f"{whole.fmax:.0f}", str(row.cycles), *rates, *inside]


def show(rows: Sequence[Row], console: Console) -> None:
    """A table a layer and number system."""
    for layer, system in dict.fromkeys((row.case.layer, row.case.system) for row in rows):
        table = new_table(f"{LAYERS[layer].title}; {TITLES[system]}")
        for place, column in enumerate(COLUMNS):
            table.add_column(column, justify="right" if place else "left", no_wrap=True)
        for row in rows:
            if (row.case.layer, row.case.system) == (layer, system):
                add_row(table, *cells_of(row))
        console.print(table)
