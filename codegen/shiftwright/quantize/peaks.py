"""How far every channel of every layer goes on the calibration data, before and after its activation."""

from dataclasses import dataclass

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.quantize.data import Arrays
from shiftwright.quantize.execute import Session, observable
from shiftwright.quantize.network import Layer, Network
from shiftwright.quantize.operators import CLAMPS
from shiftwright.quantize.surgery import constant


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """Of one layer, both (channels,): the largest magnitude after the activation, and the least value before it."""

    active: NDArray[np.float64]
    lowest: NDArray[np.float64]


def measure_peaks(model: onnx_ir.Model, network: Network, data: Arrays) -> dict[str, Peaks]:
    """One pass of the float network over the data; the peaks by layer."""
    results = [layer.result for layer in network.layers]
    low = {layer.result: np.full(layer.channels, np.inf) for layer in network.layers}
    high = {layer.result: np.full(layer.channels, -np.inf) for layer in network.layers}
    for batch in Session(observable(model, results)).batches(data, results):
        for layer in network.layers:
            rows = np.moveaxis(batch[layer.result], layer.result_axis, -1).reshape(-1, layer.channels)
            low[layer.result] = np.minimum(low[layer.result], rows.min(axis=0))
            high[layer.result] = np.maximum(high[layer.result], rows.max(axis=0))
    values = {value.name: value for node in model.graph for value in node.outputs}
    return {layer.name: _peaks(layer, values[layer.result], low, high) for layer in network.layers}


def _peaks(
    layer: Layer, result: onnx_ir.Value, low: dict[str, NDArray[np.float64]], high: dict[str, NDArray[np.float64]]
) -> Peaks:
    readers = [use.node for use in result.uses()]
    rectified = bool(readers) and not result.is_graph_output() and all(_rectifies(node) for node in readers)
    lowest, highest = low[layer.result], high[layer.result]
    return Peaks(np.maximum(highest, 0 if rectified else -lowest), lowest)


def _rectifies(node: onnx_ir.Node) -> bool:
    """Whether nothing negative comes through."""
    if node.op_type not in CLAMPS:
        return False
    bound = constant(node.inputs[1]) if node.op_type == "Clip" and len(node.inputs) > 1 else None
    return node.op_type == "Relu" or (bound is not None and bool(bound.item() >= 0))
