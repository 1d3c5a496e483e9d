"""Puts every layer's weights on its grid and hands their scales on to the next layer, so that requantizers are wires.

A channel's scale is written as σ·n·2^k, n being the divisor of the average pools in front of the layer. The channel's
weights and bias are divided by σ, and what its readers multiply it with is multiplied by σ *before* those weights are
quantized: the network stays what it was, and the scales that remain make every accumulator count in powers of two. What
cannot be scaled (a graph output, a residual sum) keeps a scale of a few significant bits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.channels import FIXED, Channels
from shiftwright.quantize.grids.base import Grid, GridWeights
from shiftwright.quantize.network import Layer, Network
from shiftwright.quantize.parameters import Parameters, rescale

# Of a scale that stays: enough to be no worse, and few enough for float32 sums in onnxruntime to stay exact, and for
# the constants of requantizers to stay cheap.
SIGNIFICANT_BITS = 8

# Takes a layer, its weights, its first place on the grid, the factors (1 or channels, n) that its inputs have been
# multiplied by, and its least scales; gives a better place.
Compensate = Callable[[Layer, NDArray[np.float64], GridWeights, NDArray[np.float64], NDArray[np.float64]], GridWeights]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """All weights on their grids, and the float network that they stand for."""

    weights: dict[str, GridWeights]  # by layer
    parameters: Parameters
    absorbed: dict[str, NDArray[np.bool_]]  # by layer, (channels,): whether the scale was handed on


def place_weights(
    network: Network,
    parameters: Parameters,
    channels: Channels,
    grids: dict[str, Grid],
    floors: dict[str, NDArray[np.float64]],
    compensate: Compensate | None,
) -> Placed:
    """Layer by layer in topological order; `floors` are the least scales, (channels,) by layer."""
    factors = np.ones(channels.count)
    single_producer = channels.producers() == 1
    single_producer[FIXED] = False
    weights, absorbed = {}, {}
    for layer in network.layers:
        into = 1 / factors[channels.inputs[layer.name]]
        wanted = parameters[layer.name].weights * into
        found = grids[layer.name].quantize(wanted, floors[layer.name])
        if compensate is not None:
            found = compensate(layer, wanted, found, 1 / into, floors[layer.name])
        outputs = channels.outputs[layer.name]
        free = single_producer[outputs]
        target = layer.divisor * 2.0 ** np.rint(np.log2(found.scales / layer.divisor))
        factors[outputs[free]] = (target / found.scales)[free]
        weights[layer.name] = GridWeights(found.codes, np.where(free, target, few_bits(found.scales)), found.tables)
        absorbed[layer.name] = free
    return Placed(weights, rescale(parameters, channels, factors), absorbed)


def few_bits(scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded to SIGNIFICANT_BITS binary digits."""
    mantissas, exponents = np.frexp(scales)
    rounded: NDArray[np.float64] = np.ldexp(
        np.rint(np.ldexp(mantissas, SIGNIFICANT_BITS)), exponents - SIGNIFICANT_BITS
    )
    return rounded
