"""What a user should be told of a quantization that went well: choices without effect, and what was lost altogether."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.absorb import Placed
from shiftwright.quantize.data import Arrays
from shiftwright.quantize.formats import LOWEST, Format
from shiftwright.quantize.log_format import LogFormat
from shiftwright.quantize.network import Network
from shiftwright.quantize.settings import Chosen

FEW = 10  # calibration samples


def scanty(samples: Arrays) -> list[str]:
    """Whether the calibration samples are few, or all the same."""
    notes = []
    count = len(next(iter(samples.values())))
    if count < FEW:
        notes.append(f"calibrated on {count} {'sample' if count == 1 else 'samples'}; a hundred or more are better")
    notes += [
        f"the calibration data {name!r} is the same in every word, which says nothing of the network; give real inputs"
        for name, array in samples.items()
        if array.size > 1 and array.min() == array.max()
    ]
    return notes


def without_effect(network: Network, chosen: dict[str, Chosen]) -> list[str]:
    """Layers for which a rule gives activation bits although nothing quantizes their results."""
    return [
        f"layer {layer.name!r}: its activation_bits have no effect, since its sums leave the network as they are"
        for layer in network.layers
        if not layer.followers and chosen[layer.name].activation_bits is not None
    ]


def unequalized(method: str, factors: NDArray[np.float64]) -> list[str]:
    """Whether equalizing by `method` found nothing to do; `factors` are its own."""
    if (factors != 1).any():
        return []
    why = "each is as large as the others already, or is fixed by what reads it, such as a Clip to a bound (ReLU6)"
    return [f"equalizing by {method} changed no channel: {why}"]


def vanished(network: Network, placed: Placed, formats: Mapping[str, Format | LogFormat]) -> list[str]:
    """Channels whose weights all became 0 although they were not, and values that did."""
    notes = []
    for layer in network.layers:
        weighed = placed.parameters[layer.name].weights.any(axis=1)
        lost = int(np.sum(weighed & ~placed.weights[layer.name].codes.any(axis=1)))
        if lost:
            notes.append(
                f"layer {layer.name!r}: all weights of {lost} of {layer.channels} channels became 0, being too small "
                "beside the layer's others, beside their biases, or in themselves"
            )
    notes += [
        f"value {name!r} stays so small on the calibration data that it becomes 0; scale the network or its input up"
        for name, found in formats.items()
        if found.exponent == LOWEST
    ]
    return notes
