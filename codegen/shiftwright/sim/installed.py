"""Which tools this machine has: the simulators of this package, and what they and compile lean on."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib import metadata
from typing import Any, Protocol, cast

from shiftwright import registry
from shiftwright.errors import SimulationError


class Simulator(Protocol):
    """What a simulator's module declares as SIMULATOR; see simulator.py."""

    name: str
    remedy: str

    def find(self) -> object:
        """Where it is, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Tool:
    """One line of `shiftwright doctor`."""

    name: str
    purpose: str
    version: str | None
    path: str | None
    remedy: str

    @property
    def found(self) -> bool:
        """Whether it can be used."""
        return self.path is not None

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"found": self.found}


def simulators() -> dict[str, Simulator]:
    """Every simulator there is an entry for, by name."""
    return {name: cast(Simulator, entry) for name, entry in registry.entries("shiftwright.sim", "SIMULATOR").items()}


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
    missing = {name: entry.remedy for name, entry in known.items() if entry.find() is None}
    for name, remedy in missing.items():
        if name in wanted or os.environ.get("CI") == "true":
            raise SimulationError(f"{name} is not installed; {remedy}")
    found = [name for name in (wanted or known) if name not in missing]
    if not found:
        raise SimulationError("no simulator is installed; " + "; or ".join(missing.values()))
    return found, [f"{name} is skipped: it is not installed; {remedy}" for name, remedy in missing.items()]
