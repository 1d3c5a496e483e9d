"""Holds a node against ONNX's own description of its operator: which operands it needs, and its attributes' types.

A node that breaks it means nothing, and onnxruntime refuses it too; importers rely on what is checked here. So a Clip
with the bounds of an older opset is an error, not a Clip without bounds."""

from typing import Any

import onnx
import onnx_ir

from shiftwright.errors import UnsupportedOp

REQUIRED = onnx.defs.OpSchema.FormalParameterOption.Single


def check_node(name: str, node: onnx_ir.Node, opset: int) -> None:
    """UnsupportedOp where a node of the standard domain is not what its operator is in `opset`."""
    schema = onnx.defs.get_schema(node.op_type, opset)
    if len(node.inputs) > schema.max_input:
        raise _invalid(name, node, f"it has {len(node.inputs)} inputs, ONNX allows {schema.max_input}")
    for place, operand in enumerate(schema.inputs):
        given = node.inputs[place] if place < len(node.inputs) else None
        if operand.option == REQUIRED and (given is None or given.name == ""):
            raise _invalid(name, node, f"its input {operand.name!r} is missing")
    for key, wanted in schema.attributes.items():
        if wanted.required and key not in node.attributes:
            raise _invalid(name, node, f"it has no {key}")
    for key, attribute in node.attributes.items():
        if key not in schema.attributes:
            raise _invalid(name, node, f"{key!r} is no attribute of {node.op_type} in opset {opset}")
        kind: Any = schema.attributes[key].type  # an enumeration that onnx does not declare as one
        if attribute.type.name != kind.name:
            raise _invalid(name, node, f"its attribute {key!r} is {attribute.type.name}, not {kind.name}")


def _invalid(name: str, node: onnx_ir.Node, what: str) -> UnsupportedOp:
    return UnsupportedOp(f"{name} ({node.op_type}): {what}; the file is not valid ONNX, export the model again")
