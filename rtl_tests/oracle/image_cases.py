"""One readable network a feature of images: convolutions, poolings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtl_tests.oracle.cases import Case, registrar
from rtl_tests.oracle.network import Network
from rtl_tests.oracle.random_models import Example

CASES: list[Case] = []
case = registrar(CASES)


def frames(*shape: int) -> NDArray[np.generic]:
    """Four random images within ±14, beyond what a step of 0.1 can hold."""
    return np.random.default_rng(shape).uniform(-14, 14, (4, *shape)).astype(np.float32)


def kernel(*shape: int) -> NDArray[np.int64]:
    """Random int8 weights."""
    return np.random.default_rng(shape).integers(-128, 128, shape)


def convolution(channels: int, weights: NDArray[np.int64], zero_point: int = 0, **attributes: Any) -> Example:
    """`channels` × 5 × 6 images through a Conv with a float bias, quantized before and after."""
    network = Network(["N", channels, 5, 6])
    bias = network.constant("float", [0.3, -1 / 3, 2.0, -5.0, 0.1, 0.0][: len(weights)])
    inputs = [network.activation("x", 0.1, zero_point), network.weights(weights, 0.01), bias]
    product = network.node("Conv", inputs, **attributes)
    return Example(network.model(network.activation(product, 0.5, -3)), frames(channels, 5, 6))


@case
def conv_without_padding() -> Example:
    """A 2×3 kernel."""
    return convolution(2, kernel(3, 2, 2, 3))


@case
def conv_of_one_pixel() -> Example:
    """1×1."""
    return convolution(3, kernel(4, 3, 1, 1))


@case
def conv_pads_with_real_zero() -> Example:
    """Padding is the zero point's code, 60, not code 0; each side has its own width."""
    return convolution(2, kernel(3, 2, 3, 3), zero_point=60, pads=[0, 1, 2, 0])


@case
def conv_with_strides() -> Example:
    """2 down, 3 across; the last columns are never read."""
    return convolution(2, kernel(3, 2, 2, 2), strides=[2, 3])


@case
def conv_with_dilations() -> Example:
    """A 3×2 kernel with gaps, padded."""
    return convolution(2, kernel(3, 2, 3, 2), dilations=[2, 3], pads=[1, 1, 1, 1])


@case
def conv_same_upper() -> Example:
    """The odd line of padding comes last."""
    return convolution(2, kernel(3, 2, 2, 3), zero_point=-9, auto_pad="SAME_UPPER", strides=[2, 2])


@case
def conv_same_lower() -> Example:
    """The odd line of padding comes first."""
    return convolution(2, kernel(3, 2, 2, 3), zero_point=-9, auto_pad="SAME_LOWER")


@case
def conv_same_with_dilations() -> Example:
    """The padding counts the gaps; onnxruntime refuses this one."""
    return convolution(2, kernel(3, 2, 2, 2), zero_point=-9, auto_pad="SAME_UPPER", dilations=[2, 3])


@case
def conv_valid() -> Example:
    """No padding, said in words."""
    return convolution(2, kernel(3, 2, 2, 3), auto_pad="VALID")


@case
def conv_in_groups() -> Example:
    """Two groups of two inputs and three outputs."""
    return convolution(4, kernel(6, 2, 2, 2), group=2)


@case
def conv_depthwise() -> Example:
    """One group a channel, two outputs each, padded."""
    return convolution(3, kernel(6, 1, 3, 3), zero_point=5, group=3, pads=[1, 1, 1, 1])


@case
def conv_with_weights_per_channel() -> Example:
    """Scales and zero points per output, an int32 bias with scales of its own."""
    network = Network(["N", 2, 4, 4])
    weights = network.weights(kernel(3, 2, 3, 3), [0.1, 0.03, 1 / 3], [0, 9, -128], axis=0)
    bias = network.weights([30, -7, 100000], [0.01, 0.1 * 0.03, 0.25], kind="int32", axis=0)
    product = network.node("Conv", [network.activation("x", 0.1), weights, bias], pads=[1, 1, 1, 1])
    return Example(network.model(network.activation(product, 4.0)), frames(2, 4, 4))


