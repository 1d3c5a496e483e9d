"""One layer in hardware: its nodes, what it reads and makes, and its engine if it multiplies by constants."""

from dataclasses import dataclass

from shiftwright.ir.core import Node, Value
from shiftwright.lower.engine import Engine
from shiftwright.lower.number_system import number_system
from shiftwright.ops.stage import MatrixOperator
from shiftwright.ops.sum_pool import SumPool


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """`engine` is None for hardware that multiplies by nothing."""

    name: str
    nodes: tuple[Node, ...]
    source: Value
    output: Value
    engine: Engine | None

    @property
    def numbers(self) -> str:
        """The number system of the layer's weights."""
        operator = self.nodes[0].operator
        if not isinstance(operator, MatrixOperator) or isinstance(operator, SumPool):
            return "none"
        return number_system(operator.product(self.source).matrix)

    @property
    def does(self) -> str:
        """What the layer does, in a few words."""
        return " · ".join(node.operator.describe() for node in self.nodes)
