"""QuantizeLinear and DequantizeLinear: the one place where numbers are rounded.

codes = saturate(round_half_even(real / scale) + zero_point), exact rational numbers all the way. Bounds that Relu
and Clip left behind become the saturation's own."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.arith.kernels import quantize_real, requantize_by_thresholds, round_half_even, thresholds
from shiftwright.arith.prove import prove_requantizer
from shiftwright.arith.requantize import Requantizer, find_requantizer
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Codes, Constant, Layout, Real, Rounding, ScaledConstant, Source, Tensor
from shiftwright.ops.onnx_node import Importer, OnnxNode

RANGES = {
    "int4": (-8, 7),
    "uint4": (0, 15),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "uint16": (0, 65535),
    "int32": (-(1 << 31), (1 << 31) - 1),
}


@dataclass(frozen=True, slots=True, eq=False)
class Requantize(Operator):
    """clamp(round_half_even(scale·(code + bias)) + zero_point, lo, hi) for each channel."""

    scale: tuple[Fraction, ...]
    bias: tuple[Fraction, ...]
    zero_point: tuple[int, ...]
    lo: tuple[int, ...]
    hi: tuple[int, ...]
    _tables: dict[str, tuple[list[NDArray[np.int64]], NDArray[np.int64]]]

    @classmethod
    def of(
        cls,
        scale: tuple[Fraction, ...],
        bias: tuple[Fraction, ...],
        zero_point: tuple[int, ...],
        lo: tuple[int, ...],
        hi: tuple[int, ...],
    ) -> "Requantize":
        """All arguments per channel."""
        return cls(scale, bias, zero_point, lo, hi, {})

    def exact(self, channel: int, code: int) -> int:
        """The definition, for one code of one channel."""
        rounded = round_half_even(self.scale[channel] * (code + self.bias[channel])) + self.zero_point[channel]
        return min(max(rounded, self.lo[channel]), self.hi[channel])

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        pairs = source.interval.pairs()
        lo = [self.exact(channel, least) for channel, (least, _) in enumerate(pairs)]
        hi = [self.exact(channel, most) for channel, (_, most) in enumerate(pairs)]
        tables = [self._steps(channel, *pairs[channel], lo[channel], hi[channel]) for channel in range(len(pairs))]
        self._tables["golden"] = (tables, np.array(lo, dtype=np.int64))
        return source.shape, Interval.of(lo, hi)

    def _steps(self, channel: int, least: int, most: int, lo: int, hi: int) -> NDArray[np.int64]:
        """The codes at which the output rises by one, for inputs within least … most."""
        steps = thresholds(self.scale[channel], self.bias[channel], self.zero_point[channel], lo, hi)
        return np.array([min(max(step, least), most + 1) for step in steps], dtype=np.int64)

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        tables, lo = self._tables["golden"]
        return requantize_by_thresholds(codes[0], tables, 0) + lo

    def describe(self) -> str:
        return f"requantize to {min(self.lo)} … {max(self.hi)}"

    def tails(self, source: Value) -> list[Requantizer]:
        """The cheapest proved hardware form of each channel."""
        return [
            find_requantizer(*settings, least, most)
            for settings, (least, most) in zip(
                zip(self.scale, self.bias, self.zero_point, self.lo, self.hi, strict=True),
                source.interval.pairs(),
                strict=True,
            )
        ]

    def prove(self, tails: list[Requantizer], source: Value) -> None:
        """Holds each channel's circuit against the exact rounding; ProofError where they differ."""
        for channel, (tail, (least, most)) in enumerate(zip(tails, source.interval.pairs(), strict=True)):
            settings = self.scale[channel], self.bias[channel], self.zero_point[channel]
            prove_requantizer(tail, *settings, self.lo[channel], self.hi[channel], least, most)


def read_scale(node: OnnxNode, index: int = 1) -> tuple[Fraction, ...]:
    """The scales of a QuantizeLinear or DequantizeLinear: positive, finite, exact."""
    scale = node.constant(index, "scale")
    if scale is None or scale.size == 0:
        raise node.refuse("it has no scale; the file is not valid ONNX")
    if scale.ndim > 1:
        raise node.refuse(
            f"its scale has shape {scale.shape}; only one scale, or one a channel, is supported (no blocks)"
        )
    numbers = np.asarray(scale, dtype=np.float64).ravel()
    for position, number in enumerate(numbers.tolist()):
        if not (np.isfinite(number) and number > 0):
            raise node.refuse(
                f"its scale {node.input_names[index]!r} is {number} at index {position}; a scale must be positive and "
                "finite, calibrate that tensor again"
            )
    return tuple(Fraction(number) for number in numbers.tolist())


