"""Small networks that together use every operator with hardware, each for one feature; the docstring says which."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from rtl_tests.oracle.network import KIND, Network

Build = Callable[[], onnx.ModelProto]
"""The function's name is the test's."""

NETWORKS: list[Build] = []


def network(build: Build) -> Build:
    """Appends to the collection."""
    NETWORKS.append(build)
    return build


def small(*shape: int) -> NDArray[np.int64]:
    """Weights of three bits and a sign, seeded by their shape."""
    return np.random.default_rng(shape).integers(-7, 8, shape)


def convolution(
    weights: NDArray[np.int64],
    image: tuple[int, int],
    zero_point: int = 0,
    kind: str = "int8",
    clip: tuple[int | None, int | None] | None = (-16, 15),
    **attributes: Any,
) -> onnx.ModelProto:
    """Images of narrow codes through a Conv with a bias, quantized by a step that is no power of two."""
    chain = Network(["N", weights.shape[1], *image])
    codes = chain.activation("x", 0.125, zero_point, kind, clip)
    bias = chain.constant("float", np.linspace(-1, 1, len(weights)).astype(np.float32))
    product = chain.node("Conv", [codes, chain.weights(weights, 0.0625), bias], **attributes)
    return chain.model(chain.activation(product, 0.3, 1, clip=(-8, 7)))


@network
def dense_accumulators_leave_the_chip() -> onnx.ModelProto:
    """int8 codes in, a Gemm with a scale for each output, sums out."""
    chain = Network(["N", 5], "int8")
    weights = chain.weights(small(5, 4), [0.1, 0.03, 0.5, 1 / 3], [0, 1, -2, 3], axis=1)
    return chain.model(chain.node("Gemm", [chain.dequantize("x", 0.1, 3), weights]))


@network
def dense_on_a_whole_image() -> onnx.ModelProto:
    """Flatten: the positions of a frame are collected before the matrix."""
    chain = Network(["N", 2, 2, 3])
    flat = chain.node("Flatten", [chain.activation("x", 0.125, 2, clip=(-8, 7))], axis=1)
    return chain.model(chain.activation(chain.node("Gemm", [flat, chain.weights(small(12, 3), 0.05)]), 0.4, -3))


@network
def dense_on_each_position() -> onnx.ModelProto:
    """A MatMul on rows of features: four positions a frame."""
    chain = Network(["N", 4, 3])
    product = chain.node("MatMul", [chain.activation("x", 0.1, 5, "uint8"), chain.weights(small(3, 2), 0.05)])
    return chain.model(chain.activation(product, 0.7, kind="uint8"))


@network
def dense_of_one_word() -> onnx.ModelProto:
    """One number in, one number out: the narrowest stream there is."""
    chain = Network(["N", 1])
    return chain.model(chain.node("MatMul", [chain.activation("x", 0.5, clip=(0, 1)), chain.weights([[3]], 0.5)]))


@network
def dense_with_outputs_that_are_constant() -> onnx.ModelProto:
    """A row of zero weights with a bias and one without: no adder at all, and still a lane."""
    chain = Network(["N", 3])
    weights = small(3, 4) * [0, 1, 0, 2]
    bias = chain.weights([50, 7, 0, -3], 0.1 * 0.5, kind="int32")
    product = chain.node("Gemm", [chain.activation("x", 0.1, clip=(-8, 7)), chain.weights(weights, 0.5), bias])
    return chain.model(chain.activation(product, 0.25, clip=(-8, 7)))


@network
def dense_of_long_words() -> onnx.ModelProto:
    """int16 codes, weights of four bits: sums of more than 16 bits travel in containers of 32."""
    chain = Network(["N", 4], "int16")
    weights = chain.weights(small(4, 2), 2.0**-4)
    return chain.model(chain.node("MatMul", [chain.dequantize("x", 2.0**-8, kind="int16"), weights]))


@network
def dense_of_longer_words() -> onnx.ModelProto:
    """int16 codes and weights: sums of more than 32 bits travel in containers of 64."""
    chain = Network(["N", 4], "int16")
    weights = chain.weights(small(4, 2) * 4096 + 5, 2.0**-12, kind="int16")
    return chain.model(chain.node("MatMul", [chain.dequantize("x", 2.0**-8, kind="int16"), weights]))


@network
def convolution_of_one_pixel() -> onnx.ModelProto:
    """1×1: each position is its own window."""
    return convolution(small(3, 2, 1, 1), (3, 4), 60, "uint8", (40, 80))


@network
def convolution_with_stride_and_padding() -> onnx.ModelProto:
    """3×3, stride 2, one line of padding all around."""
    return convolution(small(2, 1, 3, 3), (5, 5), strides=[2, 2], pads=[1, 1, 1, 1])


@network
def convolution_with_uneven_padding() -> onnx.ModelProto:
    """Every side its own; padding is the code of real zero, which no clipped pixel reaches."""
    return convolution(small(2, 2, 2, 3), (4, 4), 60, "uint8", (64, 95), pads=[0, 1, 2, 0])


@network
def convolution_with_gaps() -> onnx.ModelProto:
    """Dilation 2 down and 3 across."""
    return convolution(small(2, 1, 2, 2), (5, 6), dilations=[2, 3], pads=[1, 0, 1, 0])


@network
def convolution_that_skips_pixels() -> onnx.ModelProto:
    """A stride longer than the kernel; the last row and column are never read."""
    return convolution(small(2, 1, 2, 2), (6, 7), strides=[3, 3])


@network
def convolution_as_large_as_the_image() -> onnx.ModelProto:
    """One window a frame."""
    return convolution(small(2, 1, 3, 4), (3, 4))


@network
def convolution_of_a_column() -> onnx.ModelProto:
    """An image one pixel wide."""
    return convolution(small(2, 1, 3, 1), (6, 1), pads=[1, 0, 1, 0])


@network
def convolution_with_more_padding_than_image() -> onnx.ModelProto:
    """Some windows see nothing but padding, before the frame and after it."""
    return convolution(small(2, 1, 2, 2), (2, 2), 4, pads=[2, 2, 2, 2])


@network
def two_convolutions_and_a_dense_layer() -> onnx.ModelProto:
    """The common case: conv, Relu, max pool, conv, Relu, Flatten, Gemm, with scales a channel."""
    chain = Network(["N", 1, 6, 6])
    kernels = chain.weights(small(3, 1, 3, 3), [0.5, 0.25, 0.125], [0, 0, 0], axis=0)
    first = chain.node("Conv", [chain.activation("x", 0.25, clip=(-8, 7)), kernels], pads=[1, 1, 1, 1])
    codes = chain.activation(chain.node("Relu", [first]), 0.5, kind="uint8", clip=(0, 15))
    pooled = chain.node("MaxPool", [codes], kernel_shape=[2, 2], strides=[2, 2])
    second = chain.node("Conv", [pooled, chain.weights(small(2, 3, 2, 2), 0.125)])
    codes = chain.activation(chain.node("Relu", [second]), 0.5, kind="uint8", clip=(0, 15))
    return chain.model(chain.node("Gemm", [chain.node("Flatten", [codes], axis=1), chain.weights(small(8, 3), 0.1)]))


def pooled(pool: str, *before: str, after: bool = True, **attributes: Any) -> onnx.ModelProto:
    """Conv, operators named by `before`, a pooling, and a quantizer if `after`."""
    chain = Network(["N", 1, 5, 6])
    flow = chain.node("Conv", [chain.activation("x", 0.125, clip=(-8, 7)), chain.weights(small(2, 1, 2, 2), 0.0625)])
    for name in before:
        flow = chain.activation(flow, 0.25, -3, clip=(-8, 7)) if name == "Quantize" else chain.node(name, [flow])
    flow = chain.node(pool, [flow], **attributes)
    return chain.model(chain.activation(flow, 0.3, 3, clip=(-8, 7)) if after else flow)


@network
def max_pool_with_padding() -> onnx.ModelProto:
    """Padding never wins, though most codes are negative; rounded again by another step behind it."""
    return pooled("MaxPool", "Quantize", kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 0, 2])


@network
def max_pool_of_sums() -> onnx.ModelProto:
    """Accumulators are pooled and rounded after: a requantizer without a matrix."""
    return pooled("MaxPool", kernel_shape=[2, 2])


@network
def max_pool_leaves_the_chip() -> onnx.ModelProto:
    """Dilated, the last layer."""
    return pooled("MaxPool", "Quantize", after=False, kernel_shape=[2, 2], dilations=[2, 3])


@network
def average_pool() -> onnx.ModelProto:
    """Sums of windows of six; a sixth passes into the next scale."""
    return pooled("AveragePool", "Quantize", kernel_shape=[2, 3], strides=[2, 1])


@network
def average_pool_of_clipped_sums() -> onnx.ModelProto:
    """Relu with no quantizer before the pool: the bend is a clamp of its own."""
    return pooled("AveragePool", "Relu", kernel_shape=[2, 2])


@network
def global_average_pool() -> onnx.ModelProto:
    """One sum a channel over the whole frame."""
    return pooled("GlobalAveragePool", "Quantize")


@network
def global_average_pool_leaves_the_chip() -> onnx.ModelProto:
    """Its sums, unrounded."""
    return pooled("GlobalAveragePool", "Quantize", after=False)


@network
def clamp_leaves_the_chip() -> onnx.ModelProto:
    """Relu as the last operator: sums, held from below."""
    chain = Network(["N", 4])
    product = chain.node("MatMul", [chain.activation("x", 0.125, clip=(-8, 7)), chain.weights(small(4, 3), 0.25)])
    return chain.model(chain.node("Relu", [product]))


@network
def clamp_between_grid_points() -> onnx.ModelProto:
    """Clip bounds that are no multiple of the sum's step: the clamp multiplies first."""
    chain = Network(["N", 4])
    product = chain.node("MatMul", [chain.activation("x", 0.125, clip=(-8, 7)), chain.weights(small(4, 3), 0.25)])
    return chain.model(chain.clip(product, -0.265625, 0.640625))


