"""Plainly trained digits networks, several seeds of each: what a quantizer is measured on.

One network's accuracy moves by whole points with its seed, so that a claim about a number system is a mean over seeds.
How they were trained stands in digits_seeds/README.md; this file only finds them and their images."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from models.digits import CALIBRATION, SHAPES, Images, split
from shiftwright.errors import QuantizeError

SEEDS = range(5)  # of every network
MORE_SEEDS = {"mlp_64_16_10": range(20)}  # the smallest, whose accuracy after rounding differs most from seed to seed
MLPS = {
    "mlp_64_16_10": (64, 16, 10),
    "mlp_64_48_32_10": (64, 48, 32, 10),
    "mlp_64_128_64_10": (64, 128, 64, 10),
    "mlp_64_48_48_32_10": (64, 48, 48, 32, 10),
    "mlp_64_32_16_10": (64, 32, 16, 10),
}  # widths from the pixels to the logits, ReLU between
CNN = "cnn"  # the architecture of digits_cnn
FOLDER = Path(__file__).with_name("digits_seeds")


def networks() -> tuple[str, ...]:
    """Names of all networks; each one exists once a seed."""
    return (*MLPS, CNN)


def seeds(network: str) -> range:
    """What a network was trained from, the first of them SEEDS."""
    return MORE_SEEDS.get(known(network), SEEDS)


def path(network: str, seed: int) -> Path:
    """The float ONNX file: input `x` (batch, *shape(network)), output `logits` (batch, 10).

    QuantizeError for a network or a seed that was not trained."""
    if seed not in seeds(network):
        raise QuantizeError(f"{network}: no network was trained from seed {seed}; take one of {list(seeds(network))}")
    return FOLDER / f"{network}_seed{seed}.onnx"


def shape(network: str) -> tuple[int, ...]:
    """Dimensions of one image as the network takes it."""
    return SHAPES["cnn" if known(network) == CNN else "mlp"]


def data(network: str) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """(calibration, test), each {"x": float32 (n, *shape(network)), "labels": int64 (n,)}.

    Calibration holds 400 of the training images, test all 360 that were held back, as `models.digits` writes them."""
    train, held_back = split()
    calibration = Images(train.x[:CALIBRATION], train.labels[:CALIBRATION])
    return arrays(calibration, shape(network)), arrays(held_back, shape(network))


def arrays(images: Images, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    """Images and labels under the names that quantizing and verifying take."""
    return {"x": images.x.reshape(-1, *shape), "labels": images.labels}


def known(network: str) -> str:
    """The name itself, if there is such a network."""
    if network not in networks():
        raise QuantizeError(f"there is no network {network!r}; take one of {', '.join(networks())}")
    return network
