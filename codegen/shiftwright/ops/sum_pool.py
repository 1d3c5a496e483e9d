"""AveragePool and GlobalAveragePool: the sum of each window; the division by its size goes into the scale, exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Layout, Real, Tensor
from shiftwright.ops.clamp import settle
from shiftwright.ops.geometry import Geometry, read_geometry, window_front
from shiftwright.ops.onnx_node import Importer, OnnxNode
from shiftwright.ops.reorder import rearrange
from shiftwright.ops.stage import Component, MatrixProduct
from shiftwright.rtl.format import Format
from shiftwright.rtl.frame_sum import FrameSum


@dataclass(frozen=True, slots=True, eq=False)
class SumPool(Operator):
    """Sum of the codes a window and channel; never padded."""

    geometry: Geometry

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        grid = self.geometry.output_grid(source.shape[0], source.shape[1])
        pairs = source.interval.pairs()
        taps = self.geometry.taps
        return (*grid, source.channels), Interval.of([lo * taps for lo, _ in pairs], [hi * taps for _, hi in pairs])

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        (x,) = codes
        return np.asarray(self.geometry.windows(x, np.zeros(x.shape[-1], dtype=np.int64)).sum(axis=(3, 4)))

    def front(self, source: Value, link: Format) -> list[Component]:
        """An accumulator a channel over a whole frame, otherwise the window generator."""
        if self._whole_frame(source):
            return [FrameSum(source.positions, link, Format.of(self._sums(source)))]
        return window_front(self.geometry, source, link, ())

    def product(self, source: Value) -> MatrixProduct:
        """Ones over the taps of each channel; nothing is left to add after a whole frame's accumulators."""
        identity = np.eye(source.channels, dtype=np.int64)
        if self._whole_frame(source):
            return MatrixProduct(identity, (0,) * source.channels, self._sums(source))
        taps = self.geometry.taps
        return MatrixProduct(np.tile(identity, (1, taps)), (0,) * source.channels, source.interval.tile(taps))

    def _whole_frame(self, source: Value) -> bool:
        return self.geometry.kernel == source.shape[:2] and self.geometry.taps > 1

    def _sums(self, source: Value) -> Interval:
        return self.infer((source,))[1]

    def describe(self) -> str:
        return f"sum pool {self.geometry.kernel[0]}×{self.geometry.kernel[1]}"


def import_average_pool(node: OnnxNode, importer: Importer) -> Tensor:
    """AveragePool without padding, or GlobalAveragePool."""
    x = settle(node.real(0), node, importer)
    if len(x.layout.shape) != 3:
        raise node.refuse(f"its input has shape {x.layout.shape} a sample; only 2-D images are supported")
    channels, rows, columns = x.layout.shape
    if node.op_type == "GlobalAveragePool":
        geometry = Geometry((rows, columns))
    else:
        geometry = read_geometry(node, node.integers("kernel_shape", ()), (rows, columns))
        if node.integer("ceil_mode", 0) or geometry.pads:
            raise node.refuse("padding and ceil_mode are not supported for averages; pad the image before, in a Conv")
    x = rearrange(x, Layout.natural(x.layout.shape), (rows, columns, channels), node, importer)
    value = importer.emit(SumPool(geometry), (x.value,), node)
    layout = Layout.channels_first((channels, *value.shape[:2]))
    return Real(value, layout, tuple(scale / geometry.taps for scale in x.scale), x.offset)


ONNX = {"AveragePool": import_average_pool, "GlobalAveragePool": import_average_pool}
