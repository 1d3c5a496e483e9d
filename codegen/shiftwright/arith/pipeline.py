"""The pipeline of an adder graph: which stage each adder belongs to, how far each value is delayed, and how many levels
of adders a clock allows between two ranks of registers.

An adder of level l belongs to stage ceil(l / levels_per_stage), inputs to stage 1. A value is registered once a stage
from its own to the last one that reads it, whatever the number of readers; outputs are read after the last stage."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from shiftwright.arith.adder_graph import Add, AdderGraph
from shiftwright.arith.interval import bit_width
from shiftwright.errors import HardwareError


class Delays(Protocol):
    """What a family of FPGAs says about time."""

    @property
    def name(self) -> str:
        """The family, for messages."""

    def level_delay(self, width: int, operands: int) -> float:
        """Nanoseconds through one adder of `width` bits and its routing, 2 or 3 operands; rises with the width."""


@dataclass(frozen=True)
class Schedule:
    """The schedule of a graph with `levels_per_stage` levels of adders between ranks of registers, at least 1."""

    graph: AdderGraph
    levels_per_stage: int = 1

    def __post_init__(self) -> None:
        assert self.levels_per_stage >= 1

    @property
    def latency(self) -> int:
        """Clock edges from the inputs to the outputs; the last stage ends in registers too, so 1 at least."""
        return max(1, -(-self.graph.depth // self.levels_per_stage))

    def is_constant(self, value: int) -> bool:
        """Whether a value is a number, which is stored nowhere."""
        return value >= len(self.graph.inputs) and self._add(value).is_constant

    def stage_of(self, value: int) -> int:
        """The stage, from 1, that computes a value."""
        return max(1, -(-self.graph.level_of(value) // self.levels_per_stage))

    @cached_property
    def last_reads(self) -> dict[int, int]:
        """The last stage that reads each value on which the outputs depend, constants aside, in the values' order.

        A value read by an output alone has latency + 1."""
        inputs = len(self.graph.inputs)
        last: dict[int, int] = {}
        for output in self.graph.outputs:
            if output is not None and not self.is_constant(output.value):
                last[output.value] = self.latency + 1
        for value in range(inputs + len(self.graph.adds) - 1, inputs - 1, -1):
            if value in last:
                stage = self.stage_of(value)
                for operand in self._add(value).operands:
                    if not self.is_constant(operand.value):
                        last[operand.value] = max(last.get(operand.value, 0), stage)
        return dict(sorted(last.items()))

    @property
    def register_bits(self) -> int:
        """Bits of register in the leaf: each value's width, once a stage from its own to the last that reads it.

        Synthesis may need fewer: a bit that passes through an adder is stored with the word it comes from."""
        return sum(
            bit_width(*self.graph.range_of(value))[0] * (last - self.stage_of(value))
            for value, last in self.last_reads.items()
        )

    def delay(self, family: Delays) -> float:
        """Nanoseconds from register to register through the slowest stage, by a family's figures.

        Bit i of a sum follows bit i of its operands by one level of logic, and bit i - 1 by one step of carry. So a row
        of adders, one behind the other in a stage, takes a level of logic for each and one carry chain for all: the low
        bits of the next adder are under way while the high ones of the last are awaited. A shifted operand enters the
        chain further up, where less of it is left. The step of carry is the mean one up to the graph's widest sum."""
        widest = max((bit_width(add.lo, add.hi)[0] for add in self.graph.adds), default=1)
        level = {operands: family.level_delay(1, operands) for operands in (2, 3)}
        carry = max((family.level_delay(widest, operands) - level[operands]) / max(1, widest - 1) for operands in level)
        start: dict[int, float] = {}  # of each sum: when its bit 0 is there; bit i is there i steps of carry later
        worst = 0.0
        for value in self.last_reads:
            if value < len(self.graph.inputs):
                continue
            add, stage = self._add(value), self.stage_of(value)
            before = [
                start[operand.value] - carry * operand.shift
                for operand in add.operands
                if operand.value in start and self.stage_of(operand.value) == stage
            ]
            start[value] = max([0.0, *before]) + level[self._terms(add)]
            worst = max(worst, start[value] + carry * (bit_width(add.lo, add.hi)[0] - 1))
        return worst

    def _add(self, value: int) -> Add:
        return self.graph.adds[value - len(self.graph.inputs)]

    def _terms(self, add: Add) -> int:
        """What an adder sums, its constant included: 3 of them, or 2 at most."""
        words = sum(not self.is_constant(operand.value) for operand in add.operands)
        return 3 if words + (add.constant != 0 or words < len(add.operands)) > 2 else 2


def register_bits(graph: AdderGraph, levels_per_stage: int = 1) -> int:
    """Bits of register that the pipelined leaf of a graph holds."""
    return Schedule(graph, levels_per_stage).register_bits


def levels_for(graph: AdderGraph, family: Delays, mhz: float) -> int:
    """The most levels of adders a stage may hold at a clock of `mhz`, at least 1; fewest registers, least latency.

    HardwareError where the slowest adder alone is too slow for the clock, or the clock is not above 0."""
    if not mhz > 0:
        raise HardwareError(f"a clock of {mhz} MHz is none; name one above 0")
    period = 1000 / mhz
    single = Schedule(graph).delay(family)
    if single > period:
        raise HardwareError(
            f"one adder of this graph takes {single:.3f} ns on {family.name}, a clock of {mhz:g} MHz leaves "
            f"{period:.3f} ns; ask for {int(1000 / single)} MHz or less, or quantize to fewer bits"
        )
    depth = max(1, graph.depth)
    return next(levels for levels in range(depth, 0, -1) if Schedule(graph, levels).delay(family) <= period)
