"""A type checker for the integer graph: raises at the first node that does not hold together."""

from shiftwright.errors import GraphError
from shiftwright.ir.core import Graph


def verify(graph: Graph) -> None:
    """Every input is defined before use, every name is unique, every shape and interval is what the operator infers."""
    known = {id(value) for value in graph.inputs}
    names = {value.name for value in graph.inputs}
    for node in graph.nodes:
        for value in node.inputs:
            if id(value) not in known:
                raise GraphError(f"{node.name}: reads {value.name}, which nothing before it makes")
        if node.output.name in names:
            raise GraphError(f"{node.name}: its name is taken")
        shape, interval = node.operator.infer(node.inputs)
        if shape != node.output.shape:
            raise GraphError(f"{node.name}: shape {node.output.shape} should be {shape}")
        if (interval.lo != node.output.interval.lo).any() or (interval.hi != node.output.interval.hi).any():
            raise GraphError(f"{node.name}: its interval is not what its operator infers")
        known.add(id(node.output))
        names.add(node.output.name)
    for value in graph.outputs:
        if id(value) not in known:
            raise GraphError(f"output {value.name}: nothing makes it")
