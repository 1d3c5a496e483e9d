"""Placing and routing a netlist: the highest clock, where the slowest path ends, what is filled."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shiftwright.synth import script
from shiftwright.synth.devices.device import Route

LOG, REPORT = "nextpnr.log", "nextpnr.json"


@dataclass(frozen=True, slots=True)
class Placed:
    """`fmax` in MHz, None where no path runs from register to register; `slowest` names where the longest one ends.

    `used` and `available` count the device's own logic cells, placed."""

    fmax: float | None
    slowest: str | None
    used: int
    available: int

    def as_dict(self) -> dict[str, Any]:
        """For tables and machines."""
        return asdict(self)


def place(route: Route, folder: Path, top: str, clock: float, seed: int) -> Placed:
    """Runs place and route in a folder that holds the netlist; SynthesisError with the tool's complaint if it fails."""
    options = ["--json", script.NETLIST, "--top", top, "--report", REPORT, "--seed", str(seed), "--freq", f"{clock:g}"]
    route.tool.run([*route.options, *options, "--timing-allow-fail"], folder, LOG)
    found = json.loads((folder / REPORT).read_text())
    used = {kind: cells["used"] for kind, cells in found["utilization"].items()}
    logic = next(kind for kind in ("TRELLIS_COMB", "ICESTORM_LC") if kind in used)
    fmax = min((clock["achieved"] for clock in found["fmax"].values()), default=None)
    inside = [path for path in found["critical_paths"] if path["from"] == path["to"]]
    ends = [path["path"][-1]["to"]["cell"] for path in inside if path["path"]]
    return Placed(fmax, ends[0] if ends else None, used[logic], found["utilization"][logic]["available"])