def read_zero_point(node: OnnxNode, scales: int) -> tuple[tuple[int, ...], str | None]:
    """Zero points, one a scale, and the integer type they carry (None where the input is left out)."""
    zero = node.constant(2, "zero point")
    if zero is None:
        return (0,) * scales, None
    points = tuple(int(number) for number in np.asarray(zero).astype(np.int64).ravel().tolist())
    if len(points) != scales:
        raise node.refuse(f"it has {scales} scales and {len(points)} zero points; there must be as many of each")
    return points, zero.dtype.name


def import_dequantize(node: OnnxNode, importer: Importer) -> Tensor:
    """Integers with a scale and a zero point: weights, biases or activations."""
    x = node.input(0)
    scales = read_scale(node)
    points, _ = read_zero_point(node, len(scales))
    if node.integer("block_size", 0):
        raise node.refuse("block quantization is not supported; quantize per tensor or per channel")
    if isinstance(x, Constant):
        return _scaled_constant(node, np.asarray(x.array), scales, points)
    if not isinstance(x, Codes):
        raise node.refuse(f"its input {node.input_names[0]!r} does not hold integers; put a QuantizeLinear before it")
    scale = _spread(node, scales, x.layout, x.value.channels)
    zero = _spread(node, tuple(Fraction(point) for point in points), x.layout, x.value.channels)
    return Real(x.value, x.layout, scale, tuple(-step * point for step, point in zip(scale, zero, strict=True)))


def _scaled_constant(
    node: OnnxNode, array: NDArray[np.generic], scales: tuple[Fraction, ...], points: tuple[int, ...]
) -> ScaledConstant:
    if array.dtype.name not in (*RANGES, "int64"):  # int64 holds weights that a QuantizeLinear rounded in the file
        raise node.refuse(f"its input {node.input_names[0]!r} is {array.dtype}, not integer; quantize it first")
    integers = array.astype(np.int64)
    axis = None if len(scales) == 1 else _axis(node, integers.ndim)
    zero = np.array(points, dtype=np.int64)
    if axis is not None:
        if integers.shape[axis] != len(scales):
            raise node.refuse(f"it has {len(scales)} scales for {integers.shape[axis]} channels on axis {axis}")
        zero = zero.reshape([-1 if place == axis else 1 for place in range(integers.ndim)])
    return ScaledConstant(integers - zero, scales, axis)


def import_quantize(node: OnnxNode, importer: Importer) -> Tensor:
    """Rounds numbers to codes; float weights are rounded here and now."""
    x = node.input(0)
    scales = read_scale(node)
    points, dtype = read_zero_point(node, len(scales))
    dtype = dtype or {2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 21: "uint4", 22: "int4"}.get(
        node.integer("output_dtype", 0) or 2, "unknown"
    )
    if dtype not in RANGES:
        raise node.refuse(f"its codes are {dtype}; only {', '.join(RANGES)} are supported")
    if node.integer("block_size", 0):
        raise node.refuse("block quantization is not supported; quantize per tensor or per channel")
    lo, hi = RANGES[dtype]
    if isinstance(x, Constant):
        return Constant(_round_constant(node, np.asarray(x.array), scales, points, lo, hi))
    if isinstance(x, Source):
        if len(scales) > 1:
            raise node.refuse("the graph input is quantized per channel; use one scale for it")
        return _encode(x, Rounding(x, scales, points, lo, hi), x.layout, dtype, node, importer)
    real = node.real(0)
    channels = real.value.channels
    scale = _spread(node, scales, real.layout, channels)
    zero = _spread(node, tuple(Fraction(point) for point in points), real.layout, channels)
    rounding = Rounding(real, scale, tuple(int(point) for point in zero), lo, hi)
    return _round(real, rounding, real.layout, dtype, node, importer)


