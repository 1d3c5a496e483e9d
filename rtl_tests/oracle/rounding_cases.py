"""One readable network a feature of rounding: ties, zero points, saturation, code types."""

import numpy as np
from numpy.typing import NDArray

from rtl_tests.oracle.cases import WEIGHTS, Case, column, registrar, spread
from rtl_tests.oracle.network import Network
from rtl_tests.oracle.random_models import Example

CASES: list[Case] = []
case = registrar(CASES)


def requantized(
    scale: float, zero_point: int, output_scale: float, x: NDArray[np.generic], kind: str = "int8"
) -> Example:
    """One number through two quantizers."""
    network = Network(["N", 1])
    product = network.node("MatMul", [network.activation("x", scale), network.weights([[1]], 1.0)])
    return Example(network.model(network.activation(product, output_scale, zero_point, kind)), x)


@case
def ties_round_to_even() -> Example:
    """Every odd code is a tie at the second quantizer: 1/2 -> 0, 3/2 -> 2, -1/2 -> 0, -3/2 -> -2."""
    return requantized(1.0, 0, 2.0, column(range(-128, 128)))


@case
def ties_round_to_even_before_an_odd_zero_point_is_added() -> Example:
    """1/2 -> 0 -> 3, not 4."""
    return requantized(1.0, 3, 2.0, column(range(-128, 128)))


@case
def ties_at_the_input() -> Example:
    """Halves of the first quantizer's own step."""
    return requantized(0.25, 0, 0.25, column(k / 8 for k in range(-50, 50)))


@case
def ties_at_three_eighths() -> Example:
    """3/8·code is a tie at 4, 12, 20 …; no multiply and shift rounds these to even."""
    return requantized(0.375, 0, 1.0, column(k * 0.375 for k in range(-128, 128)))


@case
def one_tenth_is_not_a_tenth() -> Example:
    """0.1 as float32 is larger than 1/10, so 5·0.1 is no tie."""
    return requantized(0.1, 0, 1.0, column(k * 0.1 for k in range(-128, 128)))


@case
def saturates_at_both_ends() -> Example:
    """The input's range and the output's are both left behind."""
    return requantized(1.0, 5, 0.25, column([-1e30, -200, -129, -128, -32, -31, 0, 30, 31, 127, 128, 1e30]))


@case
def relu_folded_into_an_unsigned_zero_point() -> Example:
    """No Relu in the file: uint8 with zero point 0 saturates at real zero."""
    return requantized(0.5, 0, 0.7, column(k / 4 for k in range(-40, 300)), "uint8")


def _types(kind: str, zero_point: int, x_scale: float, y_scale: float) -> Case:
    def build() -> Example:
        network = Network(["N", 3])
        inputs = [network.activation("x", x_scale, zero_point, kind), network.weights(WEIGHTS, 0.02)]
        product = network.node("MatMul", inputs)
        return Example(network.model(network.activation(product, y_scale, zero_point, kind)), spread(3, 1.0))

    build.__name__, build.__doc__ = (
        f"activations_of_{kind}",
        "Codes not of eight bits, with a zero point.",
    )
    return build


CASES += [
    _types("int4", -3, 0.15, 0.3),
    _types("uint4", 6, 0.15, 0.3),
    _types("int16", -1000, 3e-5, 1e-4),
    _types("uint16", 30000, 3e-5, 1e-4),
]
