"""How much the digits cost: a small network trained by scikit-learn, quantized on part of its training images."""

from pathlib import Path

import numpy as np
import pytest

from rtl_tests.unit.quantize_networks import digits, digits_mlp, run
from shiftwright import quantize
from shiftwright.quantize import Settings


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same network from three seeds."""
    folder = tmp_path_factory.mktemp("digits")
    return [digits_mlp(folder / f"mlp{seed}.onnx", seed) for seed in range(3)]


def held_back_accuracy(path: Path) -> float:
    """Share of the 360 images the network never saw."""
    _, _, images, labels = digits()
    return float((run(path, images).argmax(axis=1) == labels).mean())


def losses(networks: list[Path], **settings: object) -> list[float]:
    """Points of accuracy lost to quantization, a network each."""
    images, labels, _, _ = digits()
    lost = []
    for source in networks:
        target = source.with_suffix(".q.onnx")
        quantize.quantize(source, {"x": images, "labels": labels}, Settings(**settings), target)  # type: ignore[arg-type]
        lost.append(100 * (held_back_accuracy(source) - held_back_accuracy(target)))
    return lost


@pytest.mark.parametrize("activation_bits", [6, 8])
def test_four_bit_powers_of_two_stay_within_two_points(networks: list[Path], activation_bits: int) -> None:
    """Each of the networks, with the default correction."""
    assert max(losses(networks, weights="pot", weight_bits=4, activation_bits=activation_bits)) <= 2


def test_eight_bits_cost_nearly_nothing(networks: list[Path]) -> None:
    """Uniform weights and activations of eight bits: within two images of 360."""
    assert max(map(abs, losses(networks, weights="uniform", weight_bits=8, activation_bits=8))) < 0.6


def test_each_correction_helps_ternary_weights(networks: list[Path]) -> None:
    """Biases regain more than eight points, moved weights more than one on top, in the mean."""
    none, bias, both = (
        float(np.mean(losses(networks, weights="ternary", correction=correction)))
        for correction in ("none", "bias", "bias,hessian")
    )

    assert none - bias >= 8
    assert bias - both >= 1


def test_labels_give_accuracies(networks: list[Path], tmp_path: Path) -> None:
    """The report's figures are those of onnxruntime on the files."""
    images, labels, _, _ = digits()
    report = quantize.quantize(networks[0], {"x": images, "labels": labels}, Settings(), tmp_path / "q.onnx")

    assert report.accuracy_float == float((run(networks[0], images).argmax(axis=1) == labels).mean())
    assert report.accuracy_quantized == float((run(tmp_path / "q.onnx", images).argmax(axis=1) == labels).mean())


def test_the_data_may_be_a_file(networks: list[Path], tmp_path: Path) -> None:
    """The path of an .npz gives the same bytes as its arrays; the samples used are at most those asked for."""
    images, _, _, _ = digits()
    np.savez(tmp_path / "data.npz", x=images)
    settings = Settings(samples=100)
    quantize.quantize(networks[0], {"x": images}, settings, tmp_path / "a.onnx")
    report = quantize.quantize(networks[0], tmp_path / "data.npz", settings, tmp_path / "b.onnx")

    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert report.samples == 100
