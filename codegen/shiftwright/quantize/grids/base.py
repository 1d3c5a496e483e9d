"""What a number system is to the quantizer: a rule that turns real weights into integers times a scale.

A channel's weights become `codes · scale`. However a grid finds them, the hardware sees only the integers, and the
scale is absorbed into the next layer where that is possible."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.csd import csd_weights
from shiftwright.quantize.grids.options import Options

GRANULARITIES = ("tensor", "channel")
# Scales stay far from float32's ends, so that products of two of them are still normal float32 numbers.
LEAST_SCALE = 2.0**-60


@dataclass(frozen=True, slots=True, eq=False)
class GridWeights:
    """Weights on a grid: `codes` (channels, n) times `scales` (channels,), which are positive float32 numbers.

    `tables` (channels or 1, levels) lists, ascending, what the codes of each channel, or of all, may be; a row that has
    fewer levels repeats some. Zeros may be codes that no table has: in a channel of zeros, which costs nothing, and for
    weights that are exactly zero where a grid has a flag for them."""

    codes: NDArray[np.int64]
    scales: NDArray[np.float64]
    tables: NDArray[np.int64]

    def real(self) -> NDArray[np.float64]:
        """The weights that the codes stand for, (channels, n)."""
        return self.codes * self.scales[:, None]


@dataclass(frozen=True, slots=True)
class NumberSystem:
    """What hardware a grid asks for, known before any weight is: integers up to `largest` of `bits` stored bits."""

    mantissas: tuple[int, ...] | None  # odd, ascending; None where the weights choose them
    shifts: tuple[int, int]  # least and greatest
    largest: int  # magnitude
    levels: int  # at most, both signs counted, and zero where it has a code

    @classmethod
    def of(cls, levels: tuple[int, ...]) -> "NumberSystem":
        """The number system of known levels."""
        magnitudes = sorted({abs(level) for level in levels} - {0})
        shifts = [(magnitude & -magnitude).bit_length() - 1 for magnitude in magnitudes]
        mantissas = {magnitude >> shift for magnitude, shift in zip(magnitudes, shifts, strict=True)}
        return cls(tuple(sorted(mantissas)), (min(shifts), max(shifts)), magnitudes[-1], len(levels))

    @property
    def adders(self) -> int:
        """Adders that the odd multiples of one input take, each by its signed digits; the worst case where unknown."""
        if self.mantissas is None:
            worst = (self.largest.bit_length() + 2) // 2  # signed digits of a number this large, at most
            return (self.levels - 1) * (worst - 1)
        return int((csd_weights(np.array(self.mantissas)) - 1).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid(ABC):
    """A number system. Subclasses are frozen dataclasses of their settings; each module offers its class as `GRID`."""

    summary: ClassVar[str]  # two lines at most, for lists of methods
    paper: ClassVar[str]  # the source: authors, year, identifier
    examples: ClassVar[tuple[str, ...]]  # the spellings that the list of methods shows
    widths: ClassVar[range | None] = None  # the bits that its rule is made for; None where they are always the same

    bits: int  # stored a weight, the sign included
    granularity: str = "channel"  # one scale a channel, or one for the whole tensor

    @classmethod
    @abstractmethod
    def build(cls, bits: int, options: Options) -> Self:
        """The grid of `bits` stored bits, the sign included; QuantizeError where a setting is unusable."""

    @property
    @abstractmethod
    def numbers(self) -> NumberSystem:
        """The integers that a weight may become."""

    @property
    def refits(self) -> bool:
        """Whether a correction may move the scales; False where the grid's rule sets them."""
        return True

    @abstractmethod
    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """Puts rows (rows, n) of weights on the grid, each with a scale of its own; no row is all zero.

        The grid's own rule decides what is best: least squared error unless it says otherwise."""

    def quantize(self, weights: NDArray[np.float64], floor: NDArray[np.float64]) -> GridWeights:
        """Puts a layer's weights (channels, n) on the grid; no channel's scale falls below `floor` (channels,)."""
        live: NDArray[np.bool_] = np.abs(weights).max(axis=1, initial=0) > 0
        if not live.any():
            table = np.zeros((1, 1), dtype=np.int64)
            return GridWeights(np.zeros(weights.shape, dtype=np.int64), np.maximum(floor, LEAST_SCALE), table)
        rows = weights[live]
        found = self.fit(rows.reshape(1, -1) if self.granularity == "tensor" else rows)
        scales = np.empty(len(weights))
        scales[live] = found.scales
        scales[~live] = found.scales.min()
        scales = single(np.maximum(scales, np.maximum(floor, LEAST_SCALE)))
        codes = np.zeros(weights.shape, dtype=np.int64)
        codes[live] = found.codes.reshape(rows.shape)
        tables = found.tables
        if len(tables) > 1:
            tables = np.zeros((len(weights), tables.shape[1]), dtype=np.int64)
            tables[live] = found.tables
        raised = live.copy()
        raised[live] = scales[live] > single(found.scales)  # the floor was above
        if raised.any():
            own = tables if len(tables) == 1 else tables[raised]
            flagged = (codes[raised] == 0) & (weights[raised] == 0)
            codes[raised] = np.where(flagged, 0, nearest(own, weights[raised] / scales[raised][:, None]))
        return GridWeights(codes, scales, tables)


def single(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded to float32 and held as float64."""
    rounded: NDArray[np.float64] = values.astype(np.float32).astype(np.float64)
    return rounded


def nearest(tables: NDArray[np.int64], targets: NDArray[np.float64]) -> NDArray[np.int64]:
    """For targets (rows, n) in units of each row's scale the nearest level of the row's table, or of the one for all.

    Half way the lower level is taken."""
    between = (tables[:, 1:] + tables[:, :-1]) / 2
    if len(tables) == 1:
        codes: NDArray[np.int64] = tables[0][np.searchsorted(between[0], targets)]
        return codes
    pairs = zip(tables, between, targets, strict=True)
    return np.array([table[np.searchsorted(bounds, row)] for table, bounds, row in pairs], dtype=np.int64)


def squared_error(weights: NDArray[np.float64], found: GridWeights) -> NDArray[np.float64]:
    """Squared error of each channel, (channels,)."""
    error: NDArray[np.float64] = np.square(weights - found.real()).sum(axis=1)
    return error
