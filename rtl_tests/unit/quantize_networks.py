"""Small float networks as ONNX files, and a way to run a file: what the quantizer's tests share."""

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


class Draft:
    """An ONNX graph from `x` (n, *shape) to `y`, written node by node."""

    def __init__(self, shape: tuple[int | str, ...], seed: int = 0) -> None:
        self.shape = shape
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def weights(self, name: str, *shape: int) -> str:
        """A float32 constant of normal random numbers."""
        return self.constant(name, self.random.normal(size=shape, scale=0.5).astype(np.float32))

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """An initializer."""
        self.constants[name] = array
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """A node named after what it makes."""
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{op}_{output}", **attributes))
        return output

    def batch_norm(self, source: str, output: str, channels: int) -> str:
        """A BatchNormalization with random statistics."""
        spread = [np.abs(self.random.normal(size=channels)).astype(np.float32) + 0.5 for _ in range(2)]
        names = [
            self.constant(f"{output}.gain", spread[0]),
            self.weights(f"{output}.offset", channels),
            self.weights(f"{output}.mean", channels),
            self.constant(f"{output}.variance", spread[1]),
        ]
        return self.node("BatchNormalization", [source, *names], output)

    def save(self, path: Path, opset: int = 17, batch: int | str = "n") -> Path:
        """Writes the file."""
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *self.shape])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        path.write_bytes(model.SerializeToString())
        return path


def pooled() -> Draft:
    """Conv, BatchNorm, MaxPool before Relu, a strided Conv, a global average over 2×2, Gemm, Softmax."""
    draft = Draft((1, 8, 8))
    draft.node("Conv", ["x", draft.weights("w0", 6, 1, 3, 3)], "c0", pads=[1, 1, 1, 1])
    draft.batch_norm("c0", "n0", 6)
    draft.node("MaxPool", ["n0"], "p0", kernel_shape=[2, 2], strides=[2, 2])
    draft.node("Relu", ["p0"], "r0")
    draft.node("Conv", ["r0", draft.weights("w1", 6, 6, 3, 3)], "c1", strides=[2, 2], pads=[1, 1, 1, 1])
    draft.node("Relu", ["c1"], "r1")
    draft.node("GlobalAveragePool", ["r1"], "g")
    draft.node("Flatten", ["g"], "f")
    draft.node("Gemm", ["f", draft.weights("w2", 6, 10), draft.weights("b2", 10)], "z", alpha=2.0, beta=0.5)
    draft.node("Softmax", ["z"], "y", axis=1)
    return draft


def residual() -> Draft:
    """A grouped Conv beside its own input, a bounded clamp, a mean over rows and columns, MatMul and Add."""
    draft = Draft((2, 4, 4))
    bounds = [draft.constant("lo", np.array(0, np.float32)), draft.constant("hi", np.array(1, np.float32))]
    draft.node("Conv", ["x", draft.weights("w0", 4, 2, 1, 1), draft.weights("b0", 4)], "c0")
    draft.node("Clip", ["c0", *bounds], "r0")
    draft.node("Conv", ["r0", draft.weights("w1", 4, 2, 3, 3)], "c1", group=2, pads=[1, 1, 1, 1])
    draft.node("Add", ["c1", "r0"], "a")
    draft.node("Relu", ["a"], "r1")
    draft.node("ReduceMean", ["r1"], "g", axes=[2, 3], keepdims=0)
    draft.node("MatMul", ["g", draft.weights("w2", 4, 5)], "m")
    draft.node("Add", [draft.weights("b2", 5), "m"], "y")
    return draft


def rearranged() -> Draft:
    """An average over 3×3, a Transpose, a MatMul at every position, Reshape, Dropout, Gemm."""
    draft = Draft((1, 8, 8))
    draft.node("Conv", ["x", draft.weights("w0", 4, 1, 3, 3)], "c0", pads=[1, 1, 1, 1])
    draft.node("Relu", ["c0"], "r0")
    draft.node("AveragePool", ["r0"], "p", kernel_shape=[3, 3], strides=[2, 2])
    draft.node("Transpose", ["p"], "t", perm=[0, 2, 3, 1])
    draft.node("MatMul", ["t", draft.weights("w1", 4, 3)], "m")
    draft.node("Add", ["m", draft.weights("b1", 3)], "a")
    draft.node("Reshape", ["a", draft.constant("size", np.array([-1, 27]))], "s")
    draft.node("Relu", ["s"], "r1")
    draft.node("Dropout", ["r1"], "d")
    draft.node("Gemm", ["d", draft.weights("w2", 27, 5)], "y")
    return draft


def ends_in_sum() -> Draft:
    """Two branches whose sum is the output."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 3, 3)], "c0", pads=[1, 1, 1, 1])
    draft.node("Relu", ["c0"], "r0")
    draft.node("Conv", ["r0", draft.weights("w1", 3, 3, 1, 1)], "c1")
    draft.node("Add", ["r0", "c1"], "y")
    return draft


NETWORKS: dict[str, Callable[[], Draft]] = {
    "pooled": pooled,
    "residual": residual,
    "rearranged": rearranged,
    "ends-in-sum": ends_in_sum,
}


def frames(draft: Draft, count: int = 32) -> NDArray[np.float32]:
    """Random inputs (count, *shape) within 0 … 1."""
    sizes = [size for size in draft.shape if isinstance(size, int)]
    return np.random.default_rng(1).random((count, *sizes)).astype(np.float32)


def run(path: Path, x: NDArray[np.float32], optimized: bool = False) -> NDArray[np.float32]:
    """The output `y` of a file for inputs (n, …), in onnxruntime."""
    levels = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimized else levels.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (result,) = session.run(["y"], {"x": x})
    return np.asarray(result, dtype=np.float32)


@cache
def digits() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Training images (n, 64) and labels, then the 360 held back."""
    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        (pixels / 16).astype(np.float32), labels, test_size=360, random_state=0, stratify=labels
    )
    return train_x, train_y, test_x, test_y


def digits_mlp(path: Path, seed: int) -> Path:
    """A 64-32-16-10 network with ReLU, trained by scikit-learn."""
    images, labels, _, _ = digits()
    trained = MLPClassifier((32, 16), alpha=1e-2, max_iter=80, learning_rate_init=4e-3, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # trained enough to be worth quantizing
        trained.fit(images, labels)
    draft = Draft((64,))
    value, last = "x", len(trained.coefs_) - 1
    for index, (weights, bias) in enumerate(zip(trained.coefs_, trained.intercepts_, strict=True)):
        names = [
            draft.constant(f"w{index}", weights.astype(np.float32)),
            draft.constant(f"b{index}", bias.astype(np.float32)),
        ]
        value = draft.node("Gemm", [value, *names], "y" if index == last else f"z{index}")
        if index < last:
            value = draft.node("Relu", [value], f"r{index}")
    return draft.save(path)
