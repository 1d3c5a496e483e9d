"""What `shiftwright synth` found: a line a module, the highest clock, and how was counted."""

import re
from typing import Any

from rich.console import Console

from shiftwright.report.parts import add_row, new_table, print_line, thousands


def synthesized_table(console: Console, found: dict[str, Any]) -> None:
    """A line a module, the design, its highest clock, and how was counted."""
    table = new_table(f"{found['name']} on {found['device']}")
    table.add_column("module", overflow="fold")
    columns = {"luts": "LUTs", "carry": "carry", "registers": "registers"}
    columns |= {"memory_bits": "memory bits", "memory_blocks": "blocks", "dsp": "DSP"}
    if found["total"]["other"]:
        columns["other"] = "others"
    for column in columns.values():
        table.add_column(column, justify="right", no_wrap=True)
    for name, alike in _alike(found).items():
        instances = sum(module["instances"] for module in alike)
        counts = [sum(module[key] * module["instances"] for module in alike) for key in columns]
        if any(counts):
            add_row(table, name + (f" (×{instances})" if instances > 1 else ""), *map(thousands, counts))
    table.add_section()
    add_row(table, "total", *(thousands(found["total"][key]) for key in columns))
    console.print(table)
    placed = found["placed"]
    if placed is None:
        print_line(console, f"Fmax: not available ({'see below' if found['failure'] else found['unplaced']}).")
    elif placed["fmax"] is None:
        print_line(console, "Fmax: none, no path leads from a register to a register.")
    else:
        print_line(
            console,
            f"Fmax {placed['fmax']:,.1f} MHz out of context (seed {found['seed']}, aim {found['clock_mhz']:g} MHz); "
            f"the slowest path ends in {placed['slowest']}.",
        )
    if placed is not None:
        share = placed["used"] / placed["available"]
        print_line(
            console,
            f"Placed: {thousands(placed['used'])} of {thousands(placed['available'])} logic cells ({share:.1%}).",
        )
    print_line(console, f"Counted: {found['rule']}.\nLogs: {found['folder']}")


def _alike(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Modules by name, those together that differ in a number at the end of their path, such as an engine's lanes."""
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    for module in found["modules"]:
        name = module["module"].removeprefix(f"{found['name']}.").removeprefix(f"{found['name']}_")
        path, dot, last = name.rpartition(".")
        groups.setdefault(path + dot + re.sub(r"\d+", "*", last) if dot else name, {})[name] = module
    return {next(iter(group)) if len(group) == 1 else name: list(group.values()) for name, group in groups.items()}
