"""Sliding windows over an image: shared by convolution and pooling.

Sizes are (rows, columns); padding is (top, left, bottom, right), as ONNX writes it."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import GraphError
from shiftwright.ir.core import Value
from shiftwright.ops.onnx_node import OnnxNode
from shiftwright.ops.stage import Component
from shiftwright.rtl.format import Format
from shiftwright.rtl.window import Window

Word = TypeVar("Word", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Kernel, stride, padding and dilation of a window."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns a dilated kernel spans."""
        return (self.kernel[0] - 1) * self.dilation[0] + 1, (self.kernel[1] - 1) * self.dilation[1] + 1

    @property
    def taps(self) -> int:
        """Words in a window."""
        return self.kernel[0] * self.kernel[1]

    @property
    def pads(self) -> bool:
        """Whether any window sees padding."""
        return any(self.padding)

    @property
    def is_wire(self) -> bool:
        """Whether each position is its own window."""
        return self.kernel == (1, 1) and self.stride == (1, 1) and not self.pads

    def output_grid(self, rows: int, columns: int) -> tuple[int, int]:
        """Windows down and across an image; GraphError if none fits."""
        top, left, bottom, right = self.padding
        down = (rows + top + bottom - self.extent[0]) // self.stride[0] + 1
        across = (columns + left + right - self.extent[1]) // self.stride[1] + 1
        if down < 1 or across < 1:
            raise GraphError(f"a {self.extent[0]}×{self.extent[1]} window does not fit a {rows}×{columns} image")
        return down, across

    def windows(self, image: NDArray[Word], pad: NDArray[Word]) -> NDArray[Word]:
        """(batch, rows, columns, channels) to (batch, down, across, kernel rows, kernel columns, channels).

        `pad` (channels,) holds the code of padded positions."""
        top, left, bottom, right = self.padding
        if self.pads:
            batch, rows, columns, channels = image.shape
            padded = np.empty((batch, rows + top + bottom, columns + left + right, channels), dtype=image.dtype)
            padded[:] = pad
            padded[:, top : top + rows, left : left + columns] = image
            image = padded
        view = np.lib.stride_tricks.sliding_window_view(image, self.extent, axis=(1, 2))
        stepped = view[:, :: self.stride[0], :: self.stride[1], :, :: self.dilation[0], :: self.dilation[1]]
        return np.moveaxis(stepped, 3, -1)


def window_front(geometry: Geometry, source: Value, link: Format, pad: tuple[int, ...]) -> list[Component]:
    """The window generator over `source`, padded with the codes `pad`; nothing where positions are windows."""
    if geometry.is_wire:
        return []
    rows, columns, _ = source.shape
    return [
        Window(
            rows,
            columns,
            link.bits,
            geometry.kernel,
            geometry.stride,
            geometry.padding,
            geometry.dilation,
            link.pack(pad) if geometry.pads else 0,
        )
    ]


def read_geometry(node: OnnxNode, kernel: tuple[int, ...], grid: tuple[int, ...]) -> Geometry:
    """The window of a Conv or pooling node over an image of `grid` rows and columns."""
    if len(kernel) != 2 or len(grid) != 2:
        raise node.refuse(
            f"its input has {len(grid)} image axes; only 2-D images are supported, use a kernel of 1×K for 1-D"
        )
    stride, dilation = node.pair("strides"), node.pair("dilations")
    size = (kernel[0], kernel[1])
    if min(*size, *stride, *dilation) < 1:
        raise node.refuse("kernel, stride and dilation must be at least 1; check the exporter")
    bare = Geometry(size, stride, dilation=dilation)
    automatic = node.text("auto_pad", "NOTSET")
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        padding = _same_padding(bare, grid, extra_first=automatic == "SAME_LOWER")
    elif automatic == "VALID":
        padding = (0, 0, 0, 0)
    else:
        pads = node.integers("pads", (0, 0, 0, 0))
        if len(pads) != 4:
            raise node.refuse(f"its pads are {list(pads)}; an image takes top, left, bottom and right")
        if min(pads) < 0:
            raise node.refuse(f"negative pads {list(pads)} crop the image; crop it before the network")
        padding = (pads[0], pads[1], pads[2], pads[3])
    return Geometry(size, stride, padding, dilation)


def _same_padding(geometry: Geometry, grid: tuple[int, ...], extra_first: bool) -> tuple[int, int, int, int]:
    before, after = [0, 0], [0, 0]
    for axis in (0, 1):
        outputs = -(-grid[axis] // geometry.stride[axis])
        total = max(0, (outputs - 1) * geometry.stride[axis] + geometry.extent[axis] - grid[axis])
        small, large = total // 2, total - total // 2
        before[axis], after[axis] = (large, small) if extra_first else (small, large)
    return before[0], before[1], after[0], after[1]
