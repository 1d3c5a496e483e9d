"""Files from onnxruntime's own quantizer: golden is their exact meaning; onnxruntime differs at near-ties only."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import shiftwright
from rtl_tests.oracle.evaluator import evaluate
from rtl_tests.oracle.float_models import FLOAT_NETWORKS, FloatNetwork
from rtl_tests.oracle.near_ties import compare

Build = Callable[[], FloatNetwork]


@dataclass(frozen=True, slots=True)
class Setting:
    """How onnxruntime is asked to quantize."""

    activations: QuantType
    weights: QuantType
    per_channel: bool = False
    symmetric: bool = False

    def __str__(self) -> str:
        """The test's name."""
        channel = "per-channel" if self.per_channel else "per-tensor"
        return f"{self.activations}-{self.weights}-{channel}{'-symmetric' if self.symmetric else ''}"


SETTINGS = [
    Setting(QuantType.QUInt8, QuantType.QInt8),
    Setting(QuantType.QUInt8, QuantType.QInt8, per_channel=True),
    Setting(QuantType.QUInt8, QuantType.QUInt8),
    Setting(QuantType.QInt8, QuantType.QInt8, per_channel=True),
    Setting(QuantType.QInt8, QuantType.QInt8, symmetric=True),
    Setting(QuantType.QUInt16, QuantType.QInt8),
    Setting(QuantType.QInt16, QuantType.QInt16, symmetric=True),
    Setting(QuantType.QUInt8, QuantType.QInt4),
]


class Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    """Feeds a batch, one frame at a time."""

    def __init__(self, x: NDArray[np.float32]) -> None:
        """Frames are along the first axis."""
        self.frames: Iterator[NDArray[np.float32]] = iter(np.split(x, len(x)))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next frame, None at the end."""
        frame = next(self.frames, None)
        return None if frame is None else {"x": frame}


def quantized(network: FloatNetwork, setting: Setting, folder: Path) -> Path:
    """The file that `quantize_static` writes in QDQ form."""
    source, target = folder / "float.onnx", folder / "quantized.onnx"
    onnx.save(network.model(), source)
    quantize_static(
        source,
        target,
        Calibration(network.images(16)),
        quant_format=QuantFormat.QDQ,
        per_channel=setting.per_channel,
        activation_type=setting.activations,
        weight_type=setting.weights,
        extra_options={"ActivationSymmetric": setting.symmetric},
    )
    return target


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("build", FLOAT_NETWORKS, ids=lambda build: build.__name__)
def test_golden_is_the_exact_meaning(build: Build, setting: Setting, tmp_path: Path) -> None:
    """Every word, frames beyond the calibrated range among them."""
    network = build()
    path, x = quantized(network, setting, tmp_path), 1.3 * network.images(6, seed=1)

    actual = shiftwright.load(path).golden(x)

    np.testing.assert_array_equal(actual, evaluate(path, x))


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("build", FLOAT_NETWORKS, ids=lambda build: build.__name__)
def test_onnxruntime_differs_at_near_ties_only(build: Build, setting: Setting, tmp_path: Path) -> None:
    """Layer by layer from the exact codes: at most one step apart, and only next to a rounding threshold."""
    network = build()
    path = quantized(network, setting, tmp_path)

    agreement = compare(onnx.load(path), 1.3 * network.images(6, seed=2))

    assert agreement.faults == []
    assert agreement.flips <= 0.01 * agreement.words