@network
def clamp_of_codes_that_come_in() -> onnx.ModelProto:
    """An integer input, clipped before anything else."""
    chain = Network(["N", 3], "int8")
    codes = chain.dequantize(chain.clip("x", -20, 90, kind="int8"), 0.1)
    return chain.model(chain.node("MatMul", [codes, chain.weights(small(3, 2), 0.5)]))


def rounded(scale: float, *bias: float, zero_point: int = 0) -> onnx.ModelProto:
    """Sums in steps of 1, and biases, rounded to four bits by `scale`."""
    chain = Network(["N", 3])
    inputs = [chain.activation("x", 1.0, clip=(-8, 7)), chain.weights(small(3, 3), 1.0), chain.constant("float", bias)]
    return chain.model(chain.activation(chain.node("Gemm", inputs), scale, zero_point, clip=(-8, 7)))


@network
def requantize_by_a_wire() -> onnx.ModelProto:
    """Biases half a step off the grid and a power of two: no tie, only a shift."""
    return rounded(8.0, 0.5, -2.5, 1.5)


@network
def requantize_by_a_constant() -> onnx.ModelProto:
    """A step of 5.3: multiply, add, shift."""
    return rounded(5.3, 0.1, 0.2, 0.3)


@network
def requantize_half_to_even() -> onnx.ModelProto:
    """A power of two and whole biases: ties, which go to the even neighbour."""
    return rounded(8.0, 0, 4, -3, zero_point=1)


