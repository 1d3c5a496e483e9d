"""An adder graph as a pipelined Verilog leaf.

Stages are those of shiftwright.arith.pipeline: a value used in a later stage is registered once a stage, in its own
width and only as far as it is needed; outputs are registered after the last stage. A sum of three terms is an instance
of one module, `shiftwright_add3`, which synthesis can build of one row of LUTs.

Every word is printed without sign, as its bits: a term is taken modulo the width of the sum it enters, sign-extended by
copies of its top bit, so that no Verilog rule of signs or widths plays a part. Line grammar of the module's body, which
a reader may rely on (W widths, N names, H, L, K, C numbers), besides comment lines:

    wire [W-1:0] N = x[H:L];                                       an input lane
    wire [W-1:0] N = term {+ term} {- term};                       an adder, an operand or a constant in each term
    (* keep *) wire [W-1:0] N;                                     an adder that synthesis must not merge,
    assign N = term {+ term} {- term};                             and what it sums (Icarus wants two lines)
    wire [W-1:0] N;                                                a sum of three (with (* keep *) as above), and this
    shiftwright_add3 #(.WIDTH(W), .LOW(L), .HIGH(H), .SIGNED(S), .NEGATIVE(K)) N_sum (.a(term), .b(term), .c(term),
     .y(N));                                                       on one line
    reg [W-1:0] N;                                                 a register
    always @(posedge clk) if (ce) N <= N;                          and what it takes
    assign y[H:L] = term;                                          an output lane
    term: {[{K{N[H]}}, | {K{1'b0}}, ] N[H:0] [, K'b0]} or W'dC

A sum of three is N = a + b + c (K = 0), a + b - c (1) or a - b - c (2), modulo 2^W. Its other numbers are promises by
which synthesis saves LUTs, and a reader must check them: L <= H < W; b and c end in L zeros or more, so that the low
L bits of N are those of a; the bits above H of a, b and c are copies of their bit H (S = 1), or all zero (S = 0). A
sum of four terms (three operands and a constant) or of three negated operands has no such row and is printed as
`wire [W-1:0] N = term {+ term} {- term};`."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.pipeline import Schedule
from shiftwright.rtl import add3
from shiftwright.rtl.add3 import Row
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.leaf import Leaf
from shiftwright.rtl.term import Term


@dataclass(frozen=True, slots=True)
class Wire:
    """A named sum; `keep` holds synthesis back from merging it into the next one; `row` is there for sums of three."""

    name: str
    width: int
    terms: tuple[Term, ...]
    keep: bool
    row: Row | None = None


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
        self.graph = graph
        self.schedule = Schedule(graph, levels_per_stage)
        super().__init__(
            name,
            Format.spanning(graph.inputs),
            Format.spanning([graph.output_range(index) for index in range(len(graph.outputs))]),
            self.schedule.latency,
        )

    def files(self) -> dict[str, str]:
        rows = any(wire.row for stage in self._stages for wire in stage.wires)
        return super().files() | (add3.file() if rows else {})

    def context(self) -> Mapping[str, object]:
        return {
            "inputs": [self._input(value) for value in self.schedule.last_reads if value < len(self.graph.inputs)],
            "stages": self._stages,
            "outputs": [self._output(index) for index in range(len(self.graph.outputs))],
            "add3": add3.NAME,
        }

    @cached_property
    def _stages(self) -> list[Stage]:
        wires, registers = defaultdict(list), defaultdict(list)
        for value, last in self.schedule.last_reads.items():
            first = self.schedule.stage_of(value)
            width = self._lane(value).width
            if value >= len(self.graph.inputs):
                wires[first].append(self._wire(value))
            for stage in range(first, last):
                registers[stage].append(Register(_name(value, stage + 1), width, _name(value, stage)))
        stages = range(1, self.latency + 1)
        return [Stage(stage, tuple(wires[stage]), tuple(registers[stage])) for stage in stages]

    def _add(self, value: int) -> Add:
        return self.graph.adds[value - len(self.graph.inputs)]

    def _lane(self, value: int) -> Lane:
        return Lane.spanning(*self.graph.range_of(value))

    def _input(self, value: int) -> Slice:
        low, high = self.words.offset(value), self.words.offset(value + 1) - 1
        return Slice(high, low, name=_name(value, 1))

    def _wire(self, value: int) -> Wire:
        add, width, stage = self._add(value), self._lane(value).width, self.schedule.stage_of(value)
        constant = add.constant
        plus: list[Term] = []
        minus: list[Term] = []
        for operand in add.operands:
            if self.schedule.is_constant(operand.value):
                number = self._add(operand.value).constant << operand.shift
                constant += -number if operand.negative else number
            else:
                (minus if operand.negative else plus).append(self._term(operand, width, stage))
        if constant or not plus:
            plus.append(Term(False, width, number=constant % (1 << width)))
        if len(plus) + len(minus) == 3:
            plus.sort(key=lambda term: term.low_zeros)  # the first one's low bits pass
        terms = (*plus, *minus)
        return Wire(_name(value, stage), width, terms, self.schedule.levels_per_stage > 1, Row.of(terms))

    def _output(self, index: int) -> Slice:
        low, high = self.results.offset(index), self.results.offset(index + 1) - 1
        width = high - low + 1
        output = self.graph.outputs[index]
        if output is None:
            return Slice(high, low, term=Term(False, width))
        if self.schedule.is_constant(output.value):
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
