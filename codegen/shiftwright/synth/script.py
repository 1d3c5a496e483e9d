"""A folder in which Yosys can run: the sources under plain names, the script, and the map that it uses."""

import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from shiftwright.rtl.leaf import templates
from shiftwright.synth.devices.device import Device

SCRIPT, LOG, WRITTEN, CELLS, NETLIST = "synth.ys", "yosys.log", "written.json", "cells.json", "netlist.json"
ADDERS = "adders_to_alu.v"
CLOCKS = ("aclk", "clk")


def prepare(folder: Path, sources: Sequence[Path], top: str, device: Device, netlist: bool) -> None:
    """Copies sources and writes the script; with `netlist` it ends in one for place and route."""
    names = [_plain(source.name, number) for number, source in enumerate(sources)]
    for name, source in zip(names, sources, strict=True):
        (folder / name).write_bytes(source.read_bytes())
    (folder / ADDERS).write_bytes(files("shiftwright").joinpath("templates", ADDERS).read_bytes())
    script = (
        templates()
        .get_template("synth.ys.j2")
        .render(device=device, top=top, sources=names, clocks=CLOCKS, netlist=netlist)
    )
    (folder / SCRIPT).write_text(script, encoding="utf-8")


def _plain(name: str, number: int) -> str:
    """The file's own name, unless a script would have to quote it."""
    return name if re.fullmatch(r"\w[\w.-]*\.v", name) and name != ADDERS else f"source{number}.v"
