"""A quantized ONNX file read with plain onnx, and how a draft becomes one."""

from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from rtl_tests.unit.quantize_networks import Draft, frames
from shiftwright import quantize
from shiftwright.quantize import Report, Settings


class File:
    """A quantized ONNX file, read with plain onnx."""

    def __init__(self, path: Path) -> None:
        self.proto = onnx.load(path)
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in self.proto.graph.initializer}
        self.producers = {node.output[0]: node for node in self.proto.graph.node}

    def named(self, op: str) -> list[onnx.NodeProto]:
        """The nodes of one operator, in order."""
        return [node for node in self.proto.graph.node if node.op_type == op]

    def before(self, node: onnx.NodeProto, index: int = 0) -> onnx.NodeProto:
        """The node that makes an input."""
        producer: onnx.NodeProto = self.producers[node.input[index]]
        return producer

    def integers(self, dequantize: onnx.NodeProto) -> NDArray[Any]:
        """What a DequantizeLinear of a constant holds."""
        return self.constants[dequantize.input[0]]

    def scale(self, node: onnx.NodeProto) -> NDArray[Any]:
        """The scale of a QuantizeLinear or DequantizeLinear."""
        return self.constants[node.input[1]]


def write(folder: Path, draft: Draft, name: str = "q.onnx", **settings: Any) -> tuple[Path, Report]:
    """Quantizes a draft on random frames."""
    path = folder / name
    report = quantize.quantize(draft.save(folder / "float.onnx"), {"x": frames(draft)}, Settings(**settings), path)
    return path, report
