"""A matrix and its requantizers' constants as one proved adder graph: what parallel and serial engines are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder, multiply
from shiftwright.arith.cmvm.solver import Solver
from shiftwright.arith.csd import csd_weight
from shiftwright.arith.families.family import Family
from shiftwright.arith.prove import prove_graph
from shiftwright.arith.requantize import Requantizer, estimated_luts
from shiftwright.errors import RangeError
from shiftwright.ops.stage import MatrixProduct
from shiftwright.rtl.format import Format
from shiftwright.rtl.requantize_leaf import RequantizeLeaf


@dataclass(frozen=True, slots=True, eq=False)
class SolvedProduct:
    """y = matrix·x + constants as a graph; `tails` turn y into codes, one a channel, unless there are none."""

    graph: AdderGraph
    matrix: NDArray[np.int64]
    constants: tuple[int, ...]
    tails: tuple[Requantizer, ...] | None

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """(lo, hi) of each output of the graph."""
        return [self.graph.output_range(index) for index in range(len(self.graph.outputs))]


def solve_product(product: MatrixProduct, tails: Sequence[Requantizer] | None, solver: Solver) -> SolvedProduct:
    """Solves and proves y = matrix·x + constants with the multipliers and constants of the requantizers in it.

    ProofError if the graph is not the matrix."""
    matrix, ranges = product.matrix, product.words.pairs()
    if tails is None:
        graph = solver.solve(matrix, ranges, list(product.constants))
        prove_graph(graph, matrix, list(product.constants))
        return SolvedProduct(graph, matrix, tuple(product.constants), None)
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
    scaled = _checked_product(matrix, multipliers)
    prove_graph(graph, scaled, total)
    return SolvedProduct(graph, scaled, tuple(total), tuple(tails))


def requantize_leaf(
    name: str, tails: Sequence[Requantizer] | None, ranges: Sequence[tuple[int, int]], wanted: Format
) -> RequantizeLeaf | None:
    """What makes codes of words within `ranges`; None where they pass as they are."""
    if tails is None and Format.spanning(ranges) == wanted:
        return None
    # Lanes that must be wider than their numbers (for a later padding code) pass a tail that does nothing else.
    passed = tails or [Requantizer("scale", lo=lo, hi=hi) for lo, hi in ranges]
    return RequantizeLeaf(f"{name}_requantize", passed, ranges, wanted)


def drop_low_bits(
    tails: Sequence[Requantizer], ranges: Sequence[tuple[int, int]]
) -> tuple[tuple[int, ...], list[Requantizer], list[tuple[int, int]]] | None:
    """The low bits that each requantizer drops, and what is left of it and of its word; None unless all only drop."""
    if any(tail.form != "scale" for tail in tails):
        return None
    drops = tuple(min(tail.shift, Format.spanning([pair]).bits - 1) for tail, pair in zip(tails, ranges, strict=True))
    rest = [
        replace(tail, multiplier=1, constant=0, shift=tail.shift - drop)
        for tail, drop in zip(tails, drops, strict=True)
    ]
    return drops, rest, [(lo >> drop, hi >> drop) for (lo, hi), drop in zip(ranges, drops, strict=True)]


def tail_adders(tails: Sequence[Requantizer] | None) -> int:
    """Adders of the requantizers; a rounding constant is the bias's adder."""
    return sum(
        tail.adders if tail.form == "search" else max(0, csd_weight(tail.multiplier) - 1) + (tail.form == "half_even")
        for tail in tails or ()
    )


def tail_luts(tails: Sequence[Requantizer] | None, ranges: Sequence[tuple[int, int]]) -> int:
    """LUTs behind the graph, by estimate: compares of a search, saturation, and the carry that rounds to even."""
    return sum(_tail_luts(tail, lo, hi) for tail, (lo, hi) in zip(tails or (), ranges, strict=False))


def with_family(solver: Solver, family: Family) -> Solver:
    """The solver with another family's costs, where costs are what it looks at."""
    from shiftwright.arith.cmvm.cse import CseSolver

    return replace(solver, family=family) if isinstance(solver, CseSolver) else solver


def _scaled(builder: Builder, output: Operand | None, factor: int, constant: int) -> Operand | None:
    if output is None or not factor:
        return builder.constant(constant)
    return multiply(builder, output, factor, constant)


def _checked_product(matrix: NDArray[np.int64], multipliers: list[int]) -> NDArray[np.int64]:
    largest = int(np.abs(matrix).max(initial=0)) * max((abs(factor) for factor in multipliers), default=0)
    if largest >= 1 << 62:
        raise RangeError(f"a weight times a requantizer's constant reaches {largest}; use fewer weight bits")
    return matrix * np.array(multipliers, dtype=np.int64)[:, np.newaxis]


def _tail_luts(tail: Requantizer, lo: int, hi: int) -> int:
    if tail.form == "search":
        return estimated_luts(tail, lo, hi)
    saturates = (lo >> tail.shift) < tail.lo or (hi >> tail.shift) > tail.hi
    carry = max(abs(lo), abs(hi)).bit_length() if tail.form == "half_even" else 0
    return carry + (max(abs(tail.lo), abs(tail.hi)).bit_length() + 1 if saturates else 0)
