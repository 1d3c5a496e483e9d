"""One search: a start, the greedy elimination over it, and ruin and recreate for as long as the effort says."""

from time import perf_counter

import numpy as np

from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.cse.assemble import Rows, assemble
from shiftwright.arith.cmvm.cse.compiled import BUILD, EXPORT, IMPROVE, entry
from shiftwright.arith.cmvm.cse.effort import RATE
from shiftwright.arith.cmvm.cse.problem import Problem, Start, first_best, first_state, slimmed
from shiftwright.arith.cmvm.cse.state import BEST_TOTAL, FAILED
from shiftwright.arith.families.family import Family

UNIT = 16  # the search counts in sixteenths of a LUT
ADDER = 200  # what an adder costs beyond its LUTs, in the same unit: fewer adders lead to fewer LUTs, too
HOT, COLD = 160.0, 8.0  # temperatures, in the same unit
SLICE = RATE / 2  # work that one call of compiled code does
SIZE, NOISE, PART = 5.0, 0.5, 0.6  # nodes in a step, noise on savings, how often a node goes from one reader only


class Search:
    """The cheapest state so far; `cost` in sixteenths of a LUT."""

    def __init__(self, problem: Problem, start: Start, seed: int, family: Family, depth: int | None) -> None:
        prices = (family.bit2, family.fixed2, family.bit3, family.fixed3)
        costs = [round(UNIT * price) + ADDER * (place % 2) for place, price in enumerate(prices)]
        self._ranges = list(zip(problem.lo.tolist(), problem.hi.tolist(), strict=True))
        self._depth = depth
        self._terms = start.terms
        self._schedule = np.array([HOT, COLD, SIZE, NOISE])
        state = first_state(problem, start, seed, family.operands, depth, costs)
        self._best = first_best(state)
        self._state = state
        self._call(BUILD, 0.0)
        assert not state.counters[FAILED]
        self._state = slimmed(state)
        self._state.noise[2] = PART

    @property
    def cost(self) -> int:
        """Of the best state."""
        return int(self._best.scalars[BEST_TOTAL])

    def improve(self, budget: float) -> None:
        """Anneals for that much work, in slices: compiled code cannot be interrupted."""
        slices = max(1, round(budget / SLICE))
        for number in range(slices):
            self._schedule[:2] = [HOT * (COLD / HOT) ** (place / slices) for place in (number, number + 1)]
            self._call(IMPROVE, budget / slices)

    def improve_for(self, seconds: float) -> None:
        """Anneals by the clock, in slices whose temperature follows it."""
        begin = perf_counter()
        while (share := (perf_counter() - begin) / max(seconds, 1e-9)) < 1:
            now = HOT * (COLD / HOT) ** share
            self._schedule[:2] = now, now
            self._call(IMPROVE, min(0.02 * seconds, 0.1) * RATE)

    def graph(self) -> AdderGraph:
        """The best state as an adder graph; ends the search, whose tables no longer fit the state after this."""
        heads, items, sums, _ = self._call(EXPORT, 0.0)
        outputs = int(self._state.counters[1])
        return assemble(self._ranges, outputs, heads, items, sums, self._depth)

    def _call(self, task: int, budget: float) -> tuple[Rows, Rows, Rows, int]:
        try:
            return entry()(task, self._state, self._best, self._terms, budget, self._schedule)
        except SystemError as error:
            # What numba's wrapper makes of a Ctrl-C that came while it ran, with further ones of the kind in between.
            cause: BaseException | None = error
            while cause is not None:
                if isinstance(cause, KeyboardInterrupt):
                    raise cause from None
                cause = cause.__cause__
            raise
