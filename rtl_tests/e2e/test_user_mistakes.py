"""Mistakes that newcomers made: each is answered in one line with what to do, or simply understood."""

from pathlib import Path

import numpy as np
import onnx
import pytest

import shiftwright
from rtl_tests.conformance.terminal import Terminal
from rtl_tests.e2e.simulators import need
from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from rtl_tests.unit.quantize_networks import NETWORKS, frames

MODEL = Path(__file__).parents[2] / "models" / "digits_mlp" / "digits_mlp.onnx"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line in this process."""
    return Terminal(monkeypatch, capsys)


@pytest.fixture
def pixels(tmp_path: Path) -> Path:
    """Calibration images as a bare array."""
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((20, 64), dtype=np.float32))
    return tmp_path / "x.npy"


def test_a_bare_array_calibrates_a_model_with_one_input(pixels: Path, tmp_path: Path, terminal: Terminal) -> None:
    """An .npy needs no key where there is one input to take it."""
    code, out, _ = terminal.run("quantize", MODEL, "--data", pixels, "-o", tmp_path / "q.onnx")

    assert code == 0
    assert "Next: shiftwright compile" in out


def test_quantize_writes_onnx_files_only(pixels: Path, tmp_path: Path, terminal: Terminal) -> None:
    """A name mixed up with the data's would cost the data."""
    before = pixels.read_bytes()

    code, _, err = terminal.run("quantize", MODEL, "--data", pixels, "-o", pixels)

    assert code == 2
    assert "does not end in .onnx" in err
    assert pixels.read_bytes() == before


@pytest.mark.parametrize("command", ["verify {name}", "compile {model} -o {name}"])
def test_a_name_that_no_file_can_have_is_refused(command: str, tmp_path: Path, terminal: Terminal) -> None:
    """300 letters: the system's reason, in one line."""
    compile_model(tiny_cnn(), tmp_path)
    words = command.format(name=tmp_path / ("n" * 300), model=tmp_path / "tiny.onnx").split()

    code, _, err = terminal.run(*words)

    assert code == 2
    assert "File name too long); name another folder" in err


def test_one_hot_labels_are_refused_before_anything_runs(tmp_path: Path, terminal: Terminal) -> None:
    """One integer class a frame, and as many as there are frames."""
    build = compile_model(tiny_cnn(), tmp_path)
    np.savez(tmp_path / "data.npz", x=np.zeros((3, 1, 5, 5), dtype=np.float32), labels=np.eye(3))

    code, out, err = terminal.run("verify", build, "--data", tmp_path / "data.npz")

    assert (code, out) == (2, "")
    assert "give one integer class a frame" in err


def test_an_endless_clock_is_refused(tmp_path: Path, terminal: Terminal) -> None:
    """Infinity would be no JSON."""
    onnx.save(tiny_cnn(), tmp_path / "tiny.onnx")

    code, _, err = terminal.run("compile", tmp_path / "tiny.onnx", "-o", tmp_path / "build", "--clock", "inf")

    assert code == 2
    assert "--clock 100" in err
    assert not (tmp_path / "build").exists()


def test_a_path_with_spaces_is_named_as_the_cause(tmp_path: Path, terminal: Terminal) -> None:
    """Verilator builds through make, which takes no spaces; Icarus does."""
    (tmp_path / "a b").mkdir()
    build = compile_model(tiny_cnn(), tmp_path / "a b")

    code, _, err = terminal.run("verify", build, "--simulator", need("verilator"))

    assert code == 2
    assert "no spaces in a path" in err
    assert terminal.run("verify", build, "--simulator", need("icarus"), "--frames", "2")[0] == 0


def test_quantize_says_what_compile_will_not_take(pixels: Path, tmp_path: Path, terminal: Terminal) -> None:
    """A residual sum quantizes and runs in onnxruntime; that it has no hardware yet is told at once."""
    draft = NETWORKS["residual"]()
    np.savez(tmp_path / "data.npz", x=frames(draft))

    code, out, _ = terminal.run(
        "quantize", draft.save(tmp_path / "f.onnx"), "--data", tmp_path / "data.npz", "-o", tmp_path / "q.onnx"
    )

    assert code == 0
    assert "note: compile does not take this file" in out
    assert "Next" not in out


def test_a_design_prints_as_one_line(tmp_path: Path) -> None:
    """At a prompt nobody wants the whole graph."""
    onnx.save(tiny_cnn(), tmp_path / "tiny.onnx")

    assert repr(shiftwright.load(tmp_path / "tiny.onnx").compile()).startswith("<Design tiny: ")


def test_a_missing_source_is_named(tmp_path: Path, terminal: Terminal) -> None:
    """Not the simulator's complaint about it."""
    build = compile_model(tiny_cnn(), tmp_path)
    (build / "rtl" / "tiny_Conv_5_product.v").unlink()

    code, _, err = terminal.run("verify", build, "--frames", "1")

    assert code == 2
    assert "tiny_Conv_5_product.v is missing; compile the model again" in err


def test_channel_last_data_is_not_to_be_reshaped(tmp_path: Path, terminal: Terminal) -> None:
    """A reshape would scramble the pixels."""
    np.savez(tmp_path / "data.npz", x=np.zeros((5, 8, 8, 1), dtype=np.float32))
    cnn = MODEL.parents[1] / "digits_cnn" / "digits_cnn.onnx"

    code, _, err = terminal.run("quantize", cnn, "--data", tmp_path / "data.npz", "-o", tmp_path / "q.onnx")

    assert code == 2
    assert "transpose it" in err
