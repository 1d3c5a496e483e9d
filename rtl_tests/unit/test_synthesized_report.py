"""The table of `shiftwright synth`: a line a module, and one for all that are alike."""

from io import StringIO
from typing import Any

from rich.console import Console

from shiftwright.report.synthesized import synthesized_table

KEYS = ("carry", "registers", "memory_bits", "memory_blocks", "dsp", "other")


def module(name: str, luts: int, instances: int = 1) -> dict[str, Any]:
    """One entry of what synthesis found."""
    return {"module": name, "instances": instances, "luts": luts} | dict.fromkeys(KEYS, 0)


def shown(*modules: dict[str, Any]) -> list[list[str]]:
    """The table's rows as words."""
    file = StringIO()
    total = {"luts": sum(part["luts"] * part["instances"] for part in modules)} | dict.fromkeys(KEYS, 0)
    found = {
        "name": "net",
        "device": "ecp5",
        "modules": list(modules),
        "total": total,
        "placed": None,
        "failure": "",
        "unplaced": "not asked for",
        "rule": "LUT4",
        "folder": "logs",
    }
    synthesized_table(Console(file=file, width=100), found)
    return [line.split() for line in file.getvalue().splitlines()]


def test_lanes_that_differ_in_a_number_are_one_line() -> None:
    """With their sum; another engine's lanes are another line."""
    lanes = [module(f"net.fc_1.datapath.pe{pe}_lane{lane}", 5) for pe in range(2) for lane in range(3)]
    rows = shown(*lanes, module("net.fc_2.datapath.pe0_lane0", 7))

    assert ["fc_1.datapath.pe*_lane*", "(×6)", "30", "0", "0", "0", "0", "0"] in rows
    assert ["fc_2.datapath.pe0_lane0", "7", "0", "0", "0", "0", "0"] in rows
    assert ["total", "37", "0", "0", "0", "0", "0"] in rows


def test_layers_are_lines_of_their_own() -> None:
    """However alike their names; instances of one module are counted."""
    rows = shown(
        module("net", 1), module("net_conv1_product", 10), module("net_conv2_product", 20), module("add", 2, 9)
    )

    assert [row[0] for row in rows if row[1:2] and row[-1] == "0"] == [
        *("net", "conv1_product", "conv2_product", "add", "total"),
    ]
    assert ["add", "(×9)", "18", "0", "0", "0", "0", "0"] in rows
