"""How the inputs of a layer vary together: what an error in a weight costs, and which others can make up for it.

For a convolution the inputs are its windows. They are made by onnxruntime itself, as a convolution of the same geometry
whose kernels each pick one word of the window, so that padding, stride and dilation have one meaning."""

from collections.abc import Callable

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.quantize.data import Arrays
from shiftwright.quantize.execute import Session, observable
from shiftwright.quantize.network import Layer, Network

ROWS = 1 << 15  # windows a layer that are looked at, about


class Covariance:
    """Running covariance of row vectors, block by block: a block for each group of a layer."""

    def __init__(self, groups: int, width: int) -> None:
        self._count = 0
        self._sum = np.zeros((groups, width))
        self._products = np.zeros((groups, width, width))

    def add(self, rows: NDArray[np.float64]) -> None:
        """Adds rows (count, groups, width)."""
        self._count += len(rows)
        self._sum += rows.sum(axis=0)
        by_group = rows.transpose(1, 0, 2)
        self._products += by_group.transpose(0, 2, 1) @ by_group

    def value(self) -> NDArray[np.float64]:
        """The covariance so far, (groups, width, width)."""
        mean = self._sum / self._count
        return self._products / self._count - mean[:, :, None] * mean[:, None, :]


def covariances(
    model: onnx_ir.Model, network: Network, data: Arrays, progress: Callable[[str], None]
) -> dict[str, NDArray[np.float64]]:
    """For each layer by name the covariance (groups, n, n) of its inputs in the float network."""
    progress("looking at the inputs of every layer")
    names = list(dict.fromkeys(layer.data for layer in network.layers))
    session = Session(observable(model, names))
    windows = {layer.name: _window_session(model, layer) for layer in network.layers if layer.op == "Conv"}
    found = {layer.name: Covariance(layer.groups, layer.weights.shape[1]) for layer in network.layers}
    total = len(next(iter(data.values())))
    for batch in session.batches(data, names):
        for layer in network.layers:
            values = batch[layer.data]
            share = max(1, ROWS * len(values) // total)
            if layer.op == "Conv":
                images = max(1, share // int(np.prod(values.shape[2:])))
                values = values[:: max(1, len(values) // images)]
                (columns,) = windows[layer.name].batches({"data": values}, ["columns"])
                values = np.moveaxis(columns["columns"], 1, -1)
            rows = values.reshape(-1, layer.groups, layer.weights.shape[1])
            found[layer.name].add(rows[:: max(1, len(rows) // share)].astype(np.float64))
    return {name: covariance.value() for name, covariance in found.items()}


def _window_session(model: onnx_ir.Model, layer: Layer) -> Session:
    """A model of one Conv, `data` to `columns`, that gives a convolution's windows as channels."""
    node = next(node for node in model.graph if node.name == layer.name)
    width = layer.weights.shape[1]
    picks = np.tile(np.eye(width, dtype=np.float32), (layer.groups, 1))
    kernels = onnx_ir.tensor(picks.reshape(-1, *layer.weight_shape[1:]), name="kernels")
    data = onnx_ir.val("data", onnx_ir.DataType.FLOAT, ["n", *_image_shape(node)])
    weight = onnx_ir.val("kernels", const_value=kernels)
    conv = onnx_ir.node("Conv", [data, weight], node.attributes)
    conv.outputs[0].name = "columns"
    conv.outputs[0].type = onnx_ir.TensorType(onnx_ir.DataType.FLOAT)
    graph = onnx_ir.Graph(
        [data],
        conv.outputs,
        nodes=[conv],
        initializers=[weight],
        opset_imports=model.graph.opset_imports,
        name="windows",
    )
    return Session(onnx_ir.Model(graph, ir_version=model.ir_version or 0))


def _image_shape(node: onnx_ir.Node) -> list[int | str]:
    source = node.inputs[0]
    assert source is not None
    if source.shape is None:
        return ["channels", "rows", "columns"]
    return [size if isinstance(size, int) else f"axis{axis}" for axis, size in enumerate(source.shape[1:])]
