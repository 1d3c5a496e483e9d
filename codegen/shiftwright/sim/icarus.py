"""Icarus Verilog: starts at once, interprets; a second opinion on Verilog's rules. From the system's packages."""

import shutil
from pathlib import Path

try:
    from shiftwright.sim.simulator import Simulator
except ModuleNotFoundError:  # in a build folder, where the two files lie side by side
    from simulator import Simulator  # type: ignore[import-not-found, no-redef]


def find() -> Path | None:
    """The compiler on PATH."""
    found = shutil.which("iverilog")
    return Path(found) if found and shutil.which("vvp") else None


def environment(tool: Path) -> dict[str, str]:
    """Nothing to add."""
    return {}


SIMULATOR = Simulator(
    name="icarus",
    remedy="install Icarus Verilog from your system's packages (Debian and Ubuntu: apt-get install iverilog)",
    find=find,
    environment=environment,
    version_option="-V",
    build_args=lambda folder, top: ["-g2005"],
    unasked=3_000,
    wave_args=("-g2012",),  # cocotb's own dump module is SystemVerilog
)
