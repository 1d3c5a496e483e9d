"""Operators that look at an image through a window, Conv and poolings; tensors are (batch, channel, row, column)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from rtl_tests.oracle.attributes import Attributes
from rtl_tests.oracle.tensor import FLOAT, Number, Tensor, indices


@dataclass(frozen=True, slots=True)
class Window:
    """Where a kernel looks: two axes each of kernel, stride and dilation, padding as (top, left, bottom, right)."""

    kernel: list[int]
    stride: list[int]
    dilation: list[int]
    padding: list[int]
    image: list[int]

    @classmethod
    def of(cls, attributes: Attributes, kernel: list[int], image: list[int]) -> "Window":
        """From a node's attributes; SAME pads to ceil(size / stride) outputs, the odd line last for SAME_UPPER."""
        assert len(kernel) == len(image) == 2
        assert attributes.integer("ceil_mode", 0) == 0
        stride = attributes.integers("strides", [1, 1])
        dilation = attributes.integers("dilations", [1, 1])
        padding = attributes.integers("pads", [0, 0, 0, 0])
        automatic = attributes.text("auto_pad", "NOTSET")
        if automatic == "VALID":
            padding = [0, 0, 0, 0]
        elif automatic != "NOTSET":
            for axis in (0, 1):
                outputs = -(-image[axis] // stride[axis])
                needed = (outputs - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1
                missing = max(0, needed - image[axis])
                less, more = missing // 2, missing - missing // 2
                padding[axis], padding[axis + 2] = (less, more) if automatic == "SAME_UPPER" else (more, less)
        return cls(kernel, stride, dilation, padding, image)

    def extent(self, axis: int) -> int:
        """Lines that the kernel spans, gaps included."""
        return (self.kernel[axis] - 1) * self.dilation[axis] + 1

    @property
    def outputs(self) -> tuple[int, int]:
        """Rows and columns that come out."""
        rows, columns = (
            (self.image[axis] + self.padding[axis] + self.padding[axis + 2] - self.extent(axis)) // self.stride[axis]
            + 1
            for axis in (0, 1)
        )
        return rows, columns

    def taps(self, row: int, column: int) -> Iterator[tuple[int, int, int, int]]:
        """(kernel row, kernel column, image row, image column) of the taps that fall on the image."""
        for down in range(self.kernel[0]):
            for across in range(self.kernel[1]):
                y = row * self.stride[0] - self.padding[0] + down * self.dilation[0]
                x = column * self.stride[1] - self.padding[1] + across * self.dilation[1]
                if 0 <= y < self.image[0] and 0 <= x < self.image[1]:
                    yield down, across, y, x


def conv(attributes: Attributes, x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    """Weights (outputs, inputs / group, rows, columns); padding is real zero."""
    group = attributes.integer("group", 1)
    batch, channels, *image = x.shape
    outputs, depth, *kernel = weights.shape
    assert channels == depth * group
    assert outputs % group == 0
    window = Window.of(attributes, kernel, image)
    shape = (batch, outputs, *window.outputs)
    sums: list[Number] = []
    for frame, output, row, column in indices(shape):
        first = output // (outputs // group) * depth
        total = Fraction(0) if bias is None else Fraction(bias[(output,)])
        for down, across, y, x_ in window.taps(row, column):
            for k in range(depth):
                total += x[(frame, first + k, y, x_)] * weights[(output, k, down, across)]
        sums.append(total)
    return Tensor(shape, sums, FLOAT)


def max_pool(attributes: Attributes, x: Tensor) -> Tensor:
    """The largest number under the window; padding never wins."""
    batch, channels, *image = x.shape
    window = Window.of(attributes, attributes.integers("kernel_shape", []), image)
    shape = (batch, channels, *window.outputs)
    largest: list[Number] = []
    for frame, channel, row, column in indices(shape):
        largest.append(max(x[(frame, channel, y, x_)] for _, _, y, x_ in window.taps(row, column)))
    return Tensor(shape, largest, x.kind)


def average_pool(attributes: Attributes, x: Tensor) -> Tensor:
    """The exact mean under the window, which must lie on the image."""
    batch, channels, *image = x.shape
    window = Window.of(attributes, attributes.integers("kernel_shape", []), image)
    assert not any(window.padding)
    shape = (batch, channels, *window.outputs)
    means: list[Number] = []
    for frame, channel, row, column in indices(shape):
        seen = [x[(frame, channel, y, x_)] for _, _, y, x_ in window.taps(row, column)]
        means.append(Fraction(sum(seen)) / len(seen))
    return Tensor(shape, means, FLOAT)


def global_average_pool(attributes: Attributes, x: Tensor) -> Tensor:
    """The exact mean of each channel, as a 1×1 image."""
    batch, channels, rows, columns = x.shape
    means: list[Number] = []
    for frame, channel in indices((batch, channels)):
        total = sum(x[(frame, channel, row, column)] for row, column in indices((rows, columns)))
        means.append(Fraction(total) / (rows * columns))
    return Tensor((batch, channels, 1, 1), means, FLOAT)
