"""Each row on its own: a balanced tree over the canonical signed digits of its weights.

The plain solver, and the yardstick for those that share subexpressions. Rows equal up to a shift share one tree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.csd import csd_digits


@dataclass(frozen=True, slots=True)
class CsdSolver:
    """Shifts and adds by canonical signed digits; a row of k digits takes k - 1 adders, its constant one more."""

    name: str = "csd"

    def solve(self, matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]) -> AdderGraph:
        """The graph of matrix (outputs, inputs); every output is exact, and rows of zeros are constants."""
        assert matrix.shape == (len(constants), len(ranges))
        builder = Builder(ranges)
        trees: dict[tuple[int, ...], Operand | None] = {}
        outputs: list[Operand | None] = []
        for row, constant in zip(matrix.tolist(), constants, strict=True):
            shift = _common_shift([*row, constant])
            odd_row = tuple(weight >> shift for weight in (*row, constant))
            if odd_row not in trees:
                trees[odd_row] = builder.total(_terms(odd_row[:-1]), odd_row[-1])
            tree = trees[odd_row]
            outputs.append(None if tree is None else Operand(tree.value, tree.shift + shift))
        return builder.graph(outputs)


def _terms(row: tuple[int, ...]) -> list[Operand]:
    return [Operand(number, shift, sign < 0) for number, weight in enumerate(row) for shift, sign in csd_digits(weight)]


def _common_shift(numbers: list[int]) -> int:
    """How many low bits are zero in all of them; 0 where all are zero."""
    union = 0
    for number in numbers:
        union |= number
    return (union & -union).bit_length() - 1 if union else 0


SOLVER = CsdSolver()
