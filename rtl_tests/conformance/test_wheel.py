"""The wheel: built from the source archive, unpacked far from the checkout, it compiles a model."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "codegen" / "shiftwright"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def installed(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked as an installer does it: one folder to put on the path."""
    folder = tmp_path_factory.mktemp("site")
    (wheel,) = archives.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files_below(folder: Path) -> set[str]:
    """Relative names of the files that a package needs; caches are not among them."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {file.as_posix() for file in files if "__pycache__" not in file.parts}


def shiftwright(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line of the unpacked wheel, run in `folder` without a way to the checkout."""
    command = [sys.executable, "-c", "from shiftwright.cli import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(installed), "COLUMNS": "120"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def write_tiny_model(path: Path) -> None:
    """One 2 → 2 matrix of ternary weights between quantized tensors."""
    weights = np.array([[1, -1], [0, 1]], dtype=np.int8)
    graph = helper.make_graph(
        [
            helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["codes"]),
            helper.make_node("DequantizeLinear", ["codes", "scale", "zero"], ["real"]),
            helper.make_node("DequantizeLinear", ["weights", "scale", "zero"], ["matrix"]),
            helper.make_node("MatMul", ["real", "matrix"], ["y"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        [
            numpy_helper.from_array(np.array(0.25, dtype=np.float32), "scale"),
            numpy_helper.from_array(np.array(0, dtype=np.int8), "zero"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def test_wheel_holds_every_file_of_the_package(installed: Path) -> None:
    """Modules, templates and the bench files that go into build folders: nothing left out, nothing added."""
    packed = files_below(installed / "shiftwright")

    assert files_below(PACKAGE) | {f"templates/{name}" for name in files_below(ROOT / "templates")} == packed


def test_wheel_has_nothing_beside_the_package(installed: Path) -> None:
    """Tests and models of ours would collide with those of other projects."""
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"shiftwright"}


def test_wheel_carries_the_licence(installed: Path) -> None:
    """Apache-2.0 asks that every copy has its text."""
    (licence,) = installed.glob("*.dist-info/licenses/LICENSE")

    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_source_archive_holds_no_links(archives: Path) -> None:
    """A link does not survive on every system: the templates travel as files."""
    (source,) = archives.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        assert [member.name for member in archive.getmembers() if member.issym() or member.islnk()] == []


def test_command_line_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    """`shiftwright --help` from the wheel lists the commands of the main job."""
    shown = shiftwright(installed, tmp_path, "--help")

    assert shown.returncode == 0, shown.stderr
    assert [name for name in ("quantize", "compile", "verify", "doctor") if name not in shown.stdout] == []


def test_modules_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The other tests here would prove nothing if the checkout answered in the wheel's place."""
    command = [sys.executable, "-c", "import shiftwright; print(shiftwright.__file__)"]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    assert Path(found.stdout.strip()).is_relative_to(installed)


def test_wheel_compiles_a_model(installed: Path, tmp_path: Path) -> None:
    """From the wheel alone to a build folder: templates are rendered and bench files are copied."""
    write_tiny_model(tmp_path / "tiny.onnx")

    compiled = shiftwright(installed, tmp_path, "compile", "tiny.onnx", "-o", "built")

    assert compiled.returncode == 0, compiled.stderr
    made = files_below(tmp_path / "built")
    assert {"manifest.json", "Makefile", "bench/run.py", "bench/test_stream.py"} <= made
    assert any(name.startswith("rtl/") and name.endswith(".v") for name in made)
