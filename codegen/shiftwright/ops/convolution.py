"""Conv: a constant matrix on every window of an image, in groups or not.

Padding is the real number 0, so it is the code that means 0, and it belongs to the interval."""

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import LIMIT, Interval
from shiftwright.arith.kernels import exact_type, matmul_exact
from shiftwright.errors import GraphError
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Layout, Real, Tensor
from shiftwright.ops.geometry import Geometry, read_geometry, window_front
from shiftwright.ops.linear import Product, import_operands, import_product, magnitude_bound, product_interval
from shiftwright.ops.onnx_node import Importer, OnnxNode
from shiftwright.ops.reorder import rearrange
from shiftwright.ops.stage import Component, MatrixProduct, WindowProduct
from shiftwright.rtl.format import Format


@dataclass(frozen=True, slots=True, eq=False)
class Convolution(Operator):
    """weights (outputs, kernel rows, columns, inputs of a group) on windows; `pad` is each channel's code of 0."""

    weights: NDArray[np.int64]
    bias: tuple[int, ...]
    geometry: Geometry
    pad: tuple[int, ...]
    groups: int = 1

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        if len(source.shape) != 3 or source.channels != self.weights.shape[-1] * self.groups:
            raise GraphError(
                f"{source.name}: shape {source.shape} meets weights {self.weights.shape} in {self.groups} groups"
            )
        grid = self.geometry.output_grid(source.shape[0], source.shape[1])
        return (*grid, len(self.weights)), product_interval(self.matrix(), self.bias, self.window_interval(source))

    def window_interval(self, source: Value) -> Interval:
        """Bounds of a window's words, padding included, channel fastest."""
        lo, hi = source.interval.lo, source.interval.hi
        if self.geometry.pads:
            pad = np.array(self.pad, dtype=np.int64)
            lo, hi = np.minimum(lo, pad), np.maximum(hi, pad)
        return Interval(lo, hi).tile(self.geometry.taps)

    def matrix(self) -> NDArray[np.int64]:
        """The product as one matrix (outputs, taps · channels), zero outside an output's group."""
        outputs, rows, columns, width = self.weights.shape
        dense = np.zeros((outputs, rows, columns, self.groups, width), dtype=np.int64)
        own = np.arange(outputs) // (outputs // self.groups)
        dense[np.arange(outputs), :, :, own] = self.weights
        return dense.reshape(outputs, -1)

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        (x,) = codes
        reach = magnitude_bound(self.weights, x, self.pad)
        # In the product's type from here on: windows repeat every word once a tap.
        exact = exact_type(reach)
        windows = self.geometry.windows(x.astype(exact), np.array(self.pad).astype(exact))
        frames, *grid = windows.shape[:3]
        outputs, width = len(self.weights) // self.groups, self.weights.shape[-1]
        sums = []
        for group in range(self.groups):
            taken = windows[..., group * width : (group + 1) * width]
            # A frame a matrix: BLAS spends more on starting threads than on one small product.
            vectors = taken.reshape(frames, prod(grid), self.geometry.taps * width)
            weights = self.weights[group * outputs : (group + 1) * outputs].reshape(outputs, -1)
            sums.append(matmul_exact(vectors, weights.T, reach))
        total = np.concatenate(sums, axis=-1) if len(sums) > 1 else sums[0]
        return (total + np.array(self.bias, dtype=np.int64)).reshape(frames, *grid, len(self.weights))

    def front(self, source: Value, link: Format) -> list[Component]:
        """The window generator."""
        return window_front(self.geometry, source, link, self.pad)

    def product(self, source: Value) -> MatrixProduct:
        """One window times all kernels."""
        return MatrixProduct(self.matrix(), self.bias, self.window_interval(source))

    def window_product(self, source: Value) -> WindowProduct:
        """The kernels, and the windows that they meet."""
        words, geometry = self.window_interval(source), self.geometry
        window = geometry.kernel, geometry.stride, geometry.padding, geometry.dilation
        return WindowProduct(
            self.weights.reshape(len(self.weights), -1),
            self.bias,
            (int(words.lo.min()), int(words.hi.max())),
            (source.shape[0], source.shape[1]),
            window,
            self.pad,
            self.groups,
        )

    def describe(self) -> str:
        rows, columns = self.geometry.kernel
        grouped = f", {self.groups} groups" if self.groups > 1 else ""
        return f"conv {rows}×{columns} {self.weights.shape[-1] * self.groups}→{len(self.weights)}{grouped}"


