"""The proof of threshold tables: a true one passes, every wrong threshold, bound and constant is caught."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from shiftwright.arith.interval import Interval
from shiftwright.arith.prove import prove_thresholds
from shiftwright.arith.requantize import Requantizer, estimated_luts, shared_zeros
from shiftwright.errors import ProofError
from shiftwright.ir.core import Value
from shiftwright.ops.thresholds import Thresholds

LEVELS = tuple(Fraction(float(np.float32(number))) for number in (-(2**0.5), -0.3, 0.25, 0.75, 1.5, 3.0))
SCALE, OFFSET = Fraction(1, 64), Fraction(1, 300)
# thresholds, scale, offset, lo, hi, acc_lo, acc_hi
Settings = tuple[tuple[Fraction, ...], Fraction, Fraction, int, int, int, int]
SETTINGS: Settings = (LEVELS, SCALE, OFFSET, 1, 6, -80, 250)


def formula(acc: int) -> int:
    """The code that SETTINGS mean, from the definition."""
    return min(max(sum(level <= SCALE * acc + OFFSET for level in LEVELS), 1), 6)


def true_tail(acc_lo: int = -80, acc_hi: int = 250) -> Requantizer:
    """What the operator gives for these settings."""
    operator = Thresholds.of(LEVELS, (SCALE,), (OFFSET,), (1,), (6,))
    (tail,) = operator.tails(Value("v", (1,), Interval.of([acc_lo], [acc_hi])))
    return tail


@pytest.mark.parametrize(("acc_lo", "acc_hi"), [(-80, 250), (-200, 900), (0, 10), (16, 16), (47, 48)])
def test_true_thresholds_pass(acc_lo: int, acc_hi: int) -> None:
    """On intervals that reach all codes, some, and one; and the circuit is the formula at every accumulator."""
    tail = true_tail(acc_lo, acc_hi)
    acc = np.arange(acc_lo, acc_hi + 1)

    prove_thresholds(tail, LEVELS, SCALE, OFFSET, 1, 6, acc_lo, acc_hi)
    assert tail(acc).tolist() == [formula(each) for each in acc.tolist()]


def test_golden_is_the_definition() -> None:
    """Channel by channel, for every accumulator."""
    scales, offsets = (SCALE, SCALE * 3, SCALE / 7), (OFFSET, -OFFSET, Fraction(0))
    operator = Thresholds.of(LEVELS, scales, offsets, (1, 0, 2), (6, 6, 5))
    operator.infer((Value("v", (3,), Interval.uniform(-80, 250, 3)),))
    acc = np.arange(-80, 251)
    found = operator.golden(np.stack([acc] * 3, axis=1))

    for channel in range(3):
        assert found[:, channel].tolist() == [operator.exact(channel, each) for each in acc.tolist()]


def faults() -> list[Requantizer]:
    """Every single fault that changes a code."""
    true = true_tail()
    cuts = true.thresholds
    moved = [
        replace(true, thresholds=(*cuts[:at], cuts[at] + step, *cuts[at + 1 :]))
        for at in range(len(cuts))
        for step in (-1, 1)
    ]
    ends = [replace(true, lo=true.lo + 1), replace(true, hi=true.hi - 1), replace(true, lo=0, hi=true.hi - 1)]
    fewer = [replace(true, thresholds=cuts[1:], lo=true.lo + 1), replace(true, thresholds=cuts[::-1])]
    return [*moved, *ends, *fewer, Requantizer("scale", 2, 2, 0, 2), Requantizer("scale", 0, 6, shift=5)]


@pytest.mark.parametrize("fault", faults(), ids=str)
def test_wrong_thresholds_are_caught(fault: Requantizer) -> None:
    """A threshold moved by one, an end of the codes, another order, another form."""
    with pytest.raises(ProofError):
        prove_thresholds(fault, *SETTINGS)


def test_a_proof_fails_exactly_where_some_code_differs() -> None:
    """Two thresholds moved at once: the verdict equals a comparison of every accumulator."""
    true, acc = true_tail(-60, 60), np.arange(-60, 61)
    expected, verdicts = [formula(each) for each in acc.tolist()], set()
    for first, second in product((-2, 0, 2), (-60, -1, 0, 1, 200)):
        cuts = (true.thresholds[0] + first, *true.thresholds[1:-1], true.thresholds[-1] + second)
        changed = replace(true, thresholds=cuts)
        try:
            prove_thresholds(changed, LEVELS, SCALE, OFFSET, 1, 6, -60, 60)
            proved = True
        except ProofError:
            proved = False
        verdicts.add(proved)
        assert proved == (changed(acc).tolist() == expected and list(cuts) == sorted(cuts))
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    "wrong", [(LEVELS[::-1], SCALE), (LEVELS, -SCALE), (LEVELS, Fraction(0))], ids=["descending", "negative", "zero"]
)
def test_settings_under_which_codes_do_not_rise_prove_nothing(wrong: tuple[tuple[Fraction, ...], Fraction]) -> None:
    """Descending thresholds and scales that are not positive."""
    with pytest.raises(ProofError, match="codes do not rise"):
        prove_thresholds(true_tail(), *wrong, OFFSET, 1, 6, -80, 250)


def test_the_message_gives_an_accumulator_that_differs() -> None:
    """Enough to see the fault."""
    with pytest.raises(ProofError, match="accumulator 47: the search form gives 1, the thresholds 0"):
        prove_thresholds(
            Requantizer("search", 0, 1, thresholds=(47,)), (Fraction(48),), Fraction(1), Fraction(0), 0, 1, 0, 99
        )


@pytest.mark.parametrize(("thresholds", "zeros"), [((8, 24, 48), 3), ((-8, 0, 4), 2), ((1, 2), 0), ((0,), 0)])
def test_low_bits_that_decide_nothing_cost_nothing(thresholds: tuple[int, ...], zeros: int) -> None:
    """Where all thresholds are multiples of 2^n, the lowest n bits are not compared."""
    search = Requantizer("search", 0, len(thresholds), thresholds=thresholds)
    narrow = replace(search, thresholds=tuple(threshold >> zeros for threshold in thresholds))

    assert shared_zeros(thresholds) == zeros
    assert estimated_luts(search, -512, 511) == estimated_luts(narrow, -512 >> zeros, 511 >> zeros)
