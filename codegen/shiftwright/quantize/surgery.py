"""The few cuts and joins on an onnx_ir graph that the quantizer needs."""

from typing import Any

import numpy as np
import onnx_ir
from numpy.typing import NDArray


def constant(value: onnx_ir.Value | None) -> NDArray[Any] | None:
    """The array of an initializer or of a Constant node; None for anything that varies."""
    if value is None or value.const_value is None:
        return None
    return value.const_value.numpy()


def is_read(value: onnx_ir.Value) -> bool:
    """Whether a node takes the value, or the graph gives it out."""
    return value.is_graph_output() or bool(value.uses())


def only_reader(value: onnx_ir.Value) -> tuple[onnx_ir.Node, int] | None:
    """The node that alone reads a value, and as which input; None if there are more, or the graph gives it out."""
    uses = list(value.uses())
    return (uses[0].node, uses[0].idx) if len(uses) == 1 and not value.is_graph_output() else None


def initializer(graph: onnx_ir.Graph, name: str, array: NDArray[Any]) -> onnx_ir.Value:
    """Adds a constant under a name that is free; keeps the array's type."""
    value = onnx_ir.Value(
        name=name,
        const_value=onnx_ir.tensor(np.array(array, order="C"), name=name),
        shape=onnx_ir.Shape(array.shape),
        type=onnx_ir.TensorType(onnx_ir.DataType.from_numpy(array.dtype)),
    )
    graph.register_initializer(value)
    return value


def rewire(old: onnx_ir.Value, new: onnx_ir.Value) -> None:
    """Everything that read `old`, the graph's outputs included, reads `new`; an output keeps its name."""
    is_output = old.is_graph_output()
    old.replace_all_uses_with(new, replace_graph_outputs=True)
    if is_output and new.producer() is not None:
        old.name, new.name = f"{old.name}_before", old.name


def replace(graph: onnx_ir.Graph, node: onnx_ir.Node, chain: list[onnx_ir.Node]) -> None:
    """Puts a chain of nodes, the last of which makes what `node` made, in the node's place."""
    graph.insert_before(node, chain)
    result, last = node.outputs[0], chain[-1].outputs[0]
    last.name, result.name = result.name, None
    last.shape, last.type = result.shape, result.type
    result.replace_all_uses_with(last, replace_graph_outputs=True)
    graph.remove(node, safe=True)
