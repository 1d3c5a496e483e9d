"""What a user may do wrong costs one line: what, where, what to do. Exit code 2, no traceback, nothing written."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtl_tests.e2e import hostile_models as models
from rtl_tests.e2e.hostile_models import Write
from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from rtl_tests.oracle.float_models import cnn
from shiftwright.cli import main

ROOT = Path(__file__).parents[2]


class Desk:
    """A folder to work in, and the command line at hand."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capture = folder, monkeypatch, capture
        monkeypatch.chdir(folder)

    def refusal(self, *arguments: str | Path) -> str:
        """The one line with which a command refuses; it must have written nothing, anywhere here or on stdout."""
        before = self._tree()
        self._monkeypatch.setattr(sys, "argv", ["shiftwright", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        printed = self._capture.readouterr()

        assert (left.value.code, printed.out) == (2, "")
        assert_is_one_line(printed.err)
        assert self._tree() == before
        return printed.err.strip()

    def _tree(self) -> dict[Path, bytes | None]:
        return {path: path.read_bytes() if path.is_file() else None for path in self.folder.rglob("*")}


def assert_is_one_line(text: str) -> None:
    """`error: ` and a sentence; no traceback, no warning of a library before it."""
    assert text.startswith("error: ")
    assert text.count("\n") == 1 and text.endswith("\n"), text


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Desk:
    """An empty folder."""
    return Desk(tmp_path, monkeypatch, capfd)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound build folder."""
    return compile_model(tiny_cnn(), tmp_path_factory.mktemp("built"))


UNREADABLE: dict[Write, tuple[str, ...]] = {
    models.a_text_file: ("model.onnx", "not an ONNX file", "export"),
    models.an_empty_file: ("model.onnx", "export"),
    models.a_file_cut_in_half: ("model.onnx", "cut short", "export or copy it again"),
    models.a_file_without_its_last_byte: ("model.onnx", "cut short", "export or copy it again"),
    models.a_folder: ("model.onnx", "is a folder", "name the .onnx file"),
    models.no_file: ("model.onnx", "does not exist", "check the path"),
    models.missing_external_data: ("weights.bin", "cannot be read", "put it beside the model"),
}
"""Files that are no model, with what the line must say: where, what, what to do."""

UNUSABLE: dict[Write, tuple[str, ...]] = {
    models.an_unquantized_model: ("Gemm_0", "plain floats", "quantize the model first (shiftwright quantize"),
    models.an_unknown_operator: ("Selu_", "has no integer form", "supported are"),
    models.a_bias_of_nan: ("holds nan at [1]", "train or export the model again"),
    models.weights_of_nan: ("holds nan at [0, 1]", "train or export the model again"),
    models.a_scale_of(0.0): ("QuantizeLinear_", "is 0.0", "must be positive", "calibrate that tensor again"),
    models.a_scale_of(-0.5): ("QuantizeLinear_", "is -0.5", "must be positive", "calibrate that tensor again"),
    models.a_scale_of(np.inf): ("holds inf", "train or export the model again"),
    models.a_scale_of(np.nan): ("holds nan", "train or export the model again"),
    models.a_symbolic_image_size: ("axis 2 of input 'x'", "'height'", "export the model with one"),
    models.weights_of_no_size: ("(2, 0)", "holds no number", "remove its layer"),
    models.a_residual_sum: ("Add_", "joins two branches", "no hardware yet", "golden computes it"),
    models.counted((1.5, 0.5)): ("GreaterOrEqual_", "does not ascend: 0.5 at index 1 follows 1.5", "sort the numbers"),
    models.counted((0.5, 0.5)): ("GreaterOrEqual_", "does not ascend", "each once"),
    models.counted((0.5, np.nan)): ("holds nan at [1]", "train or export the model again"),
    models.counted(table=(0, 2, 1)): ("Gather_", "its table", "does not ascend", "sort the numbers"),
    models.counted(table=(0, 1, 2, 4)): ("Gather_", "2 thresholds give codes 0 … 2", "4 numbers", "give each code one"),
    models.counted(table=(0, 1)): ("Gather_", "2 thresholds give codes 0 … 2", "2 numbers", "give each code one"),
    models.counted(then="Add"): ("Add_", "holds integer codes", "the Gather from their table"),
    models.counted(then="Mul"): ("Mul_", "has no integer form", "supported are"),
    models.thresholds_on_the_graph_input: ("GreaterOrEqual_", "the graph input", "put QuantizeLinear"),
    models.a_qoperator_model: ("QLinearMatMul_", "QOperator form", "QuantFormat.QDQ"),
}
"""Models that cannot become hardware."""


@pytest.mark.parametrize(("write", "said"), (UNREADABLE | UNUSABLE).items())
def test_compile_refuses(write: Write, said: tuple[str, ...], desk: Desk) -> None:
    """Damaged files, floats, unknown operators, absurd numbers, open sizes, and what has no hardware yet."""
    line = desk.refusal("compile", write(desk.folder), "-o", "build")

    assert [part for part in said if part not in line] == [], line


@pytest.mark.parametrize(
    ("write", "output", "said"),
    [
        pytest.param("notes.txt", "mine", "mine holds files that Shiftwright did not write; name a new", id="files"),
        pytest.param("notes.txt", "mine/notes.txt", "mine/notes.txt is a file or a link; name a new folder", id="file"),
        pytest.param("notes.txt", "mine/notes.txt/build", "cannot be written", id="below a file"),
        pytest.param("notes.txt", "/proc/shiftwright/build", "cannot be written", id="unwritable"),
    ],
)
@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_compile_refuses_a_place(write: str, output: str, said: str, force: tuple[str, ...], desk: Desk) -> None:
    """A folder with anything of the user's in it is never touched, with --force or without."""
    (desk.folder / "mine").mkdir()
    (desk.folder / "mine" / write).write_text("weeks of work")
    model = models.raw(models.tiny_bytes(), desk.folder)

    assert said in desk.refusal("compile", model, "-o", output, *force)


@pytest.mark.parametrize("name", ["module", "3rd", "a b", "größe", ""])
def test_compile_refuses_a_name(name: str, desk: Desk) -> None:
    """A top module's name must be one in Verilog."""
    model = models.raw(models.tiny_bytes(), desk.folder)

    assert f"{name!r} cannot name a Verilog module" in desk.refusal("compile", model, "-o", "build", "--name", name)


def test_compile_refuses_a_name_that_is_taken(desk: Desk) -> None:
    """Digit-serial leaves bring a module of their own, whose file the top module's would be."""
    model = models.raw(models.tiny_bytes(), desk.folder)
    said = desk.refusal("compile", model, "-o", "build", "--engine", "*=serial:d=1", "--name", "shiftwright_serial_add")

    assert "'shiftwright_serial_add' is a module that adder leaves share; choose another name" in said


FRAMES = np.random.default_rng(0).uniform(-1, 1, (8, 1, 6, 6)).astype(np.float32)
NAN_INSIDE = np.where(np.arange(8).reshape(-1, 1, 1, 1) == 3, np.nan, FRAMES)
BAD_CALIBRATION: dict[str, tuple[dict[str, NDArray[np.generic]], tuple[str, ...]]] = {
    "wrong key": ({"images": FRAMES}, ("'images'", "no 'x'", "rename the key")),
    "wrong shape": ({"x": FRAMES[:, 0]}, ("'x' has shape (8, 6, 6)", "the model takes n×1×6×6", "reshape it")),
    "NaN": ({"x": NAN_INSIDE}, ("'x' holds NaN", "first in sample 3", "clean it")),
    "no sample": ({"x": FRAMES[:0]}, ("'x' is empty", "give at least one sample")),
    "labels of another length": ({"x": FRAMES, "labels": np.zeros(7, int)}, ("different numbers of samples",)),
}
"""Arrays by key, and what the line must say."""


@pytest.mark.parametrize("wrong", BAD_CALIBRATION)
def test_quantize_refuses_data(wrong: str, desk: Desk) -> None:
    """Calibration data that is not what the model takes."""
    arrays, said = BAD_CALIBRATION[wrong]
    np.savez(desk.folder / "data.npz", **arrays)  # type: ignore[arg-type]
    line = desk.refusal(
        "quantize", models.saved(cnn().model(), desk.folder), "--data", "data.npz", "-o", "model.q.onnx"
    )

    assert [part for part in said if part not in line] == [], line


@pytest.mark.parametrize(
    "content", [b"", b"x,y\n1,2\n", b"PK\3\4 cut short", None], ids=["empty", "text", "cut", "missing"]
)
@pytest.mark.parametrize("command", ["quantize", "verify"])
def test_data_that_is_no_archive_is_refused(command: str, content: bytes | None, built: Path, desk: Desk) -> None:
    """Whatever lies where the .npz should be."""
    if content is not None:
        (desk.folder / "data.npz").write_bytes(content)
    model = models.saved(cnn().model(), desk.folder)
    rest = [model, "-o", "model.q.onnx"] if command == "quantize" else [built]
    line = desk.refusal(command, *rest, "--data", "data.npz")

    assert "data.npz" in line
    assert "numpy.savez" in line


@pytest.mark.parametrize(
    "write",
    [
        models.a_text_file,
        models.an_empty_file,
        models.a_file_cut_in_half,
        models.a_folder,
        models.no_file,
        models.an_unknown_operator,
        models.missing_external_data,
    ],
)
def test_quantize_refuses_a_model(write: Write, desk: Desk) -> None:
    """The same wrong files as compile, and models that are quantized already."""
    np.savez(desk.folder / "data.npz", x=FRAMES)
    model = write(desk.folder)
    line = desk.refusal("quantize", model, "--data", "data.npz", "-o", "model.q.onnx")

    assert model.name in line
    assert ";" in line, "what to do comes after a semicolon"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--weights", "octal"], "octal", id="weights"),
        pytest.param(["--weight-bits", "99"], "99", id="weight bits"),
        pytest.param(["--activation-bits", "1"], "1", id="activation bits"),
        pytest.param(["--correct", "prayer"], "prayer", id="correction"),
        pytest.param(["-o", "nowhere/model.q.onnx"], "nowhere does not exist; make it first", id="no folder"),
        pytest.param(["-o", "."], "is a folder; name the file", id="folder"),
        pytest.param(["-o", "model.onnx"], "is the float model itself", id="onto itself"),
    ],
)
def test_quantize_refuses_a_setting(options: list[str], said: str, desk: Desk) -> None:
    """Settings without a meaning, and places that cannot hold the result."""
    np.savez(desk.folder / "data.npz", x=FRAMES)
    models.saved(cnn().model(), desk.folder)

    assert said in desk.refusal("quantize", "model.onnx", "--data", "data.npz", "-o", "model.q.onnx", *options)


