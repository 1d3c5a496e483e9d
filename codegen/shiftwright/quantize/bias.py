"""Puts biases on the grid that makes requantizers free.

An accumulator counts in LSBs of 2^e. Where the next QuantizeLinear divides by 2^n, n >= 1, a bias of (integer + 1/2)
LSBs leaves no tie to round, and rounding is dropping bits: a wire. So biases are stored in half LSBs, as odd integers
there and as even ones where nothing is divided."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.formats import Format
from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.network import Layer

# A float32 sum in onnxruntime is exact within 2^24 half LSBs; a bias leaves most of that to the products.
WIDEST_BIAS = 22
_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class BiasCodes:
    """Biases as `codes · 2^exponents`, both (channels,)."""

    codes: NDArray[np.int64]
    exponents: NDArray[np.int64]


def bias_exponents(layer: Layer, formats: dict[str, Format], weight_exponents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Half the accumulator's LSB as an exponent, a channel each.

    An average pool over 2^k words takes k off; over other numbers it takes the next larger k off, a finer grid that is
    not the accumulator's but as good for a requantizer that is no wire anyway."""
    pooled = (layer.divisor - 1).bit_length()
    return formats[layer.source].exponent + weight_exponents - pooled - 1


def weight_floor(layer: Layer, formats: dict[str, Format], bias: NDArray[np.float64]) -> NDArray[np.int64]:
    """The least weight exponents whose biases still fit in WIDEST_BIAS bits, (channels,)."""
    _, bits = np.frexp(np.abs(bias))
    at_zero = bias_exponents(layer, formats, np.zeros(len(bias), dtype=np.int64))
    return np.where(bias != 0, bits - WIDEST_BIAS - at_zero, np.iinfo(np.int32).min).astype(np.int64)


def place_bias(layer: Layer, formats: dict[str, Format], weights: GridWeights, bias: NDArray[np.float64]) -> BiasCodes:
    """The codes of float biases (channels,); QuantizeError where int32 does not hold them."""
    exponents = bias_exponents(layer, formats, weights.exponents)
    halves = np.ldexp(bias, -exponents)
    if layer.divisor & (layer.divisor - 1):
        codes = np.rint(halves)
    else:
        coarsest = exponents + 2  # half an LSB above the least scale that divides
        nexts = [formats[name].exponent for name in layer.followers]
        divides = (min(nexts) >= coarsest) if nexts else np.zeros(len(bias), dtype=bool)
        codes = np.where(divides, 2 * np.floor(halves / 2) + 1, 2 * np.rint(halves / 2))
    if np.abs(codes).max(initial=0) > _INT32:
        channel = int(np.argmax(np.abs(codes)))
        raise QuantizeError(
            f"layer {layer.name!r}: the bias {bias[channel]:g} of channel {channel} exceeds 32 bits of half its "
            "accumulator's LSB; use fewer weight or activation bits"
        )
    return BiasCodes(codes.astype(np.int64), exponents)
