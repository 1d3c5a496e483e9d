"""Networks whose channels are of very different size though they compute what they were trained to.

Every hidden channel is multiplied by 2^U(-4, 4) and what reads it is divided by the same."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from models import seeds

OCTAVES = 4.0  # up and down
Tensors = dict[str, NDArray[np.float64]]


def write(network: str, seed: int, draw: int, target: Path) -> Path:
    """Writes an MLP with its channels rescaled at random, another way for every draw, and returns the path."""
    random = np.random.default_rng((draw, seed))
    model, tensors = read(seeds.path(network, seed))
    layers = [f"dense{number}" for number in range(1, len(seeds.MLPS[network]))]
    for layer, reader in pairwise(layers):
        factors = 2.0 ** random.uniform(-OCTAVES, OCTAVES, len(tensors[f"{layer}.bias"]))
        tensors[f"{layer}.weight"] *= factors[:, None]
        tensors[f"{layer}.bias"] *= factors
        tensors[f"{reader}.weight"] /= factors
    return save(model, tensors, target)


def read(path: Path) -> tuple[onnx.ModelProto, Tensors]:
    """A float file and its tensors by name; weights are (outputs, inputs)."""
    model = onnx.load(path)
    tensors = {each.name: numpy_helper.to_array(each).astype(np.float64) for each in model.graph.initializer}
    return model, tensors


def save(model: onnx.ModelProto, tensors: Tensors, target: Path) -> Path:
    """Writes the file with other tensors in it, as float32."""
    for each in model.graph.initializer:
        each.CopyFrom(numpy_helper.from_array(tensors[each.name].astype(np.float32), each.name))
    onnx.save(model, target)
    return target