def pooled(*order: str, after: bool = True, **pool: Any) -> Example:
    """Conv, then operators in the order named, then a quantizer if `after`."""
    network = Network(["N", 2, 5, 6])
    bias = network.constant("float", [0.25, -0.5, 2.0])
    flow = network.node("Conv", [network.activation("x", 0.125), network.weights(kernel(3, 2, 2, 2), 0.03125), bias])
    for name in order:
        match name:
            case "Quantize":
                flow = network.activation(flow, 0.5, -3)
            case "Relu" | "GlobalAveragePool":
                flow = network.node(name, [flow])
            case _:
                flow = network.node(name, [flow], **pool)
    return Example(network.model(network.activation(flow, 0.5, 3) if after else flow), frames(2, 5, 6))


@case
def max_pool_of_accumulators() -> Example:
    """Padding never wins, though most sums are negative."""
    return pooled("MaxPool", kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 0, 2])


@case
def max_pool_of_dequantized_codes() -> Example:
    """Of codes with a zero point."""
    return pooled("Quantize", "MaxPool", kernel_shape=[3, 2], pads=[0, 1, 1, 0])


@case
def max_pool_same() -> Example:
    """SAME_LOWER with strides."""
    return pooled("Quantize", "MaxPool", kernel_shape=[2, 2], strides=[3, 2], auto_pad="SAME_LOWER")


@case
def max_pool_with_dilations() -> Example:
    """A window with gaps."""
    return pooled("Quantize", "MaxPool", kernel_shape=[2, 2], dilations=[2, 3])


@case
def relu_before_max_pool() -> Example:
    """Conv → Relu → MaxPool → quantizer."""
    return pooled("Relu", "MaxPool", kernel_shape=[2, 2], strides=[2, 2])


@case
def relu_after_max_pool() -> Example:
    """Conv → MaxPool → Relu → quantizer."""
    return pooled("MaxPool", "Relu", kernel_shape=[2, 2], strides=[2, 2])


@case
def max_pool_of_codes() -> Example:
    """MaxPool between QuantizeLinear and DequantizeLinear."""
    network = Network(["N", 2, 5, 6])
    codes = network.node("MaxPool", [network.quantize("x", 0.1, 3)], kernel_shape=[2, 2])
    inputs = [network.dequantize(codes, 0.1, 3), network.weights(kernel(3, 2, 2, 2), 0.03)]
    return Example(network.model(network.activation(network.node("Conv", inputs), 0.5)), frames(2, 5, 6))


@case
def average_pool_with_ties() -> Example:
    """Sums of four codes, quantized by the same step: quarters, halves."""
    return pooled("Quantize", "AveragePool", kernel_shape=[2, 2], strides=[2, 2])


@case
def average_pool_of_nine() -> Example:
    """A ninth is no binary fraction."""
    return pooled("Quantize", "Relu", "AveragePool", kernel_shape=[3, 3])


@case
def average_pool_of_clipped_accumulators() -> Example:
    """Conv → Relu → AveragePool: the bend comes before the sum."""
    return pooled("Relu", "AveragePool", kernel_shape=[2, 3])


@case
def relu_after_average_pool() -> Example:
    """Conv → AveragePool → Relu: the sum comes before the bend."""
    return pooled("AveragePool", "Relu", kernel_shape=[2, 3])


@case
def global_average_pool_quantized() -> Example:
    """A twentieth of each channel's sum."""
    return pooled("Quantize", "GlobalAveragePool")


@case
def global_average_pool_leaves_the_graph() -> Example:
    """The exact mean, rounded once to float32."""
    return pooled("Quantize", "GlobalAveragePool", after=False)


@case
def average_pool_feeds_a_convolution() -> Example:
    """No quantizer between: 1/4 passes into the next layer's scale."""
    network = Network(["N", 2, 5, 6])
    means = network.node("AveragePool", [network.activation("x", 0.1, 7)], kernel_shape=[2, 2])
    product = network.node("Conv", [means, network.weights(kernel(3, 2, 2, 2), 0.03)], pads=[1, 1, 0, 0])
    return Example(network.model(network.activation(product, 0.5)), frames(2, 5, 6))
