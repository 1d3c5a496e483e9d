"""Adder graphs as digit-serial netlists: played cycle by cycle, they give the matrix product, whatever the matrix."""

import numpy as np
import pytest

from rtl_tests.unit.serial_player import play
from rtl_tests.unit.serial_subjects import Subject, every_kind, of_graph, random_product, random_sums, solved
from shiftwright.arith.adder_graph import Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.serial.cost import adder_luts, hold_luts
from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Sum
from shiftwright.arith.serial.schedule import serialise
from shiftwright.arith.serial.word import DIGITS, cycles_of, low_zeros, widths_of

NO = (False, False)
U4, S4 = (0, 15), (-8, 7)


def test_a_shift_is_a_delay() -> None:
    """5x is x + 4x: a digit of 4x is one of x two cycles ago; the first two, which are of the word before, are 0."""
    subject = solved([[5]], [0], [U4])

    assert subject.netlist() == Netlist(
        digit=1,
        inputs=1,
        outputs=1,
        markers=2,
        latency=1,
        statements=(
            Input("v0_0", 0),
            Delay("v0_1", 1, "v0_0"),
            Delay("v0_2", 1, "v0_1"),
            Hold("hold_2_0", 0, 1),
            Sum("v1_1", "v0_0", "v0_2", NO, False, 0, ("hold_2_0",)),
            Output(0, "v1_1"),
        ),
    )


def test_a_part_of_a_digit_slips() -> None:
    """With digits of four bits, 5x needs x two bits up: bits of two digits, of which the first two are held at 0."""
    assert solved([[5]], [0], [U4], digit=4).netlist().statements == (
        Input("v0_0", 0),
        Delay("v0_1", 4, "v0_0"),
        Slip("slip_0_0_2", "v0_0", "v0_1", 2),
        Hold("hold_1_0", 0, 0),
        Sum("v1_1", "v0_0", "slip_0_0_2", NO, False, 0, ("hold_1_0", "hold_1_0", "", "")),
        Output(0, "v1_1"),
    )


def test_a_constant_is_played_by_a_count() -> None:
    """x - 3 in words of five digits: a count of three bits picks the bits of -3 modulo 2^8."""
    assert solved([[1]], [-3], [U4]).netlist().statements == (
        Count("count_0", 3, 0),
        Play("k253_0", 253, 3, "count_0"),
        Input("v0_0", 0),
        Sum("v1_1", "k253_0", "v0_0", NO, False, 0, ()),
        Output(0, "v1_1"),
    )


def test_a_common_shift_costs_no_hold() -> None:
    """24x + 8y is (3x + y)·8: the outputs' low bits are 0 in any case, and the word is only used that much later."""
    common, alone = (solved([row], [0], [S4, S4]).netlist() for row in ([24, 8], [3, 1]))

    assert (alone.latency, common.latency) == (2, 0)
    assert common.statements[:-1] == (*alone.statements[:-1], Delay("v3_3", 1, "v3_2"))


def test_what_is_counted() -> None:
    """An adder is its digit and a carry; waits, holds and counts are registers too. The negated sum shares 3x + y."""
    netlist = solved([[3, 1]], [-6], [S4, S4], digit=2).netlist()
    kinds = [type(statement) for statement in netlist.statements]

    assert (kinds.count(Sum), kinds.count(Delay), kinds.count(Hold), kinds.count(Count)) == (3, 1, 1, 1)
    assert netlist.adders == 3
    assert netlist.registers == 3 * (2 + 1) + 2 + 1 + 2
    assert hold_luts(netlist) == 2 + 2  # the count, and a constant's digits; one marker is held by a wire
    assert (adder_luts(2, 2), adder_luts(2, 3)) == (5, 3)


def test_words_are_as_long_as_the_widest_output() -> None:
    """At least two digits, so that a word has a beginning."""
    assert widths_of([(0, 0), (-8, 7), (0, 8)]) == [1, 4, 4]
    assert [cycles_of([1, 9, 4], digit) for digit in DIGITS] == [9, 5, 3]
    assert [cycles_of([1], 4), cycles_of([], 1)] == [2, 2]


def test_low_bits_that_are_always_0() -> None:
    """Weights and constant share them; of an output that is 0 nothing is left out."""
    matrix = np.array([[8, -24], [8, 4], [0, 0], [0, 0], [3, 8]])

    assert low_zeros(matrix, [16, 8, 0, -4, 0], [S4, S4]) == [3, 2, 0, 2, 0]
    assert low_zeros(matrix, [16, 8, 0, -4, 0], [S4, (2, 2)]) == [3, 3, 0, 2, 0]


