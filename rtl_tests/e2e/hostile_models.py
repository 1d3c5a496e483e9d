"""Files that are no model, or a model that cannot become hardware: each writes one into a folder and names it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx

from rtl_tests.e2e.subjects import MATRIX, tiny_cnn
from rtl_tests.oracle.float_models import cnn, mlp
from rtl_tests.oracle.network import Network

Write = Callable[[Path], Path]
"""Writes a file into the folder and returns its path."""


def tiny_bytes() -> bytes:
    """A sound model's file."""
    content: bytes = tiny_cnn().SerializeToString()
    return content


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    """The model as a file."""
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


def raw(content: bytes, folder: Path) -> Path:
    """Bytes as a file with a model's name."""
    path = folder / "model.onnx"
    path.write_bytes(content)
    return path


def a_text_file(folder: Path) -> Path:
    """Somebody's README."""
    return raw(b"# My network\nIt has layers, and a home on the web.\n", folder)


def an_empty_file(folder: Path) -> Path:
    """A download that never began."""
    return raw(b"", folder)


def a_file_cut_in_half(folder: Path) -> Path:
    """A download that broke off."""
    return raw(tiny_bytes()[: len(tiny_bytes()) // 2], folder)


def a_file_without_its_last_byte(folder: Path) -> Path:
    """A copy onto a full disk."""
    return raw(tiny_bytes()[:-1], folder)


def a_folder(folder: Path) -> Path:
    """The place of the model instead of the model."""
    (folder / "model.onnx").mkdir()
    return folder / "model.onnx"


def no_file(folder: Path) -> Path:
    """A typing error."""
    return folder / "model.onnx"


def an_unquantized_model(folder: Path) -> Path:
    """Float weights, float activations."""
    return saved(mlp().model(), folder)


def an_unknown_operator(folder: Path) -> Path:
    """Selu between two layers."""
    network = Network(["N", 2])
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(MATRIX, 0.1)])
    return saved(network.model(network.activation(network.node("Selu", [product]), 0.5)), folder)


def a_bias_of_nan(folder: Path) -> Path:
    """A training run that diverged."""
    network = Network(["N", 2])
    bias = network.constant("float", [0.5, np.nan, 0.25])
    product = network.node("Gemm", [network.activation("x", 0.1), network.weights(MATRIX, 0.1), bias])
    return saved(network.model(product), folder)


def weights_of_nan(folder: Path) -> Path:
    """Float weights that the file itself quantizes, one of them NaN."""
    network = Network(["N", 2])
    floats = network.constant("float", [[0.5, np.nan, 0.25], [1.0, 2.0, 3.0]])
    product = network.node("MatMul", [network.activation("x", 0.1), network.activation(floats, 0.1)])
    return saved(network.model(product), folder)


def a_scale_of(number: float) -> Write:
    """A quantizer with this step."""

    def write(folder: Path) -> Path:
        network = Network(["N", 2])
        product = network.node("MatMul", [network.activation("x", 0.1), network.weights(MATRIX, 0.1)])
        return saved(network.model(network.activation(product, number)), folder)

    return write


def a_symbolic_image_size(folder: Path) -> Path:
    """Fully convolutional, exported for any height."""
    network = Network(["N", 1, "height", 5])
    kernels = network.weights(np.ones((2, 1, 3, 3), np.int64), 0.1)
    return saved(network.model(network.node("Conv", [network.activation("x", 0.1), kernels])), folder)


def missing_external_data(folder: Path) -> Path:
    """The weights stood in a file beside the model, which was not copied along."""
    model = cnn().model()
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    (folder / "weights.bin").unlink()
    return folder / "model.onnx"


def weights_of_no_size(folder: Path) -> Path:
    """A layer pruned to nothing."""
    network = Network(["N", 2])
    weights = network.weights(np.zeros((2, 0), np.int64), 0.1)
    return saved(network.model(network.node("MatMul", [network.activation("x", 0.1), weights])), folder)


def a_residual_sum(folder: Path) -> Path:
    """Two branches that meet in an Add."""
    network = Network(["N", 2])
    first = network.activation("x", 0.1)
    branch = network.node("MatMul", [first, network.weights([[3, -5], [-3, 6]], 0.1)])
    total = network.node("Add", [first, network.activation(branch, 0.1)])
    return saved(network.model(network.activation(total, 0.2)), folder)


def a_qoperator_model(folder: Path) -> Path:
    """Integer operators instead of QuantizeLinear and DequantizeLinear around float ones."""
    network = Network(["N", 2])
    step, zero = network.constant("float", np.float32(0.1)), network.constant("int8", 0)
    inputs = [network.quantize("x", 0.1), step, zero, network.constant("int8", MATRIX), step, zero, step, zero]
    return saved(network.model(network.dequantize(network.node("QLinearMatMul", inputs), 0.1)), folder)


def counted(
    thresholds: tuple[float, ...] = (0.5, 1.5), table: tuple[float, ...] = (0, 1, 2), then: str = "MatMul"
) -> Write:
    """Logarithmic activations with these thresholds and levels; `then` says what reads them."""

    def write(folder: Path) -> Path:
        network = Network(["N", 2])
        product = network.node("MatMul", [network.activation("x", 0.1), network.weights([[3, -5], [-3, 6]], 0.1)])
        codes = network.count(product, thresholds)
        numbers = network.look_up(codes, table)
        if then == "MatMul":
            return saved(network.model(network.node("MatMul", [numbers, network.weights(MATRIX, 0.1)])), folder)
        if then == "Mul":
            codes = network.node("Mul", [codes, network.constant("int32", [3, 5])])
            return saved(network.model(codes, "int32"), folder)
        return saved(network.model(network.node("Add", [codes, network.constant("int32", [3, 5])]), "int32"), folder)

    return write


def thresholds_on_the_graph_input(folder: Path) -> Path:
    """A float input without a QuantizeLinear."""
    network = Network(["N", 2])
    return saved(
        network.model(network.node("MatMul", [network.logarithmic("x", 0.1, 4), network.weights(MATRIX, 0.1)])), folder
    )
