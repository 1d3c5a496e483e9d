"""The solver's settings: what users may ask for, and what a wrong one says."""

from typing import Any

import numpy as np
import pytest

from shiftwright.arith.cmvm.cse.effort import EFFORTS
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.errors import SolveError

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no such solver": ({"solver": "csee"}, "there is no solver 'csee'; did you mean cse? choose from csd, cse"),
    "no such effort": ({"effort": "hihg"}, "there is no effort 'hihg'; did you mean high? choose from fast, normal"),
    "no effort at all": ({"effort": None}, "there is no effort None; choose from fast, normal, high, or give seconds"),
    "no time": ({"effort": 0}, "an effort of 0 seconds is none; give a number above 0, or fast, normal, high"),
    "time that never ends": ({"effort": "inf"}, "an effort of inf seconds is none"),
    "not a time": ({"effort": float("nan")}, "an effort of nan seconds is none"),
    "a truth": ({"effort": True}, "an effort of True seconds is none"),
    "below the least depth": ({"depth_limit": -1}, "a depth limit of -1 is no count of adder levels; give 0 or more"),
    "half a level": ({"depth_limit": 0.5}, "a depth limit of 0.5 is no count of adder levels; give 0 or more, or none"),
    "a level as text": ({"depth_limit": "2"}, "a depth limit of '2' is no count of adder levels"),
    "a seed below 0": ({"seed": -1}, "a seed of -1 is no whole number of 0 or more"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_setting_is_refused_where_it_is_made(fault: str) -> None:
    """With what would be right."""
    settings, says = WRONG[fault]
    with pytest.raises(SolveError) as refused:
        SolverSettings(**settings)

    assert str(refused.value).startswith(says)


def test_the_nearest_family_is_named() -> None:
    """Two letters are easily swapped."""
    with pytest.raises(SolveError, match=r"there is no family 'xcpu'; did you mean xcup\?"):
        SolverSettings(family="xcpu")


@pytest.mark.parametrize(("given", "taken"), [(3, 3.0), ("2.5", 2.5), (np.float32(1), 1.0), ("fast", "fast")])
def test_an_effort_is_a_name_or_seconds(given: Any, taken: str | float) -> None:
    """As a number or as a command line has it."""
    assert SolverSettings(effort=given).effort == taken


def test_only_names_of_efforts_repeat() -> None:
    """After so many seconds a faster machine has come further; the plain solver never searches."""
    assert [SolverSettings(effort=effort).repeatable for effort in (*EFFORTS, 2.0)] == [True, True, True, False]
    assert SolverSettings(solver="csd", effort=2.0).repeatable


def test_settings_become_a_solver() -> None:
    """Numpy's integers are taken; the dictionary is that of a manifest."""
    settings = SolverSettings(effort="fast", depth_limit=np.int64(2), family="xcup", seed=np.uint8(7))  # type: ignore[arg-type]
    graph = settings.make().solve(np.array([[3, 5, 7]]), [(0, 15)] * 3, [0])

    assert settings.as_dict() == {"name": "cse", "effort": "fast", "depth_limit": 2, "family": "xcup", "seed": 7}
    assert graph.adders < SolverSettings(solver="csd").make().solve(np.array([[3, 5, 7]]), [(0, 15)] * 3, [0]).adders
