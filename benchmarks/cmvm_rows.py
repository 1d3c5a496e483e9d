"""What the comparison of solvers found: a row a matrix and depth limit, ratios, means, and tables of them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.cmvm_tools import OURS, PEERS, Solution
from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.csd import csd_digits, csd_weights

REFERENCE = next(iter(PEERS))
COUNTS = ("bits", "adders")
WIDE = 64  # inputs and outputs from which on times are compared


@dataclass(frozen=True, slots=True)
class Measured:
    """One tool's graph of a matrix, counted by our code. A negation is the adder of an output left with a sign."""

    adders: int
    bits: int
    depth: int
    negations: int
    seconds: float

    @classmethod
    def of(cls, solution: Solution) -> "Measured":
        """The counts of a solution."""
        graph = solution.graph
        return cls(graph.adders, graph.bits, graph.depth, negations(graph), round(solution.seconds, 6))


@dataclass(frozen=True, slots=True)
class Row:
    """One matrix under one depth limit; no graph of two-operand adders is less deep than `least`."""

    matrix: str
    inputs: int
    outputs: int
    digits: int
    least: int
    limit: int | None
    results: dict[str, Measured]

    @property
    def allowed(self) -> int | None:
        """Adder levels that the limit leaves, None for any number."""
        return None if self.limit is None else self.least + self.limit

    def ratio(self, count: str) -> float | None:
        """Ours over the reference's, None where either is missing or 0."""
        pair = [getattr(self.results[tool], count) for tool in (OURS, REFERENCE) if tool in self.results]
        return pair[0] / pair[1] if len(pair) == 2 and all(pair) else None

    def exceeds(self, tool: str) -> bool:
        """Whether a tool's graph is deeper than the limit allows."""
        return self.allowed is not None and self.results[tool].depth > self.allowed

    @property
    def is_late(self) -> bool:
        """Whether ours took longer than the reference on a matrix of 64×64 or larger."""
        wide = min(self.inputs, self.outputs) >= WIDE
        return wide and self.ratio("bits") is not None and (self.ratio("seconds") or 0) > 1

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        ratios = {f"{count}_ratio": self.ratio(count) for count in COUNTS}
        return {**asdict(self), "allowed": self.allowed, **ratios}


def row_of(name: str, matrix: NDArray[np.int64], limit: int | None, results: dict[str, Measured]) -> Row:
    """The row of measured results."""
    outputs, inputs = matrix.shape
    digits = int(csd_weights(matrix).sum()) if matrix.size else 0
    return Row(name, inputs, outputs, digits, least_depth(matrix), limit, results)


def least_depth(matrix: NDArray[np.int64]) -> int:
    """Levels of a balanced tree over the longest row: d levels reach 2^d leaves at most.

    Leaves are signed digits, and where all of them are subtracted a 0 to subtract from."""
    if not matrix.size:
        return 0
    leaves = csd_weights(matrix).sum(axis=1)
    subtracted = np.array(
        [all(sign < 0 for weight in row for _, sign in csd_digits(weight)) for row in matrix.tolist()]
    )
    return max(int((leaves + (subtracted & (leaves > 0))).max()) - 1, 0).bit_length()


def negations(graph: AdderGraph) -> int:
    """Adds that do nothing but change a sign."""
    return sum(len(add.operands) == 1 and add.operands[0].negative and not add.constant for add in graph.adds)


def geometric_mean(values: Iterable[float | None]) -> float | None:
    """Of the values that there are; None without any."""
    known = [log(value) for value in values if value is not None]
    return exp(sum(known) / len(known)) if known else None


def show(rows: Sequence[Row], console: Console) -> None:
    """A table a depth limit, with what it comes to below."""
    for limit in dict.fromkeys(row.limit for row in rows):
        same = [row for row in rows if row.limit == limit]
        console.print(_table(limit, same))
        for line in summary(same):
            console.print(line, markup=False, highlight=False)
        console.print()


def summary(rows: Sequence[Row]) -> list[str]:
    """Geometric means of the ratios, and the matrices on which ours is behind; nothing without the reference."""
    lines = []
    compared = [row for row in rows if row.ratio("bits") is not None or row.ratio("adders") is not None]
    if compared:
        means = ", ".join(f"{count} {ratio_text(geometric_mean(row.ratio(count) for row in rows))}" for count in COUNTS)
        lines.append(f"{OURS} / {REFERENCE}, geometric mean of {len(compared)} matrices: {means}")
        for count in COUNTS:
            above = [row.matrix for row in compared if (row.ratio(count) or 0) > 1]
            lines.append(_named(f"{count} above 1.0", above))
        lines.append(_named(f"{WIDE}×{WIDE} and larger that took longer", [row.matrix for row in rows if row.is_late]))
    lines += [
        _named(f"{tool} deeper than the limit (marked !)", deep)
        for tool in _tools(rows)
        if (deep := [row.matrix for row in rows if tool in row.results and row.exceeds(tool)])
    ]
    return lines


def limit_name(limit: int | None) -> str:
    """As tables write a depth limit."""
    return "no depth limit" if limit is None else f"depth limit {limit}"


def _tools(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(tool for row in rows for tool in row.results))


def _named(text: str, names: Sequence[str]) -> str:
    return f"{text}: {len(names)}" + (f" ({', '.join(names)})" if names else "")


def _table(limit: int | None, rows: Sequence[Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, title=limit_name(limit), title_justify="left", pad_edge=False)
    table.add_column("\nmatrix", no_wrap=True)
    table.add_column("\nallowed", justify="right")
    for tool in _tools(rows):
        for head in (f"{tool}\nadders", "\nbits", "\ndepth", "\nseconds"):
            table.add_column(head, justify="right", no_wrap=True)
    for head in (f"to {REFERENCE}\nbits", "\nadders"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        cells = [cell for tool in _tools(rows) for cell in _cells(row, tool)]
        ratios = [ratio_text(row.ratio(count)) for count in COUNTS]
        table.add_row(row.matrix, "any" if row.allowed is None else str(row.allowed), *cells, *ratios)
    return table


def _cells(row: Row, tool: str) -> list[str]:
    if tool not in row.results:
        return ["–"] * 4
    found = row.results[tool]
    depth = f"{found.depth}{'!' if row.exceeds(tool) else ''}"
    return [f"{found.adders:,}", f"{found.bits:,}", depth, f"{found.seconds:.3f}"]


def ratio_text(value: float | None) -> str:
    """Three decimals, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def published_table(rows: Sequence[Row]) -> Table:
    """Means over all matrices, a line a tool and depth limit."""
    count = len({row.matrix for row in rows})
    title = f"{count} random 16×16 matrices of 8-bit entries, 8-bit inputs: means"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for head in ("depth limit", "tool"):
        table.add_column(head, no_wrap=True)
    for head in ("adders", "bits", "depth", "deepest", "negations", "seconds"):
        table.add_column(head, justify="right", no_wrap=True)
    for limit in dict.fromkeys(row.limit for row in rows):
        same = [row for row in rows if row.limit == limit]
        for tool in _tools(same):
            found = [row.results[tool] for row in same if tool in row.results]
            table.add_row(
                "none" if limit is None else str(limit),
                tool,
                *(f"{_mean(found, count):,.2f}" for count in ("adders", "bits", "depth")),
                str(max(one.depth for one in found)),
                *(f"{_mean(found, count):.4f}" for count in ("negations", "seconds")),
            )
    return table


def _mean(found: Sequence[Measured], count: str) -> float:
    return float(np.mean([getattr(one, count) for one in found]))
