"""Graphs of other solvers as ours: the same adders, so that one count and one proof hold for all.

A foreign graph is a chain of stages. An operation [opcode, first, second, shift] appends one value: -1 reads the input
`first` of its stage, 0 is first + second · 2^shift, 1 is first - second · 2^shift; shifts may be negative, and values
may have fractional bits on the way. An output [value, shift, negative] is ± value · 2^shift, -1 stands for zero; a
stage reads what the one before it gives. Signs and shifts are carried along as far as they are free: the adders of a
converted graph are those operations, and a negation for every output that is left with a sign."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.prove import prove_graph
from shiftwright.errors import ShiftwrightError

READ, ADD, SUBTRACT = -1, 0, 1
Json = dict[str, Any]
# A value of the graph, its exponent, which may be negative, and whether it is negated; None is zero.
Scaled = tuple[int, int, bool] | None


class ConversionError(ShiftwrightError):
    """A foreign graph that has no exact form of ours, or computes something else."""


def convert(stages: Sequence[Json], matrix: NDArray[np.int64], ranges: Sequence[tuple[int, int]]) -> AdderGraph:
    """The adder graph of a foreign one, proved to be matrix (outputs, inputs) for inputs within `ranges`.

    ConversionError for an unknown operation or a fractional output; ProofError if it is another product."""
    builder = Builder(ranges)
    values: list[Scaled] = [(number, 0, False) for number in range(len(ranges))]
    for stage in stages:
        values = _run(builder, stage, values)
    negated: dict[int, int] = {}
    graph = builder.graph([_output(builder, value, negated) for value in values])
    prove_graph(graph, matrix, [0] * len(matrix))
    return graph


def _run(builder: Builder, stage: Json, inputs: list[Scaled]) -> list[Scaled]:
    buffer: list[Scaled] = []
    for opcode, first, second, shift in stage["operations"]:
        if opcode == READ:
            buffer.append(_shifted(inputs[first], stage["input_shifts"][first]))
        elif opcode in (ADD, SUBTRACT):
            buffer.append(_sum(builder, buffer[first], _shifted(buffer[second], shift, opcode == SUBTRACT)))
        else:
            raise ConversionError(f"operation {opcode} of value {len(buffer)} is neither a sum nor a difference")
    return [
        None if index < 0 else _shifted(buffer[index], shift, negative) for index, shift, negative in stage["outputs"]
    ]


def _shifted(value: Scaled, shift: int, negated: bool = False) -> Scaled:
    return None if value is None else (value[0], value[1] + shift, value[2] != negated)


def _sum(builder: Builder, first: Scaled, second: Scaled) -> Scaled:
    if first is None or second is None:
        return second if first is None else first
    low = min(first[1], second[1])
    both = first[2] and second[2]  # -a - b is a negated sum
    operands = [Operand(value, exponent - low, negative and not both) for value, exponent, negative in (first, second)]
    operands.sort(key=lambda operand: operand.negative)
    return builder.add(operands), low, both


def _output(builder: Builder, value: Scaled, negated: dict[int, int]) -> Operand | None:
    if value is None:
        return None
    number, exponent, negative = value
    if exponent < 0:
        raise ConversionError(f"an output is value {number} times 2^{exponent}, which no wire of ours carries")
    if not negative:
        return Operand(number, exponent)
    if number not in negated:
        negated[number] = builder.add([Operand(number, 0, True)])
    return Operand(negated[number], exponent)
