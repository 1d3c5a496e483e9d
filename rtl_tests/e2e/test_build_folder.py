"""A build folder is whole, runs without Shiftwright, and is the same for everyone."""

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from rtl_tests.e2e.simulators import need
from rtl_tests.e2e.subjects import compile_model, contents, tiny_cnn
from rtl_tests.oracle.network import Network
from shiftwright import flow

ROOT = Path(__file__).parents[2]
HIDDEN = 'raise ModuleNotFoundError("this machine has no shiftwright", name=__name__)\n'
"""A module of this text, early on the path, is as good as a package that is not installed."""


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine with every tool and no Shiftwright."""
    path = tmp_path_factory.mktemp("stranger")
    (path / "shiftwright.py").write_text(HIDDEN)
    return {**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}


def test_the_stranger_has_no_shiftwright(stranger: dict[str, str]) -> None:
    """The tests on a stranger's machine would prove nothing if the package could be found there."""
    asked = subprocess.run(
        [sys.executable, "-c", "import shiftwright"], env=stranger, capture_output=True, text=True, check=False
    )

    assert asked.returncode == 1
    assert "ModuleNotFoundError: this machine has no shiftwright" in asked.stderr


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.slow)])
def test_make_sim_runs_without_shiftwright(simulator: str, copy: Path, stranger: dict[str, str]) -> None:
    """`make sim` is all that the README asks of a colleague."""
    command = ["make", "--silent", "--no-print-directory", "sim", f"SIM={need(simulator)}", f"PYTHON={sys.executable}"]
    made = subprocess.run(command, cwd=copy, env=stranger, capture_output=True, text=True, check=False)

    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1] == f"{simulator}: 16 frames, 432 words: all equal"


def test_make_clean_leaves_what_compile_wrote(copy: Path, built: Path, stranger: dict[str, str]) -> None:
    """After a simulation and `make clean` the folder is as it came."""
    environment = {**stranger, "PYTHONDONTWRITEBYTECODE": ""}
    for target in (["sim", f"SIM={need('icarus')}"], ["clean"]):
        command = ["make", "--silent", *target, f"PYTHON={sys.executable}"]
        subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=True)

    assert contents(copy) == contents(built)


def test_a_missing_simulator_is_named_with_its_remedy(copy: Path, stranger: dict[str, str]) -> None:
    """Exit code 2 is neither right nor wrong hardware: a tool is missing, and one line says which."""
    command = [sys.executable, str(copy / "bench" / "run.py"), "--simulator", "icarus"]
    tried = subprocess.run(command, env={**stranger, "PATH": str(copy)}, capture_output=True, text=True, check=False)

    assert (tried.returncode, tried.stdout) == (2, "")
    assert re.fullmatch(r"icarus is not installed; install .*iverilog\)\n", tried.stderr)


def test_the_host_program_needs_numpy_alone(built: Path) -> None:
    """What it imports, beyond Python itself."""
    tree = ast.parse((built / "host.py").read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) == {"numpy"}


def test_the_host_program_is_a_command(built: Path, tmp_path: Path, stranger: dict[str, str]) -> None:
    """`host.py encode` and `decode` on .npy files: frames in, the bench's own words out, and back to numbers."""
    model = flow.load(built / "model.onnx")
    x = model.random_input(16)["x"]
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "words_back.npy", np.load(built / "vectors" / "output.npy"))
    for verb, source, target in (("encode", "x", "words"), ("decode", "words_back", "y")):
        command = [sys.executable, str(built / "host.py"), verb, f"{source}.npy", f"{target}.npy"]
        subprocess.run(command, cwd=tmp_path, env=stranger, check=True)

    np.testing.assert_array_equal(np.load(built / "vectors" / "input.npy"), np.load(tmp_path / "words.npy"))
    np.testing.assert_array_equal(model.golden(x), np.load(tmp_path / "y.npy"))


def vector_with_a_zero_point() -> onnx.ModelProto:
    """uint8 codes around 37 with a step of 0.1, codes out."""
    network = Network(["N", 6])
    product = network.node(
        "Gemm", [network.activation("x", 0.1, 37, "uint8"), network.weights(np.arange(24).reshape(6, 4) - 9, 0.02)]
    )
    return network.model(network.quantize(product, 0.3, -5), "int8")


def image_with_its_channels_last() -> onnx.ModelProto:
    """A (row, column, channel) image, accumulators of a convolution out, a scale a channel."""
    network = Network(["N", 4, 5, 2])
    image = network.activation(network.node("Transpose", ["x"], perm=[0, 3, 1, 2]), 0.25, 3)
    weights = np.random.default_rng(0).integers(-4, 5, (3, 2, 2, 2))
    bias = network.constant("float", [0.1, -0.2, 1 / 3])
    kernels = network.weights(weights, [0.1, 0.03, 1 / 3], [0, 0, 0], axis=0)
    return network.model(network.node("Conv", [image, kernels, bias]))