@network
def requantize_by_search() -> onnx.ModelProto:
    """A step of six: ties, and no shift that meets them; thresholds are compared."""
    return rounded(6.0, 3, 0, -1)


@network
def requantize_each_channel_its_own_way() -> onnx.ModelProto:
    """Scales and zero points a channel, one of each kind, in one layer."""
    chain = Network(["N", 3])
    bias = chain.constant("float", [0.5, 0.0, 3.0])
    inputs = [chain.activation("x", 1.0, clip=(-8, 7)), chain.weights(small(3, 3), 1.0), bias]
    return chain.model(chain.activation(chain.node("Gemm", inputs), [8.0, 5.3, 6.0], [0, 0, 0], axis=1, clip=(-8, 7)))


@network
def image_with_its_channels_last() -> onnx.ModelProto:
    """A Transpose of the input streams as it is; its channels travel side by side."""
    chain = Network(["N", 3, 4, 2])
    image = chain.activation(chain.node("Transpose", ["x"], perm=[0, 3, 1, 2]), 0.125, 5, clip=(-8, 7))
    return chain.model(chain.node("Conv", [image, chain.weights(small(2, 2, 2, 2), 0.1)], pads=[1, 0, 0, 1]))


@network
def powers_of_two_between_dense_layers() -> onnx.ModelProto:
    """Thresholds behind sums with a bias, and the lookup in the next matrix's stage; codes of both signs."""
    chain = Network(["N", 4])
    bias = chain.constant("float", np.array([0.3, -1.0, 0.5]))
    inputs = [chain.activation("x", 0.125, clip=(-8, 7)), chain.weights(small(4, 3), 0.25), bias]
    flow = chain.logarithmic(chain.node("Gemm", inputs), 0.25, 4, signed=True)
    return chain.model(chain.node("Gemm", [flow, chain.weights(small(3, 2), 0.5)]))


