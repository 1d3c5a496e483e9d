"""Logarithmic weights and activations on the two real networks: from the float file to simulated hardware."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from models.digits import HELD_BACK, write_files
from rtl_tests.conformance.terminal import Terminal
from rtl_tests.e2e.simulators import need
from shiftwright import flow
from shiftwright.ops.lookup import Lookup
from shiftwright.ops.thresholds import Thresholds
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.report import Report
from shiftwright.quantize.settings import Settings

ROOT = Path(__file__).parents[2]
BITS = 4
NETWORKS = ("mlp", "cnn")


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A quantized network, what the quantizer says of it, and all held-back images."""

    path: Path
    report: Report
    x: NDArray[np.float32]
    labels: NDArray[np.int64]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """The command line at hand."""
    return Terminal(monkeypatch, capfd)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Subject]:
    """Both digits networks with √2 weights and powers of two between layers, four bits each."""
    folder = tmp_path_factory.mktemp("logarithmic")
    write_files(folder)
    found = {}
    for name in NETWORKS:
        calibration, test = (dict(np.load(folder / f"{name}_{part}.npz")) for part in ("calibration", "test"))
        source, path = ROOT / "models" / f"digits_{name}" / f"digits_{name}.onnx", folder / f"{name}.onnx"
        settings = Settings(weights="log", weight_bits=BITS, activations="log", activation_bits=BITS)
        report = quantize(source, calibration, settings, path, test=test)
        found[name] = Subject(path, report, test["x"], test["labels"])
    return found


def accuracy(scores: NDArray[np.generic], labels: NDArray[np.int64]) -> float:
    """Share of images whose largest score is their digit's."""
    return float((scores.argmax(axis=1) == labels).mean())


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_four_bits_of_logarithm_keep_the_accuracy(name: str, subjects: dict[str, Subject]) -> None:
    """Within one point of the float network on 360 images, in onnxruntime and in golden alike."""
    subject = subjects[name]
    golden = flow.load(subject.path).golden(subject.x)

    assert len(subject.labels) == HELD_BACK >= 360
    assert isinstance(golden, np.ndarray)
    assert subject.report.accuracy_float is not None and subject.report.accuracy_quantized is not None
    assert subject.report.accuracy_quantized >= subject.report.accuracy_float - 0.01
    assert accuracy(golden, subject.labels) == subject.report.accuracy_quantized


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_code_is_the_one_that_onnxruntime_makes(name: str, subjects: dict[str, Subject]) -> None:
    """All words of all layers with optimizations off; with them on, the same outputs within float32's last places."""
    subject = subjects[name]
    model = flow.load(subject.path)
    codes = [layer for layer in model.trace(subject.x) if layer.golden.dtype.kind in "iu"]
    (optimized,) = onnxruntime.InferenceSession(subject.path).run(None, {"x": subject.x})

    assert len(codes) == 1 + sum(isinstance(node.operator, Thresholds) for node in model.network.graph.nodes)
    assert {layer.different for layer in codes} == {0}
    np.testing.assert_allclose(optimized, np.asarray(model.golden(subject.x), dtype=np.float32), rtol=1e-6, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_tables_are_powers_of_two_of_a_few_bits(name: str, subjects: dict[str, Subject]) -> None:
    """0 and seven powers behind a Relu, which engines may read as 0 and seven shifts."""
    graph = flow.load(subjects[name].path).network.graph
    tables = {node.operator.table for node in graph.nodes if isinstance(node.operator, Lookup)}

    assert tables == {(0, 1, 2, 4, 8, 16, 32, 64)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "simulator", "frames", "engine"),
    [
        ("mlp", "icarus", 30, "parallel"),
        ("cnn", "icarus", 8, "parallel"),
        ("mlp", "verilator", HELD_BACK, "parallel"),
        ("mlp", "icarus", 5, "serial:d=1"),
        ("mlp", "icarus", 5, "folded:pe=4,simd=8"),
        ("cnn", "verilator", 20, "folded:pe=4,simd=4"),
    ],
)
def test_hardware_is_equal(
    name: str, simulator: str, frames: int, engine: str, subjects: dict[str, Subject], tmp_path: Path
) -> None:
    """Word for word under stalls; then the folder is proved again from its files."""
    subject = subjects[name]
    manifest = flow.load(subject.path).compile(effort="fast", engines=[f"*={engine}"]).build(tmp_path / "build")
    found = flow.verify(tmp_path / "build", subject.x, frames, [need(simulator)], labels=subject.labels)
    (simulation,) = found.simulations

    assert simulation.message == ""
    assert found.equal
    assert simulation.result["words"] == frames * 10
    assert manifest["multipliers"] == 0
    assert found.accuracy["golden"] == found.accuracy[f"RTL in {simulator}"] == found.accuracy["onnxruntime"]
    assert flow.prove(tmp_path / "build").proved


@pytest.mark.slow
def test_the_command_line_writes_and_compiles_them(tmp_path: Path, terminal: Terminal) -> None:
    """`quantize --activations log`, its report, and `compile`; a file of settings says the same."""
    write_files(tmp_path)
    source = ROOT / "models" / "digits_mlp" / "digits_mlp.onnx"
    data, output, config = tmp_path / "mlp_calibration.npz", tmp_path / "q.onnx", tmp_path / "q.toml"
    config.write_text('activations = "log"\nactivation_bits = 4\ncorrect = "bias"\n')
    common = ("quantize", source, "--data", data, "--correct", "bias", "--activation-bits", "4", "-o", output)

    code, text, _ = terminal.run(*common, "--activations", "log")
    by_options = output.read_bytes()
    report = terminal.json("quantize", source, "--data", data, "-o", output, "--config", config)

    assert code == 0
    assert "2^" in text and "relu1" in text
    assert [row["kind"] for row in report["activations"]] == ["uniform", "log", "log"]
    assert [row["powers"] for row in report["activations"]] == [None, 7, 7]
    assert output.read_bytes() == by_options
    assert terminal.run("compile", output, "-o", tmp_path / "build", "--effort", "fast")[0] == 0
