"""How layers are to become hardware: with which solver, and with how many levels of adders between two registers."""

from dataclasses import dataclass, field, replace
from typing import Any

from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.arith.families.choose import family
from shiftwright.arith.families.family import Family
from shiftwright.arith.pipeline import levels_for
from shiftwright.errors import HardwareError
from shiftwright.lower.choice import Choices

GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Plan:
    """`levels_per_stage` holds for every layer. Without it, each layer takes as many as the family's delays allow at
    `clock` MHz; without a clock, or on no family in particular, a register follows every level. `engines` are the
    layers' by name."""

    solver: SolverSettings = field(default_factory=SolverSettings)
    levels_per_stage: int | None = None
    clock: float | None = None
    engines: Choices = field(default_factory=Choices)

    def __post_init__(self) -> None:
        if self.levels_per_stage is not None and self.levels_per_stage < 1:
            raise HardwareError(f"{self.levels_per_stage} adder levels a register is too few; use 1 or more")

    @property
    def family(self) -> Family:
        """Whose costs and delays count."""
        return family(self.solver.family)

    @property
    def pipelined_for(self) -> float | None:
        """The clock that decides the levels a stage, in MHz; None where it does not."""
        return self.clock if self.levels_per_stage is None and self.solver.family != GENERIC else None

    def deeper(self, levels: int) -> SolverSettings:
        """The solver's settings, with so many levels of adders more where they are limited."""
        limit = self.solver.depth_limit
        return replace(self.solver, depth_limit=None if limit is None else limit + levels)

    def levels(self, graph: AdderGraph) -> int:
        """Levels of adders a stage for a graph; HardwareError where one level is too slow for the clock."""
        if self.pipelined_for is None:
            return self.levels_per_stage or 1
        return levels_for(graph, self.family, self.pipelined_for)

    def as_dict(self) -> dict[str, Any]:
        """For machines; the levels a stage are None where each layer has its own."""
        return self.solver.as_dict() | {
            "levels_per_stage": self.levels_per_stage or 1 if self.pipelined_for is None else None,
            "pipelined_for_mhz": self.pipelined_for,
        }