IMAGES = FRAMES[:, :, :5, :5]
BAD_FRAMES: dict[str, tuple[dict[str, NDArray[np.generic]], tuple[str, ...]]] = {
    "wrong key": ({"images": IMAGES}, ("no data for input 'x'", "['images']")),
    "wrong shape": ({"x": IMAGES[:, 0]}, ("'x' has shape (8, 5, 5)", "takes (batch, 1, 5, 5)")),
    "NaN": ({"x": np.where(IMAGES == IMAGES[3], np.nan, IMAGES)}, ("NaN",)),
    "no frame": ({"x": IMAGES[:0]}, ("no frame", "give at least one")),
    "text": ({"x": np.full(IMAGES.shape, "a")}, ("'x' is <U1",)),
    "labels of another length": ({"x": IMAGES, "labels": np.zeros(7, int)}, ("of shape (7,) for 8 frames",)),
}
"""Arrays by key, and what the line must say."""


@pytest.mark.parametrize("wrong", BAD_FRAMES)
def test_verify_refuses_data(wrong: str, built: Path, desk: Desk) -> None:
    """Frames that are not what the network takes; no simulator starts."""
    arrays, said = BAD_FRAMES[wrong]
    np.savez(desk.folder / "data.npz", **arrays)  # type: ignore[arg-type]
    line = desk.refusal("verify", built, "--data", "data.npz", "--simulator", "icarus")

    assert [part for part in said if part not in line] == [], line


