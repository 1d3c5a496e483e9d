"""The weights and biases of a network beside its graph, in float64, where they are rescaled before they are quantized.

Multiplying a channel by s > 0 and dividing what its readers take from it by s leaves a network as it is, through every
operator that is positively homogeneous. Equalizing and absorbing scales both come down to this."""

from dataclasses import dataclass

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.quantize.channels import FIXED, Channels
from shiftwright.quantize.network import Network
from shiftwright.quantize.surgery import constant


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A layer's numbers: `weights` (channels, n), a row an output, and `bias` (channels,)."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]


# A layer's numbers by its name.
Parameters = dict[str, Affine]


def read_parameters(graph: onnx_ir.Graph, network: Network) -> Parameters:
    """What the graph's initializers hold."""
    found = {}
    for layer in network.layers:
        weights, bias = constant(graph.initializers[layer.weight]), constant(graph.initializers[layer.bias])
        assert weights is not None
        assert bias is not None
        found[layer.name] = Affine(layer.as_rows(weights.astype(np.float64)), bias.astype(np.float64))
    return found


def rescale(parameters: Parameters, channels: Channels, factors: NDArray[np.float64]) -> Parameters:
    """Every channel c times factors[c], every reader's input from it divided by the same. The FIXED factor must be 1.

    Exact where the factors are powers of two."""
    assert factors[FIXED] == 1
    found = {}
    for name, affine in parameters.items():
        out, into = factors[channels.outputs[name]], factors[channels.inputs[name]]
        found[name] = Affine(affine.weights * out[:, None] / into, affine.bias * out)
    return found


def write_parameters(graph: onnx_ir.Graph, network: Network, parameters: Parameters) -> None:
    """Puts the numbers into the graph's initializers, rounded to float32."""
    for layer in network.layers:
        affine = parameters[layer.name]
        for name, array in ((layer.weight, layer.as_stored(affine.weights)), (layer.bias, affine.bias)):
            graph.initializers[name].const_value = onnx_ir.tensor(
                np.array(array, dtype=np.float32, order="C"), name=name
            )
