"""The schedule of an adder graph: stages, registers, and the levels that a clock allows."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtl_tests.unit.random_graphs import random_graph
from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.families.choose import families
from shiftwright.arith.pipeline import Schedule, levels_for, register_bits
from shiftwright.errors import HardwareError
from shiftwright.rtl.adder_leaf import AdderLeaf


@dataclass(frozen=True)
class Linear:
    """A family whose adders take `level` ns, one more for a third operand, and `carry` a bit beyond the first."""

    level: float = 1.0
    carry: float = 0.0
    name: str = "linear"

    def level_delay(self, width: int, operands: int) -> float:
        """As stated."""
        return self.level + (operands == 3) + self.carry * (width - 1)


def chain(length: int, shift: int = 0, operands: int = 2) -> AdderGraph:
    """A row of adders, each of the last and of the input; `shift` moves the last one up each time."""
    builder = Builder([(0, 1)])
    value = 0
    for _ in range(length):
        value = builder.add([Operand(value, shift), *[Operand(0)] * (operands - 1)])
    return builder.graph([Operand(value)])


# Input 0 is read in stages 1, 2 and 3; input 1 and the first sum once.
SHARED = AdderGraph(
    inputs=((0, 7), (0, 1)),
    adds=(
        Add((Operand(0), Operand(1)), 0, 0, 8, 1),
        Add((Operand(2), Operand(0)), 0, 0, 15, 2),
        Add((Operand(3), Operand(0, 1)), 0, 0, 29, 3),
    ),
    outputs=(Operand(4), Operand(4, 2)),
)


def test_a_delay_shared_by_readers_counts_once() -> None:
    """Input 0 (3 bits) waits for stages 2 and 3, the sums (4, 4, 5 bits) for one stage each; two outputs, one word."""
    assert register_bits(SHARED, 1) == 3 + 3 + 4 + 4 + 5


def test_a_value_that_nobody_reads_takes_no_register() -> None:
    """Dead adders and constants have none; an input that is an output waits for the others."""
    graph = AdderGraph(
        inputs=((0, 7), (0, 1)),
        adds=(
            Add((Operand(0), Operand(1)), 0, 0, 8, 1),
            Add((), 5, 5, 5, 0),
            Add((Operand(2), Operand(1)), 0, 0, 9, 2),
        ),
        outputs=(Operand(1), Operand(3), None),
    )

    assert (Schedule(graph).latency, register_bits(graph)) == (2, 2)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(1, 5))
def test_register_bits_are_those_of_the_text(seed: int, levels: int) -> None:
    """Counted in the emitted Verilog: the schedule is the leaf's own."""
    graph = random_graph(seed)
    text = AdderLeaf("leaf", graph, levels).render()

    assert sum(int(high) + 1 for high in re.findall(r"reg \[(\d+):0\]", text)) == register_bits(graph, levels)


@pytest.mark.parametrize(
    ("levels", "stages", "latency"),
    [
        pytest.param(1, [1, 1, 2, 3, 4, 5], 5, id="one"),
        pytest.param(2, [1, 1, 1, 2, 2, 3], 3, id="two"),
        pytest.param(5, [1, 1, 1, 1, 1, 1], 1, id="all"),
        pytest.param(9, [1, 1, 1, 1, 1, 1], 1, id="more-than-there-are"),
    ],
)
def test_adders_of_consecutive_levels_share_a_stage(levels: int, stages: list[int], latency: int) -> None:
    """Level l in stage ceil(l / levels); inputs in the first."""
    schedule = Schedule(chain(5), levels)

    assert ([schedule.stage_of(value) for value in range(6)], schedule.latency) == (stages, latency)


