"""How our solver's time grows with the matrix: square ternary matrices, seconds against terms, the fitted exponent."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.cmvm_matrices import RANGE, random_matrix
from benchmarks.cmvm_tools import Ours

KIND = "ternary0.7"
SIZES = (32, 48, 64, 96, 128, 192, 256)


def scaling(
    effort: str | float, seed: int, console: Console, note: Callable[[str], None], sizes: Sequence[int] = SIZES
) -> dict[str, Any]:
    """Solves every size at depth limit 0 and without one; prints a table, returns its rows and exponents.

    An exponent is of all sizes, a second one of the larger half, where what every solution takes counts less."""
    solver = Ours(effort, seed)
    solver.warm_up()
    rows: list[dict[str, Any]] = []
    exponents: dict[str, tuple[float, float]] = {}
    title = f"{KIND} n×n, effort {effort}"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for head in ("depth limit", "n", "terms", "adders", "bits", "depth", "seconds", "peak MB"):
        table.add_column(head, justify="right")
    for limit in (0, None):
        for size in sizes:
            note(f"{KIND} {size}×{size}")
            matrix = random_matrix(f"{KIND}-{size}x{size}", seed)
            found = solver.solve(matrix, RANGE, limit)
            graph = found.graph
            row: dict[str, Any] = {
                "limit": limit,
                "size": size,
                "terms": int(np.count_nonzero(matrix)),
                "adders": graph.adders,
            }
            row |= {"bits": graph.bits, "depth": graph.depth, "seconds": found.seconds, "peak_mb": peak_megabytes()}
            rows.append(row)
            peak = "–" if row["peak_mb"] is None else f"{row['peak_mb']:,.0f}"
            table.add_row(
                "none" if limit is None else str(limit),
                str(size),
                *(f"{row[count]:,}" for count in ("terms", "adders", "bits", "depth")),
                f"{found.seconds:.3f}",
                peak,
            )
        same = [row for row in rows if row["limit"] == limit]
        terms, seconds = ([row[count] for row in same] for count in ("terms", "seconds"))
        half = len(same) // 2
        exponents[str(limit)] = (exponent(terms, seconds), exponent(terms[half:], seconds[half:]))
    console.print(table)
    for limit_text, (power, late) in exponents.items():
        text = (
            f"depth limit {limit_text.lower()}: seconds grow as terms^{power:.2f}, those of the larger half ^{late:.2f}"
        )
        console.print(text, highlight=False)
    return {"effort": effort, "rows": rows, "exponents": exponents}


def exponent(terms: Sequence[float], seconds: Sequence[float]) -> float:
    """The power p of the least-squares fit seconds = c·terms^p, in logarithms."""
    slope, _ = np.polyfit(np.log(terms), np.log(seconds), 1)
    return float(slope)


def peak_megabytes() -> float | None:
    """The most memory that this process has held so far; None where the system does not tell."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ModuleNotFoundError:
        return None
    return getrusage(RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
