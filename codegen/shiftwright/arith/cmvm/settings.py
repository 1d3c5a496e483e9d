"""The solver by name, with everything that a user may set of it; a wrong setting is refused where it is made."""

import math
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral
from typing import Any, cast

from shiftwright import registry
from shiftwright.arith.cmvm.cse import CseSolver
from shiftwright.arith.cmvm.cse.effort import EFFORTS
from shiftwright.arith.cmvm.solver import Solver
from shiftwright.arith.families.choose import family
from shiftwright.errors import SolveError

CSE = "cse"


@dataclass(frozen=True, slots=True)
class SolverSettings:
    """`depth_limit` counts adder levels above the least possible; None leaves depth alone.

    `effort` is a name, which always gives the same graph, or a number of seconds, which does not. `family` names the
    cost model. SolveError for what is none of these."""

    solver: str = CSE
    effort: str | float = "normal"
    depth_limit: int | None = None
    family: str = "generic"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.solver not in (known := sorted(registry.entries("shiftwright.arith.cmvm", "SOLVER"))):
            raise SolveError(f"there is no solver {self.solver!r}; {_nearest(self.solver, known)}")
        object.__setattr__(self, "effort", _effort(self.effort))
        if self.depth_limit is not None and not _is_count(self.depth_limit):
            raise SolveError(
                f"a depth limit of {self.depth_limit!r} is no count of adder levels; give 0 or more, or none"
            )
        if not _is_count(self.seed):
            raise SolveError(f"a seed of {self.seed!r} is no whole number of 0 or more")
        for name in ("depth_limit", "seed"):  # numpy's integers are no JSON
            number = getattr(self, name)
            object.__setattr__(self, name, None if number is None else int(number))
        family(self.family)

    @property
    def repeatable(self) -> bool:
        """Whether the same matrix always gives the same graph."""
        return self.solver != CSE or isinstance(self.effort, str)

    def make(self) -> Solver:
        """The solver, ready to solve."""
        if self.solver == CSE:
            return CseSolver(self.depth_limit, self.effort, self.seed, family(self.family))
        return cast(Solver, registry.entries("shiftwright.arith.cmvm", "SOLVER")[self.solver])

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.solver,
            "effort": self.effort,
            "depth_limit": self.depth_limit,
            "family": self.family,
            "seed": self.seed,
        }


def _effort(effort: object) -> str | float:
    if isinstance(effort, str) and effort in EFFORTS:
        return effort
    try:
        seconds = float(effort)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        names = _nearest(effort, EFFORTS) if isinstance(effort, str) else f"choose from {', '.join(EFFORTS)}"
        raise SolveError(f"there is no effort {effort!r}; {names}, or give seconds") from None
    if not (0 < seconds < math.inf) or isinstance(effort, bool):
        raise SolveError(f"an effort of {effort} seconds is none; give a number above 0, or {', '.join(EFFORTS)}")
    return seconds


def _is_count(number: object) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool) and int(number) >= 0


def _nearest(name: str, known: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"choose from {', '.join(known)}"
