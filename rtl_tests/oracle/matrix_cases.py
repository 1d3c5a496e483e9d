"""One readable network a form of weights, bias or matrix product."""

from collections.abc import Callable

import numpy as np

from rtl_tests.oracle.cases import WEIGHTS, Case, registrar, spread
from rtl_tests.oracle.network import Network
from rtl_tests.oracle.random_models import Example

CASES: list[Case] = []
case = registrar(CASES)


def matrix(
    weights: str,
    network: Network,
    gemm: str | None = None,
    x_scale: float = 0.1,
    y_scale: float = 2.0,
    **settings: float,
) -> Example:
    """Three numbers through `weights`; with `gemm` a Gemm that has this bias."""
    inputs = [network.activation("x", x_scale), weights, *([gemm] if gemm else [])]
    product = network.node("Gemm" if gemm or settings else "MatMul", inputs, **settings)
    return Example(network.model(network.activation(product, y_scale)), spread(3, 128 * x_scale))


@case
def weights_of_int4() -> Example:
    """Four-bit weights."""
    network = Network(["N", 3])
    return matrix(network.weights(np.clip(WEIGHTS, -8, 7), 0.3, kind="int4"), network, y_scale=0.2)


@case
def weights_of_uint4_with_a_zero_point() -> Example:
    """Four-bit weights around 7."""
    network = Network(["N", 3])
    return matrix(network.weights(np.clip(WEIGHTS, 0, 15), 0.3, 7, "uint4"), network, y_scale=0.2)


@case
def weights_of_uint8_with_a_zero_point() -> Example:
    """The asymmetric weights that onnxruntime writes."""
    network = Network(["N", 3])
    return matrix(network.weights(WEIGHTS + 128, 0.02, 117, "uint8"), network)


@case
def weights_of_int16() -> Example:
    """Sixteen-bit weights."""
    network = Network(["N", 3])
    return matrix(network.weights(WEIGHTS * 255, 0.0001, kind="int16"), network)


@case
def weights_of_int32() -> Example:
    """Weights wider than sixteen bits."""
    network = Network(["N", 3])
    return matrix(network.weights(WEIGHTS * 8191, 1e-6, kind="int32"), network)


@case
def weights_per_channel_of_a_matmul() -> Example:
    """A scale and a zero point for each output, by a negative axis."""
    network = Network(["N", 3])
    return matrix(network.weights(WEIGHTS, [0.1, 0.03, 1 / 3, 0.25], [0, -5, 7, 127], axis=-1), network)


@case
def weights_per_channel_of_a_gemm() -> Example:
    """Columns are outputs."""
    network = Network(["N", 3])
    weights = network.weights(WEIGHTS, [0.1, 0.03, 1 / 3, 0.25], [0] * 4, axis=1)
    return matrix(weights, network, network.constant("float", [0.3, -1.0, 7.77, 0.0]))


@case
def weights_per_channel_of_a_transposed_gemm() -> Example:
    """Rows are outputs."""
    network = Network(["N", 3])
    weights = network.weights(WEIGHTS.T, [0.1, 0.03, 1 / 3, 0.25], [0] * 4, axis=0)
    return matrix(weights, network, network.constant("float", [0.3, -1.0, 7.77, 0.0]), transB=1)


@case
def weights_stored_as_floats() -> Example:
    """QuantizeLinear → DequantizeLinear of a float constant, one element a tie, one beyond the range."""
    network = Network(["N", 3])
    floats = network.constant("float", WEIGHTS / 7 + [[0, 0, 0.5, 0], [0, 0, 0, 0], [900, 0, 0, 0]])
    return matrix(network.activation(floats, 0.2, 3, "int8"), network)


@case
def weights_stored_as_floats_and_clipped() -> Example:
    """The narrow range of a QCDQ exporter: -127 … 127 per channel."""
    network = Network(["N", 3])
    floats = network.constant("float", WEIGHTS / 7)
    scales = [0.1, 0.03, 1 / 3, 0.25]
    return matrix(network.activation(floats, scales, [0] * 4, clip=(-127, 127), axis=1), network)


@case
def weights_behind_a_transpose() -> Example:
    """MatMul over a transposed Linear weight, as exporters write it."""
    network = Network(["N", 3])
    weights = network.weights(WEIGHTS.T, [0.1, 0.03, 1 / 3, 0.25], [0] * 4, axis=0)
    return matrix(network.node("Transpose", [weights], perm=[1, 0]), network)


def _bias(name: str, story: str, build_bias: Callable[[Network], str]) -> Case:
    def build() -> Example:
        network = Network(["N", 3])
        return matrix(network.weights(WEIGHTS, 0.5), network, build_bias(network), x_scale=0.25)

    build.__name__, build.__doc__ = f"bias_{name}", story
    return build


CASES += [
    _bias("on_the_grid", "Whole accumulator steps.", lambda n: n.constant("float", [1.0, -2.5, 0.125, 0.0])),
    _bias("half_a_step_off", "No tie is left.", lambda n: n.constant("float", [0.0625, -0.0625, 1.1875, 2.5625])),
    _bias("off_the_grid", "Any floats.", lambda n: n.constant("float", [0.1, -1 / 3, 1e-7, 1e4])),
    _bias("a_scalar", "One number for all.", lambda n: n.constant("float", 0.3)),
    _bias("a_row", "Shape (1, outputs).", lambda n: n.constant("float", [[0.3, 0.4, -0.5, 8.0]])),
    _bias("int32_on_the_grid", "Scale = product.", lambda n: n.weights([1, -70, 8, 900], 0.125, kind="int32")),
    _bias("int32_off_the_grid", "A scale of its own.", lambda n: n.weights([1, -70, 8, 900], 0.03, kind="int32")),
    _bias(
        "int32_per_channel",
        "A scale for each output.",
        lambda n: n.weights([1, -70, 8, 900], [0.1, 0.25, 1 / 3, 0.03], kind="int32", axis=0),
    ),
]


@case
def gemm_alpha_and_beta() -> Example:
    """Both scale exactly as the float32 attributes they are."""
    network = Network(["N", 3])
    bias = network.constant("float", [0.3, -10.0, 7.77, 0.0])
    return matrix(network.weights(WEIGHTS, 0.25), network, bias, alpha=0.1, beta=0.7)


@case
def matmul_and_a_bias_from_the_left() -> Example:
    """Add(bias, product)."""
    network = Network(["N", 3])
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.5)])
    total = network.node("Add", [network.constant("float", [0.3, -10.0, 7.77, 0.0]), product])
    return Example(network.model(network.activation(total, 3.0)), spread(3, 12.0))


@case
def matmul_of_rows() -> Example:
    """Rank 3: the same matrix for each row."""
    network = Network(["N", 2, 3])
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.5)])
    return Example(network.model(network.activation(product, 3.0)), spread(6, 12.0).reshape(-1, 2, 3))
