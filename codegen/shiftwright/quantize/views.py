"""Other looks at the same words of a sample: every one becomes a Flatten or a Reshape by a constant.

Exporters write x.view(x.size(0), -1) as operators that compute the new shape from the old one's batch: Shape, Gather or
Slice, Concat, Reshape. Shape inference follows such numbers, so that the shape it finds is all that is needed here."""

from math import prod

import numpy as np
import onnx_ir
from onnx_ir.passes.common import RemoveUnusedNodesPass, ShapeInferencePass

from shiftwright.errors import QuantizeError
from shiftwright.quantize.names import Names
from shiftwright.quantize.quiet import quiet
from shiftwright.quantize.surgery import constant, initializer, replace

_VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze"})


def constant_views(model: onnx_ir.Model) -> None:
    """Rewrites in place all views that keep the batch; afterwards shapes are inferred."""
    names = Names(model.graph)
    found = True
    while found:  # a shape may be computed from that of another view
        _infer_shapes(model)
        found = False
        for node in list(model.graph):
            sizes = _sizes(node) if node.op_type in _VIEWS else None
            if sizes is not None:
                _replace(model.graph, node, sizes, names)
                found = True
    RemoveUnusedNodesPass()(model)  # what computed the shapes


def _infer_shapes(model: onnx_ir.Model) -> None:
    """Afresh: where exporters do not follow a size they give it a name of its own, which would hide the batch."""
    told = {value: value.shape for node in model.graph for value in node.outputs}
    for value in told:
        value.shape = None
    with quiet():
        ShapeInferencePass()(model)
    for value, shape in told.items():
        value.shape = shape if value.shape is None else value.shape


def _replace(graph: onnx_ir.Graph, node: onnx_ir.Node, sizes: list[int], names: Names) -> None:
    data = node.inputs[0]
    if len(sizes) == 1:
        view = onnx_ir.node("Flatten", [data], {"axis": 1}, name=node.name)
    else:
        target = np.array([0, *sizes], np.int64)  # 0 is the batch as it comes
        shape = initializer(graph, names.value(f"{node.name}.shape"), target)
        view = onnx_ir.node("Reshape", [data, shape], name=node.name)
    replace(graph, node, [view])


def _sizes(node: onnx_ir.Node) -> list[int] | None:
    """The sizes behind the batch that a view gives; None where they are unknown, the batch changes, or all is done."""
    source, result = node.inputs[0], node.outputs[0]
    if source is None or not source.shape or source.dtype != onnx_ir.DataType.FLOAT:  # shapes are not looked at
        return None
    batch, *before = _known(source.shape)
    if node.op_type == "Squeeze" and len(node.inputs) == 1 and batch is None:
        raise QuantizeError(
            f"node {node.name!r}: Squeeze without axes drops a batch of one, too; give it the axes, or use Flatten"
        )
    if not result.shape:
        return None
    first, *after = _known(result.shape)
    is_same = source.shape[0] == result.shape[0]
    if None in before or after.count(None) > is_same or not (is_same or first is None):
        return None
    words, given = (prod(size for size in sizes if size is not None) for sizes in (before, after))
    sizes = [words // max(given, 1) if size is None else size for size in after]
    if prod(sizes) != words:  # where they are as many, the batch is what it was, whatever it is called
        return None
    target = constant(node.inputs[1]) if node.op_type == "Reshape" else None
    return None if target is not None and target.tolist() == [0, *sizes] else sizes


def _known(shape: onnx_ir.Shape) -> list[int | None]:
    return [size if isinstance(size, int) else None for size in shape]