EDGES = {
    "an input": ([[1]], [0], [S4]),
    "an input, unsigned": ([[1]], [0], [U4]),
    "an input of one bit": ([[1]], [0], [(0, 1)]),
    "a shifted input": ([[8]], [0], [S4]),
    "a shift longer than the input": ([[1024]], [0], [(0, 1)]),
    "a negated input": ([[-1]], [0], [S4]),
    "a negated, shifted input": ([[-16]], [0], [U4]),
    "both": ([[1], [-1]], [0, 0], [S4]),
    "a constant": ([[0]], [11], [S4]),
    "a negative constant": ([[0]], [-11], [S4]),
    "zero": ([[0]], [0], [S4]),
    "constant rows": ([[0, 0], [0, 0], [0, 0]], [-3, 0, 64], [S4, U4]),
    "one weight": ([[-93]], [0], [S4]),
    "one weight and a constant": ([[-93]], [77], [S4]),
    "an input and a constant": ([[1]], [-1], [S4]),
    "a shifted input and a constant": ([[4]], [8], [S4]),
    "a constant below the shift": ([[16]], [5], [S4]),
    "a fixed input": ([[5, 3]], [1], [(3, 3), S4]),
    "fixed inputs alone": ([[5, -3]], [1], [(3, 3), (-4, -4)]),
    "an input that is 0": ([[1024, 1]], [0], [(0, 0), S4]),
    "an input that nobody reads": ([[0, 3, 0]], [0], [S4, S4, S4]),
    "a sum of negatives": ([[-3, -5, -7]], [-9], [S4, U4, S4]),
    "an output narrower than its inputs": ([[0, 1], [0, 0]], [0, 1], [(-128, 127), (0, 1)]),
    "rows of one input, all shifts": ([[1], [2], [4], [8], [16], [-32]], [0] * 6, [S4]),
    "outputs of very different depth": ([[1, 0, 0, 0], [85, -51, 119, 37]], [0, 3], [S4] * 4),
}


def subjects(name: str, digit: int) -> list[Subject]:
    """An edge case under each solver."""
    return [solved(*EDGES[name], digit=digit, solver=solver) for solver in ("csd", "cse")]


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("name", EDGES)
def test_edge_cases_equal_the_product(name: str, digit: int) -> None:
    """Outputs that are inputs, shifted or negated ones, numbers, or nothing; proved, and played."""
    for subject in subjects(name, digit):
        netlist = subject.netlist()
        subject.prove(netlist)
        assert subject.computes(netlist)


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("solver", ["csd", "cse"])
@pytest.mark.parametrize("seed", range(15))
def test_random_matrices_equal_the_product(seed: int, solver: str, digit: int) -> None:
    """Proved, and played with words back to back and with gaps between them."""
    subject = random_product(seed, solver, digit)
    netlist = subject.netlist()

    subject.prove(netlist)
    assert subject.computes(netlist)


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_equal_their_meaning(seed: int, digit: int) -> None:
    """Graphs that no solver makes: values that meet themselves, sums of three, numbers that are added up before."""
    subject = random_sums(seed, digit)
    netlist = subject.netlist()

    subject.prove(netlist)
    assert subject.computes(netlist)


@pytest.mark.parametrize("digit", DIGITS)
def test_longer_words_change_nothing(digit: int) -> None:
    """Layers of one engine share the length of the longest: the same netlist but for the constants' counts."""
    subject = every_kind(digit)
    for cycles in (subject.cycles + 1, subject.cycles + 5):
        netlist = serialise(subject.graph, digit, cycles)
        subject.prove(netlist, cycles)
        assert subject.computes(netlist, cycles=cycles)


@pytest.mark.parametrize("digit", DIGITS)
def test_gaps_of_any_length_change_nothing(digit: int) -> None:
    """What comes between two words is no part of them."""
    subject = every_kind(digit)

    assert subject.computes(subject.netlist(), gaps=range(3, 12))


def test_a_word_may_wait_for_long() -> None:
    """Beside a chain of 1,200 adders of one input the other one waits 1,200 cycles."""
    builder = Builder([(0, 1), (0, 1)])
    value = 0
    for _ in range(1200):
        value = builder.add([Operand(value), Operand(0)])
    subject = of_graph(builder.graph([Operand(1), Operand(value)]), 1)
    netlist = subject.netlist()

    subject.prove(netlist)
    assert netlist.latency == 1200
    assert netlist.registers == 1200 * 2 + 1199 + 1200


def test_a_played_netlist_is_seen_to_be_wrong() -> None:
    """The tests here would prove nothing with a player that knows the answer: other weights are another product."""
    right, wrong = solved([[5, -3]], [1], [S4, S4]), solved([[5, -3]], [2], [S4, S4])

    assert right.computes(right.netlist())
    assert not right.computes(wrong.netlist())
    x = np.array([[[7, -8]], [[0, 0]]])
    assert play(right.netlist(), x, right.cycles).tolist() == [[[60]], [[1]]]


def test_nothing_is_made_that_no_output_reads() -> None:
    """A sum without readers is left out, with its delays and holds."""
    whole = every_kind(1)
    graph = type(whole.graph)(whole.graph.inputs, whole.graph.adds, (whole.graph.outputs[4],))

    assert of_graph(graph, 1).netlist().statements == (Input("v1_0", 1), Output(0, "v1_0"))
