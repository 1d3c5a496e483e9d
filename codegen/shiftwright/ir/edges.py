"""Where the integer graph meets the world: encoding a network's input, and the real meaning of its outputs.

A float input is rounded once, exactly, by the QuantizeLinear that reads it; a float output is the exact rational value
rounded once to float32."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.kernels import quantize_real
from shiftwright.errors import ImportModelError
from shiftwright.ir.core import Value
from shiftwright.ir.meaning import Layout

EXACT = 1 << 53


@dataclass(frozen=True, slots=True, eq=False)
class InputEdge:
    """A graph input: its ONNX name, type and shape (without the batch), and the codes that enter the integer graph.

    `scale` is None for an integer input, whose elements are the codes."""

    name: str
    dtype: str
    layout: Layout
    value: Value
    scale: Fraction | None
    zero_point: int
    lo: int
    hi: int

    def checked(self, x: NDArray[np.generic]) -> NDArray[np.generic]:
        """The array as onnxruntime takes it: real numbers rounded to float32. ImportModelError if it does not fit."""
        array = np.asarray(x)
        if array.shape[1:] != self.layout.shape or array.ndim == 0:
            wanted = ", ".join(["batch", *map(str, self.layout.shape)])
            raise ImportModelError(f"input {self.name!r} has shape {array.shape}; the network takes ({wanted})")
        kinds = "iu" if self.scale is None else "fiu"
        if array.dtype.kind not in kinds and array.dtype.name != self.dtype:
            raise ImportModelError(f"input {self.name!r} is {array.dtype}; the network takes {self.dtype}")
        if self.scale is not None:
            return array.astype(np.float32, copy=False)
        if ((array < self.lo) | (array > self.hi)).any():
            raise ImportModelError(f"input {self.name!r} holds codes outside {self.lo} … {self.hi} ({self.dtype})")
        return array.astype(self.dtype, copy=False)

    def encode(self, x: NDArray[np.generic]) -> NDArray[np.int64]:
        """Codes (batch, *stream shape) of an array that onnxruntime would take; ImportModelError if it is not one."""
        array = self.checked(x)
        if self.scale is None:
            codes = array.astype(np.int64)
        else:
            codes = quantize_real(array.astype(np.float32), self.scale, self.zero_point, self.lo, self.hi)
        return self.layout.to_stream(codes, self.value.shape)


@dataclass(frozen=True, slots=True, eq=False)
class OutputEdge:
    """A graph output: codes as they are (`scale` is None), or real = scale·code + offset per stream channel."""

    name: str
    dtype: str
    layout: Layout
    value: Value
    scale: tuple[Fraction, ...] | None
    offset: tuple[Fraction, ...]

    def decode(self, codes: NDArray[np.int64]) -> NDArray[np.generic]:
        """What onnxruntime would return, from codes (batch, *stream shape)."""
        if self.scale is None:
            return self.layout.from_stream(codes).astype(self.dtype)
        channels = self.value.channels
        words = codes.reshape(-1, channels)
        real = np.empty(words.shape, dtype=np.float32)
        for channel in range(channels):
            real[:, channel] = _to_float32(words[:, channel], self.scale[channel], self.offset[channel])
        flat = real.reshape(len(codes), len(self.layout.order))[:, self.layout.order]
        return flat.reshape(len(codes), *self.layout.shape)


def _to_float32(codes: NDArray[np.int64], scale: Fraction, offset: Fraction) -> NDArray[np.float32]:
    """scale·code + offset, rounded once."""
    denominator = max(scale.denominator, offset.denominator)
    if all(number.denominator & (number.denominator - 1) == 0 for number in (scale, offset)):
        factor = scale.numerator * (denominator // scale.denominator)
        term = offset.numerator * (denominator // offset.denominator)
        largest = max(1, int(np.abs(codes).max(initial=0))) * factor + abs(term)
        if largest < EXACT and denominator.bit_length() < 1000:
            # Exact in float64 up to here, so that the cast is the one rounding.
            return (np.ldexp((codes * factor + term).astype(np.float64), 1 - denominator.bit_length())).astype(
                np.float32
            )
    distinct, place = np.unique(codes, return_inverse=True)
    rounded = np.array([nearest_float32(scale * code + offset) for code in distinct.tolist()], dtype=np.float32)
    return rounded[place]


def nearest_float32(number: Fraction) -> np.float32:
    """The float32 nearest to a rational number, ties to even."""
    size = abs(number)
    if not size:
        return np.float32(0)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    # 24 bits from the leading one on; subnormals end at 2^-149.
    last = max(exponent - 23, -149)
    return np.float32(np.ldexp(float(round(number / Fraction(2) ** last)), last))
