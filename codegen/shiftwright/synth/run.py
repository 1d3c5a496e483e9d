"""Synthesis of one design for one device, from its sources to the figures, with everything kept that led to them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shiftwright import __version__
from shiftwright.build.folder import replacing
from shiftwright.errors import SynthesisError
from shiftwright.synth import script
from shiftwright.synth.counts import Counts
from shiftwright.synth.devices.device import Device
from shiftwright.synth.modules import ModuleCounts, modules
from shiftwright.synth.place import LOG as PLACE_LOG
from shiftwright.synth.place import Placed, place
from shiftwright.synth.sources import Sources
from shiftwright.synth.tools import yosys

RESULT = "synth.json"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Synthesized:
    """Figures of a design on a device; `rows` are its modules, the top first.

    Where nothing was placed `placed` says why, and so does `failure` if a tool was to blame. `folder` holds script,
    netlist and logs."""

    name: str
    device: Device
    rows: Sequence[ModuleCounts]
    placed: Placed | str
    failure: str
    clock: float | None
    seed: int
    folder: Path
    notes: tuple[str, ...]
    tools: Mapping[str, str | None]

    @property
    def total(self) -> Counts:
        """All modules, as often as they occur."""
        return _total(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """For tables and machines."""
        return {
            "generator": "shiftwright",
            "version": __version__,
            "name": self.name,
            "device": self.device.name,
            "description": self.device.description,
            "family": self.device.family,
            "rule": self.device.rule,
            "modules": [row.as_dict() for row in self.rows],
            "total": self.total.as_dict(),
            "placed": None if isinstance(self.placed, str) else self.placed.as_dict(),
            "unplaced": self.placed if isinstance(self.placed, str) else "",
            "failure": self.failure,
            "clock_mhz": self.clock,
            "seed": self.seed,
            "folder": str(self.folder),
            "notes": list(self.notes),
            "tools": dict(self.tools),
        }


def synthesize(
    sources: Sources,
    device: Device,
    clock: float | None = None,
    seed: int = 1,
    routed: bool = True,
    progress: Progress = lambda step: None,
) -> Synthesized:
    """Synthesizes for a device; where its family is open and `routed`, places and routes too, aiming at `clock` MHz.

    Writes `sources.home / device.name`, with logs even if a tool fails. SynthesisError if one is missing, or if Yosys
    fails; where place and route does, the result says so."""
    route = device.route if routed else None
    tools = [yosys.TOOL, *([route.tool] if route else [])]
    for tool in tools:
        tool.check()
    home = sources.home / device.name
    _check_home(home)
    aim = None if route is None else clock or route.clock
    unmapped: SynthesisError | None = None
    with replacing(home) as folder:
        try:
            progress("Yosys")
            rows = _map(sources, device, folder, route is not None)
        except SynthesisError as error:
            unmapped = SynthesisError(f"{error}; log: {home / script.LOG}")
        else:
            failure = ""
            placed: Placed | str = device.no_route or "--no-place"
            taken = _total(rows).luts
            if route is not None and taken > route.luts:
                placed = f"the design takes {taken:,} LUTs, and {device.name} has {route.luts:,}"
            elif route is not None and aim is not None:
                try:
                    progress(f"{route.tool.name}, which may take minutes")
                    placed = place(route, folder, sources.top, aim, seed)
                except SynthesisError as error:
                    placed = failure = f"{error}; log: {home / PLACE_LOG}"
            versions = {tool.name: tool.version() for tool in tools}
            found = Synthesized(sources.top, device, rows, placed, failure, aim, seed, home, sources.notes, versions)
            (folder / RESULT).write_text(json.dumps(found.as_dict(), indent=1) + "\n", encoding="utf-8")
    if unmapped is not None:  # only now, so that the log stays
        raise unmapped
    return found


def _total(rows: Sequence[ModuleCounts]) -> Counts:
    return sum((row.counts.times(row.instances) for row in rows), Counts())


def _map(sources: Sources, device: Device, folder: Path, netlist: bool) -> list[ModuleCounts]:
    script.prepare(folder, sources.files, sources.top, device, netlist)
    yosys.TOOL.run(["-s", script.SCRIPT], folder, script.LOG)
    written, mapped = (json.loads((folder / name).read_text()) for name in (script.WRITTEN, script.CELLS))
    return modules(written, mapped, sources.top, device.cells)


def _check_home(home: Path) -> None:
    """A folder is replaced only if an earlier run wrote it."""
    if home.is_dir() and any(home.iterdir()) and not (home / script.SCRIPT).is_file():
        raise SynthesisError(f"{home} holds something else than an earlier synthesis; move it away")
    if home.exists() and not home.is_dir():
        raise SynthesisError(f"{home} is no folder, and results go there; move it away")
