"""The main job on the two real networks: from the float file to simulated hardware, and what it costs in accuracy."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.digits import HELD_BACK, write_files
from rtl_tests.e2e.simulators import need
from shiftwright import flow
from shiftwright.frontend.reference import run_onnx
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.settings import Settings

ROOT = Path(__file__).parents[2]
SYSTEMS = {"pot": 4, "ternary": 2}
FRAMES = 60
IMAGE_INTERVAL = (8 + 2) * (8 + 2)
"""Cycles in which a 3×3 window with one line of padding walks an 8×8 image."""

CASES = [(network, weights) for network in ("mlp", "cnn") for weights in SYSTEMS]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with calibration and test images of both networks."""
    folder = tmp_path_factory.mktemp("digits")
    write_files(folder)
    return folder


def held_back(images: Path, network: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All held-back images in the network's shape, and their digits."""
    with np.load(images / f"{network}_test.npz") as found:
        return found["x"], found["labels"]


def float_file(network: str) -> Path:
    """The trained network as it is kept in the repository."""
    return ROOT / "models" / f"digits_{network}" / f"digits_{network}.onnx"


def quantized(images: Path, network: str, weights: str) -> flow.Model:
    """The network in a number system, quantized on training images; made once."""
    path = images / f"{network}_{weights}.onnx"
    if not path.exists():
        calibration = {"x": np.load(images / f"{network}_calibration.npz")["x"]}
        settings = Settings(weights=weights, weight_bits=SYSTEMS[weights], activation_bits=6)
        quantize(float_file(network), calibration, settings, path)
    return flow.load(path)


def accuracy(scores: Any, labels: NDArray[np.int64]) -> float:
    """Share of frames whose largest score is their digit's."""
    return float((np.asarray(scores).reshape(len(labels), -1).argmax(axis=1) == labels).mean())


@pytest.mark.slow
@pytest.mark.parametrize(("network", "weights"), CASES)
def test_digits_reach_hardware_unchanged(network: str, weights: str, images: Path, tmp_path: Path) -> None:
    """60 images through Verilator: every word equal, every near-tie explained, no multiplier, compiled in 10 s."""
    model = quantized(images, network, weights)
    began = time.monotonic()
    model.compile().build(tmp_path / "build")
    seconds = time.monotonic() - began
    manifest = json.loads((tmp_path / "build" / "manifest.json").read_text())
    x, labels = held_back(images, network)
    found = flow.verify(tmp_path / "build", x, FRAMES, [need("verilator")], labels=labels)
    (simulation,) = found.simulations

    assert simulation.message == ""
    assert found.equal
    assert simulation.result["words"] == FRAMES * 10
    assert manifest["multipliers"] == 0
    assert found.accuracy["golden"] == found.accuracy["RTL in verilator"] == found.accuracy["onnxruntime"]
    assert seconds < 10


@pytest.mark.slow
@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_power_of_two_weights_keep_the_accuracy(network: str, images: Path) -> None:
    """On all held-back images: within two points of the float network."""
    x, labels = held_back(images, network)
    (scores,) = run_onnx(float_file(network), {"x": x})

    assert len(labels) == HELD_BACK >= 360
    assert accuracy(scores, labels) >= 0.95
    assert accuracy(quantized(images, network, "pot").golden(x), labels) >= accuracy(scores, labels) - 0.02


@pytest.mark.slow
@pytest.mark.parametrize("weights", SYSTEMS)
def test_requantizers_of_our_files_are_wires(weights: str, images: Path) -> None:
    """Scales are powers of two and biases half a step off the grid: no adder beyond the matrices."""
    for network in ("mlp", "cnn"):
        stages = quantized(images, network, weights).compile().lowered.layers

        assert {layer.engine.requantize_adders for layer in stages if layer.engine is not None} == {0}


@pytest.mark.slow
def test_the_frame_interval_of_the_cnn_is_its_largest_padded_image(images: Path) -> None:
    """The largest (H + 2P)·(W + 2P) of its layers; the MLP takes a whole frame a cycle."""
    intervals = {
        network: quantized(images, network, "pot").compile().lowered.timing.interval for network in ("mlp", "cnn")
    }

    assert intervals == {"mlp": 1, "cnn": IMAGE_INTERVAL}


@pytest.mark.slow
def test_golden_is_fast(images: Path) -> None:
    """At least 5 000 images of the CNN a second, best of three."""
    model, (x, _) = quantized(images, "cnn", "pot"), held_back(images, "cnn")
    batch = np.concatenate([x] * 6)
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        model.golden(batch)
        seconds.append(time.monotonic() - began)

    assert len(batch) / min(seconds) >= 5000
