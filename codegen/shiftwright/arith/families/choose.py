"""Families by name."""

from difflib import get_close_matches
from typing import cast

from shiftwright import registry
from shiftwright.arith.families.family import Family
from shiftwright.errors import SolveError


def families() -> dict[str, Family]:
    """Every family there is a file for, by name."""
    found = registry.entries("shiftwright.arith.families", "FAMILY").values()
    return {family.name: family for family in cast(list[Family], list(found))}


def family(name: str) -> Family:
    """The family of a name; SolveError with the nearest one if there is none."""
    known = families()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise SolveError(f"there is no family {name!r}; {hint}choose from {', '.join(known)}")
    return known[name]
