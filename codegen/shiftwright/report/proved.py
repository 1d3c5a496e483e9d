"""What `shiftwright prove` found: a line a Verilog file, then whatever is not as it should be."""

from typing import Any

from rich.console import Console
from rich.text import Text

from shiftwright.report.parts import add_row, kinds, new_table, plural, print_line, thousands


def proved_table(console: Console, found: dict[str, Any]) -> None:
    """Each Verilog file with how it was proved and what it holds, then everything that is not as it should be."""
    table = new_table(f"{found['folder']}: {found['name']}")
    table.add_column("module", overflow="fold")
    for column in ("adders", "bits", "depth"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("proof", "hash"):
        table.add_column(column, no_wrap=True)
    for file in found["files"]:
        counts = file["counts"] or {}
        add_row(
            table,
            file["file"].removeprefix("rtl/").removeprefix(f"{found['name']}_").removesuffix(".v"),
            *(thousands(counts[key]) if key in counts else "" for key in ("adders", "bits", "depth")),
            Text(file["how"], "green") if file["proved"] else Text("NOT PROVED", "red"),
            (file["coefficients"] or "")[:8],
        )
    console.print(table)
    holds = {file["file"]: file["proved"] for file in found["files"]}
    lines = [f"{file['file']}: {file['message']}" for file in found["files"] if not file["proved"]]
    for file in found["changed"]:
        said = {True: "; its proof holds", False: "; its proof fails", None: ""}[holds.get(file)]
        lines.append(f"changed since compile: {file}{said}")
    lines += [f"missing: {file}" for file in found["missing"] if file not in holds]
    lines += [f"not part of the build: {file}" for file in found["extra"]]
    lines += [f"{found['stated_in']}: {line}" for line in found["manifest"]]
    if found["proved"]:
        leaves = sum(file["counts"] is not None for file in found["files"])
        others = len(found["files"]) - leaves
        lines.append(
            f"Proved for every input: {kinds(leaves, 'adder leaf', 'adder leaves', found['memories'])} equal to "
            f"{found['against']}" + (f"; {plural(others, 'other file')} as emitted from it." if others else ".")
        )
    for line in lines:
        print_line(console, line)
