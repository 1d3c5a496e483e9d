"""What `shiftwright compile` found: layers with their cost, then the design as a whole."""

from shlex import quote
from typing import Any

from rich.console import Console

from shiftwright.report.parts import add_row, new_table, plural, print_line, thousands

SHOWN_OF_HASH = 8


def compiled_table(console: Console, summary: dict[str, Any]) -> None:
    """Layers with their cost, then the design as a whole."""
    table = new_table(f"{summary['name']} in {summary['folder']}")
    table.add_column("layer", overflow="fold")
    for column in ("does", "weights"):
        table.add_column(column, no_wrap=True)
    table.add_column("engine", no_wrap=True)
    for column in ("cycles", "adders", "LUTs ≈", "latency"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("proof", no_wrap=True)
    for layer in summary["layers"]:
        add_row(
            table,
            layer["name"],
            layer["does"].split(" · ")[0],
            layer["numbers"],
            _engine(layer),
            *(thousands(layer[key]) for key in ("cycles", "adders", "estimated_luts", "latency")),
            layer["proof"]["coefficients"][:SHOWN_OF_HASH] if layer["proof"] else "",
        )
    table.add_section()
    totals = {
        key: sum(layer[key] for layer in summary["layers"])
        for key in ("adders", "estimated_luts", "registers", "requantize_adders")
    }
    interval, latency = summary["timing"]["interval"], summary["timing"]["latency"]
    add_row(table, "total", "", "", "", "", *map(thousands, (totals["adders"], totals["estimated_luts"], latency)))
    console.print(table)
    print_line(
        console,
        f"{plural(summary['multipliers'], 'multiplier')}; {plural(totals['requantize_adders'], 'adder')} in "
        f"requantizers; {plural(totals['registers'], 'register bit')} among adders.\n"
        f"A frame every {plural(interval, 'cycle')}, latency {plural(latency, 'cycle')}: "
        f"{summary['frames_per_second']:,.0f} frames a second at {summary['clock_mhz']:g} MHz (assumed).\n"
        f"{solved_line(summary['solver'])}; {_pipelined(summary)}.\n"
        f"Proved: {plural(summary['proofs']['adder_graphs'], 'adder graph')} equal to the weights for every input, "
        f"no overflow, exact rounding.\nNext: shiftwright verify {quote(summary['folder'])}",
    )


def solved_line(solver: dict[str, Any]) -> str:
    """Which solver found the graphs, with its settings."""
    if solver["name"] != "cse":
        return f"Adder graphs: {solver['name']}, family {solver['family']}"
    effort, limit = solver["effort"], solver["depth_limit"]
    depth = "any depth" if limit is None else f"depth {'the least' if limit == 0 else f'the least + {limit}'}"
    spent = f"effort {effort}" if isinstance(effort, str) else f"effort {effort:g} s (not repeatable)"
    return f"Adder graphs: {solver['name']}, {spent}, {depth}, family {solver['family']}, seed {solver['seed']}"


def _engine(layer: dict[str, Any]) -> str:
    """The engine with its fold, as --engine takes it; nothing for a layer without one."""
    if layer["engine"] == "component":
        return ""
    return str(layer["engine"]) + (f":{layer['fold']}" if layer["fold"] else "")


def _pipelined(summary: dict[str, Any]) -> str:
    levels = sorted({layer["levels_per_stage"] for layer in summary["layers"] if layer["levels_per_stage"]})
    if not levels:
        return "no adders"
    first, last = levels[0], levels[-1]
    some = plural(last, "adder level") if first == last else f"{first} to {last} adder levels"
    clock = summary["solver"]["pipelined_for_mhz"]
    return f"{some} between registers" + ("" if clock is None else f", for {clock:g} MHz by estimate")
