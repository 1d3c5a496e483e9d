"""An adder graph as a pipelined Verilog leaf.

An adder of level l belongs to stage ceil(l / levels_per_stage). Inputs belong to stage 1; a value used in a later
stage is registered once a stage, in its own width and only as far as it is needed; outputs are registered after the
last stage.

Every word is printed without sign, as its bits: a term is taken modulo the width of the sum it enters, sign-extended by
copies of its top bit, so that no Verilog rule of signs or widths plays a part. Line grammar of the module's body, which
a reader may rely on (W widths, N names, H, L, K, C numbers), besides comment lines:

    wire [W-1:0] N = x[H:L];                                       an input lane
    wire [W-1:0] N = term {+ term} {- term};                       an adder, an operand or a constant in each term
    (* keep *) wire [W-1:0] N;                                     an adder that synthesis must not merge,
    assign N = term {+ term} {- term};                             and what it sums (Icarus wants two lines)
    reg [W-1:0] N;                                                 a register
    always @(posedge clk) if (ce) N <= N;                          and what it takes
    assign y[H:L] = term;                                          an output lane
    term: {[{K{N[H]}}, | {K{1'b0}}, ] N[H:0] [, K'b0]} or W'dC
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.leaf import Leaf


@dataclass(frozen=True, slots=True)
class Term:
    """One summand as bits: `name[high:0]` above `zeros` zeros and below `extension` zeros or copies of its top bit.

    A constant has no name; its bits are `number`, `width` wide."""

    negative: bool
    width: int
    number: int = 0
    name: str = ""
    high: int = 0
    zeros: int = 0
    extension: int = 0
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """A named sum; `keep` holds synthesis back from merging it into the next one."""

    name: str
    width: int
    terms: tuple[Term, ...]
    keep: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """Bits high … low of a port; read as `name` if it is an input lane, driven by `term` if it is an output lane."""

    high: int
    low: int
    name: str = ""
    term: Term | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """A word of `width` bits that follows `source` one enabled clock edge later."""

    name: str
    width: int
    source: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What lies between two ranks of registers, and the rank that ends it."""

    number: int
    wires: tuple[Wire, ...]
    registers: tuple[Register, ...]


class AdderLeaf(Leaf):
    """y = W·x + b. Latency max(1, ceil(depth / levels_per_stage)); x and y in the narrowest lanes of their ranges."""

    template: ClassVar[str] = "adder_graph.v.j2"

    def __init__(self, name: str, graph: AdderGraph, levels_per_stage: int = 1) -> None:
        assert levels_per_stage >= 1
        self.graph = graph
        self.levels_per_stage = levels_per_stage
        super().__init__(
            name,
            Format.spanning(graph.inputs),
            Format.spanning([graph.output_range(index) for index in range(len(graph.outputs))]),
            max(1, -(-graph.depth // levels_per_stage)),
        )

    def context(self) -> Mapping[str, object]:
        last_use = self._last_uses()
        wires, registers = defaultdict(list), defaultdict(list)
        for value, last in last_use.items():
            first = self._stage_of(value)
            width = self._lane(value).width
            if value >= len(self.graph.inputs):
                wires[first].append(self._wire(value))
            for stage in range(first, last):
                registers[stage].append(Register(_name(value, stage + 1), width, _name(value, stage)))
        stages = range(1, self.latency + 1)
        return {
            "inputs": [self._input(value) for value in range(len(self.graph.inputs)) if value in last_use],
            "stages": [Stage(stage, tuple(wires[stage]), tuple(registers[stage])) for stage in stages],
            "outputs": [self._output(index) for index in range(len(self.graph.outputs))],
        }

    def _add(self, value: int) -> Add:
        return self.graph.adds[value - len(self.graph.inputs)]

    def _is_constant(self, value: int) -> bool:
        return value >= len(self.graph.inputs) and self._add(value).is_constant

    def _lane(self, value: int) -> Lane:
        return Lane.spanning(*self.graph.range_of(value))

    def _stage_of(self, value: int) -> int:
        return max(1, -(-self.graph.level_of(value) // self.levels_per_stage))

    def _last_uses(self) -> dict[int, int]:
        """The last stage that reads each value that the outputs depend on, in the values' order; constants are nowhere
        stored. An output is read after the last stage."""
        last: dict[int, int] = {}
        for output in self.graph.outputs:
            if output is not None and not self._is_constant(output.value):
                last[output.value] = self.latency + 1
        for value in range(len(self.graph.inputs) + len(self.graph.adds) - 1, len(self.graph.inputs) - 1, -1):
            if value in last:
                stage = self._stage_of(value)
                for operand in self._add(value).operands:
                    if not self._is_constant(operand.value):
                        last[operand.value] = max(last.get(operand.value, 0), stage)
        return dict(sorted(last.items()))

    def _input(self, value: int) -> Slice:
        low, high = self.words.offset(value), self.words.offset(value + 1) - 1
        return Slice(high, low, name=_name(value, 1))

    def _wire(self, value: int) -> Wire:
        add, width, stage = self._add(value), self._lane(value).width, self._stage_of(value)
        constant = add.constant
        plus: list[Term] = []
        minus: list[Term] = []
        for operand in add.operands:
            if self._is_constant(operand.value):
                number = self._add(operand.value).constant << operand.shift
                constant += -number if operand.negative else number
            else:
                (minus if operand.negative else plus).append(self._term(operand, width, stage))
        if constant or not plus:
            plus.append(Term(False, width, number=constant % (1 << width)))
        return Wire(_name(value, stage), width, (*plus, *minus), keep=self.levels_per_stage > 1)

    def _output(self, index: int) -> Slice:
        low, high = self.results.offset(index), self.results.offset(index + 1) - 1
        width = high - low + 1
        output = self.graph.outputs[index]
        if output is None:
            return Slice(high, low, term=Term(False, width))
        if self._is_constant(output.value):
            number = self._add(output.value).constant << output.shift
            return Slice(high, low, term=Term(False, width, number=number % (1 << width)))
        return Slice(high, low, term=self._term(output, width, self.latency + 1))

    def _term(self, operand: Operand, width: int, stage: int) -> Term:
        """The operand's bits modulo 2^width, as read in a stage."""
        if operand.shift >= width:
            return Term(operand.negative, width)
        lane = self._lane(operand.value)
        taken = min(lane.width, width - operand.shift)
        return Term(
            operand.negative,
            width,
            name=_name(operand.value, stage),
            high=taken - 1,
            zeros=operand.shift,
            extension=width - operand.shift - taken,
            signed=lane.signed,
        )


def _name(value: int, stage: int) -> str:
    return f"v{value}_{stage}"
