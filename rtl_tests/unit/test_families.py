"""Cost models of families: what a sum takes, which sums and bits synthesis sees as one, and what is stored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.cmvm.csd import SOLVER
from shiftwright.arith.families.choose import families, family
from shiftwright.arith.families.sums import Sums
from shiftwright.arith.pipeline import register_bits
from shiftwright.errors import SolveError

BYTE = (-128, 127)
NIBBLE = (0, 15)


def graph_of(operands: list[Operand], constant: int = 0, ranges: list[tuple[int, int]] | None = None) -> AdderGraph:
    """One adder over inputs, which is the only output."""
    builder = Builder(ranges or [BYTE] * 3)
    return builder.graph([Operand(builder.add(operands, constant))])


A, B, C = Operand(0), Operand(1), Operand(2)
MINUS_B, MINUS_C = Operand(1, 0, True), Operand(2, 0, True)


@pytest.mark.parametrize("name", sorted(families()))
def test_every_family_is_whole(name: str) -> None:
    """Its file's name, costs above 0, and a wider adder that is never faster."""
    found = family(name)

    assert name == found.name
    assert found.operands in (2, 3)
    assert min(found.bit2, found.bit3) > 0
    assert min(found.fixed2, found.fixed3) >= 0
    assert 0 < found.level_delay(4, 2) <= found.level_delay(40, 2)
    assert found.operands == 2 or found.level_delay(8, 2) <= found.level_delay(8, 3)


def test_an_unknown_family_names_the_nearest() -> None:
    """And all there are."""
    with pytest.raises(SolveError, match="there is no family 'xcupp'; did you mean xcup\\? choose from ecp5, generic"):
        family("xcupp")


@pytest.mark.parametrize(
    ("operands", "constant", "luts", "carry"),
    [
        pytest.param([A, B], 0, 8, 3, id="the-copies-of-both-signs-share-a-lut"),
        pytest.param([A, MINUS_B], 0, 9, 3, id="a-difference-has-its-lowest-bit-twice"),
        pytest.param([A, Operand(1, 2)], 0, 8, 3, id="low-bits-are-wires"),
        pytest.param([Operand(0, 2), MINUS_B], 0, 10, 3, id="a-negated-word-needs-its-borrow"),
        pytest.param([MINUS_B], 0, 8, 3, id="a-negation-is-inverters-and-a-chain"),
        pytest.param([A], 36, 2, 2, id="ones-of-a-number-are-inverters"),
        pytest.param([A, B, C], 0, 10, 4, id="three-words"),
        pytest.param([A, B, Operand(2, 3)], 0, 12, 4, id="three-words-one-shifted"),
        pytest.param([A, MINUS_B, MINUS_C], 0, 10, 4, id="three-words-two-negated"),
    ],
)
def test_luts_and_carry_cells_of_one_adder_on_ultrascale(
    operands: list[Operand], constant: int, luts: int, carry: int
) -> None:
    """As Yosys maps words of eight bits."""
    graph, xcup = graph_of(operands, constant), family("xcup")

    assert (luts, carry) == (xcup.luts(graph), xcup.carry_cells(graph))


@pytest.mark.parametrize(
    ("operands", "constant", "luts", "carry"),
    [
        pytest.param([A, B], 0, 10, 5, id="two-bits-a-cell"),
        pytest.param([A, Operand(1, 2)], 0, 10, 5, id="low-bits-are-wires"),
        pytest.param([Operand(0, 2), MINUS_B], 0, 12, 6, id="a-negated-word-needs-its-borrow"),
        pytest.param([A], 37, 11, 5, id="an-odd-number-inverts-the-lowest-bit"),
        pytest.param([A, Operand(1, 6)], 0, 10, 5, id="far-apart"),
    ],
)
def test_luts_and_carry_cells_of_one_adder_on_ecp5(
    operands: list[Operand], constant: int, luts: int, carry: int
) -> None:
    """As Yosys maps words of eight bits."""
    graph, ecp5 = graph_of(operands, constant), family("ecp5")

    assert (luts, carry) == (ecp5.luts(graph), ecp5.carry_cells(graph))


def test_a_narrow_adder_takes_no_carry_cells() -> None:
    """Yosys makes it of LUTs: up to two bits on AMD, up to four on ECP5."""
    graph = graph_of([A, B], ranges=[(0, 7), (0, 7)])

    assert (10, 0) == (family("ecp5").luts(graph), family("ecp5").carry_cells(graph))
    assert (3, 1) == (family("xcup").luts(graph), family("xcup").carry_cells(graph))


