"""What an ONNX tensor means in integers while a graph is imported.

A float tensor of the file is an affine view of an integer value, possibly clipped: scale·code + offset per channel.
Layout operators change only the view, never the integers."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.ir.core import Value

Order = NDArray[np.int64]
"""`order[i]` is the place in the stream of the i-th element of the ONNX tensor (row-major, without the batch)."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Shape in the ONNX file without the batch, and where each element stands in the stream."""

    shape: tuple[int, ...]
    order: Order

    @classmethod
    def channels_first(cls, shape: tuple[int, ...]) -> "Layout":
        """ONNX (channel, row, column) over a stream of (row, column, channel)."""
        channels, *grid = shape
        stream = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(*grid, channels)
        return cls(shape, np.moveaxis(stream, -1, 0).ravel())

    @classmethod
    def as_is(cls, shape: tuple[int, ...]) -> "Layout":
        """The stream's order is the file's."""
        return cls(shape, np.arange(int(np.prod(shape)), dtype=np.int64))

    @classmethod
    def natural(cls, shape: tuple[int, ...]) -> "Layout":
        """What a stream should look like for a tensor of this rank: images channel last, all else as is."""
        return cls.channels_first(shape) if len(shape) == 3 else cls.as_is(shape)

    @property
    def stream_shape(self) -> tuple[int, ...]:
        """Shape of the value that `natural` lays out."""
        return (*self.shape[1:], self.shape[0]) if len(self.shape) == 3 else self.shape

    def reshape(self, shape: tuple[int, ...]) -> "Layout":
        """Another shape over the same elements."""
        return Layout(shape, self.order)

    def transpose(self, axes: tuple[int, ...]) -> "Layout":
        """Axes permuted; `axes` count from 0 without the batch."""
        order = self.order.reshape(self.shape).transpose(axes)
        return Layout(order.shape, order.ravel())

    def same_as(self, other: "Layout") -> bool:
        """Whether both name the same elements in the same places."""
        return self.shape == other.shape and np.array_equal(self.order, other.order)

    def to_stream(self, elements: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
        """(batch, *ONNX shape) to (batch, *stream shape)."""
        flat = elements.reshape(len(elements), len(self.order))
        stream = np.empty_like(flat)
        stream[:, self.order] = flat
        return stream.reshape(len(elements), *shape)

    def from_stream(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """(batch, *stream shape) to (batch, *ONNX shape)."""
        return codes.reshape(len(codes), len(self.order))[:, self.order].reshape(len(codes), *self.shape)

    def per_channel(self, elements: list[Fraction], channels: int) -> tuple[Fraction, ...] | None:
        """One number a stream channel from one an element; None if positions of a channel differ."""
        found: dict[int, Fraction] = {}
        for place, element in zip(self.order.tolist(), elements, strict=True):
            if found.setdefault(place % channels, element) != element:
                return None
        return tuple(found[channel] for channel in range(channels))


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A plain tensor of the file: shapes, axes, float biases, zero points."""

    array: NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class ScaledConstant:
    """Integers times scales: real = scales[axis index]·integers, zero point taken off; one scale if axis is None."""

    integers: NDArray[np.int64]
    scales: tuple[Fraction, ...]
    axis: int | None

    def scales_along(self, axis: int) -> tuple[Fraction, ...] | None:
        """One scale for each index of an axis; None where the scales run along another axis."""
        if self.axis is None:
            return self.scales * int(self.integers.shape[axis])
        return self.scales if self.axis == axis else None


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A float graph input that no QuantizeLinear has encoded yet."""

    name: str
    layout: Layout


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """A float tensor: min(max(scale·code + offset, floor), ceiling), scale and offset per stream channel."""

    value: Value
    layout: Layout
    scale: tuple[Fraction, ...]
    offset: tuple[Fraction, ...]
    floor: Fraction | None = None
    ceiling: Fraction | None = None

    def clip(self, floor: Fraction | None, ceiling: Fraction | None) -> "Real":
        """Clipped once more; ONNX lets the upper bound win where the two cross."""

        def inside(bound: Fraction | None) -> Fraction | None:
            if bound is not None and floor is not None:
                bound = max(bound, floor)
            return bound if bound is None or ceiling is None else min(bound, ceiling)

        low = inside(self.floor) if self.floor is not None else floor
        if floor is not None and ceiling is not None and low is not None:
            low = min(low, ceiling)
        high = inside(self.ceiling) if self.ceiling is not None else ceiling
        return replace(self, floor=low, ceiling=high)


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """An integer tensor: what a QuantizeLinear or an integer graph input holds. `dtype` is its ONNX type."""

    value: Value
    layout: Layout
    dtype: str
    made_by: "Rounding | None" = None
    count: int | None = None  # how many codes there are, 0 first, where thresholds made them


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """How a QuantizeLinear made its codes, kept so that a Clip right after it narrows the same step."""

    source: Real | Source
    scale: tuple[Fraction, ...]
    zero_point: tuple[int, ...]
    lo: int
    hi: int


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Which of ascending thresholds each number reaches, along a last axis of its own: as booleans, or as 0 and 1.

    The numbers' layout ends in an axis of one; `dtype` is the ONNX type of the answers."""

    source: Real
    thresholds: tuple[Fraction, ...]
    dtype: str


Tensor = Constant | ScaledConstant | Source | Real | Codes | Reached
