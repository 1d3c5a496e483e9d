"""Networks whose channels are of very different size though they compute what they were trained to."""

from itertools import pairwise

import numpy as np
import onnx
from onnx import numpy_helper

OCTAVES = 4.0  # a hidden channel is larger or smaller by a factor within 2^-4 … 2^4


def scale_badly(model: onnx.ModelProto, random: np.random.Generator) -> None:
    """Multiplies each hidden channel of an MLP by a random 2^u, u within ±OCTAVES, and divides its readers by it.

    In place. What the network computes stays the same: ReLU keeps positive factors."""
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    exact = {name: numpy_helper.to_array(tensor).astype(np.float64) for name, tensor in held.items()}
    layers = [node.input[1:] for node in model.graph.node if node.op_type == "Gemm"]
    for (kernel, bias), (reader, _) in pairwise(layers):
        factors = 2.0 ** random.uniform(-OCTAVES, OCTAVES, len(exact[bias]))
        exact[kernel] *= factors[:, None]
        exact[bias] *= factors
        exact[reader] /= factors
    for name, tensor in held.items():
        tensor.CopyFrom(numpy_helper.from_array(exact[name].astype(np.float32), name))
