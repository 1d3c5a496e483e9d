"""The matrices of the comparison of solvers: seeded random ones by kind and size, and layers of trained networks.

Sizes are inputs × outputs, as layers are written; the arrays are W of shape (outputs, inputs), so that y = W·x. The
entries of a random matrix are independent, and depend on nothing but its name and the seed. Inputs are 8-bit words,
-128 … 127."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

import models
import shiftwright
from shiftwright.ops.convolution import Convolution
from shiftwright.ops.dense import Dense
from shiftwright.quantize import Settings, quantize
from shiftwright.quantize.grids.spec import parse_grid

Matrix = NDArray[np.int64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Matrix]
RANGE = (-128, 127)  # of every input
LAYERS = {"mlp": ("dense1", "dense2", "dense3"), "cnn": ("conv1", "conv2", "conv3", "dense")}  # of digits networks
NETWORK_METHODS = ("pot", "ternary")
PUBLISHED_COUNT, PUBLISHED_SIZE, PUBLISHED_BITS = 100, 16, 8
SMALL_COUNT, SMALL_MOST = 100, 24


def ternary(density: float) -> Draw:
    """Entries that are ±1 with equal chance, and 0 where `density` leaves them."""
    chances = [density / 2, 1 - density, density / 2]
    return lambda random, shape: random.choice(np.arange(-1, 2, dtype=np.int64), size=shape, p=chances)


def integers(bits: int) -> Draw:
    """Every number of two's complement of so many bits, each as likely."""
    return lambda random, shape: random.integers(-(1 << bits - 1), 1 << bits - 1, size=shape, dtype=np.int64)


def levels(spelling: str, bits: int) -> Draw:
    """Every level of one of our number systems, each as likely."""
    grid = parse_grid(spelling, bits)
    table = np.array(grid.levels(), dtype=np.int64)  # type: ignore[attr-defined]
    return lambda random, shape: random.choice(table, size=shape)


KINDS: dict[str, Draw] = {
    "ternary0.5": ternary(0.5),
    "ternary0.7": ternary(0.7),
    "pot4": levels("pot", 4),
    "int4": integers(4),
    "int6": integers(6),
    "int8": integers(8),
    "sqrt2": levels("log", 4),
}
MORE_KINDS: dict[str, Draw] = {"pot3": levels("pot", 3)}  # where they are named; in no list or set
SIZES = ("16x16", "32x32", "64x32", "64x64", "128x64")
QUICK_SIZES = ("16x16", "32x32")
LARGE = ("int6-128x64", "int8-128x64", "sqrt2-128x64", "ternary0.7-256x256")  # minutes each for the others


def random_matrix(name: str, seed: int = 0) -> Matrix:
    """The matrix that a name such as int8-64x32 (inputs × outputs) stands for."""
    kind, size = name.split("-")
    inputs, outputs = map(int, size.split("x"))
    random = np.random.default_rng([seed, crc32(name.encode())])
    return (KINDS | MORE_KINDS)[kind](random, (outputs, inputs))


def published(seed: int = 0) -> dict[str, Matrix]:
    """A hundred 16×16 matrices of 8-bit entries, by which solvers are compared in print.

    Entries are uniform in 2^7 + 1 … 2^8 - 1: every one takes all its bits. It is with these that da4ml gives the adders
    that are published for it (arXiv:2507.04535)."""
    random = np.random.default_rng([seed, crc32(b"published")])
    lo, hi = (1 << PUBLISHED_BITS - 1) + 1, (1 << PUBLISHED_BITS) - 1
    shape = (PUBLISHED_SIZE, PUBLISHED_SIZE)
    return {
        f"published-{number:02d}": random.integers(lo, hi, shape, endpoint=True) for number in range(PUBLISHED_COUNT)
    }


def small(seed: int = 0) -> dict[str, Matrix]:
    """A hundred matrices of all kinds with 2 to 24 rows and columns, one in five sparse, one in ten without sign."""
    random = np.random.default_rng([seed, crc32(b"small")])
    found: dict[str, Matrix] = {}
    for number in range(SMALL_COUNT):
        kind = list(KINDS)[random.integers(len(KINDS))]
        outputs, inputs = random.integers(2, SMALL_MOST + 1, 2).tolist()
        weights = KINDS[kind](random, (outputs, inputs))
        if random.random() < 0.2:
            weights = weights * (random.random(weights.shape) < 0.3)
        if random.random() < 0.1:
            weights = np.abs(weights)
        found[f"small-{number:02d}-{kind}-{inputs}x{outputs}"] = weights
    return found


def matrix(name: str, seed: int = 0) -> Matrix:
    """The matrix of one of the names that are listed below, or of any other kind and size."""
    network, _, rest = name.partition("-")
    if network not in LAYERS:
        return random_matrix(name, seed)
    method, _, layer = rest.partition("-")
    return trained_layers(network, method)[layer]


@cache
def trained_layers(network: str, method: str) -> dict[str, Matrix]:
    """The integer matrices of a digits network quantized with 8-bit activations, by layer.

    A convolution is (outputs, taps · channels), as the parallel engine builds it."""
    from models.digits import write_files

    source = Path(next(iter(models.__path__))) / f"digits_{network}" / f"digits_{network}.onnx"
    with TemporaryDirectory() as place:
        write_files(Path(place))
        target = Path(place) / "quantized.onnx"
        settings = Settings(weights=method, activation_bits=8)
        quantize(source, Path(place) / f"{network}_calibration.npz", settings, target)
        nodes = shiftwright.load(target).network.graph.nodes
    return {
        node.name: node.operator.product(node.inputs[0]).matrix
        for node in nodes
        if isinstance(node.operator, Dense | Convolution)
    }


def default_names(large: bool = False) -> list[str]:
    """All kinds at all sizes, and the trained layers; what takes very long only when asked for."""
    names = [name for kind in KINDS for size in SIZES if (name := f"{kind}-{size}") not in LARGE]
    names += [
        f"{network}-{method}-{layer}"
        for network, layers in LAYERS.items()
        for method in NETWORK_METHODS
        for layer in layers
    ]
    return [*names, *LARGE] if large else names


def quick_names() -> list[str]:
    """All kinds at the small sizes."""
    return [f"{kind}-{size}" for kind in KINDS for size in QUICK_SIZES]
