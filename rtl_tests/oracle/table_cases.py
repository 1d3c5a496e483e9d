"""One readable network a feature of activations that thresholds tell apart and a table gives back."""

import numpy as np

from rtl_tests.oracle.cases import WEIGHTS, Case, column, registrar, spread
from rtl_tests.oracle.image_cases import frames, kernel
from rtl_tests.oracle.network import KIND, Network, powers_of_two
from rtl_tests.oracle.random_models import Example

CASES: list[Case] = []
case = registrar(CASES)


def hidden(*bounds: tuple[float | None, float | None], step: float = 0.5, signed: bool = False) -> Example:
    """A matrix, clips, four powers of two, and another matrix whose sums leave."""
    network = Network(["N", 3])
    flow = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.01)])
    for low, high in bounds:
        flow = network.clip(flow, low, high)
    flow = network.logarithmic(flow, step, 4, signed)
    return Example(network.model(network.node("MatMul", [flow, network.weights(WEIGHTS.T, 1 / 3)])), spread(3, 12.0))


@case
def thresholds_at_ties() -> Example:
    """Every second number lies on a threshold, 1/2, 3/2, 3 or 6, and goes up."""
    network = Network(["N", 1])
    product = network.node("MatMul", [network.activation("x", 0.25), network.weights([[1]], 1.0)])
    return Example(network.model(network.logarithmic(product, 1.0, 4)), column(k / 4 for k in range(-8, 60)))


@case
def powers_of_two_of_both_signs() -> Example:
    """Codes ascend from the most negative power over 0 to the largest."""
    return hidden(signed=True)


@case
def powers_of_two_behind_a_relu() -> Example:
    """The floor is below every threshold."""
    return hidden((0.0, None))


@case
def powers_of_two_behind_clips() -> Example:
    """Bounds between levels, on a threshold and crossed: they hold the codes."""
    return hidden((-1.0, 3.0), signed=True)


@case
def powers_of_two_behind_a_clip_to_one_number() -> Example:
    """Both bounds are 1.0, a level: one code is left."""
    return hidden((-1.0, 1.0), (1.0, None))


@case
def thresholds_beyond_all_sums() -> Example:
    """The largest codes are never reached."""
    return hidden(step=1e3)


@case
def thresholds_closer_than_the_sums() -> Example:
    """An accumulator's step passes over several thresholds at once."""
    return hidden(step=1e-4)


@case
def uneven_thresholds_and_levels() -> Example:
    """No power of two anywhere: 0.1, √2, π, and numbers for them."""
    network = Network(["N", 3])
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.01)])
    codes = network.count(product, [-(2**0.5), 0.1, 2**0.5, np.pi])
    return Example(network.model(network.look_up(codes, [-2.5, -0.5, 0.5, 1.5, 7.0])), spread(3, 12.0))


@case
def counted_in_float_with_its_axis_kept() -> Example:
    """Cast to float, sums with keepdims, thresholds of three axes; the code is cast to int64 and squeezed."""
    network = Network(["N", 3], opset=13)
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.01)])
    axes = network.constant("int64", [2])
    beside = network.node("Unsqueeze", [product, axes])
    reached = network.node("GreaterOrEqual", [beside, network.constant("float", [[[-1.0, 0.5, 1.5]]])])
    counted = network.node("Cast", [reached], to=KIND["float"])
    codes = network.node("Cast", [network.node("ReduceSum", [counted, axes])], to=KIND["int64"])
    flat = network.node("Reshape", [codes, network.constant("int64", [0, -1])])
    return Example(network.model(network.look_up(flat, [-2.0, 0.0, 1.0, 2.0])), spread(3, 12.0))


@case
def counts_leave_the_graph() -> Example:
    """The output is the codes, int32."""
    network = Network(["N", 3])
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.01)])
    return Example(network.model(network.count(product, [-1.0, 0.5, 1.5]), "int32"), spread(3, 12.0))


@case
def counts_in_even_steps() -> Example:
    """A DequantizeLinear gives the counts their numbers."""
    network = Network(["N", 3])
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(WEIGHTS, 0.01)])
    numbers = network.dequantize(network.count(product, [0.25, 0.75, 1.25]), 0.5, kind="int32")
    return Example(network.model(network.node("MatMul", [numbers, network.weights(WEIGHTS.T, 0.5)])), spread(3, 12.0))


@case
def codes_of_the_input_are_looked_up() -> Example:
    """uint8 codes, clipped and cast, choose from a table of nine."""
    network = Network(["N", 2], "uint8")
    codes = network.node("Cast", [network.clip("x", None, 8, "uint8")], to=KIND["int32"])
    numbers = network.look_up(codes, powers_of_two(0.5, 8))
    product = network.node("MatMul", [numbers, network.weights(WEIGHTS[:2], 0.5)])
    return Example(network.model(product), np.arange(24, dtype=np.uint8).reshape(12, 2))


@case
def a_table_of_zero_alone() -> Example:
    """A table with one number, which has no size."""
    network = Network(["N", 2], "uint8")
    codes = network.node("Cast", [network.clip("x", None, 0, "uint8")], to=KIND["int32"])
    product = network.node("MatMul", [network.look_up(codes, [0.0]), network.weights(WEIGHTS[:2], 0.5)])
    return Example(network.model(product), np.arange(8, dtype=np.uint8).reshape(4, 2))


def image(*steps: str, pads: tuple[int, ...] = (1, 0, 1, 1), table: tuple[float, ...] = ()) -> Example:
    """A convolution, powers of two, poolings before, between and behind, and a padded convolution."""
    network = Network(["N", 2, 5, 6])
    flow = network.node("Conv", [network.activation("x", 0.1), network.weights(kernel(3, 2, 2, 2), 0.01)])
    levels = np.array(table) if table else powers_of_two(1.0, 5)
    for step in steps:
        if step == "count":
            flow = network.count(flow, (levels[1:] + levels[:-1]) / 2)
        elif step == "look up":
            flow = network.look_up(flow, levels)
        elif step == "pool of codes":
            narrow = network.node("Cast", [flow], to=KIND["uint8"])
            pooled = network.node("MaxPool", [narrow], kernel_shape=[2, 2])
            flow = network.node("Cast", [pooled], to=KIND["int32"])
        else:
            flow = network.node(step, [flow], kernel_shape=[2, 2], strides=[1, 2])
    weights = network.weights(kernel(2, 3, 2, 2), 0.01)
    product = network.node("Conv", [flow, weights], pads=list(pads))
    return Example(network.model(network.activation(product, 3.0)), frames(2, 5, 6))


@case
def padding_of_looked_up_numbers() -> Example:
    """Real 0 is a level."""
    return image("count", "look up")


@case
def padding_that_no_code_means() -> Example:
    """Real 0 is below all levels."""
    return image("count", "look up", table=(0.5, 1.0, 2.0, 4.0))


@case
def max_pool_before_thresholds() -> Example:
    """Sums are pooled."""
    return image("MaxPool", "count", "look up")


@case
def max_pool_of_codes() -> Example:
    """Codes are pooled as uint8, which onnxruntime takes."""
    return image("count", "pool of codes", "look up")


@case
def max_pool_of_looked_up_numbers() -> Example:
    """The largest code stands for the largest number."""
    return image("count", "look up", "MaxPool", table=(-4.0, -1.0, 0.0, 0.5, 8.0))


@case
def average_pool_of_looked_up_numbers() -> Example:
    """Numbers are added, not codes."""
    return image("count", "look up", "AveragePool")
