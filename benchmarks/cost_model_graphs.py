"""The stored set of graphs by which cost models are fitted and checked: seeded matrices of all kinds, solved.

Every matrix is solved row by row and with shared subexpressions; for families with adders of three operands, the rows
are also summed three digits at a time. Two graphs in three are for the fit, the third is held back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.cmvm.csd import SOLVER as CSD
from shiftwright.arith.cmvm.cse import CseSolver
from shiftwright.arith.csd import csd_digits
from shiftwright.arith.families.family import Family

Matrix = NDArray[np.int64]
SIZES = ((3, 4), (4, 8), (8, 8), (5, 12), (2, 20))
RANGES = ((-128, 127), (0, 63), (0, 255), (-8, 7), (-31, 31))


@dataclass(frozen=True, slots=True)
class Stored:
    """One graph of the set; `name` is a Verilog name."""

    name: str
    graph: AdderGraph
    held_back: bool


def stored(operands: int) -> list[Stored]:
    """The set for families whose adders have up to two or up to three operands."""
    return [
        Stored(f"{name}_{solver}", graph, number % 3 == 2)
        for number, (name, matrix, ranges, constants) in enumerate(problems())
        for solver, graph in solved(matrix, ranges, constants, operands).items()
    ]


def problems() -> Iterator[tuple[str, Matrix, list[tuple[int, int]], list[int]]]:
    """Name, matrix (outputs, inputs), the inputs' ranges, and one constant an output, for half of them not 0."""
    for place, (kind, draw) in enumerate(KINDS.items()):
        for number, (outputs, inputs) in enumerate(SIZES):
            random = np.random.default_rng([place, number])
            matrix = draw(random, (outputs, inputs)).astype(np.int64)
            constants = random.integers(-500, 500, outputs).tolist() if (place + number) % 2 else [0] * outputs
            yield f"{kind}_{outputs}x{inputs}", matrix, [RANGES[number]] * inputs, constants


def solved(matrix: Matrix, ranges: list[tuple[int, int]], constants: list[int], operands: int) -> dict[str, AdderGraph]:
    """The matrix as graphs: each row on its own, with shared subexpressions, by threes where there are such adders.

    What is shared is chosen by neutral costs: the set does not move with the constants that are fitted to it."""
    neutral = Family("neutral", "", operands, fixed3=1.0)
    graphs = {
        "csd": CSD.solve(matrix, ranges, constants),
        "cse": CseSolver(effort="fast", family=neutral).solve(matrix, ranges, constants),
    }
    return graphs | ({"threes": threes(matrix, ranges, constants)} if operands == 3 else {})


def threes(matrix: Matrix, ranges: list[tuple[int, int]], constants: list[int]) -> AdderGraph:
    """Each row on its own, three digits at a time; constants come last."""
    builder = Builder(ranges)
    outputs: list[Operand | None] = []
    for row, constant in zip(matrix.tolist(), constants, strict=True):
        terms = [
            Operand(number, shift, sign < 0) for number, weight in enumerate(row) for shift, sign in csd_digits(weight)
        ]
        while len(terms) > 1:
            # One that is not negated in front, if there is one: of three negated words no adder is made.
            terms.sort(key=lambda term: (builder.level_of(term.value), term.negative))
            first, rest = terms[:2], terms[2:]
            third = next((term for term in rest if not all(one.negative for one in (*first, term))), None)
            if third is not None:
                rest.remove(third)
                first.append(third)
            terms = [*rest, _sum(builder, first)]
        outputs.append(builder.total(terms, constant))
    return builder.graph(outputs)


def _sum(builder: Builder, terms: list[Operand]) -> Operand:
    negative = all(term.negative for term in terms)
    low = min(term.shift for term in terms)
    lowered = [Operand(term.value, term.shift - low, term.negative and not negative) for term in terms]
    lowered.sort(key=lambda term: (term.negative, term.shift, term.value))
    return Operand(builder.add(lowered), low, negative)


KINDS: dict[str, Callable[[np.random.Generator, tuple[int, int]], NDArray[np.integer]]] = {
    "ternary": lambda random, shape: random.choice([-1, 0, 1], size=shape, p=[0.35, 0.3, 0.35]),
    "sparse": lambda random, shape: random.choice([-1, 0, 1], size=shape, p=[0.2, 0.6, 0.2]),
    "pot": lambda random, shape: random.choice([-1, 1], shape) * 2 ** random.integers(0, 7, shape),
    "int4": lambda random, shape: random.integers(-8, 8, shape),
    "int8": lambda random, shape: random.integers(-128, 128, shape),
    "binary": lambda random, shape: random.choice([-1, 1], size=shape),
}
"""How the entries of each kind of matrix are drawn."""
