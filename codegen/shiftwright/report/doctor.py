"""What `shiftwright doctor` found: a line a tool."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from shiftwright.report.parts import add_row, new_table


def doctor_table(console: Console, tools: Sequence[dict[str, Any]]) -> None:
    """Every tool, and how to get what is missing."""
    table = new_table("")
    for column in ("tool", "for", "version", "where, or what to do"):
        table.add_column(column, overflow="fold")
    for tool in tools:
        state = tool["version"] or "" if tool["found"] else Text("missing", "red")
        add_row(table, tool["name"], tool["purpose"], state, tool["path"] or tool["remedy"])
    console.print(table)
