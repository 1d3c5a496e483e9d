"""One readable network a form in which numbers enter, leave, or wait between layers."""

import numpy as np

from rtl_tests.oracle.cases import WEIGHTS, Case, registrar, spread
from rtl_tests.oracle.network import Network
from rtl_tests.oracle.random_models import Example

CASES: list[Case] = []
case = registrar(CASES)


@case
def accumulators_leave_the_graph() -> Example:
    """The output is the exact sum, rounded once to float32."""
    network = Network(["N", 3])
    bias = network.constant("float", [0.1, -1 / 3, 1e-7, 1e4])
    inputs = [network.activation("x", 0.1), network.weights(WEIGHTS, 1 / 3), bias]
    return Example(network.model(network.node("Gemm", inputs)), spread(3, 12.0))


@case
def clipped_accumulators_leave_the_graph() -> Example:
    """Relu after an off-grid bias, no quantizer after it."""
    network = Network(["N", 3])
    bias = network.constant("float", [0.1, -1 / 3, 1e-7, 1e4])
    inputs = [network.activation("x", 0.1), network.weights(WEIGHTS, 1 / 3), bias]
    return Example(network.model(network.node("Relu", [network.node("Gemm", inputs)])), spread(3, 12.0))


@case
def a_sum_of_zeros_beside_a_tiny_bias_leaves_the_graph() -> Example:
    """The accumulator is always 0 and its step 2^100 times the bias: the answer is the bias."""
    network = Network(["N", 3])
    bias = network.constant("float", [1e-30, -1e-40, 0.0])
    inputs = [network.activation("x", 0.1), network.weights(np.zeros((3, 3), dtype=np.int64), 1 / 3), bias]
    return Example(network.model(network.node("Gemm", inputs)), spread(3, 12.0))


@case
def codes_leave_the_graph() -> Example:
    """The output is what QuantizeLinear makes, as uint8."""
    network = Network(["N", 3])
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.5)])
    return Example(network.model(network.quantize(product, 3.0, 100, "uint8"), "uint8"), spread(3, 12.0))


@case
def codes_enter_the_graph() -> Example:
    """A uint8 input straight into a DequantizeLinear, every code."""
    network = Network([128, 2], "uint8")
    product = network.node("MatMul", [network.dequantize("x", 0.1, 100, "uint8"), network.weights(WEIGHTS[:2], 0.02)])
    x = np.arange(256, dtype=np.uint8).reshape(128, 2)
    return Example(network.model(network.activation(product, 0.3)), x)


@case
def clipped_codes_enter_the_graph() -> Example:
    """A Clip of int8 input codes."""
    network = Network(["N", 2], "int8")
    codes = network.clip("x", -100, 90, "int8")
    product = network.node("MatMul", [network.dequantize(codes, 0.1, 4), network.weights(WEIGHTS[:2], 0.02)])
    x = np.arange(-128, 128).astype(np.int8).reshape(128, 2)
    return Example(network.model(network.activation(product, 0.3)), x)


@case
def relu_of_dequantized_codes() -> Example:
    """Relu after DequantizeLinear, then a matrix."""
    network = Network(["N", 3])
    positive = network.node("Relu", [network.activation("x", 0.1, -20)])
    product = network.node("MatMul", [positive, network.weights(WEIGHTS, 0.05)])
    return Example(network.model(network.activation(product, 0.9)), spread(3, 12.0))


@case
def activations_per_channel() -> Example:
    """A scale and a zero point for each feature of an activation."""
    network = Network(["N", 3])
    hidden = network.node("MatMul", [network.activation("x", 0.5), network.weights(WEIGHTS[:, :3], 0.05)])
    codes = network.activation(hidden, [0.25, 0.5, 1.0], [0, -7, 100], axis=-1)
    product = network.node("MatMul", [codes, network.weights(WEIGHTS, 0.05)])
    return Example(
        network.model(network.activation(product, [0.9, 1.0, 0.5, 2.0], [0, 3, 3, -9], axis=1)), spread(3, 60.0)
    )
