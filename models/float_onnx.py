"""Writes a trained chain of torch layers as a float ONNX file: one node a layer, named as the layer is.

torch's own exporter would do; this keeps BatchNormalization and Flatten as nodes of their own, and the bytes free of
the exporter's version and of the machine it ran on."""

from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 18
IR_VERSION = 8  # the one that came with opset 18, so that every runtime that knows the opset reads the file


def write(network: nn.Sequential, shape: tuple[int, ...], classes: int, path: Path) -> None:
    """Writes the file: input `x` (batch, *shape), output `logits` (batch, classes), float32, weights inside.

    TypeError for a layer that has no node here."""
    nodes: list[NodeProto] = []
    weights: list[TensorProto] = []
    layers = [(name, layer) for name, layer in network.named_children() if not isinstance(layer, nn.Dropout)]
    value = "x"
    for name, layer in layers:
        output = "logits" if layer is layers[-1][1] else name
        tensors = [numpy_helper.from_array(tensor.detach().numpy(), f"{name}.{part}") for part, tensor in parts(layer)]
        nodes.append(node(name, layer, [value, *(tensor.name for tensor in tensors)], output))
        weights.extend(tensors)
        value = output
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def parts(layer: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """A layer's tensors in the order in which its ONNX node takes them."""
    for part in ("weight", "bias", "running_mean", "running_var"):
        tensor = getattr(layer, part, None)
        if tensor is not None:
            yield part, tensor


def node(name: str, layer: nn.Module, inputs: list[str], output: str) -> NodeProto:
    """The ONNX node that computes what a layer does when it is evaluated."""
    match layer:
        case nn.Linear():
            return helper.make_node("Gemm", inputs, [output], name, transB=1)
        case nn.Conv2d(kernel_size=kernel, stride=stride, padding=(rows, columns)):
            pads = [rows, columns, rows, columns]
            return helper.make_node("Conv", inputs, [output], name, kernel_shape=kernel, strides=stride, pads=pads)
        case nn.BatchNorm2d(eps=epsilon):
            return helper.make_node("BatchNormalization", inputs, [output], name, epsilon=epsilon)
        case nn.ReLU():
            return helper.make_node("Relu", inputs, [output], name)
        case nn.MaxPool2d(kernel_size=size, stride=stride):
            return helper.make_node("MaxPool", inputs, [output], name, kernel_shape=[size] * 2, strides=[stride] * 2)
        case nn.Flatten():
            return helper.make_node("Flatten", inputs, [output], name)
    raise TypeError(f"{name}: {type(layer).__name__} has no ONNX node here; add a case to models/float_onnx.py")
