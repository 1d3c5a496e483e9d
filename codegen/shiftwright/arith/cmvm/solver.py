"""What every constant-matrix solver offers: a matrix in, an adder graph out.

A solver is one module of this package that declares `SOLVER`; shiftwright.registry finds it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph


class Solver(Protocol):
    """Turns y = W·x + b into shifts and adds."""

    @property
    def name(self) -> str:
        """The name by which users choose it."""
        ...

    def solve(self, matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]) -> AdderGraph:
        """The graph of matrix (outputs, inputs) times inputs within `ranges`, plus one constant an output."""
        ...
