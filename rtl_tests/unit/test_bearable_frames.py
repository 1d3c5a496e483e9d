"""How many frames each simulator plays where nobody has said: a default must not keep people waiting for hours."""

import pytest

from shiftwright.sim.installed import simulators
from shiftwright.sim.verification import LONGEST, bearable

UNASKED = simulators()["icarus"].unasked
assert UNASKED is not None
BOTH = ("icarus", "verilator")


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        pytest.param(1, 64, id="short frames"),
        pytest.param(UNASKED // 64, 64, id="just all"),
        pytest.param(UNASKED // 10, 10, id="as many as there is time for"),
        pytest.param(UNASKED + 1, 1, id="one at least"),
        pytest.param(LONGEST * UNASKED, 1, id="one, however long it may be"),
        pytest.param(LONGEST * UNASKED + 1, 0, id="none beyond"),
    ],
)
def test_icarus_plays_less_of_what_is_long(interval: int, expected: int) -> None:
    """Verilator plays everything."""
    assert bearable(BOTH, 64, interval) == {"icarus": expected, "verilator": 64}


def test_what_is_alone_plays_something() -> None:
    """Where there is no other simulator, a result is worth waiting for."""
    assert bearable(("icarus",), 64, 1_000_000) == {"icarus": 1}
    assert bearable(("verilator",), 64, 1_000_000) == {"verilator": 64}
