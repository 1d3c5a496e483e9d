"""MaxPool: the largest code of each window; scales are positive, so it is the largest number too."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Codes, Layout, Real, Tensor
from shiftwright.ops.geometry import Geometry, read_geometry, window_front
from shiftwright.ops.lookup import Lookup
from shiftwright.ops.onnx_node import Importer, OnnxNode
from shiftwright.ops.reorder import rearrange
from shiftwright.ops.stage import Component
from shiftwright.rtl.format import Format
from shiftwright.rtl.pool import MaxTree


@dataclass(frozen=True, slots=True, eq=False)
class MaxPool(Operator):
    """Largest code a window and channel; padding is below every code."""

    geometry: Geometry

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        return (*self.geometry.output_grid(source.shape[0], source.shape[1]), source.channels), source.interval

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        (x,) = codes
        lowest = x.min(axis=(0, 1, 2), initial=np.iinfo(np.int64).max)
        return np.asarray(self.geometry.windows(x, lowest).max(axis=(3, 4)))

    def components(self, source: Value, link: Format, result: Format) -> list[Component]:
        """Windows, padded with each lane's lowest code, and a tree of comparisons."""
        lowest = tuple(lane.lo for lane in link.lanes)
        return [*window_front(self.geometry, source, link, lowest), MaxTree(self.geometry.taps, link)]

    def describe(self) -> str:
        return f"max pool {self.geometry.kernel[0]}×{self.geometry.kernel[1]}"


def import_max_pool(node: OnnxNode, importer: Importer) -> Tensor:
    """MaxPool of numbers or of codes; a pending clip passes through, since it is monotone."""
    if node.integer("ceil_mode", 0):
        raise node.refuse("ceil_mode is not supported; pad the image so that the windows fit exactly")
    if node.integer("storage_order", 0):
        raise node.refuse("storage_order is not supported; export the model without it")
    x = node.input(0)
    if isinstance(x, Codes):
        # The numbers behind the codes do not matter to their order.
        channels = x.value.channels
        bare = Real(x.value, x.layout, (Fraction(1),) * channels, (Fraction(0),) * channels)
        pooled = _pool(node, bare, importer)
        return Codes(pooled.value, pooled.layout, x.dtype, count=x.count)
    return _pool(node, node.real(0), importer)


def _pool(node: OnnxNode, x: Real, importer: Importer) -> Real:
    if len(x.layout.shape) != 3:
        raise node.refuse(f"its input has shape {x.layout.shape} a sample; only 2-D images are supported")
    channels, rows, columns = x.layout.shape
    geometry = read_geometry(node, node.integers("kernel_shape", ()), (rows, columns))
    if any(lines >= geometry.extent[side % 2] for side, lines in enumerate(geometry.padding)):
        raise node.refuse("its padding is as large as its kernel, so that some windows are empty; pad less")
    x = rearrange(x, Layout.natural(x.layout.shape), (rows, columns, channels), node, importer)
    made_by = importer.maker(x.value)
    if made_by is not None and isinstance(made_by.operator, Lookup):
        # Tables ascend: the largest code stands for the largest number, and is narrower.
        codes = importer.emit(MaxPool(geometry), made_by.inputs, node, "_codes")
        value = importer.emit(made_by.operator, (codes,), node)
    else:
        value = importer.emit(MaxPool(geometry), (x.value,), node)
    return replace(x, value=value, layout=Layout.channels_first((channels, *value.shape[:2])))


ONNX = {"MaxPool": import_max_pool}