def narrow(codes: Codes, lo: int, hi: int, node: OnnxNode, importer: Importer) -> Codes:
    """The rounding step that made `codes`, done again within lo … hi."""
    step = codes.made_by
    assert step is not None
    # Two clips in a row: the second acts on what the first left.
    narrower = replace(step, lo=min(max(step.lo, lo), hi), hi=max(min(step.hi, hi), lo))
    if isinstance(step.source, Source):
        return _encode(step.source, narrower, codes.layout, codes.dtype, node, importer)
    return _round(step.source, narrower, codes.layout, codes.dtype, node, importer)


def _encode(
    source: Source, rounding: Rounding, layout: Layout, dtype: str, node: OnnxNode, importer: Importer
) -> Codes:
    value = importer.encode(source, node, rounding.scale[0], rounding.zero_point[0], rounding.lo, rounding.hi)
    return Codes(value, layout, dtype, rounding)


def _round(real: Real, rounding: Rounding, layout: Layout, dtype: str, node: OnnxNode, importer: Importer) -> Codes:
    scale = tuple(own / step for own, step in zip(real.scale, rounding.scale, strict=True))
    bias = tuple(offset / own for offset, own in zip(real.offset, real.scale, strict=True))

    def saturated(bound: Fraction, channel: int) -> int:
        rounded = round_half_even(bound / rounding.scale[channel]) + rounding.zero_point[channel]
        return min(max(rounded, rounding.lo), rounding.hi)

    channels = range(len(scale))
    lo = tuple(rounding.lo if real.floor is None else saturated(real.floor, channel) for channel in channels)
    hi = tuple(rounding.hi if real.ceiling is None else saturated(real.ceiling, channel) for channel in channels)
    operator = Requantize.of(scale, bias, rounding.zero_point, lo, hi)
    if _changes_nothing(operator, real.value):
        return Codes(real.value, layout, dtype, rounding)
    return Codes(importer.emit(operator, (real.value,), node), layout, dtype, rounding)


def _changes_nothing(operator: Requantize, source: Value) -> bool:
    """Whether the codes come out as they went in, as around a MaxPool with one scale on both sides."""
    return all(
        scale == 1 and bias + zero == 0 and lo <= least and most <= hi
        for scale, bias, zero, lo, hi, (least, most) in zip(
            operator.scale,
            operator.bias,
            operator.zero_point,
            operator.lo,
            operator.hi,
            source.interval.pairs(),
            strict=True,
        )
    )


def _round_constant(
    node: OnnxNode,
    array: NDArray[np.generic],
    scales: tuple[Fraction, ...],
    points: tuple[int, ...],
    lo: int,
    hi: int,
) -> NDArray[np.int64]:
    axis = None if len(scales) == 1 else _axis(node, array.ndim)
    if axis is not None and array.shape[axis] != len(scales):
        raise node.refuse(f"it has {len(scales)} scales for {array.shape[axis]} channels on axis {axis}")
    if not np.isfinite(np.asarray(array, dtype=np.float64)).all():
        raise node.refuse(f"its input {node.input_names[0]!r} holds NaN or infinity; train or export the model again")
    numbers = np.asarray(array, dtype=np.float64)
    if axis is None:
        return quantize_real(numbers, scales[0], points[0], lo, hi)
    rows = zip(np.moveaxis(numbers, axis, 0), scales, points, strict=True)
    return np.stack([quantize_real(row, scale, point, lo, hi) for row, scale, point in rows], axis=axis)


def _axis(node: OnnxNode, rank: int) -> int:
    axis = node.integer("axis", 1)
    if not -rank <= axis < rank:
        raise node.refuse(f"axis {axis} is outside a tensor of {rank} axes; check the exporter")
    return axis % rank


def _spread(node: OnnxNode, numbers: tuple[Fraction, ...], layout: Layout, channels: int) -> tuple[Fraction, ...]:
    """One number for each stream channel, from one a tensor or one an index of the node's axis."""
    if len(numbers) == 1:
        return numbers * channels
    axis = _axis(node, len(layout.shape) + 1) - 1
    if axis < 0 or layout.shape[axis] != len(numbers):
        raise node.refuse(f"it has {len(numbers)} scales, which fit no axis of a {layout.shape} tensor; check its axis")
    index = np.indices(layout.shape)[axis].ravel()
    found = layout.per_channel([numbers[place] for place in index.tolist()], channels)
    if found is None:
        raise node.refuse("its scales change within a channel; quantize along the channel axis")
    return found


ONNX = {"QuantizeLinear": import_quantize, "DequantizeLinear": import_dequantize}
