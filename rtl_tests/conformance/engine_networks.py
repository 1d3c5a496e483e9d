"""One layer of each shape in each number system, and all shapes in a row: what every engine has to compute."""

from collections.abc import Callable

import numpy as np
import onnx
from numpy.typing import NDArray

from rtl_tests.oracle.network import Network

Draw = Callable[[tuple[int, ...]], NDArray[np.int64]]


def _one_of(*magnitudes: int) -> Draw:
    """Weights of either sign, or 0, seeded by their shape."""
    numbers = np.array([0, *magnitudes, *(-magnitude for magnitude in magnitudes)], dtype=np.int64)
    return lambda shape: np.random.default_rng(shape).choice(numbers, shape)


SYSTEMS: dict[str, Draw] = {
    "ternary": _one_of(1),
    "powers_of_two": _one_of(1, 2, 4, 8),
    "root_two": _one_of(8, 11, 16, 22),
    "two_powers": _one_of(1, 2, 3, 4, 5, 6, 8, 9, 10, 12),
    "uniform": _one_of(*range(1, 8)),
}


def dense(draw: Draw) -> onnx.ModelProto:
    """Two vectors of six words in four outputs, signed codes."""
    chain = Network(["N", 2, 6])
    product = chain.node("MatMul", [chain.activation("x", 0.25, clip=(-8, 7)), chain.weights(draw((6, 4)), 0.125)])
    return chain.model(chain.activation(product, 0.5, clip=(-16, 15)))


def whole_frame(draw: Draw) -> onnx.ModelProto:
    """An image, flattened, unsigned codes; the sums leave unrounded."""
    chain = Network(["N", 4, 2, 3])
    flat = chain.node("Flatten", [chain.activation("x", 0.25, kind="uint8", clip=(0, 15))], axis=1)
    return chain.model(chain.node("Gemm", [flat, chain.weights(draw((24, 6)), 0.125)]))


def convolution(draw: Draw, weights: tuple[int, ...], groups: int = 1, **attributes: list[int]) -> onnx.ModelProto:
    """Images of five by six, a bias, a Relu that saturates."""
    channels = weights[1] * groups
    chain = Network(["N", channels, 5, 6])
    codes = chain.activation("x", 0.25, clip=(-8, 7))
    bias = chain.constant("float", (np.arange(weights[0]) % 5 * 0.25 - 0.25 + 1 / 64).astype(np.float32))
    product = chain.node("Conv", [codes, chain.weights(draw(weights), 0.125), bias], group=groups, **attributes)
    return chain.model(chain.activation(chain.node("Relu", [product]), 0.5, kind="uint8", clip=(0, 7)))


def one_by_one(draw: Draw) -> onnx.ModelProto:
    """Each pixel is its own window."""
    return convolution(draw, (6, 4, 1, 1))


def stride_two(draw: Draw) -> onnx.ModelProto:
    """3×3 with padding all around."""
    return convolution(draw, (4, 2, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])


def depthwise(draw: Draw) -> onnx.ModelProto:
    """Each channel its own kernel."""
    return convolution(draw, (4, 1, 3, 3), 4, pads=[1, 1, 0, 0])


def grouped(draw: Draw) -> onnx.ModelProto:
    """Two groups of two channels, three outputs each, and gaps between the taps."""
    return convolution(draw, (6, 2, 2, 2), 2, dilations=[2, 1])


SHAPES = {build.__name__: build for build in (dense, whole_frame, one_by_one, stride_two, depthwise, grouped)}


def all_in_a_row(draw: Draw) -> onnx.ModelProto:
    """3×3 with stride 2, depthwise, 1×1, grouped, flattened into two dense layers: every link between engines."""
    chain = Network(["N", 2, 6, 6])
    flow = chain.activation("x", 0.25, clip=(-8, 7))
    shapes = [
        ((4, 2, 3, 3), 1, [2, 2]),
        ((4, 1, 2, 2), 4, [1, 1]),
        ((6, 4, 1, 1), 1, [1, 1]),
        ((4, 3, 1, 1), 2, [1, 1]),
    ]
    for weights, groups, strides in shapes:
        pads = [1, 1, 1, 1] if weights[2] == 3 else [0, 0, 0, 0]
        attributes = {"group": groups, "strides": strides, "pads": pads}
        product = chain.node("Conv", [flow, chain.weights(draw(weights), 0.125)], **attributes)
        flow = chain.activation(chain.node("Relu", [product]), 0.5, kind="uint8", clip=(0, 15))
    flow = chain.node("Gemm", [chain.node("Flatten", [flow], axis=1), chain.weights(draw((16, 6)), 0.125)])
    flow = chain.activation(flow, 1.0, clip=(-8, 7))
    return chain.model(chain.node("Gemm", [flow, chain.weights(draw((6, 4)), 0.125)]))
