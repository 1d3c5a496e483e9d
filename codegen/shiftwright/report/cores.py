"""What `shiftwright cmvm` found: what a core computes, what it takes, and what to do with it."""

from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Console

from shiftwright.report.compiled import SHOWN_OF_HASH, solved_line
from shiftwright.report.parts import add_row, new_table, plural, print_line, thousands


def core_table(console: Console, found: dict[str, Any]) -> None:
    """A line a figure."""
    verilog = Path(found["output"])
    table = new_table(f"{found['name']} in {verilog}")
    table.show_header = False
    table.add_column(no_wrap=True)
    table.add_column()
    for row in _rows(found):
        add_row(table, *row)
    console.print(table)
    bench = verilog.with_name(f"{verilog.stem}_bench")
    print_line(
        console,
        f"{solved_line(found['solver'])}.\nSimulate: make -C {quote(str(bench))} sim\n"
        f"Next: shiftwright synth {quote(str(verilog))} --device DEVICE",
    )


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    ranges = {(lo, hi) for lo, hi in found["ranges"]}
    lo, hi = min(lo for lo, _ in ranges), max(hi for _, hi in ranges)
    clock = found["pipelined_for_mhz"]
    stage = plural(found["levels_per_stage"], "adder level") + " a stage"
    family = found["solver"]["family"]
    return [
        ("matrix", f"{found['outputs']}×{found['inputs']}, weights {' … '.join(map(str, found['weights']))}"),
        ("inputs", f"{lo} … {hi}" + (", each with a range of its own" if len(ranges) > 1 else "")),
        ("adders", thousands(found["adders"])),
        ("full-adder bits", thousands(found["bits"])),
        ("depth", plural(found["depth"], "adder level")),
        ("latency", f"{plural(found['latency'], 'cycle')}, {stage}" + (f" for {clock:g} MHz" if clock else "")),
        ("LUTs ≈", f"{thousands(found['estimated_luts'])} ({family})"),
        ("registers ≈", thousands(found["estimated_registers"])),
        ("proof", f"equal to the matrix for every input, {found['proof']['coefficients'][:SHOWN_OF_HASH]}"),
        ("solved in", f"{found['seconds']:.2f} s"),
    ]
