"""Hardware requantizers: every accumulator against fractions.Fraction, and the cheapest form chosen."""

from collections import Counter
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from shiftwright.arith.csd import csd_weight
from shiftwright.arith.prove import prove_requantizer
from shiftwright.arith.requantize import Requantizer, estimated_luts, find_requantizer
from shiftwright.errors import RangeError

AWKWARD = [Fraction(1, 1 << n) for n in range(8)]
AWKWARD += [Fraction(*pair) for pair in ((3, 8), (1, 10), (1, 6), (1, 3), (5, 7), (5, 32), (7, 1000), (3, 2), (13, 4))]


def by_fraction(acc: int, scale: Fraction, bias: Fraction, zero_point: int, lo: int, hi: int) -> int:
    """The definition; Python's round() of a Fraction is half to even."""
    return min(max(round(scale * (acc + bias)) + zero_point, lo), hi)


def assert_exact(
    scale: Fraction, bias: Fraction, zero_point: int, lo: int, hi: int, ends: tuple[int, int]
) -> Requantizer:
    """Finds a requantizer and compares it with the definition at every accumulator; the proof must agree."""
    found = find_requantizer(scale, bias, zero_point, lo, hi, *ends)
    acc = np.arange(ends[0], ends[1] + 1)
    expected = [by_fraction(a, scale, bias, zero_point, lo, hi) for a in acc.tolist()]
    assert expected == found(acc).tolist()
    assert (min(expected), max(expected)) == (found.lo, found.hi)
    prove_requantizer(found, scale, bias, zero_point, lo, hi, *ends)
    return found


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("scale", AWKWARD, ids=str)
def test_awkward_scales(scale: Fraction, bits: int, signed: bool) -> None:
    """Ties, near-ties and steps over several codes: on-grid, half-LSB, third and float32 biases, odd zero points."""
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    for bias in (Fraction(0), Fraction(-7), Fraction(9, 2), Fraction(1, 3), Fraction(float(np.float32(2.3)))):
        for zero_point in (0, (lo + hi) // 2 | 1):
            assert_exact(scale, bias, zero_point, lo, hi, (-333, 299))


@pytest.mark.parametrize("seed", range(30))
def test_random_channels(seed: int) -> None:
    """Products of float32 scales, as files hold them, over random intervals; ten channels a seed."""
    random = Random(seed)
    for _ in range(10):
        bits = random.randint(2, 8)
        lo = random.choice([0, -(1 << bits - 1)])
        acc_lo = random.randint(-3000, 1000)
        acc_hi = acc_lo + random.randint(0, 4000)
        factors = [Fraction(float(np.float32(random.uniform(0.01, 1)))) for _ in range(3)]
        scale = factors[0] * factors[1] / factors[2] * random.choice([Fraction(1), Fraction(1, 8), Fraction(20)])
        bias = Fraction(float(np.float32(random.gauss(0, 1)))) / (factors[0] * factors[1])
        assert_exact(scale, bias, random.randint(lo, lo + (1 << bits) - 1), lo, lo + (1 << bits) - 1, (acc_lo, acc_hi))


@pytest.mark.parametrize("shift", range(1, 9))
@pytest.mark.parametrize("bias", [-37, 0, 20])
def test_half_lsb_bias_makes_a_power_of_two_a_wire(shift: int, bias: int) -> None:
    """With the bias half an LSB off the grid no tie exists: M = 1, and rounding and bias are one constant."""
    found = assert_exact(Fraction(1, 1 << shift), Fraction(2 * bias + 1, 2), 0, -8, 7, (-1000, 1000))

    assert ("scale", 1, bias + (1 << shift - 1), shift) == (found.form, found.multiplier, found.constant, found.shift)
    merged = find_requantizer(Fraction(1, 1 << shift), Fraction(1 - (1 << shift), 2), 0, -8, 7, -1000, 1000)
    assert merged.is_wire and merged.adders == 0


@pytest.mark.parametrize("zero_point", [0, 5])
def test_ties_of_a_power_of_two_take_the_carry_form(zero_point: int) -> None:
    """On-grid biases reach ties: one more adder rounds them to even, also where the zero point is odd."""
    found = assert_exact(Fraction(1, 16), Fraction(3), zero_point, -128, 127, (-4000, 4000))

    assert ("half_even", 1, 4, bool(zero_point & 1)) == (found.form, found.multiplier, found.shift, found.odd)
    assert found.adders == 2


def test_ties_of_a_tenth_take_a_search() -> None:
    """No straight line rounds the ties of 1/10 to even, and no carry does."""
    found = assert_exact(Fraction(1, 10), Fraction(0), 0, 0, 15, (-50, 400))

    assert ("search", 4, 15) == (found.form, found.adders, len(found.thresholds))


def test_unreached_codes_cost_nothing() -> None:
    """Ties outside the interval do not count, and lo and hi shrink to the codes in reach."""
    found = assert_exact(Fraction(1, 10), Fraction(0), 0, -128, 127, (6, 14))

    assert Requantizer("scale", 1, 1, multiplier=0, constant=1) == found
    assert (0, False) == (found.adders, found.is_wire)


def test_codes_inside_the_format_need_no_clamp() -> None:
    """Where nothing saturates, the constants alone keep every accumulator's code inside."""
    found = assert_exact(Fraction(float(np.float32(0.0123))), Fraction(1, 3), 0, -128, 127, (-4000, 4000))

    assert found.form == "scale"
    ends = [(acc * found.multiplier + found.constant) >> found.shift for acc in (-4000, 4000)]
    assert [found.lo, found.hi] == ends


@pytest.mark.parametrize(
    ("bits", "width", "mean_digits", "most_digits"),
    [(8, 12, 6.3, 8), (8, 16, 7.6, 10)],
    ids=["12-bit-accumulator", "16-bit-accumulator"],
)
def test_constants_have_few_digits(bits: int, width: int, mean_digits: float, most_digits: int) -> None:
    """8-bit outputs: the multipliers found stay within the digits that the design counts on."""
    random = Random(7)
    digits = []
    for _ in range(60):
        scale = Fraction(random.uniform(0.7, 2) * 2.0 ** (bits - width))
        ends = -(1 << width - 1), (1 << width - 1) - 1
        found = find_requantizer(scale, Fraction(random.uniform(-99, 99)), 0, 0, (1 << bits) - 1, *ends)
        digits.append(csd_weight(found.multiplier))

    assert sum(digits) / len(digits) <= mean_digits
    assert max(digits) <= most_digits


def test_few_codes_are_cheaper_by_search() -> None:
    """Without ties both ways work; the estimate prefers comparators for few bits and constants for many.

    One threshold, that of a single bit, is a constant in the bias and the sum's sign."""
    scale, bias = Fraction(float(np.float32(0.0031))), Fraction(1, 3)
    forms = Counter(
        (bits, find_requantizer(scale, bias, 0, 0, (1 << bits) - 1, -30000, 30000).form) for bits in (1, 2, 3, 7, 8)
    )

    assert {(1, "scale"), (2, "search"), (3, "search"), (7, "scale"), (8, "scale")} == set(forms)


def test_estimate_grows_with_what_is_built() -> None:
    """A wire is free, one adder costs its width, and a search pays for every level and threshold."""
    wire = Requantizer("scale", 0, 15, shift=4)
    offset = Requantizer("scale", 0, 15, constant=8, shift=4)
    short, long = (Requantizer("search", 0, n, thresholds=tuple(range(n))) for n in (3, 15))

    assert [0, 9] == [estimated_luts(form, 0, 255) for form in (wire, offset)]
    assert estimated_luts(short, 0, 255) < estimated_luts(long, 0, 255)


def test_wide_accumulators_leave_int64_safely() -> None:
    """An accumulator near 2^40 with a long multiplier: the model falls back to Python integers."""
    scale = Fraction(float(np.float32(1.7e-10)))
    found = find_requantizer(scale, Fraction(1, 3), 0, -128, 127, -(1 << 40), 1 << 40)
    acc = np.random.default_rng(3).integers(-(1 << 40), 1 << 40, 500)

    assert [by_fraction(a, scale, Fraction(1, 3), 0, -128, 127) for a in acc.tolist()] == found(acc).tolist()
    prove_requantizer(found, scale, Fraction(1, 3), 0, -128, 127, -(1 << 40), 1 << 40)


@pytest.mark.parametrize("scale", [Fraction(0), Fraction(-1, 2)])
def test_refuses_a_scale_that_is_not_positive(scale: Fraction) -> None:
    """The message names the numbers at fault."""
    with pytest.raises(RangeError, match=f"no requantizer for scale {scale}"):
        find_requantizer(scale, Fraction(0), 0, 0, 15, -10, 10)
