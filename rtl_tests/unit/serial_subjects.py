"""Products that are sent as digits in tests, and two ways to ask whether a netlist computes one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rtl_tests.unit.leaf_subjects import every_kind_of_term, linear_map
from rtl_tests.unit.random_graphs import random_graph
from rtl_tests.unit.serial_player import play
from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.csd import SOLVER as CSD
from shiftwright.arith.cmvm.cse import CseSolver
from shiftwright.arith.serial.cost import SERIAL
from shiftwright.arith.serial.netlist import Netlist
from shiftwright.arith.serial.prove import prove_serial
from shiftwright.arith.serial.schedule import serialise
from shiftwright.arith.serial.word import cycles_of, low_zeros, widths_of
from shiftwright.errors import ProofError

RANGES = ((-8, 7), (0, 13), (-128, 127), (0, 1), (-1, 0), (-5, 90), (3, 3), (-4, -4), (0, 0))
WORDS, STREAMS = 3, 40


@dataclass(frozen=True, eq=False)
class Subject:
    """matrix·x + constants for x within `ranges`, as a graph, to be sent `digit` bits a cycle."""

    matrix: NDArray[np.int64]
    constants: tuple[int, ...]
    ranges: tuple[tuple[int, int], ...]
    graph: AdderGraph
    digit: int

    @property
    def cycles(self) -> int:
        """Digits of a word."""
        return cycles_of(
            widths_of([self.graph.output_range(index) for index in range(len(self.constants))]), self.digit
        )

    @property
    def low(self) -> list[int]:
        """Low bits of each output that are 0 in any case, and that need not come."""
        return low_zeros(self.matrix, self.constants, self.ranges)

    def netlist(self) -> Netlist:
        """As the scheduler makes it."""
        return serialise(self.graph, self.digit, self.cycles)

    def prove(self, netlist: Netlist, cycles: int | None = None) -> None:
        """ProofError where the proof refuses a netlist."""
        prove_serial(netlist, self.matrix, self.constants, self.ranges, cycles or self.cycles, self.low)

    def proved(self, netlist: Netlist, cycles: int | None = None) -> bool:
        """Whether the proof holds."""
        try:
            self.prove(netlist, cycles)
        except ProofError:
            return False
        return True

    def computes(self, netlist: Netlist, gaps: Sequence[int] = (0, 1), cycles: int | None = None) -> bool:
        """Whether a netlist gives matrix·x + constants when it is played: the corners of x, and random x."""
        chosen, length = np.array(self.ranges), cycles or self.cycles
        x = np.random.default_rng(1).integers(chosen[:, 0], chosen[:, 1] + 1, (WORDS, STREAMS, len(chosen)))
        corners = np.random.default_rng(2).integers(0, 2, (WORDS, STREAMS // 2, len(chosen)))
        x[:, ::2] = np.take_along_axis(chosen.T[np.newaxis, np.newaxis], corners[:, :, np.newaxis], 2)[:, :, 0]
        wanted = x @ self.matrix.T + np.array(self.constants) & (1 << length * self.digit) - 1
        low = np.array(self.low)
        return all((play(netlist, x, length, gap) >> low == wanted >> low).all() for gap in gaps)


def solved(
    matrix: Sequence[Sequence[int]],
    constants: Sequence[int],
    ranges: Sequence[tuple[int, int]],
    digit: int = 1,
    solver: str = "csd",
) -> Subject:
    """A matrix's product, solved."""
    weights = np.array(matrix, dtype=np.int64)
    found = CSD if solver == "csd" else CseSolver(None, "fast", 0, SERIAL)
    graph = found.solve(weights, list(ranges), list(constants))
    return Subject(weights, tuple(constants), tuple(ranges), graph, digit)


def of_graph(graph: AdderGraph, digit: int) -> Subject:
    """What a graph computes."""
    matrix, constants, ranges = linear_map(graph)
    return Subject(matrix, tuple(constants), tuple(ranges), graph, digit)


@cache
def random_product(seed: int, solver: str, digit: int) -> Subject:
    """Up to 6×6 weights: rows of zeros, of negatives, with a common shift; some with constants or fixed inputs."""
    chance = np.random.default_rng(seed)
    rows, columns = chance.integers(1, 7, 2).tolist()
    weights = chance.integers(-40, 41, (rows, columns)) * chance.integers(0, 2, (rows, columns))
    weights[chance.random(rows) < 0.2] = 0
    negative = chance.random(rows) < 0.2
    weights[negative] = -abs(weights[negative])
    weights <<= chance.integers(0, 5, (rows, 1)) * chance.integers(0, 2, (rows, 1))
    constants = chance.integers(-500, 500, rows) * chance.integers(0, 2, rows)
    ranges = [RANGES[place] for place in chance.integers(0, len(RANGES), columns).tolist()]
    return solved(weights.tolist(), constants.tolist(), ranges, digit, solver)


@cache
def every_kind(digit: int) -> Subject:
    """Each kind of statement: slips and holds where a digit has more bits than one, constants, waits, a zero."""
    return of_graph(every_kind_of_term(), digit)


@cache
def random_sums(seed: int, digit: int) -> Subject:
    """A random graph: sums of three, values that meet themselves, negations of numbers.

    No output is a word that cancels itself: solvers make a constant of such a row."""
    graph = random_graph(seed, adds=14, narrow=seed % 2 == 0)
    outputs = [output for index, output in enumerate(graph.outputs) if graph.output_range(index) != (0, 0)]
    return of_graph(replace(graph, outputs=tuple(outputs)), digit)
