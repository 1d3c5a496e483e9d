"""What every claim is measured by: the share of held-back images that rounded digits networks get right.

Weights are what the claims are about, so that activations have eight bits: with eight-bit weights too, no network
loses more than 0.06 points. Figures are per cent and points of it, a network's the mean over all its seeds."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models import seeds
from shiftwright.quantize import Settings, quantize

SMALLEST = "mlp_64_16_10"  # loses most by rounding, and was trained from the most seeds
FINE = 8  # bits of activations


def per_tensor(grid: str) -> str:
    """The grid with one scale a layer, as the papers have it; the quantizer's usual form is one a channel."""
    return f"{grid}:granularity=tensor"


def loss(network: str, grid: str, bits: int, correction: str = "none") -> float:
    """Points that a network loses with its weights on a grid."""
    lost = float_accuracies(network) - accuracies(network, grid, bits, correction)
    return float(lost.mean())


def losses(grid: str, bits: int, correction: str = "none") -> dict[str, float]:
    """The points that each of the six networks loses."""
    return {network: loss(network, grid, bits, correction) for network in seeds.networks()}


def mean_loss(grid: str, bits: int, correction: str = "none") -> float:
    """The mean over the six networks, the CNN among them, each counted once however many seeds it has."""
    return float(np.mean(list(losses(grid, bits, correction).values())))


@cache
def float_accuracies(network: str) -> NDArray[np.float64]:
    """The accuracies of a network as it was trained, a seed each."""
    return np.array([accuracy(seeds.path(network, seed), network) for seed in seeds.seeds(network)])


@cache
def accuracies(network: str, grid: str, bits: int, correction: str = "none") -> NDArray[np.float64]:
    """The accuracies of a network with its weights on a grid, a seed each."""
    chosen = Settings(weights=grid, weight_bits=bits, activation_bits=FINE, correct=correction)
    paths = (seeds.path(network, seed) for seed in seeds.seeds(network))
    return np.array([quantized_accuracy(path, network, chosen) for path in paths])


def quantized_accuracy(path: Path, network: str, chosen: Settings) -> float:
    """The accuracy of a float file, one of `network` or equal to it, when it has been quantized."""
    calibration, _ = seeds.data(network)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "quantized.onnx"
        quantize(path, {"x": calibration["x"]}, chosen, target)
        return accuracy(target, network)


def accuracy(path: Path, network: str) -> float:
    """The accuracy of a file, float or quantized, in onnxruntime."""
    _, test = seeds.data(network)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # quicker than sharing work this small
    (logits,) = onnxruntime.InferenceSession(path, options).run(None, {"x": test["x"]})
    return float(100 * (logits.argmax(axis=1) == test["labels"]).mean())
