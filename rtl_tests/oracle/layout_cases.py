"""One readable network a way to reorder or rename elements between layers."""

from rtl_tests.oracle.cases import Case, registrar
from rtl_tests.oracle.image_cases import frames, kernel
from rtl_tests.oracle.network import Network
from rtl_tests.oracle.random_models import Example

CASES: list[Case] = []
case = registrar(CASES)


def headed(*layout: tuple[str, list[int]], input_shape: tuple[int, ...] = (2, 3, 4), features: int = 24) -> Example:
    """A quantizer, layout operators, then a Gemm."""
    network = Network(["N", *input_shape])
    flow = network.activation("x", 0.1, 5)
    for name, numbers in layout:
        match name:
            case "Transpose":
                flow = network.node(name, [flow], perm=numbers)
            case "Reshape":
                flow = network.node(name, [flow, network.constant("int64", numbers)])
            case "Flatten":
                flow = network.node(name, [flow], axis=numbers[0])
            case _:
                flow = network.node(name, [flow])
    product = network.node("Gemm", [flow, network.weights(kernel(features, 3), [0.1, 0.03, 1 / 3], [0, 2, 3], axis=1)])
    return Example(network.model(network.activation(product, 20.0)), frames(*input_shape))


@case
def flatten_an_image() -> Example:
    """Channel first, as ONNX counts; the stream is channel last."""
    return headed(("Flatten", [1]))


@case
def flatten_by_a_negative_axis() -> Example:
    """Axis -3 is axis 1 of four."""
    return headed(("Flatten", [-3]))


@case
def transpose_before_flatten() -> Example:
    """Channel last."""
    return headed(("Transpose", [0, 2, 3, 1]), ("Flatten", [1]))


@case
def reshape_keeps_the_batch() -> Example:
    """[0, -1]."""
    return headed(("Reshape", [0, -1]))


@case
def reshape_twice() -> Example:
    """Through a grid that mixes channels and rows."""
    return headed(("Reshape", [-1, 4, 3, 2]), ("Transpose", [0, 3, 1, 2]), ("Reshape", [-1, 24]))


@case
def global_average_pool_feeds_a_gemm() -> Example:
    """1/12 passes into the Gemm's scale."""
    return headed(("GlobalAveragePool", []), ("Flatten", [1]), features=2)


@case
def channels_last_input() -> Example:
    """A Transpose of the float input, before its quantizer."""
    network = Network(["N", 4, 5, 2])
    first = network.activation(network.node("Transpose", ["x"], perm=[0, 3, 1, 2]), 0.1, 5)
    product = network.node("Conv", [first, network.weights(kernel(3, 2, 3, 3), 0.03)], pads=[1, 1, 1, 1])
    return Example(network.model(network.activation(product, 0.5)), frames(4, 5, 2))


@case
def channels_last_codes() -> Example:
    """A Transpose between QuantizeLinear and DequantizeLinear, and back at the end."""
    network = Network(["N", 4, 5, 2])
    codes = network.node("Transpose", [network.quantize("x", 0.1, 5)], perm=[0, 3, 1, 2])
    product = network.node("Conv", [network.dequantize(codes, 0.1, 5), network.weights(kernel(3, 2, 3, 3), 0.03)])
    last = network.node("Transpose", [network.activation(product, 0.5)], perm=[0, 2, 3, 1])
    return Example(network.model(last), frames(4, 5, 2))


@case
def vector_becomes_an_image() -> Example:
    """A Reshape into rows and columns, then a convolution."""
    network = Network(["N", 24])
    image = network.node("Reshape", [network.activation("x", 0.1, 5), network.constant("int64", [-1, 2, 4, 3])])
    product = network.node("Conv", [image, network.weights(kernel(3, 2, 3, 3), 0.03)], pads=[1, 1, 1, 1])
    return Example(network.model(network.activation(product, 0.5)), frames(24))


@case
def residual_of_images() -> Example:
    """Relu(x + Q(Conv(x))), the scales apart."""
    network = Network(["N", 2, 4, 4])
    first = network.activation("x", 0.1, 5)
    product = network.node("Conv", [first, network.weights(kernel(2, 2, 3, 3), 0.003)], pads=[1, 1, 1, 1])
    total = network.node("Relu", [network.node("Add", [first, network.activation(product, 0.07, -4)])])
    return Example(network.model(network.activation(total, 0.1, -128)), frames(2, 4, 4))
