"""Gemm and MatMul: one constant matrix on a whole frame, or on each position of one.

A frame of any layout is multiplied as it streams: the matrix's columns are put in stream order."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.arith.kernels import matmul_exact
from shiftwright.errors import GraphError
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Layout, Real, Tensor
from shiftwright.ops.linear import Product, import_operands, import_product, magnitude_bound, product_interval
from shiftwright.ops.onnx_node import Importer, OnnxNode
from shiftwright.ops.reorder import rearrange
from shiftwright.ops.stage import Component, MatrixProduct, WindowProduct
from shiftwright.rtl.collect import Collect
from shiftwright.rtl.format import Format


@dataclass(frozen=True, slots=True, eq=False)
class Dense(Operator):
    """weights (outputs, inputs) · codes + bias; on each position of the frame, or on the frame as one vector."""

    weights: NDArray[np.int64]
    bias: tuple[int, ...]
    each_position: bool = False

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        vector = self._vector_interval(source)
        if vector.channels != self.weights.shape[1]:
            raise GraphError(f"{source.name}: {vector.channels} words meet a matrix of {self.weights.shape[1]} columns")
        grid = source.shape[:-1] if self.each_position else ()
        return (*grid, len(self.weights)), product_interval(self.weights, self.bias, vector)

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        (x,) = codes
        vectors = x if self.each_position else x.reshape(len(x), self.weights.shape[1])
        sums = matmul_exact(vectors, self.weights.T, magnitude_bound(self.weights, x))
        return sums + np.array(self.bias, dtype=np.int64)

    def describe(self) -> str:
        return f"dense {self.weights.shape[1]}→{self.weights.shape[0]}"

    def front(self, source: Value, link: Format) -> list[Component]:
        """Collects a frame's positions where the matrix takes them all at once."""
        return [] if self.each_position or source.positions == 1 else [Collect(source.positions, link.bits)]

    def product(self, source: Value) -> MatrixProduct:
        """The matrix as it is."""
        return MatrixProduct(self.weights, self.bias, self._vector_interval(source))

    def window_product(self, source: Value) -> WindowProduct:
        """The matrix, on each position or on the whole frame as one window."""
        kernel = (1, 1) if self.each_position else (1, source.positions)
        return WindowProduct(
            self.weights,
            self.bias,
            (int(source.interval.lo.min()), int(source.interval.hi.max())),
            (1, source.positions),
            (kernel, (1, 1), (0, 0, 0, 0), (1, 1)),
            (0,) * source.channels,
        )

    def _vector_interval(self, source: Value) -> Interval:
        return source.interval if self.each_position else source.interval.tile(source.positions)


def import_gemm(node: OnnxNode, importer: Importer) -> Tensor:
    """alpha·A·B + beta·C with constant B and C; A is (batch, inputs)."""
    x, weights = import_operands(node, importer)
    if node.integer("transA", 0):
        raise node.refuse("transA transposes the batch; export the model without it")
    if weights.integers.ndim != 2:
        raise node.refuse(f"its weights have {weights.integers.ndim} axes; only a plain matrix is supported")
    transposed = bool(node.integer("transB", 0))
    matrix = weights.integers if transposed else weights.integers.T
    alpha, beta = node.number("alpha", 1.0), node.number("beta", 1.0)
    if alpha <= 0:
        raise node.refuse(f"alpha is {alpha}; only a positive alpha is supported, put the sign into the weights")
    outputs = weights.scales_along(0 if transposed else 1)
    inputs = weights.scales_along(1 if transposed else 0)
    constants = node.bias(2)
    bias = [Fraction(0)] if constants is None else [beta * number for number in constants]
    if len(x.layout.shape) != 1:
        raise node.refuse(f"its input has shape {x.layout.shape} for each sample; flatten it first")
    return _whole_frame(node, importer, x, matrix, outputs, inputs, alpha, bias)


