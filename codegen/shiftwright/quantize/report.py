"""What a quantization did: a row a layer, a row an activation, totals."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.csd import csd_weights
from shiftwright.quantize.formats import Format
from shiftwright.quantize.grids.base import Grid, GridWeights
from shiftwright.quantize.log_format import LogFormat
from shiftwright.quantize.network import Layer
from shiftwright.quantize.settings import Settings


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer's weights on their grid."""

    name: str
    op: str
    shape: tuple[int, ...]
    grid: str  # as the user wrote it
    granularity: str  # one scale a tensor or a channel
    bits: int  # stored a weight, the sign included
    mantissas: tuple[int, ...]  # odd parts of the integers that occur
    sqnr_db: float | None  # of the weights; None where the grid holds them exactly
    zeros: float  # share of all weights
    entropy: float  # of the codes, in bits a weight
    adders: int  # of the matrix, every row by its signed digits, nothing shared
    scales: tuple[float, float]  # least and greatest of the channels'
    absorbed: bool  # whether the next layers took over what keeps the scales from powers of two


@dataclass(frozen=True, slots=True)
class ActivationRow:
    """One quantized value: code · 2^exponent, or 0 and ±2^exponent … 2^(exponent + powers - 1)."""

    name: str
    bits: int
    signed: bool
    exponent: int
    kind: str = "uniform"  # or log
    powers: int | None = None  # of a sign, where activations are logarithmic


@dataclass(frozen=True, slots=True)
class Totals:
    """The network as a whole."""

    weights: int
    weight_bits: int  # stored, all weights together
    adders: int
    sqnr_db: float | None  # mean of the layers that have one


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a table or a JSON object about the quantization needs."""

    layers: tuple[LayerRow, ...]
    activations: tuple[ActivationRow, ...]
    source: str
    output: str
    opset: int
    samples: int  # calibrated on
    settings: Settings
    tested: bool  # whether accuracies are those of test data, and not of the calibration data
    accuracy_float: float | None  # None without labels, and where a warning says why
    accuracy_quantized: float | None
    warnings: tuple[str, ...]

    @property
    def totals(self) -> Totals:
        """Sums and means over the layers."""
        sqnr = [layer.sqnr_db for layer in self.layers if layer.sqnr_db is not None]
        return Totals(
            weights=sum(prod(layer.shape) for layer in self.layers),
            weight_bits=sum(prod(layer.shape) * layer.bits for layer in self.layers),
            adders=sum(layer.adders for layer in self.layers),
            sqnr_db=round(float(np.mean(sqnr)), 2) if sqnr else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain lists, texts and numbers, ready for JSON."""
        return asdict(self) | {"totals": asdict(self.totals)}


def layer_row(
    layer: Layer, weights: NDArray[np.float64], found: GridWeights, grid: Grid, name: str, absorbed: bool
) -> LayerRow:
    """The row of a layer whose weights (channels, n) were to be put on the grid that the user calls `name`."""
    return LayerRow(
        name=layer.name,
        op=layer.op,
        shape=layer.weight_shape,
        grid=name,
        granularity=grid.granularity,
        bits=grid.bits,
        mantissas=tuple(odd_parts(np.unique(np.abs(found.codes)).tolist())),
        sqnr_db=sqnr_db(weights, found.real()),
        zeros=round(float((found.codes == 0).mean()), 4),
        entropy=round(entropy(found.codes), 3),
        adders=matrix_adders(found.codes),
        scales=(float(found.scales.min()), float(found.scales.max())),
        absorbed=absorbed,
    )


def activation_row(name: str, chosen: Format | LogFormat) -> ActivationRow:
    """The row of a quantized value."""
    if isinstance(chosen, LogFormat):
        return ActivationRow(name, chosen.bits, chosen.signed, chosen.exponent, "log", chosen.powers)
    return ActivationRow(name, chosen.bits, chosen.signed, chosen.exponent)


def odd_parts(magnitudes: list[int]) -> list[int]:
    """The odd mantissas of integers, ascending, without repetition; 0 has none."""
    return sorted({magnitude // (magnitude & -magnitude) for magnitude in magnitudes if magnitude})


def sqnr_db(weights: NDArray[np.float64], real: NDArray[np.float64]) -> float | None:
    """Power of the weights over power of their error, in dB; None where there is no error or no weight."""
    signal, noise = float(np.square(weights).sum()), float(np.square(weights - real).sum())
    return round(10 * float(np.log10(signal / noise)), 2) if noise and signal else None


def entropy(codes: NDArray[np.int64]) -> float:
    """Bits that a code carries on the average: how evenly the codes are used."""
    _, counts = np.unique(codes, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0  # no -0.0 where one code is all


def matrix_adders(codes: NDArray[np.int64]) -> int:
    """Adders of the product with a matrix (channels, n): a row of d signed digits takes d - 1, with nothing shared."""
    return int(np.maximum(csd_weights(codes).sum(axis=1) - 1, 0).sum())
