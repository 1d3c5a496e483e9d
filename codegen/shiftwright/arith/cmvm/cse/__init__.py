"""Common-subexpression elimination with a search behind it: the solver for every matrix.

Terms that stand together in several rows become nodes, the one that saves most first, as in Hosangadi, Fallah & Kastner
(doi:10.1109/TCAD.2005.855950); ruin and recreate (Schrimpf et al., doi:10.1006/jcph.1999.6413) then takes nodes apart
and lets them form anew. What costs is the family's to say; depth is a limit, not a penalty."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.csd import SOLVER as CSD
from shiftwright.arith.families.family import Family
from shiftwright.arith.families.generic import FAMILY as GENERIC


@dataclass(frozen=True, slots=True)
class CseSolver:
    """Shares subexpressions within `depth_limit` levels over the least possible depth; None for any depth."""

    depth_limit: int | None = None
    effort: str | float = "normal"
    seed: int = 0
    family: Family = field(default=GENERIC)
    name: str = "cse"

    def solve(self, matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]) -> AdderGraph:
        """The graph of matrix (outputs, inputs); every output is exact, and rows of zeros are constants.

        Numbers too wide for the search's 64-bit words are left to the plain solver."""
        from shiftwright.arith.cmvm.cse.effort import budget
        from shiftwright.arith.cmvm.cse.problem import Problem, is_too_wide
        from shiftwright.arith.cmvm.cse.run import Search
        from shiftwright.arith.cmvm.cse.starts import FEW, starts

        if is_too_wide(matrix, ranges, constants):
            return CSD.solve(matrix, ranges, constants)
        problem = Problem.of(matrix, ranges, constants)
        depth = None if self.depth_limit is None else problem.least_depth + self.depth_limit
        forms = starts(problem, self.family.operands, depth)
        searches = [Search(problem, form, self.seed, self.family, depth) for form in forms]
        if len(problem.digits) > FEW:
            searches = [min(searches, key=lambda search: search.cost)]
        for search in searches:
            if isinstance(self.effort, str):
                search.improve(budget(self.effort, matrix.size, len(problem.digits), self.depth_limit))
            else:
                search.improve_for(self.effort / len(searches))
        graphs = [search.graph() for search in searches]
        return graphs[0] if len(graphs) == 1 else min(graphs, key=self._cost)

    def _cost(self, graph: AdderGraph) -> tuple[int, int]:
        return self.family.luts(graph, max(graph.depth, 1)), graph.adders


SOLVER = CseSolver()
