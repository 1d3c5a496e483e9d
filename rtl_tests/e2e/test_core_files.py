"""A core's files: its bench sees what is wrong with it, and so does `shiftwright prove`, which names the line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtl_tests.conformance.terminal import Terminal
from rtl_tests.e2e.simulators import need
from rtl_tests.e2e.subjects import contents
from shiftwright import flow
from shiftwright.build.prove_core import prove_core
from shiftwright.errors import BuildError

HIDDEN = 'raise ModuleNotFoundError("this machine has no shiftwright", name=__name__)\n'


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """A command line whose words are caught."""
    return Terminal(monkeypatch, capfd)


def in_the_module(change: Callable[[str], str]) -> Callable[[str], str]:
    """A change of the text behind the comments in front."""

    def changed(text: str) -> str:
        body = text.index("module core ")
        return text[:body] + change(text[body:])

    return changed


def edit(file: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Changes a JSON file."""
    file.write_text(json.dumps(change(json.loads(file.read_text()))))


def simulated(core: Path, simulator: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The core's own bench, on a machine without Shiftwright."""
    hidden = core.parent / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "shiftwright.py").write_text(HIDDEN)
    environment = {**os.environ, "PYTHONPATH": str(hidden), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(core.with_name("core_bench") / "run.py"), "--simulator", need(simulator), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.slow)])
def test_a_core_simulates_without_shiftwright(simulator: str, core: Path) -> None:
    """Extremes of every output and random vectors, with stalls, against numpy's product."""
    done = simulated(core, simulator, "--vectors", "100", "--seed", "3")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{simulator}: 114 vectors, 570 words: all equal to matrix times x\n"


def test_make_runs_the_bench(core: Path) -> None:
    """As the table says; `clean` leaves what was written."""
    before = contents(core.parent)
    for target in (["sim", f"SIM={need('icarus')}"], ["clean"]):
        command = ["make", "--silent", "-C", str(core.with_name("core_bench")), *target, f"PYTHON={sys.executable}"]
        subprocess.run(command, capture_output=True, check=True)

    assert contents(core.parent) == before


BROKEN: dict[str, Callable[[str], str]] = {
    "a sum": lambda text: text.replace(" + ", " - ", 1),
    "a register that ignores ce": lambda text: text.replace("if (ce) ", "", 1),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_bench_sees_a_fault(fault: str, core: Path) -> None:
    """Exit code 1, the vector and the output; `prove` sees it without a simulator."""
    core.write_text(in_the_module(BROKEN[fault])(core.read_text()))
    done = simulated(core, "icarus")

    assert done.returncode == 1
    assert re.fullmatch(
        r"icarus: 270 vectors, 1350 words: vector \d+, output \d: expected .*, simulated .*\n", done.stdout
    )
    assert not prove_core(core).proved


def test_the_bench_sees_another_latency(core: Path) -> None:
    """What the description states is measured."""
    edit(core.with_suffix(".json"), lambda stated: stated | {"latency": stated["latency"] + 1})

    assert simulated(core, "icarus").returncode == 1


def test_the_bench_says_what_is_missing(core: Path) -> None:
    """Exit code 2: nothing was compared."""
    core.unlink()
    done = simulated(core, "icarus")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{core} is missing; write the core again with `shiftwright cmvm`\n"


def test_prove_takes_the_verilog_or_the_description(sound: Path, terminal: Terminal) -> None:
    """The leaf is read and proved, the module of three-operand adders compared."""
    for file in (sound, sound.with_suffix(".json")):
        code, out, err = terminal.run("prove", file)
        assert (code, err) == (0, "")
        assert "parsed, proved" in out and "re-emitted, equal" in out
        assert "Proved for every input: 1 adder leaf equal to the matrix in core.json; 1 other file as emitted" in out
    found = terminal.json("prove", sound)
    counts = json.loads(sound.with_suffix(".json").read_text())
    assert found["files"][0]["counts"] == {
        key: counts[key] for key in ("adders", "bits", "depth", "latency", "registers")
    }


FAULTS: dict[str, tuple[str, Callable[[str], str], str]] = {
    "a sum": ("core.v", in_the_module(lambda text: text.replace(" + ", " - ", 1)), "core.v: line "),
    "the shared module": (
        "core.v",
        lambda text: text.replace("p + q + r", "p + q - r"),
        "core.v, shiftwright_add3: line ",
    ),
    "a line behind it": ("core.v", lambda text: text + "\n// more\n", "core.v, shiftwright_add3: line "),
    "a comment in front": ("core.v", lambda text: "// mine\n" + text, "changed since compile: core.v; its proof holds"),
    "no Verilog": ("core.v", lambda text: "", "core.v: line 1: it must be `module NAME (clk, ce, x, y);`"),
    "a weight": ("core.json", lambda text: text.replace("[-", "[-1", 1), "NOT PROVED"),
    "a hash": (
        "core.json",
        lambda text: text.replace('"coefficients": "', '"coefficients": "0'),
        "core.json: proof is ",
    ),
    "a count": ("core.json", lambda text: text.replace('"adders": ', '"adders": 1'), "core.json: adders is 1"),
    "a lane": ("core.json", lambda text: text.replace('"x": [[4, 1]', '"x": [[5, 1]'), "core.json: x is [[5, 1]"),
    "the bench": ("core_bench/test_core.py", lambda text: "", "changed since compile: core_bench/test_core.py"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_prove_names_what_is_wrong(fault: str, core: Path, terminal: Terminal) -> None:
    """With the line of the file, and exit code 1."""
    file, change, says = FAULTS[fault]
    text = (core.parent / file).read_text()
    assert change(text) != text
    (core.parent / file).write_text(change(text))
    code, out, err = terminal.run("prove", core)

    assert (code, err) == (1, "")
    assert says in out


def test_a_line_is_counted_from_the_top_of_the_file(core: Path) -> None:
    """The comments in front are not the reader's, and count."""
    lines = core.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith("  assign y["))
    core.write_text("".join([*lines[:place], "  nothing;\n", *lines[place + 1 :]]))

    assert prove_core(core).files[0].complaint.startswith(f"line {place + 1}: it is not in the grammar")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda text: "", "core.json is damaged", id="empty"),
        pytest.param(lambda text: "[]", "core.json describes no core", id="no object"),
        pytest.param(lambda text: text.replace('"kind": "core"', '"kind": "x"'), "describes no core", id="other kind"),
        pytest.param(lambda text: text.replace('"format": 1', '"format": 9'), "has format 9", id="other version"),
        pytest.param(lambda text: text.replace('"matrix"', '"weights"'), "states no 'matrix'", id="no matrix"),
        pytest.param(lambda text: text.replace('"files"', '"list"'), "lists no files", id="no files"),
        pytest.param(lambda text: text.replace('"core.v":', '"b.v":'), "lists no hash of core.v", id="no hash"),
        pytest.param(None, "core.json does not exist; name a core", id="missing"),
    ],
)
def test_what_is_no_core_is_refused(change: Callable[[str], str] | None, says: str, core: Path) -> None:
    """In one line, with what to do."""
    description = core.with_suffix(".json")
    text = description.read_text()
    description.unlink()
    if change is not None:
        description.write_text(change(text))
    with pytest.raises(BuildError) as refused:
        flow.prove(core)

    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