def integer_image() -> onnx.ModelProto:
    """int8 codes in and out, channels first."""
    network = Network(["N", 2, 3, 4], "int8")
    pooled = network.node("MaxPool", [network.dequantize("x", 0.5)], kernel_shape=[2, 2])
    return network.model(network.quantize(pooled, 0.7, 3), "int8")


EDGES: list[Callable[[], onnx.ModelProto]] = [
    tiny_cnn,
    vector_with_a_zero_point,
    image_with_its_channels_last,
    integer_image,
]


def awkward(shape: tuple[int, ...], scale: float, dtype: type[np.floating[Any]]) -> NDArray[np.generic]:
    """Frames of ties, neighbours of ties, zeros of both signs, subnormals, and numbers far outside every range."""
    ties = (np.arange(-300, 300) + 0.5) * np.float32(scale)
    odd = [0.0, -0.0, 1e-45, -1e-45, 1e30, -1e30, np.inf, -np.inf]
    numbers = np.concatenate([ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf), odd]).astype(dtype)
    frames = -(-numbers.size // int(np.prod(shape)))
    return np.resize(numbers, (frames, *shape))


def host_program(folder: Path) -> ModuleType:
    """A folder's host.py as a module; importing it would leave its bytecode in the folder."""
    path, module = folder / "host.py", ModuleType("host_of_a_build")
    module.__file__ = str(path)
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("make", EDGES)
def test_the_host_program_speaks_as_the_package_does(make: Callable[[], onnx.ModelProto], tmp_path: Path) -> None:
    """encode and decode against the edges of the integer graph, which share no code with them."""
    folder = compile_model(make(), tmp_path)
    host, network = host_program(folder), flow.load(folder / "model.onnx").network
    source, target = network.inputs[0], network.outputs[0]
    random = np.random.default_rng(0)
    frames: list[NDArray[np.generic]] = [
        random.integers(source.lo, source.hi, (40, *source.layout.shape), endpoint=True).astype(source.dtype)
    ]
    if source.scale is not None:
        frames += [awkward(source.layout.shape, float(source.scale), kind) for kind in (np.float32, np.float64)]
    for x in frames:
        words = host.encode(x)
        codes = source.encode(x)

        assert words.dtype == json.loads((folder / "manifest.json").read_text())["input"]["container"]
        np.testing.assert_array_equal(codes.reshape(len(x), -1, codes.shape[-1]), words)
    interval = target.value.interval
    results = random.integers(interval.lo, interval.hi, (40, *target.value.shape), endpoint=True)
    wanted = target.decode(results)
    given = host.decode(results.reshape(40, -1, target.value.channels))

    assert (wanted.dtype, wanted.shape) == (given.dtype, given.shape)
    np.testing.assert_array_equal(wanted, given)


@pytest.mark.parametrize(
    ("x", "complaint"),
    [
        pytest.param(np.zeros((1, 5, 5), np.float32), "input has shape", id="shape"),
        pytest.param(np.full((1, 1, 5, 5), np.nan, np.float32), "the input holds NaN", id="NaN"),
    ],
)
def test_the_host_program_refuses_what_is_no_input(x: NDArray[np.float32], complaint: str, built: Path) -> None:
    """A wrong array is an error of the host's, not words for the hardware."""
    with pytest.raises(ValueError, match=complaint):
        host_program(built).encode(x)


def test_the_same_model_makes_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """Another process, another hash seed, another working directory, another place for model and build."""
    onnx.save(tiny_cnn(), tmp_path / "tiny.onnx")
    command = [sys.executable, "-c", "from shiftwright.cli import main; main()", "compile", "tiny.onnx", "-o", "again"]
    command += ["--effort", "fast"]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT / "codegen")}
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)

    assert contents(built) == contents(tmp_path / "again")


def test_no_file_says_when_or_where_it_was_made(built: Path) -> None:
    """Neither the places of model, build, package and home, nor a date, nor a time of day."""
    places = [str(place).encode() for place in (built, built.parent, ROOT, Path.home(), sys.prefix)]
    moment = re.compile(rb"\b20\d\d-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b")
    telling = [
        name
        for name, content in contents(built).items()
        if any(place in content for place in places if len(place) > 1) or moment.search(content)
    ]

    assert telling == []


def test_the_manifest_lists_every_file_with_its_hash(built: Path) -> None:
    """All but the manifest itself."""
    listed = json.loads((built / "manifest.json").read_text())["files"]
    found = {name: content for name, content in contents(built).items() if not name.endswith("/")}
    del found["manifest.json"]

    assert {name: hashlib.sha256(content).hexdigest() for name, content in found.items()} == listed
