"""What a quantization did: a row a layer, a row an activation, totals."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shiftwright.quantize.formats import Format
from shiftwright.quantize.grids.base import Grid, GridWeights
from shiftwright.quantize.network import Layer


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer's weights on their grid."""

    name: str
    op: str
    shape: tuple[int, ...]
    grid: str
    bits: int  # stored a weight, the sign included
    exponents: tuple[int, int]  # least and greatest of the channels' scales 2^e
    sqnr_db: float | None  # of the weights; None where the grid holds them exactly
    zeros: float  # share of all weights
    mantissas: tuple[int, ...]  # odd parts of the integers that occur


@dataclass(frozen=True, slots=True)
class ActivationRow:
    """One quantized value: code · 2^exponent."""

    name: str
    bits: int
    signed: bool
    exponent: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a table or a JSON object about the quantization needs."""

    layers: tuple[LayerRow, ...]
    activations: tuple[ActivationRow, ...]
    source: str
    output: str
    opset: int
    samples: int  # calibrated on
    accuracy_float: float | None  # on the given data; None without labels
    accuracy_quantized: float | None
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain lists, texts and numbers, ready for JSON."""
        return asdict(self)


def layer_row(layer: Layer, weights: GridWeights, grid: Grid, name: str) -> LayerRow:
    """The row of a layer; `name` is the grid as the user wrote it."""
    noise = float(np.square(layer.weights - weights.real()).sum())
    signal = float(np.square(layer.weights).sum())
    return LayerRow(
        name=layer.name,
        op=layer.op,
        shape=layer.weight_shape,
        grid=name,
        bits=grid.bits,
        exponents=(int(weights.exponents.min()), int(weights.exponents.max())),
        sqnr_db=round(10 * float(np.log10(signal / noise)), 2) if noise and signal else None,
        zeros=round(float((weights.codes == 0).mean()), 4),
        mantissas=tuple(odd_parts(np.unique(np.abs(weights.codes)).tolist())),
    )


def activation_row(name: str, chosen: Format) -> ActivationRow:
    """The row of a quantized value."""
    return ActivationRow(name, chosen.bits, chosen.signed, chosen.exponent)


def odd_parts(magnitudes: list[int]) -> list[int]:
    """The odd mantissas of integers, ascending, without repetition; 0 has none."""
    return sorted({magnitude // (magnitude & -magnitude) for magnitude in magnitudes if magnitude})