def test_verify_refuses_a_folder_of_another_kind(desk: Desk) -> None:
    """No folder, a folder without a manifest, and one whose manifest is not ours or is damaged."""
    (desk.folder / "other").mkdir()

    assert "nowhere is not a folder; name one that `shiftwright compile` wrote" in desk.refusal("verify", "nowhere")
    assert "other holds no manifest.json; name a folder that" in desk.refusal("verify", "other")
    (desk.folder / "other" / "manifest.json").write_text("[]")
    assert "was not written by Shiftwright" in desk.refusal("verify", "other")
    (desk.folder / "other" / "manifest.json").write_text("{")
    assert "is damaged" in desk.refusal("verify", "other")


@pytest.mark.parametrize(("name", "said"), [("verilater", "did you mean verilator?"), ("spice", "choose from icarus")])
def test_verify_refuses_an_unknown_simulator(name: str, said: str, built: Path, desk: Desk) -> None:
    """The nearest name is offered, and all of them."""
    assert said in desk.refusal("verify", built, "--simulator", name)


@pytest.mark.parametrize(
    ("write", "command"),
    [
        (models.a_text_file, ("compile", "model.onnx", "-o", "build")),
        (models.an_unquantized_model, ("compile", "model.onnx", "-o", "build", "--json")),
        (models.a_file_cut_in_half, ("quantize", "model.onnx", "--data", "no.npz", "-o", "model.q.onnx")),
    ],
)
def test_a_process_of_its_own_says_the_same(write: Write, command: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing of the interpreter's, of a library's or of C++ code's joins the line, not even at the very end."""
    write(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    run = [sys.executable, "-c", "from shiftwright.cli import main; main()", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "codegen")}
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert_is_one_line(done.stderr)
    assert sorted(tmp_path.rglob("*")) == before
