"""What the quantizer tells beside its result: choices without effect, and what became 0 altogether."""

from pathlib import Path

import numpy as np
import pytest

from rtl_tests.unit.quantize_networks import Draft
from rtl_tests.unit.quantized_file import write
from shiftwright.quantize import Override


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
