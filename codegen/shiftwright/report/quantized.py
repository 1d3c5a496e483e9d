"""What `shiftwright quantize` found, and what there is to choose from."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shiftwright.report.parts import add_row, ends, new_table, plural, print_line, thousands

MANTISSAS = 8  # shown of a layer's or a number system's


def quantized_table(console: Console, report: dict[str, Any], output: Path, obstacle: str | None) -> None:
    """Layers with their grids and scales, accuracies if there were labels, and what keeps the file from hardware."""
    table = new_table(f"written: {output}")
    table.add_column("layer", overflow="fold")
    for column in ("weights", "grid"):
        table.add_column(column, overflow="fold")
    for column in ("bits", "SQNR dB", "zeros", "entropy", "adders"):
        table.add_column(column, justify="right", no_wrap=True)
    for layer in report["layers"]:
        add_row(
            table,
            layer["name"],
            "×".join(map(str, layer["shape"])),
            layer["grid"],
            str(layer["bits"]),
            _decibels(layer["sqnr_db"]),
            f"{layer['zeros']:.0%}",
            f"{layer['entropy']:.2f}",
            thousands(layer["adders"]),
        )
    table.add_section()
    totals = report["totals"]
    add_row(table, "total", "", "", "", _decibels(totals["sqnr_db"]), "", "", thousands(totals["adders"]))
    console.print(table)

    scales = new_table("scales and mantissas")
    for column in ("layer", "one a"):
        scales.add_column(column, overflow="fold")
    for column in ("least", "greatest"):
        scales.add_column(column, justify="right", no_wrap=True)
    scales.add_column("absorbed", no_wrap=True)
    scales.add_column("mantissas", overflow="fold")
    for layer in report["layers"]:
        least, greatest = layer["scales"]
        add_row(
            scales,
            layer["name"],
            layer["granularity"],
            f"{least:.3g}",
            f"{greatest:.3g}",
            "yes" if layer["absorbed"] else "no",
            _mantissas(layer["mantissas"]),
        )
    console.print(scales)
    console.print(_activations(report["activations"]))
    print_line(
        console,
        f"{plural(totals['weights'], 'weight')} in {plural(totals['weight_bits'], 'bit')}, calibrated on "
        f"{plural(report['samples'], 'sample')}; adders of all matrices, by signed digits, nothing shared yet, "
        "those of biases not among them.",
        wrap=True,
    )
    for warning in report["warnings"]:
        print_line(console, f"note: {warning}")
    if report.get("accuracy_float") is not None:
        both = f"float {report['accuracy_float']:.2%}, quantized {report['accuracy_quantized']:.2%}"
        print_line(console, f"accuracy on the {'test' if report['tested'] else 'calibration'} data: {both}")
    after = f"Next: shiftwright compile {quote(str(output))} -o DIR"
    if obstacle is not None:
        after = f"note: compile does not take this file: {obstacle}"
    print_line(console, after)


def _activations(rows: Sequence[dict[str, Any]]) -> Table:
    """What each quantized value may be."""
    table = new_table("activations")
    table.add_column("value", overflow="fold")
    table.add_column("numbers", overflow="fold")
    table.add_column("bits", justify="right", no_wrap=True)
    for row in rows:
        step, sign, codes = row["exponent"], "±" if row["signed"] else "", 1 << row["bits"]
        least = -codes // 2 if row["signed"] else 0
        numbers = f"{least} … {least + codes - 1} times 2^{step}"
        if row["kind"] == "log":
            numbers = f"0, {sign}2^{step} … {sign}2^{step + row['powers'] - 1}"
        add_row(table, row["name"], numbers, str(row["bits"]))
    return table


def methods_table(console: Console, methods: dict[str, Any]) -> None:
    """Every number system with its source and its spellings, then equalizations, corrections, activation ranges."""
    _explained(console, "number systems (--weights)", methods["grids"])
    table = new_table("their spellings, at 4 bits or the nearest")
    for column in ("spelling", "bits", "scale a", "mantissas"):
        table.add_column(column, overflow="fold")
    for column in ("shifts", "adders"):
        table.add_column(column, justify="right", no_wrap=True)
    for grid in methods["grids"].values():
        for row in grid["spellings"]:
            bits = row["bits"]
            add_row(
                table,
                row["spelling"],
                ends(bits[0], bits[-1]),
                row["granularity"],
                f"found, up to {row['largest']}" if row["mantissas"] is None else _mantissas(row["mantissas"]),
                ends(*row["shifts"]),
                ("≤ " if row["mantissas"] is None else "") + str(row["adders_per_input"]),
            )
    console.print(table)
    console.print(
        "Bits are stored bits a weight, the sign included. An integer is a mantissa\n"
        "shifted left; adders are those that make all mantissas of one input, of which\n"
        "each weight takes its own. All take :granularity=tensor or :granularity=channel.\n",
        markup=False,
        highlight=False,
        soft_wrap=False,
    )
    _explained(console, "activations (--activations)", methods["activations"])
    _explained(console, "equalizations (--equalize)", methods["equalizations"])
    _explained(console, "corrections (--correct)", methods["corrections"])
    _explained(console, "activation ranges (--activation-range)", methods["activation_ranges"])


def _explained(console: Console, title: str, entries: dict[str, Any]) -> None:
    """A list of names, each with what it does and, under it, its source."""
    table = new_table(title)
    table.show_header = False
    table.add_column(no_wrap=True)
    table.add_column()
    for name, entry in entries.items():
        lines = [Text(entry["summary"]), *([Text(entry["paper"], "dim")] if entry["paper"] else [])]
        add_row(table, name, Text("\n").join(lines))
    console.print(table)


def _decibels(ratio: float | None) -> str:
    return "exact" if ratio is None else f"{ratio:.1f}"


def _mantissas(odd: Sequence[int]) -> str:
    """All odd numbers up to one by their ends; else the first of them, for all are in the JSON."""
    if len(odd) > 3 and list(odd) == list(range(1, odd[-1] + 1, 2)):
        return f"1, 3 … {odd[-1]}"
    return ", ".join(map(str, odd[:MANTISSAS])) + (" …" if len(odd) > MANTISSAS else "")
