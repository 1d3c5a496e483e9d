"""What the quantizer tells beside its result: choices without effect, and what became 0 altogether."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtl_tests.unit.quantize_networks import Draft, frames, run
from rtl_tests.unit.quantized_file import write
from shiftwright.errors import QuantizeError
from shiftwright.quantize import Override, Settings
from shiftwright.quantize.flow import quantize


def two_layers(first: float = 1.0, second: float = 1.0, bound: float | None = None) -> Draft:
    """Two fully connected layers with weights of some size, a Relu or a Clip to a bound between."""
    draft = Draft((6,))
    random = np.random.default_rng(0)
    for name, shape, size in (("w0", (8, 6), first), ("w1", (3, 8), second)):
        draft.constant(name, (random.normal(size=shape) * size).astype(np.float32))
    bounds = [draft.constant(f"bound{value}", np.array(value, np.float32)) for value in (0, bound) if bound is not None]
    hidden = draft.node("Gemm", ["x", "w0"], "z", transB=1)
    hidden = draft.node("Clip" if bounds else "Relu", [hidden, *bounds], "r")
    draft.node("Gemm", [hidden, "w1"], "y", transB=1)
    return draft


def test_usually_nothing_is_told(tmp_path: Path) -> None:
    """All weights are on the grid, all choices have an effect."""
    _, report = write(tmp_path, two_layers(), equalize="cross")

    assert report.warnings == ()


def test_weights_that_are_too_small_are_told(tmp_path: Path) -> None:
    """1e-20, where scales end: the layer is gone, and so is what it gives."""
    _, report = write(tmp_path, two_layers(first=1e-20, second=1e20))

    layer, value = report.warnings
    assert layer.startswith("layer 'Gemm_z': all weights of 8 of 8 channels became 0")
    assert value.startswith("value 'r' stays so small on the calibration data that it becomes 0")


def test_activation_bits_of_sums_are_told(tmp_path: Path) -> None:
    """The last layer's results are quantized by nobody."""
    _, report = write(tmp_path, two_layers(), last=Override(activation_bits=8))

    (note,) = report.warnings
    assert note.startswith("layer 'Gemm_y': its activation_bits have no effect")


@pytest.mark.parametrize("method", ["one-step", "two-step", "cross", "auto"])
def test_equalizing_nothing_is_told(method: str, tmp_path: Path) -> None:
    """A Clip to a bound does not scale: every channel is fixed."""
    _, report = write(tmp_path, two_layers(bound=0.5), equalize=method)

    (note,) = report.warnings
    assert note.startswith(f"equalizing by {method} changed no channel")


@pytest.mark.parametrize(
    ("x", "note"),
    [
        pytest.param(np.ones((1, 6), np.float32) * np.arange(6, dtype=np.float32), "calibrated on 1 sample;", id="one"),
        pytest.param(np.zeros((32, 6), np.float32), "the calibration data 'x' is the same in every word", id="zeros"),
    ],
)
def test_scanty_data_is_told(x: NDArray[np.float32], note: str, tmp_path: Path) -> None:
    """The file is written all the same."""
    report = quantize(two_layers().save(tmp_path / "float.onnx"), {"x": x}, Settings(), tmp_path / "q.onnx")

    assert report.warnings[0].startswith(note)


def test_accuracies_are_those_of_the_test_data(tmp_path: Path) -> None:
    """Labels of the calibration data do not count beside it; without labels of its own it is refused."""
    source, x = two_layers().save(tmp_path / "float.onnx"), frames(two_layers())
    right = run(source, x).argmax(axis=1)
    wrong = {"x": x, "labels": (right + 1) % 3}
    report = quantize(source, wrong, Settings(), tmp_path / "q.onnx", test={"x": x, "labels": right})

    assert report.accuracy_float == 1.0
    assert report.as_dict()["tested"]
    with pytest.raises(QuantizeError, match="the test data holds no 'labels'; save the class of each sample"):
        quantize(source, wrong, Settings(), tmp_path / "q.onnx", test={"x": x})
