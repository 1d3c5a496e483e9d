"""A word's multiples by constants: an adder graph of one input, with a register a level."""

from amaranth import Const, Shape, Value

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.interval import bit_width
from shiftwright.rtl.folded.pipe import Pipe


class Bank:
    """The outputs of a graph with one input, all of them `latency` cycles after the word."""

    def __init__(self, graph: AdderGraph) -> None:
        assert len(graph.inputs) == 1
        self.graph = graph
        self.latency = max((graph.level_of(output.value) for output in graph.outputs if output is not None), default=0)

    def multiples(self, pipe: Pipe, word: Value, name: str) -> list[Value]:
        """The outputs' values, exact in their widths."""
        values = [word]
        for number, add in enumerate(self.graph.adds):
            values.append(self._sum(pipe, values, add, f"{name}_sum{number}"))
        return [self._at(pipe, values, output, self.latency, name) for output in self.graph.outputs]

    def _sum(self, pipe: Pipe, values: list[Value], add: Add, name: str) -> Value:
        shape = Shape(*bit_width(add.lo, add.hi))
        if add.is_constant:
            return Const(add.constant, shape)
        total: Value | None = (
            Const(add.constant, Shape(*bit_width(*sorted((0, add.constant))))) if add.constant else None
        )
        for operand in sorted(add.operands, key=lambda operand: operand.negative):
            word = self._at(pipe, values, operand, add.level - 1, name)
            if total is None:
                total = -word if operand.negative else word
            else:
                total = total - word if operand.negative else total + word
        assert total is not None
        return pipe.register(total, name, shape)

    def _at(self, pipe: Pipe, values: list[Value], operand: Operand | None, level: int, name: str) -> Value:
        """The operand without its sign, at the level where it is read."""
        if operand is None:
            return Const(0, 1)
        value = values[operand.value]
        if not isinstance(value, Const):
            value = pipe.delay(value, level - self.graph.level_of(operand.value), name)
        return value << operand.shift