def test_equal_sums_are_one() -> None:
    """Synthesis finds them, the second time through an equal sum too, and so does the model."""
    builder = Builder([BYTE] * 3)
    tops = [builder.add([Operand(builder.add([A, B])), C]) for _ in range(2)]
    graph = builder.graph([Operand(top) for top in tops])

    assert (4, 2) == (graph.adders, len(Sums(graph).sums))


def test_words_that_do_not_meet_are_no_sum() -> None:
    """a + 16b of four bits each is two words side by side."""
    assert [] == Sums(graph_of([A, Operand(1, 4)], ranges=[NIBBLE] * 2)).sums


def test_sums_that_no_output_needs_are_none() -> None:
    """They are swept away."""
    builder = Builder([BYTE] * 3)
    kept = builder.add([A, B])
    builder.add([A, C])

    assert 1 == len(Sums(builder.graph([Operand(kept)])).sums)


def test_low_bits_that_pass_are_stored_with_the_word_they_come_from() -> None:
    """The low three bits of a + 8b are a's own, which wait two stages for the third level: once, not twice."""
    builder = Builder([NIBBLE] * 2)
    both = builder.add([A, Operand(1, 3)])
    third = builder.add([Operand(builder.add([Operand(both), B])), A])
    graph = builder.graph([Operand(third), Operand(both)])

    assert 6 == register_bits(graph) - Sums(graph).registers


def test_a_long_delay_is_shift_registers_where_there_are_such() -> None:
    """A word of eight bits that waits for four stages beside sums: 32 registers on ECP5, 8 LUTs on UltraScale+."""
    builder = Builder([BYTE] * 2)
    multiple = B
    for _ in range(4):
        multiple = Operand(builder.add([multiple, B]))
    graph = builder.graph([Operand(builder.add([A, multiple]))])
    ecp5, xcup = family("ecp5"), family("xcup")

    assert (0, 8) == (ecp5.shift_registers(graph), xcup.shift_registers(graph))
    assert 32 == ecp5.registers(graph) - xcup.registers(graph)
    assert 0 == xcup.shift_registers(graph, levels_per_stage=2)


@given(st.data())
def test_a_generic_lut_is_a_full_adder_bit(data: st.DataObject) -> None:
    """On graphs without equal sums the default family counts what the graph itself calls its bits."""
    inputs = data.draw(st.integers(1, 4))
    row = data.draw(st.lists(st.integers(-100, 100), min_size=inputs, max_size=inputs))
    graph = SOLVER.solve(np.array([row], dtype=np.int64), [BYTE] * inputs, [data.draw(st.integers(-9, 9))])
    sums = Sums(graph)

    if len(sums.sums) == graph.adders:
        # A number beside one word may leave low bits to wires, which the graph's own count does not see.
        constant = any(add.constant for add in graph.adds)
        assert graph.bits == family("generic").luts(graph) or (constant and graph.bits > family("generic").luts(graph))


@given(st.data())
def test_bits_are_stored_at_most_as_often_as_words(data: st.DataObject) -> None:
    """The pipeline's register bits bound the model's from above, and the latency is nobody's business here."""
    inputs, outputs = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    rows = st.lists(st.integers(-40, 40), min_size=inputs, max_size=inputs)
    matrix = np.array(data.draw(st.lists(rows, min_size=outputs, max_size=outputs)), dtype=np.int64)
    levels = data.draw(st.integers(1, 3))
    graph = SOLVER.solve(matrix, [BYTE] * inputs, [0] * outputs)

    assert 0 <= Sums(graph, levels).registers <= register_bits(graph, levels)
    assert family("xcup").registers(graph, levels) <= family("ecp5").registers(graph, levels)


def test_the_register_behind_an_adder_that_is_kept_is_no_part_of_a_shift_register() -> None:
    """A sum of five bits waits for seven adders behind it: in four registers of which Yosys leaves out the first."""
    builder = Builder([(-8, 7)] * 2)
    waiting = late = builder.add([Operand(0), Operand(1)])
    for _ in range(7):
        late = builder.add([Operand(late), Operand(1)])
    sums = Sums(builder.graph([Operand(waiting), Operand(late)]), 2)

    assert [3] * 5 == [length for length in sums.chains() if length > 1]
