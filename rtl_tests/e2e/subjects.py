"""Small networks that end-to-end tests take apart, and how they become build folders."""

from collections.abc import Sequence
from pathlib import Path

import onnx

from rtl_tests.oracle.network import Network
from shiftwright import flow

KERNELS = [
    [[[2, 0, -1], [1, 3, -2], [0, -3, 1]]],
    [[[-1, 2, 0], [3, -2, 1], [1, 0, 2]]],
]
MATRIX = [[3, -5, 1], [-3, 6, -2]]


def tiny_cnn(scale: float = 0.0625) -> onnx.ModelProto:
    """A padded 3×3 convolution with stride and Relu, then a dense layer on each of its 3×3 positions.

    All scales are powers of two and the biases are whole, so that the convolution's rounding meets ties."""
    network = Network(["N", 1, 5, 5])
    image = network.activation("x", 0.125, clip=(-8, 7))
    bias = network.weights([3, -5], 0.125 * 0.0625, kind="int32")
    product = network.node("Conv", [image, network.weights(KERNELS, 0.0625), bias], pads=[1, 1, 1, 1], strides=[2, 2])
    codes = network.activation(network.node("Relu", [product]), scale, kind="uint8", clip=(0, 15))
    rows = network.node("Transpose", [codes], perm=[0, 2, 3, 1])
    dense = network.node("MatMul", [rows, network.weights(MATRIX, 0.25)])
    return network.model(network.node("Add", [dense, network.constant("float", [0.25, -0.5, 1.0])]))


def two_layers(weights: Sequence[Sequence[int]] = ((4, -8, 0), (8, 16, -16))) -> onnx.ModelProto:
    """Two dense layers on two inputs, with Relu and a clip between them.

    The first layer's weights share a shift that its requantizer drops: serial layers of it are one engine."""
    network = Network(["N", 2])
    x = network.activation("x", 0.125, clip=(-8, 7))
    product = network.node("MatMul", [x, network.weights(weights, 0.25)])
    codes = network.activation(network.node("Relu", [product]), 0.03125, kind="uint8", clip=(0, 15))
    return network.model(network.node("MatMul", [codes, network.weights([[1, -3], [2, 5], [-4, 1]], 0.25)]))


def shifts() -> onnx.ModelProto:
    """One dense layer that only shifts."""
    network = Network(["N", 2])
    x = network.activation("x", 0.125, clip=(-8, 7))
    return network.model(network.node("MatMul", [x, network.weights([[8, 0], [0, 4]], 0.25)]))


def compile_model(model: onnx.ModelProto, folder: Path, levels_per_stage: int = 1, engines: Sequence[str] = ()) -> Path:
    """Saves a model as `folder`/tiny.onnx and compiles it into `folder`/build."""
    path = folder / "tiny.onnx"
    onnx.save(model, path)
    flow.load(path).compile(levels_per_stage=levels_per_stage, effort="fast", engines=engines).build(folder / "build")
    return folder / "build"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative name; folders by their name and a slash."""
    return {
        str(path.relative_to(folder)) + "/" * path.is_dir(): b"" if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
    }
