"""What `shiftwright compile` found: layers with their cost, then the design as a whole."""

from shlex import quote
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from shiftwright.report.parts import add_row, kinds, new_table, plural, print_line, thousands

SHOWN_OF_HASH = 8
UNBOUNDED = 10_000
NUMBERS = {"cycles": "cycles", "adders": "adders", "LUTs ≈": "estimated_luts", "latency": "latency"}
WORDS = {"layer": 6, "does": 11}  # columns that fold, and the characters that they need at least
COLUMNS = ("layer", "does", "weights", "engine", *NUMBERS, "proof")


def compiled_table(console: Console, summary: dict[str, Any]) -> None:
    """Layers with their cost, then the design as a whole."""
    console.print(_layers(console, summary))
    totals, proofs = _totals(summary), summary["proofs"]
    proved = kinds(proofs["adder_graphs"], "adder graph", "adder graphs", proofs["weight_memories"])
    interval, latency = summary["timing"]["interval"], summary["timing"]["latency"]
    print_line(
        console,
        f"{plural(summary['multipliers'], 'multiplier')}; {plural(totals['requantize_adders'], 'adder')} in "
        f"requantizers; {plural(totals['registers'], 'register bit')} among the adders of graphs.\n"
        f"A frame every {plural(interval, 'cycle')}, latency {plural(latency, 'cycle')}: "
        f"{summary['frames_per_second']:,.0f} frames a second at {summary['clock_mhz']:g} MHz (assumed).\n"
        f"{_graphs(summary)}"
        f"Proved: {proved} equal to the weights for every input, no overflow, exact rounding.\n"
        f"Next: shiftwright verify {quote(summary['folder'])}",
    )


def solved_line(solver: dict[str, Any]) -> str:
    """Which solver found the graphs, with its settings."""
    if solver["name"] != "cse":
        return f"Adder graphs: {solver['name']}, family {solver['family']}"
    effort, limit = solver["effort"], solver["depth_limit"]
    depth = "any depth" if limit is None else f"depth {'the least' if limit == 0 else f'the least + {limit}'}"
    spent = f"effort {effort}" if isinstance(effort, str) else f"effort {effort:g} s (not repeatable)"
    return f"Adder graphs: {solver['name']}, {spent}, {depth}, family {solver['family']}, seed {solver['seed']}"


def _totals(summary: dict[str, Any]) -> dict[str, int]:
    keys = ("adders", "estimated_luts", "registers", "requantize_adders")
    return {key: sum(layer[key] for layer in summary["layers"]) for key in keys}


def _layers(console: Console, summary: dict[str, Any]) -> Table:
    """The table of layers with as many columns as the console has room for: what counts is never cut."""
    totals = _totals(summary) | {"latency": summary["timing"]["latency"]}
    for left_out in ((), ("proof",), ("proof", "weights"), ("proof", "weights", "does")):
        table = new_table(f"{summary['name']} in {summary['folder']}")
        columns = [column for column in COLUMNS if column not in left_out]
        for column in columns:
            if column in WORDS:
                table.add_column(column, overflow="fold", min_width=WORDS[column])
            else:
                table.add_column(column, justify="right" if column in NUMBERS else "left", no_wrap=True)
        for layer in summary["layers"]:
            cells = {
                "layer": layer["name"],
                "does": _does(layer),
                "weights": layer["numbers"],
                "engine": _engine(layer),
                "proof": layer["proof"]["coefficients"][:SHOWN_OF_HASH] if layer["proof"] else "",
            } | {column: thousands(layer[key]) for column, key in NUMBERS.items()}
            add_row(table, *(cells[column] for column in columns))
        table.add_section()
        cells = {"layer": "total"} | {
            column: thousands(totals[key]) for column, key in NUMBERS.items() if key in totals
        }
        add_row(table, *(cells.get(column, "") for column in columns))
        if Measurement.get(console, console.options.update(max_width=UNBOUNDED), table).minimum <= console.width:
            break
    return table


def _does(layer: dict[str, Any]) -> str:
    """The operator that counts: the first one, unless it only reads the codes of the next."""
    first, *others = layer["does"].split(" · ")
    return str(others[0] if others and first.startswith("lookup") else first)


def _engine(layer: dict[str, Any]) -> str:
    """The engine with its fold, as --engine takes it; nothing for a layer without one."""
    if layer["engine"] == "component":
        return ""
    return str(layer["engine"]) + (f":{layer['fold']}" if layer["fold"] else "")


def _graphs(summary: dict[str, Any]) -> str:
    """How adder graphs were found and are pipelined; nothing where there are none."""
    if not summary["proofs"]["adder_graphs"]:
        return ""
    return f"{solved_line(summary['solver'])}; {_pipelined(summary)}.\n"


def _pipelined(summary: dict[str, Any]) -> str:
    levels = sorted({layer["levels_per_stage"] for layer in summary["layers"] if layer["levels_per_stage"]})
    if not levels:
        serial = any(layer["engine"] == "serial" for layer in summary["layers"])
        return "a register behind each adder" if serial else "no adders"
    first, last = levels[0], levels[-1]
    some = plural(last, "adder level") if first == last else f"{first} to {last} adder levels"
    clock = summary["solver"]["pipelined_for_mhz"]
    return f"{some} between registers" + ("" if clock is None else f", for {clock:g} MHz by estimate")
