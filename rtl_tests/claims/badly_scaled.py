"""Files of badly scaled networks, and of networks with other tensors in them."""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from models import seeds
from models.badly_scaled import scale_badly

Tensors = dict[str, NDArray[np.float64]]


def write(network: str, seed: int, draw: int, target: Path) -> Path:
    """Writes an MLP with its channels rescaled at random, another way for every draw, and returns the path."""
    model = onnx.load(seeds.path(network, seed))
    scale_badly(model, np.random.default_rng((draw, seed)))
    onnx.save(model, target)
    return target


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
