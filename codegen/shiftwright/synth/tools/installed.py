"""Which synthesis tools this machine has."""

from typing import Any, cast

from shiftwright import registry
from shiftwright.synth.tools.tool import REMEDY, Tool


def tools() -> dict[str, Tool]:
    """Every tool there is a file for, by its program's name."""
    found = registry.entries("shiftwright.synth.tools", "TOOL").values()
    return {tool.name: tool for tool in cast(list[Tool], list(found))}


def survey() -> list[dict[str, Any]]:
    """Every tool as a line of `shiftwright doctor`: name, purpose, version, path, remedy, found."""
    lines = []
    for tool in tools().values():
        path = tool.find()
        lines.append(
            {
                "name": tool.name,
                "purpose": "synth",
                "version": tool.version(),
                "path": None if path is None else str(path),
                "remedy": REMEDY,
                "found": path is not None,
            }
        )
    return lines
