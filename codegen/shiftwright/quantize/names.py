"""Names for what the quantizer adds to a graph: the file's own stay, and a new one that is taken gives way."""

import onnx_ir

from shiftwright.quantize.operators import LAYERS


class Names:
    """The names that a graph has; nodes and values are named apart."""

    def __init__(self, graph: onnx_ir.Graph) -> None:
        values = [*graph.inputs, *graph.initializers.values(), *(value for node in graph for value in node.outputs)]
        self._values = {value.name for value in values}
        self._nodes = {node.name for node in graph}

    def node(self, wanted: str) -> str:
        """The name for a node that is wanted, or the next to it that is free; it is taken from now on."""
        return _take(wanted, self._nodes)

    def value(self, wanted: str) -> str:
        """The same for a value."""
        return _take(wanted, self._values)


def _take(wanted: str, taken: set[str | None]) -> str:
    while wanted in taken:
        wanted += "_"
    taken.add(wanted)
    return wanted


def name_all(graph: onnx_ir.Graph) -> None:
    """Gives every node and value a name; the rest of the quantizer speaks of them by name.

    A layer without one is named after what it makes."""
    names = Names(graph)
    for number, node in enumerate(graph):
        if not node.name:
            result = node.outputs[0].name
            node.name = names.node(result if node.op_type in LAYERS and result else f"{node.op_type}_{number}")
        for value in node.outputs:
            value.name = value.name or names.value(f"{node.name}_output")
