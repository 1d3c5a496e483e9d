"""Nodes that are not what ONNX says, or that mean something else than a careless reader sees: refused in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import shiftwright
from rtl_tests.oracle.network import Network
from shiftwright.errors import ImportModelError


def unchecked(network: Network, output: str) -> onnx.ModelProto:
    """A file with one output that onnx itself would not pass."""
    kind = getattr(TensorProto, network.kind.upper())
    graph = helper.make_graph(
        network.nodes,
        "network",
        [helper.make_tensor_value_info("x", kind, network.shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        network.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", network.opset)], ir_version=10)


def refusal(network: Network, output: str, folder: Path) -> str:
    """What loading the file says."""
    path = folder / "model.onnx"
    onnx.save(unchecked(network, output), path)
    with pytest.raises(ImportModelError) as error:
        shiftwright.load(path)
    return str(error.value)


NODES = [
    pytest.param("Conv", 0, {}, "its input 'W' is missing", id="no weights"),
    pytest.param("Conv", 1, {"strides": [1]}, "its strides are [1]", id="one stride"),
    pytest.param("Conv", 1, {"pads": [1, 1]}, "its pads are [1, 1]", id="two pads"),
    pytest.param("Conv", 1, {"strides": 2}, "'strides' is INT, not INTS", id="stride no list"),
    pytest.param("Conv", 1, {"group": "a"}, "'group' is STRING, not INT", id="group a word"),
    pytest.param("Conv", 1, {"group": 0}, "in 0 groups", id="no group"),
    pytest.param("MaxPool", 0, {}, "it has no kernel_shape", id="pool without a kernel"),
    pytest.param("MaxPool", 0, {"kernel_shape": [2, 2], "pads": [0, 0, 2, 2]}, "padding is as large", id="pads at end"),
    pytest.param("Relu", 1, {}, "it has 2 inputs, ONNX allows 1", id="too many inputs"),
    pytest.param("Clip", 0, {"min": 0.0}, "'min' is no attribute of Clip in opset 21", id="older Clip"),
    pytest.param("Reshape", 0, {}, "its input 'shape' is missing", id="no shape"),
    pytest.param("Unsqueeze", 0, {}, "its input 'axes' is missing", id="no axes"),
    pytest.param("Transpose", 0, {"perm": [0, 1]}, "perm [0, 1] does not order", id="short perm"),
    pytest.param("Transpose", 0, {"perm": [0, 1, 1, 2]}, "perm [0, 1, 1, 2] does not order", id="axis twice"),
    pytest.param("Gemm", 1, {}, "its weights have 4 axes", id="no matrix"),
]


@pytest.mark.parametrize(("op_type", "weights", "attributes", "said"), NODES)
def test_malformed_nodes_are_refused(
    op_type: str, weights: int, attributes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """The node is named, and what is wrong with it."""
    network = Network(["N", 2, 4, 4])
    image = network.activation("x", 0.1)
    kernel = [network.weights(np.ones((1, 2, 1, 1)), 0.1)] * weights
    output = network.node(op_type, [image, *kernel], **attributes)

    message = refusal(network, output, tmp_path)

    assert message.startswith(f"{op_type}_")
    assert said in message


def test_one_bias_a_sample_is_refused(tmp_path: Path) -> None:
    """Three numbers for three samples are not three numbers for three outputs."""
    network = Network([3, 4])
    weights = network.weights(np.eye(4, 3), 0.1)
    column = network.constant("float", [[1.0], [2.0], [3.0]])
    output = network.node("Gemm", [network.activation("x", 0.1), weights, column])

    assert "its bias has shape (3, 1)" in refusal(network, output, tmp_path)


def test_dropout_in_training_is_refused(tmp_path: Path) -> None:
    """It would drop numbers at random; without training_mode it does nothing."""
    network = Network(["N", 4])
    network.constants.append(helper.make_tensor("training", TensorProto.BOOL, [], [True]))
    ratio = network.constant("float", 0.5)
    dropped = network.node("Dropout", [network.activation("x", 0.1), ratio, "training"])
    output = network.node("MatMul", [dropped, network.weights(np.eye(4), 0.1)])

    assert "training_mode" in refusal(network, output, tmp_path)


def test_small_floats_as_weights_are_refused(tmp_path: Path) -> None:
    """Eight-bit floats are no integers, though numpy would truncate them to some."""
    network = Network(["N", 4])
    network.constants.append(helper.make_tensor("small", TensorProto.FLOAT8E4M3FN, [4, 2], [0.5] * 8))
    weights = network.node("DequantizeLinear", ["small", network.constant("float", 0.1)])
    output = network.node("MatMul", [network.activation("x", 0.1), weights])

    assert "'small' is float8_e4m3fn, not integer" in refusal(network, output, tmp_path)


def test_nan_in_a_constant_node_is_refused(tmp_path: Path) -> None:
    """Constants need not be initializers."""
    network = Network(["N", 4])
    bias = helper.make_tensor("numbers", TensorProto.FLOAT, [2], [1.0, float("nan")])
    network.nodes.append(helper.make_node("Constant", [], ["bias"], value=bias))
    output = network.node("Gemm", [network.activation("x", 0.1), network.weights(np.ones((4, 2)), 0.1), "bias"])

    assert "constant 'bias' holds nan at [1]" in refusal(network, output, tmp_path)


def test_sixteen_bit_float_inputs_are_refused(tmp_path: Path) -> None:
    """golden returns float32, which is not what such a file returns."""
    network = Network(["N", 4])
    network.kind = "float16"
    output = network.node("MatMul", [network.activation("x", 0.1), network.weights(np.eye(4), 0.1)])

    assert "input 'x' is float16; only float32 and integer inputs compile" in refusal(network, output, tmp_path)


def test_initializers_listed_as_inputs_are_constants(tmp_path: Path) -> None:
    """Older exporters list them; they have values, so that nobody feeds them."""
    network = Network(["N", 4])
    output = network.node("MatMul", [network.activation("x", 0.5), network.weights(np.eye(4), 0.5)])
    model = unchecked(network, output)
    for constant in network.constants:
        model.graph.input.append(helper.make_tensor_value_info(constant.name, constant.data_type, constant.dims))
    onnx.save(model, tmp_path / "model.onnx")

    loaded = shiftwright.load(tmp_path / "model.onnx")

    assert [edge.name for edge in loaded.network.inputs] == ["x"]


def beside(network: Network, thresholds: Any, *, axes: int = -1, to: int = TensorProto.INT32) -> str:
    """Sums of two outputs against thresholds, answers cast, not yet summed."""
    product = network.node("MatMul", [network.activation("x", 0.1), network.weights(np.eye(4, 2), 0.1)])
    wide = network.node("Unsqueeze", [product, network.constant("int64", [axes])])
    reached = network.node("GreaterOrEqual", [wide, network.constant("float", thresholds)])
    return network.node("Cast", [reached], to=to)


def total(network: Network, answers: str, *axes: int, **attributes: Any) -> str:
    """Their sum over some axes."""
    return network.node("ReduceSum", [answers, network.constant("int64", axes)], **attributes)


THRESHOLDS: list[Any] = [
    pytest.param(
        lambda n: total(n, beside(n, [[0.5], [1.5]]), -1), "float32 of shape (2, 1); give one list", id="one an output"
    ),
    pytest.param(
        lambda n: total(n, beside(n, [0.5, 1.5], axes=1), -1), "shape (1, 2) a sample; put an Unsqueeze", id="axis"
    ),
    pytest.param(lambda n: total(n, beside(n, [0.5, 1.5]), 1), "it sums over the axes [1]", id="another axis"),
    pytest.param(lambda n: total(n, beside(n, [0.5, 1.5]), 1, 2), "it sums over the axes [1, 2]", id="two axes"),
    pytest.param(lambda n: n.node("ReduceSum", [beside(n, [0.5])]), "it sums over the axes []", id="all axes"),
    pytest.param(lambda n: total(n, beside(n, [0.5], to=TensorProto.INT8), -1), "it sums int8; put a Cast", id="int8"),
    pytest.param(lambda n: beside(n, [0.5], to=TensorProto.STRING), "its type is none of float32", id="to a text"),
    pytest.param(lambda n: beside(n, [0.5]), "it is a comparison's answers; sum them up", id="not summed"),
    pytest.param(lambda n: n.node("Relu", [beside(n, [0.5])]), "compares with thresholds; sum them up", id="bent"),
    pytest.param(lambda n: total(n, n.activation("x", 0.1), -1), "only the answers of a GreaterOrEqual", id="a mean"),
    pytest.param(
        lambda n: n.node("Cast", [n.activation("x", 0.1)], to=TensorProto.INT32), "it cuts numbers off", id="cut off"
    ),
    pytest.param(
        lambda n: n.node("Cast", [n.quantize("x", 0.1, 0, "uint8")], to=TensorProto.INT8),
        "int8 does not hold 0 … 255; cast to a wider type",
        id="too narrow",
    ),
    pytest.param(
        lambda n: n.look_up(n.node("Cast", [n.quantize("x", 0.1)], to=TensorProto.INT32), [0, 1, 2]),
        "codes -128 … 127 meet a table of 3 numbers",
        id="negative codes",
    ),
    pytest.param(
        lambda n: n.node("Gather", [n.activation("x", 0.1), n.constant("int64", [0, 2])], axis=1),
        "are no integer codes",
        id="some columns",
    ),
    pytest.param(
        lambda n: n.look_up(total(n, beside(n, [0.5, 1.5]), -1, keepdims=0), [[0], [1], [2]]),
        "float32 of shape (3, 1); give one list",
        id="a table of rows",
    ),
    pytest.param(
        lambda n: n.look_up(total(n, beside(n, [0.5, 1.5]), -1, keepdims=0), [0, 1e-30, 1]),
        "no common step within 32 bits",
        id="no common step",
    ),
]


@pytest.mark.parametrize(("build", "said"), THRESHOLDS)
def test_other_comparisons_and_tables_are_refused(build: Callable[[Network], str], said: str, tmp_path: Path) -> None:
    """What looks like activations by thresholds, and is not."""
    network = Network(["N", 4])

    assert said in refusal(network, build(network), tmp_path)
