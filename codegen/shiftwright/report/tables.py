"""Tables for people: what each command found, in the order in which a reader asks."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

MANTISSAS = 8  # shown of a layer's or a number system's


def compiled_table(console: Console, summary: dict[str, Any]) -> None:
    """Layers with their cost, then the design as a whole."""
    table = _table(f"{summary['name']} in {summary['folder']}")
    for column in ("layer", "does", "shape", "weights"):
        table.add_column(column, no_wrap=True)
    for column in ("adders", "LUTs ≈", "latency"):
        table.add_column(column, justify="right", no_wrap=True)
    for layer in summary["layers"]:
        _row(
            table,
            layer["name"],
            layer["does"].split(" · ")[0],
            "×".join(map(str, layer["shape"])),
            layer["numbers"],
            _count(layer["adders"]),
            _count(layer["estimated_luts"]),
            str(layer["latency"]),
        )
    table.add_section()
    adders, rounding, luts = (
        sum(layer[key] for layer in summary["layers"]) for key in ("adders", "requantize_adders", "estimated_luts")
    )
    _row(table, "total", "", "", "", _count(adders), _count(luts), str(summary["timing"]["latency"]))
    console.print(table)
    interval, latency = summary["timing"]["interval"], summary["timing"]["latency"]
    _line(
        console,
        f"{_plural(summary['multipliers'], 'multiplier')}; {_plural(rounding, 'adder')} in requantizers. "
        f"A frame every {_plural(interval, 'cycle')}, latency {_plural(latency, 'cycle')}: "
        f"{summary['frames_per_second']:,.0f} frames a second at {summary['clock_mhz']:g} MHz (assumed).\n"
        f"Proved: {_plural(summary['proofs']['adder_graphs'], 'adder graph')} equal to the weights for every input, "
        f"no overflow, exact rounding.\nNext: shiftwright verify {quote(summary['folder'])}",
    )


def verified_table(console: Console, found: dict[str, Any]) -> None:
    """Each simulator against golden, golden against onnxruntime, and the first difference if there is one."""
    table = _table(f"{found['folder']}: {_plural(found['frames'], 'frame')}")
    for column in ("golden and", "are"):
        table.add_column(column, no_wrap=True)
    for column in ("words", "near-ties", "latency", "interval", "cycles"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in found["simulations"]:
        _row(
            table,
            f"RTL in {run['simulator']}",
            _equal(run["equal"]),
            _count(run["words"]),
            "",
            *("" if run[key] is None else _count(run[key]) for key in ("latency", "interval", "cycles")),
        )
    different = sum(layer["different"] for layer in found["layers"])
    explained = all(layer["explained"] for layer in found["layers"])
    _row(
        table,
        "onnxruntime",
        _equal(explained),
        _count(sum(layer["words"] for layer in found["layers"])),
        _count(different),
    )
    console.print(table)
    lines = list(found["skipped"])
    lines += [
        f"near-ties: {layer['near_ties']} of {layer['words']} words of {layer['tensor']}, where onnxruntime's float32 "
        "rounds differently in the last place"
        for layer in found["layers"]
        if layer["near_ties"] and layer["explained"]
    ]
    if found["changed"]:
        lines.append(f"note: changed since compile: {', '.join(found['changed'])}")
    lines += [f"{run['simulator']}: {run['message']}" for run in found["simulations"] if not run["equal"]]
    lines += [f"waveform: {wave}" for run in found["simulations"] for wave in run.get("waves", [])]
    lines += [
        f"golden and onnxruntime differ in {layer['different']} of {layer['words']} words of {layer['tensor']}, only "
        f"{layer['near_ties']} of them near-ties; please report this with the model"
        for layer in found["layers"]
        if not layer["explained"]
    ]
    lines += [f"accuracy, {name}: {accuracy:.2%}" for name, accuracy in found["accuracy"].items()]
    for line in lines:
        _line(console, line)


def doctor_table(console: Console, tools: Sequence[dict[str, Any]]) -> None:
    """Every tool, and how to get what is missing."""
    table = _table("")
    for column in ("tool", "for", "version", "where, or what to do"):
        table.add_column(column, overflow="fold")
    for tool in tools:
        state = tool["version"] or "" if tool["found"] else Text("missing", "red")
        _row(table, tool["name"], tool["purpose"], state, tool["path"] or tool["remedy"])
    console.print(table)


def quantized_table(console: Console, report: dict[str, Any], output: Path, obstacle: str | None) -> None:
    """Layers with their grids and scales, accuracies if there were labels, and what keeps the file from hardware."""
    table = _table(f"written: {output}")
    table.add_column("layer", overflow="fold")
    for column in ("weights", "grid"):
        table.add_column(column, overflow="fold")
    for column in ("bits", "SQNR dB", "zeros", "entropy", "adders"):
        table.add_column(column, justify="right", no_wrap=True)
    for layer in report["layers"]:
        _row(
            table,
            layer["name"],
            "×".join(map(str, layer["shape"])),
            layer["grid"],
            str(layer["bits"]),
            _decibels(layer["sqnr_db"]),
            f"{layer['zeros']:.0%}",
            f"{layer['entropy']:.2f}",
            _count(layer["adders"]),
        )
    table.add_section()
    totals = report["totals"]
    _row(table, "total", "", "", "", _decibels(totals["sqnr_db"]), "", "", _count(totals["adders"]))
    console.print(table)

    scales = _table("scales and mantissas")
    for column in ("layer", "one a"):
        scales.add_column(column, overflow="fold")
    for column in ("least", "greatest"):
        scales.add_column(column, justify="right", no_wrap=True)
    scales.add_column("absorbed", no_wrap=True)
    scales.add_column("mantissas", overflow="fold")
    for layer in report["layers"]:
        least, greatest = layer["scales"]
        _row(
            scales,
            layer["name"],
            layer["granularity"],
            f"{least:.3g}",
            f"{greatest:.3g}",
            "yes" if layer["absorbed"] else "no",
            _mantissas(layer["mantissas"]),
        )
    console.print(scales)
    _line(
        console,
        f"{_plural(totals['weights'], 'weight')} in {_plural(totals['weight_bits'], 'bit')}, calibrated on "
        f"{_plural(report['samples'], 'sample')}; adders of all matrices, by signed digits, nothing shared yet, "
        "those of biases not among them.",
        wrap=True,
    )
    for warning in report["warnings"]:
        _line(console, f"note: {warning}")
    if report.get("accuracy_float") is not None:
        both = f"float {report['accuracy_float']:.2%}, quantized {report['accuracy_quantized']:.2%}"
        _line(console, f"accuracy on the {'test' if report['tested'] else 'calibration'} data: {both}")
    after = f"Next: shiftwright compile {quote(str(output))} -o DIR"
    if obstacle is not None:
        after = f"note: compile does not take this file: {obstacle}"
    _line(console, after)


def methods_table(console: Console, methods: dict[str, Any]) -> None:
    """Every number system with its source and its spellings, then equalizations, corrections, activation ranges."""
    _explained(console, "number systems (--weights)", methods["grids"])
    table = _table("their spellings, at 4 bits or the nearest")
    for column in ("spelling", "bits", "scale a", "mantissas"):
        table.add_column(column, overflow="fold")
    for column in ("shifts", "adders"):
        table.add_column(column, justify="right", no_wrap=True)
    for grid in methods["grids"].values():
        for row in grid["spellings"]:
            bits = row["bits"]
            _row(
                table,
                row["spelling"],
                _span(bits[0], bits[-1]),
                row["granularity"],
                f"found, up to {row['largest']}" if row["mantissas"] is None else _mantissas(row["mantissas"]),
                _span(*row["shifts"]),
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
    _explained(console, "equalizations (--equalize)", methods["equalizations"])
    _explained(console, "corrections (--correct)", methods["corrections"])
    _explained(console, "activation ranges (--activation-range)", methods["activation_ranges"])


def _explained(console: Console, title: str, entries: dict[str, Any]) -> None:
    """A list of names, each with what it does and, under it, its source."""
    table = _table(title)
    table.show_header = False
    table.add_column(no_wrap=True)
    table.add_column()
    for name, entry in entries.items():
        lines = [Text(entry["summary"]), *([Text(entry["paper"], "dim")] if entry["paper"] else [])]
        _row(table, name, Text("\n").join(lines))
    console.print(table)


def _table(title: str) -> Table:
    return Table(
        title=Text(title, "bold") if title else None,
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def _row(table: Table, *cells: str | Text) -> None:
    """A row of cells as they are: a string may hold a user's names, whose brackets and colons are no markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def _line(console: Console, text: str, wrap: bool = False) -> None:
    """Text as it is; unless it may wrap, a terminal breaks it and a shell that reads it does not see it broken."""
    console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=not wrap)


def _equal(equal: bool) -> Text:
    return Text("equal", "green") if equal else Text("DIFFERENT", "red")


def _count(number: int) -> str:
    return f"{number:,}"


def _plural(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _decibels(ratio: float | None) -> str:
    return "exact" if ratio is None else f"{ratio:.1f}"


def _mantissas(odd: Sequence[int]) -> str:
    """All odd numbers up to one by their ends; else the first of them, for all are in the JSON."""
    if len(odd) > 3 and list(odd) == list(range(1, odd[-1] + 1, 2)):
        return f"1, 3 … {odd[-1]}"
    return ", ".join(map(str, odd[:MANTISSAS])) + (" …" if len(odd) > MANTISSAS else "")


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"