def import_matmul(node: OnnxNode, importer: Importer) -> Tensor:
    """A·B with constant B of two axes; A is (batch, …, inputs)."""
    x, weights = import_operands(node, importer)
    if weights.integers.ndim != 2:
        raise node.refuse(f"its weights have {weights.integers.ndim} axes; only a plain matrix is supported")
    matrix = weights.integers.T
    outputs, inputs = weights.scales_along(1), weights.scales_along(0)
    bias = [Fraction(0)]
    if len(x.layout.shape) == 1:
        return _whole_frame(node, importer, x, matrix, outputs, inputs, Fraction(1), bias)
    return _each_position(node, importer, x, matrix, outputs, inputs, bias)


def _whole_frame(
    node: OnnxNode,
    importer: Importer,
    x: Real,
    matrix: NDArray[np.int64],
    outputs: tuple[Fraction, ...] | None,
    inputs: tuple[Fraction, ...] | None,
    alpha: Fraction,
    bias: list[Fraction],
) -> Real:
    _check_columns(node, matrix, x.layout.shape[-1])
    channel = x.layout.order % x.value.channels
    product = _product(node, x, matrix, outputs, inputs, channel, alpha, bias)
    weights = np.empty_like(product.weights)
    weights[:, x.layout.order] = product.weights
    value = importer.emit(Dense(weights, product.bias), (x.value,), node)
    return Real(value, Layout.as_is((len(matrix),)), product.scale, product.offset)


def _each_position(
    node: OnnxNode,
    importer: Importer,
    x: Real,
    matrix: NDArray[np.int64],
    outputs: tuple[Fraction, ...] | None,
    inputs: tuple[Fraction, ...] | None,
    bias: list[Fraction],
) -> Real:
    _check_columns(node, matrix, x.layout.shape[-1])
    columns = x.layout.order.reshape(-1, matrix.shape[1])
    first = np.arange(len(columns), dtype=np.int64)[:, np.newaxis] * matrix.shape[1]
    if x.value.channels != matrix.shape[1] or not np.array_equal(columns, first + columns[0]):
        x = rearrange(x, Layout.as_is(x.layout.shape), x.layout.shape, node, importer)
        columns = first + np.arange(matrix.shape[1], dtype=np.int64)
    product = _product(node, x, matrix, outputs, inputs, columns[0], Fraction(1), bias)
    weights = np.empty_like(product.weights)
    weights[:, columns[0]] = product.weights
    value = importer.emit(Dense(weights, product.bias, each_position=True), (x.value,), node)
    return Real(value, Layout.as_is((*x.layout.shape[:-1], len(matrix))), product.scale, product.offset)


def _check_columns(node: OnnxNode, matrix: NDArray[np.int64], inputs: int) -> None:
    if matrix.shape[1] != inputs:
        raise node.refuse(f"a vector of {inputs} meets weights for {matrix.shape[1]}; check the exporter")


def _product(
    node: OnnxNode,
    x: Real,
    matrix: NDArray[np.int64],
    outputs: tuple[Fraction, ...] | None,
    inputs: tuple[Fraction, ...] | None,
    channel: NDArray[np.int64],
    alpha: Fraction,
    bias: list[Fraction],
) -> Product:
    """The exact integers for the matrix in the file's own column order; `channel` is each column's stream channel."""
    rows, columns = matrix.shape
    if len(bias) not in (1, rows):
        raise node.refuse(f"its bias has {len(bias)} numbers for {rows} outputs; check the exporter")
    along = inputs if outputs is None and inputs is not None else (Fraction(1),) * columns
    scale = tuple(x.scale[place] * own for place, own in zip(channel.tolist(), along, strict=True))
    offset = tuple(x.offset[place] * own for place, own in zip(channel.tolist(), along, strict=True))
    weight_scale = tuple(alpha * own for own in (outputs or (Fraction(1),) * rows))
    return import_product(node, x, matrix, weight_scale, scale, offset, bias * rows if len(bias) == 1 else bias)


ONNX = {"Gemm": import_gemm, "MatMul": import_matmul}
