"""How an operator becomes hardware: what gathers an engine's input, the matrix it multiplies, the codes that leave it.

An operator with a `front` and a `product` is a constant matrix for the engine; one with `tails` rounds or clamps what a
matrix made; one with `components` is hardware of its own. One with none of them has no hardware yet."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.ir.core import Value
from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Handshake


class Component(Protocol):
    """A streaming component of rtl: ports i and o, and a software model of its timing."""

    def handshake(self) -> Handshake:
        """The timing model."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MatrixProduct:
    """matrix (outputs, words) · words + constants; `words` bounds each word that the front delivers side by side."""

    matrix: NDArray[np.int64]
    constants: tuple[int, ...]
    words: Interval


@dataclass(frozen=True, slots=True, eq=False)
class WindowProduct:
    """matrix (outputs, taps · channels of a group) on every window of an image, plus constants, within groups or not.

    Columns are tap by tap, row-major, channel fastest; outputs are group by group. `image` is (rows, columns),
    `window` (kernel, stride, padding, dilation), `pad` each channel's code outside, `words` (lo, hi) of any word."""

    matrix: NDArray[np.int64]
    constants: tuple[int, ...]
    words: tuple[int, int]
    image: tuple[int, int]
    window: tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int], tuple[int, int]]
    pad: tuple[int, ...]
    groups: int = 1

    @property
    def outside(self) -> set[int]:
        """The codes that windows read outside the image; none where nothing is padded."""
        return set(self.pad) if any(self.window[2]) else set()


@runtime_checkable
class WindowOperator(Protocol):
    """A constant matrix that may be multiplied a few words at a time."""

    def window_product(self, source: Value) -> WindowProduct:
        """The matrix, and the windows of the incoming stream that it meets."""
        ...


@runtime_checkable
class MatrixOperator(Protocol):
    """A constant matrix on each vector that `front` makes of the incoming stream."""

    def front(self, source: Value, link: Format) -> list[Component]:
        """Window or collector, empty where the stream already brings whole vectors."""
        ...

    def product(self, source: Value) -> MatrixProduct:
        """The matrix in the front's word order."""
        ...


@runtime_checkable
class TailOperator(Protocol):
    """One integer function a channel, monotone, on accumulators."""

    def tails(self, source: Value) -> list[Requantizer]:
        """The hardware form of each channel."""
        ...


@runtime_checkable
class ComponentOperator(Protocol):
    """Hardware of its own, with no matrix."""

    def components(self, source: Value, link: Format, result: Format) -> list[Component]:
        """The components from link to result."""
        ...
