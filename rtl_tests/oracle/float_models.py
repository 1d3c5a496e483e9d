"""Small float networks, as a training framework exports them: what quantizers of other projects are given."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


class FloatNetwork:
    """A chain of float nodes with random weights of He's variance."""

    def __init__(self, *shape: int) -> None:
        """One input `x` of this shape, after a symbolic batch."""
        self.shape, self.last, self.last_shape = shape, "x", shape
        self.random = np.random.default_rng(shape)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, array: NDArray[np.generic]) -> str:
        """An initializer."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def weights(self, *shape: int, fan_in: int) -> str:
        """Random weights."""
        return self.constant((self.random.normal(size=shape) * np.sqrt(2 / fan_in)).astype(np.float32))

    def node(self, op_type: str, *constants: str, **attributes: Any) -> "FloatNetwork":
        """Appends a node that reads the last output and constants."""
        output = f"{op_type}_{len(self.nodes)}_out"
        self.nodes.append(helper.make_node(op_type, [self.last, *constants], [output], name=output[:-4], **attributes))
        self.last = output
        return self

    def conv(self, inputs: int, outputs: int, kernel: int, **attributes: Any) -> "FloatNetwork":
        """A convolution with a bias."""
        weights = self.weights(outputs, inputs, kernel, kernel, fan_in=inputs * kernel**2)
        return self.node("Conv", weights, self.weights(outputs, fan_in=20), **attributes)

    def gemm(self, inputs: int, outputs: int) -> "FloatNetwork":
        """A fully connected layer as torch exports it."""
        weights = self.weights(outputs, inputs, fan_in=inputs)
        return self.node("Gemm", weights, self.weights(outputs, fan_in=20), transB=1)

    def model(self) -> onnx.ModelProto:
        """The checked file, opset 21."""
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *self.shape])],
            [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(inferred, full_check=True)
        return inferred

    def images(self, batch: int, seed: int = 0) -> NDArray[np.float32]:
        """Random inputs."""
        return np.random.default_rng(seed).uniform(-1, 1, (batch, *self.shape)).astype(np.float32)


def mlp() -> FloatNetwork:
    """Three fully connected layers with Relu."""
    return FloatNetwork(12).gemm(12, 10).node("Relu").gemm(10, 8).node("Relu").gemm(8, 4)


def cnn() -> FloatNetwork:
    """Convolution, max pool, strided convolution, Flatten, a fully connected end."""
    network = FloatNetwork(1, 6, 6).conv(1, 3, 3, pads=[1, 1, 1, 1]).node("Relu")
    network.node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    return network.conv(3, 4, 2, strides=[1, 1]).node("Relu").node("Flatten").gemm(16, 4)


def averaged() -> FloatNetwork:
    """Ends in a global average pool and a fully connected layer."""
    network = FloatNetwork(2, 5, 5).conv(2, 4, 3).node("Relu").conv(4, 4, 1).node("Relu")
    return network.node("GlobalAveragePool").node("Flatten").gemm(4, 3)


def residual() -> FloatNetwork:
    """A convolution around which its input is added."""
    network = FloatNetwork(2, 4, 4).conv(2, 2, 1).node("Relu")
    shortcut = network.last
    network.conv(2, 2, 3, pads=[1, 1, 1, 1]).node("Add", shortcut).node("Relu")
    return network.node("Flatten").gemm(32, 3)


def matmul() -> FloatNetwork:
    """Two matrix products whose biases are Adds."""
    network = FloatNetwork(9)
    network.node("MatMul", network.weights(9, 7, fan_in=9)).node("Add", network.weights(7, fan_in=20)).node("Relu")
    return network.node("MatMul", network.weights(7, 5, fan_in=7)).node("Add", network.weights(5, fan_in=20))


FLOAT_NETWORKS: list[Callable[[], FloatNetwork]] = [mlp, cnn, averaged, residual, matmul]
