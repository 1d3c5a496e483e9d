"""The integer graph as text, one line a node."""

from shiftwright.ir.core import Graph, Value


def show(graph: Graph) -> str:
    """`name shape [lo, hi] = what(inputs)`, in execution order."""
    lines = [f"{_value(value)} = input" for value in graph.inputs]
    for node in graph.nodes:
        sources = ", ".join(value.name for value in node.inputs)
        lines.append(f"{_value(node.output)} = {node.operator.describe()} ({sources})")
    lines.append(f"return {', '.join(value.name for value in graph.outputs)}")
    return "\n".join(lines)


def _value(value: Value) -> str:
    shape = "×".join(map(str, value.shape))
    return f"{value.name} {shape} [{value.interval.lo.min()}, {value.interval.hi.max()}]"
