"""The proof of digit-serial netlists: whatever is wrong with one is refused, or is not wrong.

That a changed netlist still computes the same is shown by playing it, not by the proof's own means."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import shiftwright.arith.serial.prove as prove_module
from rtl_tests.unit.serial_mutants import FAULTS
from rtl_tests.unit.serial_subjects import Subject, every_kind, random_product, random_sums, solved
from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Statement, Sum
from shiftwright.arith.serial.prove import prove_serial
from shiftwright.arith.serial.word import DIGITS
from shiftwright.errors import ProofError

NO = (False, False)
SUBJECTS = [*(every_kind(digit) for digit in DIGITS), random_product(7, "cse", 2), random_sums(3, 4)]
FIVE = solved([[5]], [0], [(0, 15)])


def judged(subject: Subject, mutant: Netlist) -> bool:
    """Whether the proof refuses a netlist; one that it accepts must compute the product."""
    if not subject.proved(mutant):
        return True
    assert subject.computes(mutant, gaps=(0, 1, 3)), mutant
    return False


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_refused_or_none(fault: str) -> None:
    """Each place of each netlist where the fault can be."""
    refused = 0
    for subject in SUBJECTS:
        refused += sum(judged(subject, mutant) for mutant in FAULTS[fault](subject.netlist()))

    assert refused


def test_most_faults_are_faults() -> None:
    """A test whose faults all computed the same would show nothing; nor would a proof that refuses everything."""
    subject = every_kind(2)
    verdicts = [subject.proved(mutant) for fault in FAULTS.values() for mutant in fault(subject.netlist())]

    assert 0 < verdicts.count(True) < verdicts.count(False) / 20


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("seed", range(100, 106))
def test_no_fault_in_a_random_netlist_passes(seed: int, digit: int) -> None:
    """A sample of all faults in random products and sums."""
    chance = np.random.default_rng(seed)
    for subject in (random_product(seed, "csd", digit), random_sums(seed, digit)):
        mutants = [mutant for fault in FAULTS.values() for mutant in fault(subject.netlist())]
        for place in chance.integers(0, len(mutants), 150).tolist():
            judged(subject, mutants[place])


@pytest.mark.parametrize("digit", DIGITS)
def test_a_word_too_short_is_refused(digit: int) -> None:
    """One digit fewer than the widest output needs."""
    subject = every_kind(digit)
    cycles = subject.cycles - 1

    with pytest.raises(ProofError, match=rf"^output \d reaches -?\d+ … \d+, words have {cycles * digit} bits$"):
        subject.prove(subject.netlist(), cycles)


def test_a_word_may_just_hold_its_output() -> None:
    """-8 … 7 in four bits; 8 is one too many, unless nothing is negative."""
    row = np.array([[1]])
    netlist = Netlist(2, 1, 1, 1, 0, (Input("x", 0), Output(0, "x")))

    prove_serial(netlist, row, [0], [(-8, 7)], 2, [0])
    prove_serial(netlist, row, [0], [(0, 15)], 2, [0])
    for reached in [(-9, 7), (-8, 8), (0, 16)]:
        with pytest.raises(ProofError, match=f"output 0 reaches {reached[0]} … {reached[1]}, words have 4 bits"):
            prove_serial(netlist, row, [0], [reached], 2, [0])


def five(**changes: Statement | None) -> tuple[Statement, ...]:
    """The statements of 5x = x + 4x; what is named has another in its place, or none."""
    statements: dict[str, Statement | None] = {
        "x": Input("x", 0),
        "once": Delay("once", 1, "x"),
        "twice": Delay("twice", 1, "once"),
        "hold": Hold("hold", 0, 1),
        "y": Sum("y", "x", "twice", NO, False, 0, ("hold",)),
        "out": Output(0, "y"),
    }
    statements |= changes
    return tuple(statement for statement in statements.values() if statement is not None)


def late(start: int, hold: str = "hold") -> Sum:
    """The sum of 5x, begun in another cycle."""
    return Sum("y", "x", "twice", NO, False, start, (hold,))


WRONG = {
    "a missing delay": (
        five(twice=None, y=Sum("y", "x", "once", NO, False, 0, ("hold",))),
        "y: bit 0 of an operand must be held for 1 cycles from 0",
    ),
    "a missing delay, held to match": (
        five(twice=None, hold=Hold("hold", 0, 0), y=Sum("y", "x", "once", NO, False, 0, ("hold",))),
        "output 0: it has 3 times input 0, the matrix has 5 (modulo 2^7)",
    ),
    "a delay too many": (
        five(
            once=Delay("before", 1, "x"),
            twice=Delay("once", 1, "before"),
            hold=Delay("twice", 1, "once"),
            y=late(0, ""),
        ),
        "y: bit 0 of an operand must be held for 3 cycles from 0",
    ),
    "a corrupted alignment": (
        five(y=Sum("y", "once", "twice", NO, False, 0, ("hold",))),
        "y: bit 0 of an operand must be held for 1 cycles from 0",
    ),
    "a marker too early": (five(y=late(1)), "y: 'x' begins in cycle 0, before cycle 1"),
    "a marker too late for its hold": (
        five(y=Sum("y", "once", "twice", NO, False, 1, ("hold",))),
        "y: bit 0 of an operand must be held for 1 cycles from 1",
    ),
    "a marker that does not exist": (five(hold=Hold("hold", 0, 2)), "hold: start[2:0] are no markers of 2"),
    "a hold too short": (five(hold=Hold("hold", 0, 0)), "y: bit 0 of an operand must be held for 2 cycles from 0"),
    "a hold too late": (five(hold=Hold("hold", 1, 1)), "y: bit 0 of an operand must be held for 2 cycles from 0"),
    "no hold": (
        five(y=Sum("y", "x", "twice", NO, False, 0, ())),
        "y: bit 0 of an operand must be held for 2 cycles from 0",
    ),
    "a hold that is none": (five(y=late(0, "x")), "y: 'x' is no hold"),
    "a complement": (
        five(y=Sum("y", "x", "twice", (False, True), True, 0, ("hold",))),
        "output 0: it has 125 times input 0, the matrix has 5 (modulo 2^7)",
    ),
    "a carry": (
        five(y=Sum("y", "x", "twice", NO, True, 0, ("hold",))),
        "output 0: it adds 1, not 0 (modulo 2^7)",
    ),
    "a net that is not there": (five(x=None), "once: 'x' is no net before it"),
    "an input that is not there": (five(x=Input("x", 1)), "x: there is no input 1"),
    "a delay too wide": (five(once=Delay("once", 2, "x")), "once: it has 2 bits, 'x' has 1"),
    "a hold for digits": (five(out=Output(0, "hold")), "output 0: 'hold' carries no digits"),
    "an output with another index": (five(out=Output(1, "y")), "output 1: it is driven twice, or does not exist"),
    "an output twice": (
        (*five(), Output(0, "y")),
        "output 0: it is driven twice, or does not exist",
    ),
    "no output": (five(out=None), "output 0 is not driven"),
    "an output without a net": (
        five(out=Output(0, "")),
        "output 0: it has 0 times input 0, the matrix has 5 (modulo 2^7)",
    ),
    "an output too late": (
        (*five(out=None), Delay("more", 1, "y"), Output(0, "more")),
        "output 0: its lowest 1 bits are not known, 0 may be",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_refusal_says_what_is_wrong(case: str) -> None:
    """The statement, what it is, and what it should be."""
    statements, message = WRONG[case]
    FIVE.prove(Netlist(1, 1, 1, 2, 1, five()))

    with pytest.raises(ProofError, match=f"^{re.escape(message)}$"):
        FIVE.prove(Netlist(1, 1, 1, 2, 1, statements))


def test_a_latency_too_long_is_refused() -> None:
    """The first digits are over by then."""
    with pytest.raises(ProofError, match=r"^output 0: 'y' begins in cycle 1, before cycle 2$"):
        FIVE.prove(Netlist(1, 1, 1, 2, 2, five()))


def test_a_hold_before_the_word_is_refused() -> None:
    """It would make the last digits of the word before 0, where words follow each other without a gap."""
    subject = solved([[5, 3]], [0], [(0, 15), (0, 15)])
    netlist = subject.netlist()
    (place,) = [
        place
        for place, statement in enumerate(netlist.statements)
        if isinstance(statement, Hold) and statement.first > 0
    ][:1]
    hold = netlist.statements[place]
    assert isinstance(hold, Hold)
    early = (*netlist.statements[:place], replace(hold, first=hold.first - 1), *netlist.statements[place + 1 :])
    mutant = replace(netlist, statements=early)

    assert subject.computes(mutant, gaps=(5,))
    assert not subject.computes(mutant, gaps=(0,))
    assert not subject.proved(mutant)


PLAYED: dict[str, tuple[Statement, Statement, str]] = {
    "a wrong number": (Count("count", 3, 0), Play("k", 4, 3, "count"), "output 0: it adds 4, not 5 (modulo 2^5)"),
    "a count too short": (
        Count("count", 2, 0),
        Play("k", 5, 2, "count"),
        "k: its count begins anew before a word of 5 bits ends",
    ),
    "a count of other bits": (Count("count", 3, 0), Play("k", 5, 2, "count"), "k: 'count' is no count of 2 bits"),
    "a count that begins late": (
        Count("count", 3, 1),
        Play("k", 5, 3, "count"),
        "output 0: its lowest 1 bits are not known, 0 may be",
    ),
    "no count": (Input("count", 0), Play("k", 5, 3, "count"), "k: 'count' is no count of 3 bits"),
}


@pytest.mark.parametrize("case", PLAYED)
def test_a_wrong_constant_is_refused(case: str) -> None:
    """A number, and the count that picks its digits."""
    count, played, message = PLAYED[case]
    rest = (Output(0, "k"),)
    right = Netlist(1, 1, 1, 2, 0, (Count("count", 3, 0), Play("k", 5, 3, "count"), *rest))
    prove_serial(right, np.array([[0]]), [5], [(0, 15)], 5, [0])

    with pytest.raises(ProofError, match=f"^{re.escape(message)}$"):
        prove_serial(replace(right, statements=(count, played, *rest)), np.array([[0]]), [5], [(0, 15)], 5, [0])


def test_a_wrong_slip_is_refused() -> None:
    """Its second net must be the first one a cycle later, and it moves by part of a digit."""
    subject = solved([[5]], [0], [(0, 15)], digit=4)
    statements = subject.netlist().statements
    for slip, message in [
        (Slip("slip_0_0_2", "v0_0", "v0_0", 2), "slip_0_0_2: 'v0_0' is not 'v0_0' a cycle later"),
        (Slip("slip_0_0_2", "v0_1", "v0_0", 2), "slip_0_0_2: 'v0_0' is not 'v0_1' a cycle later"),
        (Slip("slip_0_0_2", "v0_0", "v0_1", 4), "slip_0_0_2: 4 bits are no part of a digit of 4"),
        (Slip("slip_0_0_2", "v0_0", "v0_1", 1), "v1_1: bit 1 of an operand must be held for 0 cycles from 0"),
    ]:
        wrong = tuple(slip if isinstance(statement, Slip) else statement for statement in statements)
        with pytest.raises(ProofError, match=f"^{re.escape(message)}$"):
            subject.prove(replace(subject.netlist(), statements=wrong))


def test_another_shape_is_refused() -> None:
    """As many inputs and outputs as the matrix."""
    with pytest.raises(ProofError, match=re.escape("it has 1 outputs of 2 inputs, the matrix is (1, 1)")):
        FIVE.prove(Netlist(1, 2, 1, 2, 1, five()))


def test_low_bits_need_not_come_where_they_are_0() -> None:
    """24x + 8y begins three digits before its word is there; of 24x + 8y + 4 the third bit must be right."""
    common = solved([[24, 8]], [0], [(-8, 7), (-8, 7)])
    netlist = common.netlist()
    common.prove(netlist)

    assert common.low == [3]
    with pytest.raises(ProofError, match=r"^output 0: its lowest 3 bits are not known, 2 may be$"):
        prove_serial(netlist, common.matrix, [0], common.ranges, common.cycles, [2])


def test_inputs_of_one_value_are_constants() -> None:
    """Solvers add them up beforehand, so that the netlist need not read them; another value is another constant."""
    subject = solved([[5, 3]], [1], [(3, 3), (-8, 7)])
    netlist = subject.netlist()
    subject.prove(netlist)

    with pytest.raises(ProofError, match=r"^output 0: it adds 16, not 21 \(modulo 2\^"):
        prove_serial(netlist, subject.matrix, [1], [(4, 4), (-8, 7)], subject.cycles, [0])
    with pytest.raises(ProofError, match=r"^output 0: it has 0 times input 0, the matrix has 5 "):
        prove_serial(netlist, subject.matrix, [1], [(3, 4), (-8, 7)], subject.cycles, [0])


@pytest.mark.parametrize("digit", DIGITS)
def test_words_beyond_int64_are_exact(digit: int) -> None:
    """Coefficients of 70 bits: the proof counts in Python's integers, and sees a difference in the last bit."""
    weight = (1 << 61) + 1
    subject = solved([[weight, 3]], [-7], [(-512, 511), (0, 1)], digit)
    assert subject.cycles * digit > 64
    subject.prove(subject.netlist())

    with pytest.raises(ProofError, match=f"it has {weight} times input 0, the matrix has {weight - 1} "):
        prove_serial(subject.netlist(), subject.matrix - np.array([[1, 0]]), [-7], subject.ranges, subject.cycles, [0])


def test_the_proof_shares_no_code_with_what_it_proves() -> None:
    """Of the whole package only the statements and errors: no scheduler, no solver."""
    tree = ast.parse(Path(prove_module.__file__).read_text(encoding="utf-8"))
    imported = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name for name in imported if name.startswith("shiftwright")} == {
        "shiftwright.arith.serial.netlist",
        "shiftwright.errors",
    }
