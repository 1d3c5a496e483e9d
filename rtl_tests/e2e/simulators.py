"""Runs a build folder's own bench, and says what it found."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shiftwright.sim.installed import simulators


@dataclass(frozen=True)
class Played:
    """One run of bench/run.py: exit code, the line it printed, and the result it left."""

    code: int
    line: str
    result: dict[str, Any]


def need(simulator: str) -> str:
    """The simulator's name; where it is missing the test is skipped, with the remedy, or fails in CI."""
    found = simulators()[simulator]
    if found.find() is None:
        missing = f"{simulator} is missing: {found.remedy}"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return simulator


def play(folder: Path, simulator: str, *options: str) -> Played:
    """Simulates a build folder against its own vectors."""
    command = [sys.executable, str(folder / "bench" / "run.py"), "--simulator", need(simulator), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    place = folder / "sim_build" / simulator / "result.json"
    assert place.is_file(), done.stderr
    return Played(done.returncode, done.stdout.strip(), json.loads(place.read_text()))