def powers_in_images(*before: str, behind: tuple[str, ...] = (), last: str = "Conv") -> onnx.ModelProto:
    """Conv, operators, powers of two, operators, and a padded Conv or nothing."""
    chain = Network(["N", 1, 5, 6])
    flow = chain.node("Conv", [chain.activation("x", 0.125, clip=(-8, 7)), chain.weights(small(2, 1, 2, 2), 0.0625)])
    for name in before:
        flow = chain.node(name, [flow], **({} if name == "Relu" else {"kernel_shape": [2, 2]}))
    flow = chain.logarithmic(flow, 0.0625, 5)
    for name in behind:
        flow = chain.node(name, [flow], **({} if name.startswith("Global") else {"kernel_shape": [2, 2]}))
    if last:
        weights = chain.weights(small(3, 2, 3, 2), [0.5, 0.1, 0.25], [0, 0, 0], axis=0)
        flow = chain.node(last, [flow, weights], pads=[1, 1, 1, 0])
    return chain.model(flow)


@network
def powers_of_two_in_a_padded_convolution() -> onnx.ModelProto:
    """Relu before the thresholds; windows are padded with the number 0, behind the lookup."""
    return powers_in_images("Relu")


@network
def powers_of_two_behind_a_max_pool() -> onnx.ModelProto:
    """Sums are pooled; thresholds without a matrix."""
    return powers_in_images("MaxPool")


@network
def powers_of_two_before_a_max_pool() -> onnx.ModelProto:
    """Codes are pooled, and looked up behind the pool."""
    return powers_in_images("Relu", behind=("MaxPool",))


@network
def powers_of_two_averaged() -> onnx.ModelProto:
    """Sums of windows of numbers."""
    return powers_in_images("Relu", behind=("AveragePool",), last="")


@network
def powers_of_two_averaged_over_the_frame() -> onnx.ModelProto:
    """One sum a channel, of numbers."""
    return powers_in_images(behind=("GlobalAveragePool",), last="")


@network
def powers_of_two_leave_the_chip() -> onnx.ModelProto:
    """The lookup is a stage of its own, the last one."""
    return powers_in_images(last="")


@network
def counts_leave_the_chip() -> onnx.ModelProto:
    """The codes of uneven thresholds, some of them out of reach."""
    chain = Network(["N", 4])
    product = chain.node("MatMul", [chain.activation("x", 0.125, clip=(-8, 7)), chain.weights(small(4, 3), 0.25)])
    return chain.model(chain.count(product, [-1e3, -(2**0.5), 0.1, 2.0, 1e6]), "int32")


@network
def codes_come_in_to_a_table() -> onnx.ModelProto:
    """An integer input of nine codes, padded windows of whose numbers meet a matrix: a table that 0 is not in."""
    chain = Network(["N", 2, 3, 4], "uint8")
    codes = chain.node("Cast", [chain.clip("x", None, 8, kind="uint8")], to=KIND["int32"])
    numbers = chain.look_up(codes, [-6, -5, -3, -2, 1, 2, 3, 5, 8])
    return chain.model(chain.node("Conv", [numbers, chain.weights(small(2, 2, 2, 2), 0.5)], pads=[1, 1, 0, 0]))
