"""Puts biases on the grid that makes requantizers free.

An accumulator counts in LSBs. Where the LSB is 2^e and the next QuantizeLinear divides by 2^n, n >= 1, a bias of
(integer + 1/2) LSBs leaves no tie to round, and rounding is dropping bits: a wire. So biases are stored in half LSBs,
as odd integers there and as even ones elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.formats import Format
from shiftwright.quantize.grids.base import GridWeights, single
from shiftwright.quantize.log_format import LogFormat
from shiftwright.quantize.network import Layer

# A float32 sum in onnxruntime is exact within 2^24 half LSBs; a bias leaves most of that to the products.
WIDEST_BIAS = 22
_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class BiasCodes:
    """Biases as `codes · scales`, both (channels,)."""

    codes: NDArray[np.int64]
    scales: NDArray[np.float64]


def least_scales(
    layer: Layer, formats: Mapping[str, Format | LogFormat], bias: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The least weight scales (channels,) whose biases still fit in WIDEST_BIAS bits of half the accumulator's LSB.

    The formats may be one octave off, as they are before the scales have been absorbed."""
    step = 2.0 ** (formats[layer.source].exponent - 1) / layer.divisor
    return np.abs(bias) * 2.0 ** (1 - WIDEST_BIAS) / step


def place_bias(
    layer: Layer, formats: Mapping[str, Format | LogFormat], weights: GridWeights, bias: NDArray[np.float64]
) -> BiasCodes:
    """The codes of float biases (channels,); QuantizeError where int32 does not hold them."""
    lsb = weights.scales * 2.0 ** formats[layer.source].exponent / layer.divisor
    scales = single(lsb / 2)
    halves = bias / scales
    # After a pool whose 1/n nobody took, float32 may not hold the LSB; any fine grid is then as good as another.
    on_grid = scales == lsb / 2
    power_of_two = on_grid & (np.frexp(lsb)[0] == 0.5)
    followers = [formats[name] for name in layer.followers]
    nexts = [2.0**follower.exponent for follower in followers if isinstance(follower, Format)]
    divides = power_of_two & (min(nexts) >= 2 * lsb) if nexts else np.zeros(len(bias), dtype=bool)
    whole = np.where(divides, 2 * np.floor(halves / 2) + 1, 2 * np.rint(halves / 2))
    if followers and not nexts:
        whole = np.rint(halves)  # thresholds compare, so that no bias is dearer than another
    codes = np.where(on_grid, whole, np.rint(halves))
    if np.abs(codes).max(initial=0) > _INT32:
        channel = int(np.argmax(np.abs(codes)))
        raise QuantizeError(
            f"layer {layer.name!r}: the bias {bias[channel]:g} of channel {channel} exceeds 32 bits of half its "
            "accumulator's LSB; use fewer weight or activation bits"
        )
    return BiasCodes(codes.astype(np.int64), scales)