def import_conv(node: OnnxNode, importer: Importer) -> Tensor:
    """Conv of an image (batch, channel, row, column) with constant weights."""
    x, constant = import_operands(node, importer)
    weights, groups = constant.integers, node.integer("group", 1)
    if weights.ndim != 4 or len(x.layout.shape) != 3:
        raise node.refuse(
            f"its weights have shape {weights.shape}; only 2-D images are supported, use a kernel of 1×K for 1-D"
        )
    outputs, width = weights.shape[:2]
    channels, rows, columns = x.layout.shape
    if channels != width * groups or outputs % groups:
        raise node.refuse(
            f"an image of {channels} channels meets weights {weights.shape} in {groups} groups; check the exporter"
        )
    geometry = read_geometry(node, weights.shape[2:], (rows, columns))
    x = rearrange(x, Layout.natural(x.layout.shape), (rows, columns, channels), node, importer)
    pad = _zero_codes(node, x) if geometry.pads else (0,) * channels
    product = _product(node, x, constant.scales_along(0), constant.scales_along(1), weights, groups)
    shaped = product.weights.reshape(outputs, width, *geometry.kernel).transpose(0, 2, 3, 1)
    value = importer.emit(Convolution(shaped, product.bias, geometry, pad, groups), (x.value,), node)
    return Real(value, Layout.channels_first((outputs, *value.shape[:2])), product.scale, product.offset)


def _zero_codes(node: OnnxNode, x: Real) -> tuple[int, ...]:
    codes = [-offset / scale for scale, offset in zip(x.scale, x.offset, strict=True)]
    if any(code.denominator != 1 or abs(code) > LIMIT for code in codes):
        raise node.refuse("it pads with 0, which none of its input's codes means; put a QuantizeLinear before it")
    return tuple(int(code) for code in codes)


def _product(
    node: OnnxNode,
    x: Real,
    output_scale: tuple[Fraction, ...] | None,
    input_scale: tuple[Fraction, ...] | None,
    weights: NDArray[np.int64],
    groups: int,
) -> Product:
    """Scales a group at a time; the groups' outputs need no scale in common."""
    outputs, width = weights.shape[:2]
    taps = weights.shape[2] * weights.shape[3]
    if output_scale is None and input_scale is None:
        raise node.refuse("its weights have a scale for each kernel position; use one a tensor or one a channel")
    bias = node.bias(2)
    bias = [Fraction(0)] * outputs if bias is None else bias
    if len(bias) != outputs:
        raise node.refuse(f"its bias has {len(bias)} numbers for {outputs} outputs; check the exporter")
    along = input_scale if output_scale is None and input_scale is not None else (Fraction(1),) * width
    own_scale = output_scale or (Fraction(1),) * outputs
    share = outputs // groups
    parts = []
    for group in range(groups):
        rows = slice(group * share, (group + 1) * share)
        channels = slice(group * width, (group + 1) * width)
        scale = [one * two for one, two in zip(x.scale[channels], along, strict=True) for _ in range(taps)]
        offset = [one * two for one, two in zip(x.offset[channels], along, strict=True) for _ in range(taps)]
        matrix = weights[rows].reshape(share, -1)
        parts.append(import_product(node, x, matrix, own_scale[rows], tuple(scale), tuple(offset), bias[rows]))
    return Product(
        np.concatenate([part.weights for part in parts]),
        tuple(number for part in parts for number in part.bias),
        tuple(number for part in parts for number in part.scale),
        tuple(number for part in parts for number in part.offset),
    )


ONNX = {"Conv": import_conv}
