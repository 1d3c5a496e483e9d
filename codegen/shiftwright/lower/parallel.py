"""The parallel engine: a matrix and its requantizers' constants as one proved adder graph; a position a cycle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder, multiply
from shiftwright.arith.csd import csd_weight
from shiftwright.arith.interval import Interval
from shiftwright.arith.pipeline import register_bits
from shiftwright.arith.prove import prove_graph
from shiftwright.arith.requantize import Requantizer, estimated_luts
from shiftwright.errors import RangeError
from shiftwright.lower.plan import Plan
from shiftwright.ops.stage import MatrixProduct
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.format import Format
from shiftwright.rtl.leaf import Pipeline
from shiftwright.rtl.requantize_leaf import RequantizeLeaf


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """A pipeline from the front's words to codes, and the counts that tables show.

    A rank of registers follows every `levels` levels of adders. `requantize_adders` are those beyond the matrix and its
    bias: 0 where every requantizer is a wire. `luts` are an estimate of the plan's family."""

    pipeline: Pipeline
    graph: AdderGraph
    levels: int
    requantize_adders: int
    luts: int

    @property
    def registers(self) -> int:
        """Bits of register among the adders."""
        return register_bits(self.graph, self.levels)


def parallel_engine(
    name: str,
    product: MatrixProduct,
    tails: list[Requantizer] | None,
    result: Interval,
    plan: Plan,
) -> Engine:
    """Solves, proves and wraps y = matrix·x + constants, followed by one requantizer a channel if there are any.

    `result` bounds the outgoing lanes. ProofError if the graph is not the matrix."""
    matrix, constants = product.matrix, np.array(product.constants, dtype=np.int64)
    ranges, solver = product.words.pairs(), plan.solver.make()
    if tails is None:
        graph = solver.solve(matrix, ranges, list(product.constants))
        prove_graph(graph, matrix, constants.tolist())
        levels = plan.levels(graph)
        return Engine(_pipeline(name, graph, None, result, levels), graph, levels, 0, plan.family.luts(graph, levels))
    multipliers = [1 if tail.form == "search" else tail.multiplier for tail in tails]
    added = [0 if tail.form == "search" else tail.constant for tail in tails]
    # A row that ends in a constant code needs no sum; where nothing is multiplied, both constants become one.
    rows = np.array([factor != 0 for factor in multipliers], dtype=np.int64)[:, np.newaxis]
    early = [
        bias + extra if factor == 1 else 0
        for bias, extra, factor in zip(product.constants, added, multipliers, strict=True)
    ]
    graph = solver.solve(matrix * rows, ranges, early)
    total = [bias * factor + extra for bias, factor, extra in zip(product.constants, multipliers, added, strict=True)]
    if any(factor != 1 for factor in multipliers):
        builder = Builder.extend(graph)
        outputs = [
            output if factor == 1 else _scaled(builder, output, factor, last)
            for output, factor, last in zip(graph.outputs, multipliers, total, strict=True)
        ]
        graph = builder.graph(outputs)
    prove_graph(graph, _checked_product(matrix, multipliers), total)
    lanes = [graph.output_range(index) for index in range(len(tails))]
    levels = plan.levels(graph)
    luts = plan.family.luts(graph, levels)
    luts += sum(_tail_luts(tail, *lane) for tail, lane in zip(tails, lanes, strict=True))
    adders = sum(_tail_adders(tail) for tail in tails)
    return Engine(_pipeline(name, graph, tails, result, levels), graph, levels, adders, luts)


def _scaled(builder: Builder, output: Operand | None, factor: int, constant: int) -> Operand | None:
    if output is None or not factor:
        return builder.constant(constant)
    return multiply(builder, output, factor, constant)


def _checked_product(matrix: NDArray[np.int64], multipliers: list[int]) -> NDArray[np.int64]:
    largest = int(np.abs(matrix).max(initial=0)) * max((abs(factor) for factor in multipliers), default=0)
    if largest >= 1 << 62:
        raise RangeError(f"a weight times a requantizer's constant reaches {largest}; use fewer weight bits")
    return matrix * np.array(multipliers, dtype=np.int64)[:, np.newaxis]


def _pipeline(
    name: str, graph: AdderGraph, tails: list[Requantizer] | None, result: Interval, levels_per_stage: int
) -> Pipeline:
    product = AdderLeaf(f"{name}_product", graph, levels_per_stage)
    wanted = Format.of(result)
    if tails is None and product.results == wanted:
        return Pipeline(product)
    ranges = [graph.output_range(index) for index in range(len(graph.outputs))]
    # Lanes that must be wider than their numbers (for a later padding code) pass a tail that does nothing else.
    passed = tails or [Requantizer("scale", lo=lo, hi=hi) for lo, hi in ranges]
    return Pipeline([product, RequantizeLeaf(f"{name}_requantize", passed, ranges, wanted)])


def _tail_adders(tail: Requantizer) -> int:
    """Adders of one requantizer; its rounding constant is the bias's adder."""
    if tail.form == "search":
        return tail.adders
    return max(0, csd_weight(tail.multiplier) - 1) + (tail.form == "half_even")


def _tail_luts(tail: Requantizer, lo: int, hi: int) -> int:
    if tail.form == "search":
        return estimated_luts(tail, lo, hi)
    saturates = (lo >> tail.shift) < tail.lo or (hi >> tail.shift) > tail.hi
    carry = max(abs(lo), abs(hi)).bit_length() if tail.form == "half_even" else 0
    return carry + (max(abs(tail.lo), abs(tail.hi)).bit_length() + 1 if saturates else 0)
