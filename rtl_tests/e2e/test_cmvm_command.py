"""`shiftwright cmvm`: what it takes, what it says, and that a core is written whole or not at all."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtl_tests.conformance.terminal import INTERRUPTIBLE, Terminal
from rtl_tests.e2e import cores
from rtl_tests.e2e.cores import MATRIX
from rtl_tests.e2e.subjects import contents
from shiftwright.build.core_arguments import array_of
from shiftwright.errors import BuildError, SolveError

FILES = {
    *("core.v", "core.json", "core_bench/", "core_bench/Makefile", "core_bench/run.py", "core_bench/simulate.py"),
    *("core_bench/test_core.py", "core_bench/simulators/"),
    *(f"core_bench/simulators/{name}.py" for name in ("icarus", "simulator", "verilator")),
}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """A command line whose words are caught."""
    return Terminal(monkeypatch, capfd)


def test_a_core_as_json_and_as_a_table(tmp_path: Path, terminal: Terminal) -> None:
    """The description without its matrix, and what was asked for; every figure of it in the table."""
    np.save(tmp_path / "W.npy", MATRIX)
    command: list[str | Path] = ["cmvm", tmp_path / "W.npy", "-o", tmp_path / "core.v", "--effort", "fast"]
    found = terminal.json(*command, "--input-bits", "6", "--unsigned", "--levels-per-stage", "2", "--seed", "5")
    description = json.loads((tmp_path / "core.json").read_text())

    assert set(contents(tmp_path)) == FILES | {"W.npy"}
    assert found["ranges"] == [[0, 63]] * 4
    assert {key: found[key] for key in found.keys() & description.keys()} == {
        key: description[key] for key in description if key not in ("matrix", "constants")
    }
    assert set(found) - set(description) == {"output", "outputs", "inputs", "weights", "pipelined_for_mhz", "seconds"}
    assert description["solver"] == {
        **{"name": "cse", "effort": "fast", "depth_limit": 0, "family": "generic", "seed": 5},
    }
    assert description["matrix"] == MATRIX.tolist()

    code, out, err = terminal.run(*command, "--force")
    again = json.loads((tmp_path / "core.json").read_text())
    assert (code, err) == (0, "")
    for figure in (
        f"5×4, weights {MATRIX.min()} … {MATRIX.max()}",
        "-128 … 127",
        f"{again['adders']}",
        "1 adder level a stage",
        "proof",
    ):
        assert figure in out
    assert f"Simulate: make -C {tmp_path / 'core_bench'} sim" in out
    assert [line for line in out.splitlines() if len(line.rstrip()) > 80 and str(tmp_path) not in line] == []


def test_a_clock_chooses_the_levels(tmp_path: Path, terminal: Terminal) -> None:
    """By the family's delays; without a family there are none."""
    np.save(tmp_path / "W.npy", MATRIX)
    command: list[str | Path] = ["cmvm", tmp_path / "W.npy", "-o", tmp_path / "core.v", "--effort", "fast", "--clock"]
    found = terminal.json(*command, "150", "--family", "ecp5")

    assert found["levels_per_stage"] > 1
    assert found["latency"] == -(-found["depth"] // found["levels_per_stage"])
    for options, why in (
        (["150"], "generic has no delays; name a --family"),
        (["150", "--family", "ecp5", "--levels-per-stage", "1"], "--levels-per-stage says it already"),
    ):
        code, out, err = terminal.run(*command, *options, "--force")
        assert (code, out) == (2, "")
        assert why in err


def test_ranges_may_differ_by_input(tmp_path: Path, terminal: Terminal) -> None:
    """One pair for all, or pairs with commas between."""
    np.savetxt(tmp_path / "W.csv", MATRIX[:, :2], fmt="%d", delimiter=",")
    command: list[str | Path] = ["cmvm", tmp_path / "W.csv", "-o", tmp_path / "core.v", "--effort", "fast", "--force"]

    assert terminal.json(*command, "--input-range", "-3:3")["ranges"] == [[-3, 3], [-3, 3]]
    assert terminal.json(*command, "--input-range", "0:1,-5:-5")["ranges"] == [[0, 1], [-5, -5]]
    for options in (["--input-range", "8"], ["--input-range", "0:1", "--unsigned"], ["--depth-limit", "low"]):
        code, out, err = terminal.run(*command, *options)
        assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_core_is_the_same_wherever_it_is_made(sound: Path, tmp_path: Path) -> None:
    """No date, no path, no order of hashes."""
    assert contents(cores.write(tmp_path).parent) == contents(sound.parent)


def test_a_core_is_replaced_only_if_asked(core: Path, terminal: Terminal) -> None:
    """And only as long as nobody has put something of his own beside it."""
    np.save(core.parent / "W.npy", MATRIX)
    command: list[str | Path] = ["cmvm", core.parent / "W.npy", "-o", core, "--effort", "fast"]
    before = contents(core.parent)
    code, out, err = terminal.run(*command)
    assert (code, out) == (2, "")
    assert "core.v is there already; pass --force to replace it" in err
    assert contents(core.parent) == before

    (core.with_name("core_bench") / "sim_build").mkdir()
    (core.with_name("core_bench") / "sim_build" / "log").write_text("")
    assert terminal.run(*command, "--force")[0] == 0
    assert set(contents(core.parent)) == FILES | {"W.npy"}

    (core.with_name("core_bench") / "notes.txt").write_text("mine")
    code, out, err = terminal.run(*command, "--force")
    assert (code, out) == (2, "")
    assert "core_bench/notes.txt is not of the core that is there; move it away" in err


@pytest.mark.parametrize("name", ["core.v", "core.json", "core_bench"])
def test_what_somebody_else_wrote_is_never_replaced(name: str, tmp_path: Path, terminal: Terminal) -> None:
    """With --force neither."""
    np.save(tmp_path / "W.npy", MATRIX)
    (tmp_path / name).write_text("mine")
    code, out, err = terminal.run("cmvm", tmp_path / "W.npy", "-o", tmp_path / "core.v", "--force")

    assert (code, out) == (2, "")
    assert f"{name} is there already, and Shiftwright did not write it" in err
    assert contents(tmp_path).keys() == {"W.npy", name}


def test_a_failure_leaves_what_was_there(core: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the moves goes wrong: all three parts are the old ones, and nothing else lies about."""
    before = contents(core.parent)
    real = os.replace
    for broken in range(6):
        calls = iter(range(100))

        def replace(source: Path, target: Path, broken: int = broken, calls: Any = calls) -> None:
            if next(calls) == broken:
                raise OSError(28, "No space left on device")
            real(source, target)

        monkeypatch.setattr(os, "replace", replace)
        with pytest.raises(BuildError, match=r"cannot be written \(No space left on device\)"):
            cores.write(core.parent, force=True, seed=9, family="generic")
        assert contents(core.parent) == before
    monkeypatch.undo()
    cores.write(core.parent, force=True, seed=9, family="generic")
    assert contents(core.parent) != before


@pytest.mark.parametrize(
    ("target", "says"),
    [
        pytest.param("core.sv", "is no name for Verilog; let it end in .v (-o core.v)", id="suffix"),
        pytest.param("W.npy/core.v", "cannot be written", id="below a file"),
        pytest.param("if.v", None, id="a keyword becomes another name"),
        pytest.param("y.v", None, id="so does a port"),
    ],
)
def test_where_a_core_may_go(target: str, says: str | None, tmp_path: Path, terminal: Terminal) -> None:
    """Refused before anything is solved, where that can be known."""
    np.save(tmp_path / "W.npy", MATRIX)
    code, _, err = terminal.run("cmvm", tmp_path / "W.npy", "-o", tmp_path / target, "--effort", "fast")

    assert (code, says is None or says in err) == (0 if says is None else 2, True)


TEXTS = {
    "commas": ("1,2,3\n4,5,6\n", [[1, 2, 3], [4, 5, 6]]),
    "blanks, comments, empty lines": ("# W\n 1  2 3 # first\n\n4\t5 6\n", [[1, 2, 3], [4, 5, 6]]),
    "a byte order mark, semicolons, whole floats": ("\ufeff1.0; 2e3\r\n-3;+4\r\n", [[1, 2000], [-3, 4]]),
    "beyond float": (f"{2**53 + 1}\n", [[2**53 + 1]]),
    "nothing": ("", np.zeros((0, 0)).tolist()),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_read(name: str, tmp_path: Path) -> None:
    """As spreadsheets, numpy and people write them."""
    text, rows = TEXTS[name]
    (tmp_path / "W.txt").write_text(text, encoding="utf-8")

    assert array_of(tmp_path / "W.txt").tolist() == rows


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        pytest.param("W.csv", b"1,2\n3,x\n", "W.csv, line 2: 'x' is no number; give whole numbers alone", id="a word"),
        pytest.param("W.csv", b"1,2\n\n3\n", "W.csv, line 3: 1 numbers, the lines above have 2", id="ragged"),
        pytest.param("W.txt", b"\xff\xfe", "W.txt is no text", id="binary"),
        pytest.param("W.npy", b"no array", "W.npy is no .npy file of numbers", id="damaged"),
        pytest.param("W.npy", b"", "W.npy is no .npy file of numbers", id="empty"),
        pytest.param("W.mat", b"", "W.mat is none of .npy, .csv and .txt", id="other kind"),
        pytest.param("W.npy", None, "W.npy cannot be read (No such file or directory)", id="missing"),
    ],
)
def test_a_file_that_holds_no_matrix_is_refused(file: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    """With the line, where there are lines."""
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(SolveError) as refused:
        array_of(tmp_path / file)

    assert says in str(refused.value)


def test_an_entry_that_is_no_integer_is_named_with_its_file(tmp_path: Path, terminal: Terminal) -> None:
    """Exit code 2, one line."""
    np.save(tmp_path / "W.npy", np.array([[1.0, 2.5]]))
    code, out, err = terminal.run("cmvm", tmp_path / "W.npy", "-o", tmp_path / "core.v")

    assert (code, out) == (2, "")
    assert err == f"error: {tmp_path / 'W.npy'}, entry [0, 1], is 2.5; give whole numbers, scaled if need be\n"
    assert contents(tmp_path).keys() == {"W.npy"}


def test_an_interrupt_stops_the_search(tmp_path: Path) -> None:
    """Ctrl-C within compiled code: one line, soon, and nothing is written."""
    np.save(tmp_path / "W.npy", np.random.default_rng(0).integers(-128, 128, (64, 64)))
    command = [sys.executable, "-c", INTERRUPTIBLE, "cmvm", "W.npy", "-o", "core.v"]
    running = subprocess.Popen([*command, "--effort", "300"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    time.sleep(8)  # the search has begun, as the cache holds its compiled code; an earlier end is the same
    running.send_signal(signal.SIGINT)
    try:
        _, err = running.communicate(timeout=60)
    finally:
        running.kill()

    assert (130, "stopped; nothing was written\n") == (running.returncode, err)
    assert [tmp_path / "W.npy"] == list(tmp_path.iterdir())
