"""One readable network a form of clip or sum between matrix and quantizer."""

from collections.abc import Sequence

import numpy as np

from rtl_tests.oracle.cases import WEIGHTS, Case, registrar, spread
from rtl_tests.oracle.network import Network
from rtl_tests.oracle.random_models import Example

CASES: list[Case] = []
case = registrar(CASES)


def bent(*bounds: tuple[float | None, float | None], scale: float = 0.3, zero_point: int = 0) -> Example:
    """Clips of the accumulators, one after the other."""
    network = Network(["N", 3])
    flow = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.01)])
    for low, high in bounds:
        flow = network.clip(flow, low, high)
    return Example(network.model(network.activation(flow, scale, zero_point)), spread(3, 12.0))


@case
def clip_between_two_bounds() -> Example:
    """ReLU6."""
    return bent((0.0, 6.0))


@case
def clip_at_a_tie() -> Example:
    """The bound itself is half an output step: 0.5 -> 0, -1.5 -> -2."""
    return bent((-1.5, 0.5), scale=1.0, zero_point=7)


@case
def clip_from_below_only() -> Example:
    """No upper bound."""
    return bent((-0.7, None))


@case
def clip_from_above_only() -> Example:
    """No lower bound."""
    return bent((None, 0.7))


@case
def clip_with_crossed_bounds() -> Example:
    """The upper bound wins: everything becomes 1."""
    return bent((2.0, 1.0))


@case
def clip_after_clip() -> Example:
    """Disjoint bounds: everything becomes 3."""
    return bent((-1.0, 1.0), (3.0, 5.0))


def narrowed(low: int | None, high: int | None, kind: str = "int8") -> Example:
    """QCDQ: the codes of both quantizers are clipped."""
    network = Network(["N", 3])
    x = network.activation("x", 1.0, 1, kind, clip=(low, high))
    product = network.node("MatMul", [x, network.weights(WEIGHTS, 0.05)])
    return Example(network.model(network.activation(product, 2.0, 1, kind, clip=(low, high))), spread(3, 20.0))


@case
def code_clip_to_four_bits() -> Example:
    """-8 … 7 within int8."""
    return narrowed(-8, 7)


@case
def code_clip_from_above_only() -> Example:
    """… 15 within uint8."""
    return narrowed(None, 15, "uint8")


@case
def code_clip_that_leaves_the_zero_point_out() -> Example:
    """3 … 15 with a zero point of 1: real zero is no code."""
    return narrowed(3, 15, "uint8")


@case
def code_clip_above_everything_that_is_reached() -> Example:
    """No sum is positive, so uint8 codes are all 0 before a clip to 5 … makes them 5."""
    network = Network(["N", 3])
    x = network.activation("x", 1.0, 0, clip=(-8, 0))
    product = network.node("MatMul", [x, network.weights(np.abs(WEIGHTS) // 2, 0.1)])
    return Example(network.model(network.activation(product, 2.0, 0, "uint8", clip=(5, None))), spread(3, 20.0))


def _summed(terms: Sequence[tuple[float, int]], relu: bool) -> Example:
    network = Network(["N", 3])
    flow = first = network.activation("x", 0.1)
    for scale, zero in terms:
        product = network.node("MatMul", [first, network.weights(np.roll(WEIGHTS, 1, axis=1)[:, :3], 0.003)])
        flow = network.node("Add", [flow, network.activation(product, scale, zero)])
    flow = network.node("Relu", [flow]) if relu else flow
    return Example(network.model(network.activation(flow, 0.2, -7)), spread(3, 12.0))


@case
def sum_of_two_scales() -> Example:
    """A residual: 0.1 and 0.07 have no common step but 2^-30 or so."""
    return _summed([(0.07, 3)], relu=False)


@case
def sum_with_ties_and_relu() -> Example:
    """Twice the step, then Relu before rounding."""
    return _summed([(0.2, 0)], relu=True)


@case
def sum_of_sums() -> Example:
    """Add of Add without a quantizer between."""
    return _summed([(0.07, 3), (0.05, -1)], relu=True)
