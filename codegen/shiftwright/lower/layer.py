"""One layer in hardware: its nodes, what it reads and makes, and its engine if it multiplies by constants."""

from dataclasses import dataclass

from shiftwright.ir.core import Node, Value
from shiftwright.lower.engine import Engine
from shiftwright.lower.number_system import number_system
from shiftwright.ops.stage import MatrixOperator
from shiftwright.ops.sum_pool import SumPool


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """`main` is the node that the others serve; `engine` is None for hardware that multiplies by nothing."""

    name: str
    nodes: tuple[Node, ...]
    main: Node
    output: Value
    engine: Engine | None

    @property
    def source(self) -> Value:
        """What the main node reads."""
        return self.main.inputs[0]

    @property
    def numbers(self) -> str:
        """The number system of the layer's weights."""
        operator = self.main.operator
        if not isinstance(operator, MatrixOperator) or isinstance(operator, SumPool):
            return "none"
        return number_system(operator.product(self.source).matrix)

    @property
    def does(self) -> str:
        """What the layer does, in a few words."""
        return " · ".join(node.operator.describe() for node in self.nodes)
