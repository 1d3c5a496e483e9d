"""What is asked of the engines, as ratios of figures of one run: each with its bound, and whether it holds.

A ratio is there when its rows are. The reference is a parallel engine of the dense ternary layer, registered at every
level of adders: 10,084 cells, 228 MHz, a position a cycle."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from benchmarks.engines_cases import FOLDED, NARROW, ROW_TREES, ROWS
from benchmarks.engines_place import Placed
from benchmarks.engines_rows import MEGA, Row, rate
from shiftwright.report.parts import add_row, new_table

REFERENCE_CELLS, REFERENCE_MHZ = 10084, 228.0
REFERENCE_RATE_PER_CELL = REFERENCE_MHZ * MEGA / REFERENCE_CELLS
LAYER = "dense"
OF_ROWS = {"ternary": 0.31, "pot3": 0.53, "pot4": 0.72}
SHARES_OF_CYCLES = {2: 0.55, 4: 0.3}
Found = Mapping[tuple[str, str], Row]  # by number system and engine


@dataclass(frozen=True, slots=True)
class Goal:
    """A measured figure and the bound that is asked for, None where nothing is; `aim` is what would be better still."""

    words: str
    found: float
    asked: float | None = None
    at_most: bool = True
    aim: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the figure is within its bound; None without one."""
        if self.asked is None:
            return None
        return self.found <= self.asked if self.at_most else self.found >= self.asked


def goals(rows: Sequence[Row]) -> list[Goal]:
    """All that these rows decide, in order."""
    found = {(row.case.system, row.case.engine): row for row in rows if row.case.layer == LAYER}
    return [*_serial_rate(found), *_serial_size(found), *_folded_size(found)]


def _serial_rate(found: Found) -> Iterator[Goal]:
    serial = found.get(("ternary", "serial:d=1"))
    if serial is None:
        return
    begin = "serial d=1, ternary: rate per cell to that of the"
    size = "serial d=1, ternary: cells to those of the"
    folded = found.get(("ternary", FOLDED))
    if folded is not None:
        yield Goal(f"{begin} folded one", serial.rate_per_cell / folded.rate_per_cell, 3.2, False, 5)
        if folded.core is not None:
            core = rate(folded.core, folded.cycles) / folded.core.cells
            yield Goal(f"{begin} folded one's core", serial.rate_per_cell / core, 3.2, False, 5)
    yield Goal(f"{begin} parallel reference", serial.rate_per_cell / REFERENCE_RATE_PER_CELL, 0.3, False, 0.45)
    yield Goal(f"{size} parallel reference", serial.whole.cells / REFERENCE_CELLS, 0.27)
    live = found.get(("ternary", "parallel"))
    if live is not None:
        yield Goal(f"{begin} parallel one", serial.rate_per_cell / live.rate_per_cell)
        yield Goal(f"{size} parallel one", serial.whole.cells / live.whole.cells)


def _serial_size(found: Found) -> Iterator[Goal]:
    bounds = {"ternary": 1400, "pot4": 3400}
    for system, bound in bounds.items():
        one = found.get((system, "serial:d=1"))
        if one is None:
            continue
        begin = f"serial d=1, {system}:"
        if one.core is not None:
            yield Goal(f"{begin} cells of the adder graph", one.core.cells, bound)
        if system == "ternary":
            yield Goal(f"{begin} cells of the engine", one.whole.cells, 2400)
            yield Goal(f"{begin} cycles a position", one.cycles, 16)
            yield Goal(f"{begin} MHz", one.whole.fmax, 250, False)
        for digit, share in SHARES_OF_CYCLES.items():
            more = found.get((system, f"serial:d={digit} {NARROW}"))
            if more is not None:
                yield Goal(f"serial, {system}: cycles of d={digit} to those of d=1", more.cycles / one.cycles, share)


def _folded_size(found: Found) -> Iterator[Goal]:
    for baseline in (ROWS, ROW_TREES):
        rows = found.get(("int4", baseline))
        for system, bound in OF_ROWS.items():
            one = found.get((system, FOLDED))
            if rows is None or one is None or rows.core is None or one.core is None:
                continue
            asked = bound if baseline == ROWS else None
            words = f"folded, {system}: cells of the core to those of int4, {baseline}"
            yield Goal(words, one.core.cells / rows.core.cells, asked)
    for system in OF_ROWS:
        one = found.get((system, FOLDED))
        if one is not None:
            yield Goal(f"folded, {system}: MHz", slowest(one.whole, one.core), 100, False)


def slowest(whole: Placed, core: Placed | None) -> float:
    """MHz of the slower of the two."""
    return min(whole.fmax, whole.fmax if core is None else core.fmax)


def show_goals(found: Sequence[Goal], console: Console) -> None:
    """A line a goal; nothing without any."""
    if not found:
        return
    table = new_table("Asked and measured, dense layer")
    for place, column in enumerate(("", "measured", "asked", "aim", "")):
        table.add_column(column, justify="right" if place in (1, 2, 3) else "left", no_wrap=True)
    for goal in found:
        sign = "≤" if goal.at_most else "≥"
        verdict = {None: "", True: "holds", False: "MISSED"}[goal.holds]
        bounds = ["" if bound is None else f"{sign} {_number(bound)}" for bound in (goal.asked, goal.aim)]
        add_row(table, goal.words, _number(goal.found), *bounds, verdict)
    console.print(table)


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 16 or number == int(number) else f"{number:.3f}"