@pytest.mark.parametrize(
    ("graph", "levels", "delay"),
    [
        pytest.param(chain(1), 1, 1 + 0.25, id="one-adder"),
        pytest.param(chain(4), 1, 1 + 2 * 0.25, id="the-widest-stage"),
        pytest.param(chain(4), 4, 4 + 2 * 0.25, id="four-levels-but-one-carry-chain"),
        pytest.param(chain(4), 3, 3 + 2 * 0.25, id="the-fullest-stage"),
        pytest.param(chain(1, operands=3), 1, 2 + 0.25, id="three-operands"),
        pytest.param(chain(2, shift=3), 2, 2 + (7 - 1 - 3) * 0.25, id="a-shift-shortens-the-chain"),
        pytest.param(chain(0), 1, 0, id="wires"),
    ],
)
def test_a_stage_takes_its_levels_and_one_carry_chain(graph: AdderGraph, levels: int, delay: float) -> None:
    """1 ns a level and 0.25 a bit of carry; a sum of n single bits is n.bit_length() wide, x + 8x + 64x seven."""
    assert Schedule(graph, levels).delay(Linear(1, 0.25)) == pytest.approx(delay)


def test_a_constant_is_a_third_operand() -> None:
    """Whether it stands in the adder or comes as an operand of its own."""
    inside, outside = Builder([(0, 1)]), Builder([(0, 1)])
    inner = inside.graph([Operand(inside.add([Operand(0), Operand(0)], 3))])
    outer = outside.graph([Operand(outside.add([Operand(outside.add([], 3)), Operand(0), Operand(0)]))])

    assert Schedule(inner).delay(Linear()) == Schedule(outer).delay(Linear()) == 2


@pytest.mark.parametrize(
    ("mhz", "levels"),
    [
        pytest.param(1000, 1, id="exactly-one"),
        pytest.param(501, 1, id="not-quite-two"),
        pytest.param(500, 2, id="two"),
        pytest.param(210, 4, id="not-quite-all"),
        pytest.param(1, 5, id="never-more-than-there-are"),
    ],
)
def test_levels_are_as_many_as_the_clock_allows(mhz: float, levels: int) -> None:
    """Five levels of 1 ns each."""
    assert levels_for(chain(5), Linear(), mhz) == levels


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), mhz=st.floats(20, 370))
def test_one_more_level_would_be_too_slow(seed: int, mhz: float) -> None:
    """The answer meets the clock, and no larger one does."""
    graph, family = random_graph(seed, narrow=True), Linear(1, 0.03)
    levels = levels_for(graph, family, mhz)
    period = 1000 / mhz

    assert Schedule(graph, levels).delay(family) <= period
    assert all(Schedule(graph, more).delay(family) > period for more in range(levels + 1, graph.depth + 1))


def test_a_graph_without_adders_meets_any_clock() -> None:
    """Wires between registers."""
    assert levels_for(chain(0), Linear(), 5000) == 1


@pytest.mark.parametrize(
    ("mhz", "message"),
    [
        pytest.param(
            2000,
            r"one adder of this graph takes 1\.500 ns on linear, a clock of 2000 MHz leaves 0\.500 ns; "
            r"ask for 666 MHz or less, or quantize to fewer bits",
            id="too-fast",
        ),
        pytest.param(0, "a clock of 0 MHz is none; name one above 0", id="zero"),
        pytest.param(float("nan"), "a clock of nan MHz is none; name one above 0", id="nan"),
    ],
)
def test_a_clock_out_of_reach_is_refused(mhz: float, message: str) -> None:
    """With what the family can do."""
    with pytest.raises(HardwareError, match=message):
        levels_for(chain(4), Linear(1, 0.25), mhz)


@pytest.mark.parametrize("name", families())
def test_every_family_says_how_many_levels_fit(name: str) -> None:
    """Fewer at a faster clock; one where the adders alone allow no more; all of them at a slow one."""
    graph, chosen = chain(9), families()[name]
    fastest = 1000 / Schedule(graph).delay(chosen)

    assert levels_for(graph, chosen, 1) == 9
    assert levels_for(graph, chosen, 0.999 * fastest) == 1
    assert 1 < levels_for(graph, chosen, fastest / 3) < 9
