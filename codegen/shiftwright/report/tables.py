"""Tables for people: what each command found, in the order in which a reader asks."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


def compiled_table(console: Console, summary: dict[str, Any]) -> None:
    """Layers with their cost, then the design as a whole."""
    table = _table(f"{summary['name']} in {summary['folder']}")
    for column in ("layer", "does", "shape", "weights"):
        table.add_column(column, no_wrap=True)
    for column in ("adders", "LUTs ≈", "latency"):
        table.add_column(column, justify="right", no_wrap=True)
    for layer in summary["layers"]:
        table.add_row(
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
    table.add_row("total", "", "", "", _count(adders), _count(luts), str(summary["timing"]["latency"]))
    console.print(table)
    interval, latency = summary["timing"]["interval"], summary["timing"]["latency"]
    console.print(
        f"{_plural(summary['multipliers'], 'multiplier')}; {_plural(rounding, 'adder')} in requantizers. "
        f"A frame every {_plural(interval, 'cycle')}, latency {_plural(latency, 'cycle')}: "
        f"{summary['frames_per_second']:,.0f} frames a second at {summary['clock_mhz']:g} MHz (assumed).\n"
        f"Proved: {_plural(summary['proofs']['adder_graphs'], 'adder graph')} equal to the weights for every input, "
        f"no overflow, exact rounding.\nNext: shiftwright verify {quote(summary['folder'])}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def verified_table(console: Console, found: dict[str, Any]) -> None:
    """Each simulator against golden, golden against onnxruntime, and the first difference if there is one."""
    table = _table(f"{found['folder']}: {_plural(found['frames'], 'frame')}")
    for column in ("golden and", "are"):
        table.add_column(column, no_wrap=True)
    for column in ("words", "near-ties", "latency", "interval", "cycles"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in found["simulations"]:
        table.add_row(
            f"RTL in {run['simulator']}",
            "[green]equal[/green]" if run["equal"] else "[red]DIFFERENT[/red]",
            _count(run["words"]),
            "",
            *("" if run[key] is None else _count(run[key]) for key in ("latency", "interval", "cycles")),
        )
    different = sum(layer["different"] for layer in found["layers"])
    explained = all(layer["explained"] for layer in found["layers"])
    table.add_row(
        "onnxruntime",
        "[green]equal[/green]" if explained else "[red]DIFFERENT[/red]",
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
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def doctor_table(console: Console, tools: Sequence[dict[str, Any]]) -> None:
    """Every tool, and how to get what is missing."""
    table = _table("")
    for column in ("tool", "for", "version", "where, or what to do"):
        table.add_column(column, overflow="fold")
    for tool in tools:
        state = tool["version"] or "" if tool["found"] else "[red]missing[/red]"
        table.add_row(tool["name"], tool["purpose"], state, tool["path"] or tool["remedy"])
    console.print(table)


def quantized_table(console: Console, report: dict[str, Any], output: Path, obstacle: str | None) -> None:
    """Layers with their grids, accuracies if there were labels, and what stands between the file and hardware."""
    table = _table(f"written: {output}")
    for column in ("layer", "weights", "grid", "mantissas"):
        table.add_column(column)
    for column in ("bits", "SQNR dB", "zeros"):
        table.add_column(column, justify="right")
    for layer in report["layers"]:
        table.add_row(
            layer["name"],
            "×".join(map(str, layer["shape"])),
            layer["grid"],
            ", ".join(map(str, layer["mantissas"][:8])) + (" …" if len(layer["mantissas"]) > 8 else ""),
            str(layer["bits"]),
            "exact" if layer["sqnr_db"] is None else f"{layer['sqnr_db']:.1f}",
            f"{layer['zeros']:.0%}",
        )
    console.print(table)
    for warning in report["warnings"]:
        console.print(f"note: {warning}", markup=False, highlight=False, soft_wrap=True)
    if report.get("accuracy_float") is not None:
        both = f"float {report['accuracy_float']:.2%}, quantized {report['accuracy_quantized']:.2%}"
        console.print(f"accuracy on the data given: {both}", highlight=False)
    after = f"Next: shiftwright compile {quote(str(output))} -o DIR"
    if obstacle is not None:
        after = f"note: compile does not take this file: {obstacle}"
    console.print(after, markup=False, highlight=False, soft_wrap=True)


def _table(title: str) -> Table:
    return Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def _count(number: int) -> str:
    return f"{number:,}"


def _plural(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
