"""Exact integer kernels against fractions.Fraction, whose own round() is half to even."""

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.arith.kernels import (
    matmul_exact,
    quantize_real,
    requantize_by_thresholds,
    round_half_even,
    threshold_table,
    thresholds,
)
from shiftwright.errors import RangeError

SCALES = [Fraction(1, 2), Fraction(1, 64), Fraction(3, 8), Fraction(1, 10), Fraction(1, 6), Fraction(5, 7)]
SCALES += [Fraction(1), Fraction(5, 2), Fraction(9, 4), Fraction(float(np.float32(0.037))), Fraction(0.3) / 7]
BIASES = [Fraction(0), Fraction(-17), Fraction(5, 2), Fraction(1, 3), Fraction(float(np.float32(-3.7)))]


def by_fraction(acc: int, scale: Fraction, bias: Fraction, zero_point: int, lo: int, hi: int) -> int:
    """The definition of a code."""
    return min(max(round(scale * (acc + bias)) + zero_point, lo), hi)


@given(st.fractions(max_denominator=64))
def test_round_half_even(value: Fraction) -> None:
    """Every kind of fraction, ties among them."""
    assert round(value) == round_half_even(value)


@pytest.mark.parametrize("bias", BIASES, ids=str)
@pytest.mark.parametrize("scale", SCALES, ids=str)
@pytest.mark.parametrize(("zero_point", "lo", "hi"), [(0, -8, 7), (3, 0, 15), (-1, -4, 11), (128, 0, 255)])
def test_thresholds_are_where_codes_begin(scale: Fraction, bias: Fraction, zero_point: int, lo: int, hi: int) -> None:
    """At each threshold the code is reached, and one accumulator earlier it is not."""
    found = thresholds(scale, bias, zero_point, lo, hi)

    assert hi - lo == len(found)
    for code, threshold in zip(range(lo + 1, hi + 1), found, strict=True):
        before, at = (by_fraction(acc, scale, bias, zero_point, lo, hi) for acc in (threshold - 1, threshold))
        assert before < code <= at


def test_thresholds_beyond_int64() -> None:
    """Where the numbers leave int64 Python integers take over, and the answer stays exact."""
    scale, bias = Fraction(3, 10**22), Fraction(10**23 + 1, 7)

    (threshold,) = thresholds(scale, bias, 0, 0, 1)

    assert (0, 1) == (round(scale * (threshold - 1 + bias)), round(scale * (threshold + bias)))


def test_thresholds_refuse_a_scale_that_is_not_positive() -> None:
    """A zero scale has no thresholds."""
    with pytest.raises(RangeError, match="scale 0 is not positive"):
        thresholds(Fraction(0), Fraction(0), 0, 0, 3)


def test_clipped_thresholds_count_the_same_inside_the_interval() -> None:
    """Thresholds beyond int64 are clipped to the accumulator's interval, where no count changes."""
    found = [-(10**30), -3, 5, 10**30]
    table = threshold_table(found, -10, 10)
    acc = np.arange(-10, 11)

    counts = requantize_by_thresholds(acc[:, None], table, 0)[:, 0]

    assert [sum(threshold <= value for threshold in found) for value in acc.tolist()] == counts.tolist()


@pytest.mark.parametrize("words", [pytest.param(4000, id="by-lookup"), pytest.param(60, id="by-search")])
@pytest.mark.parametrize("shared", [True, False])
def test_requantize_by_thresholds_is_exact(words: int, shared: bool) -> None:
    """Every word of every channel, by both ways of counting, tables shared, repeated, empty and apart."""
    scales = SCALES[:1] * 5 if shared else [*SCALES[:4], SCALES[0]]
    acc = np.random.default_rng(1).integers(-900, 900, (words // 4, 4, 5))
    tables = [threshold_table(thresholds(scale, Fraction(1, 2), 2, -8, 7)) for scale in scales]

    codes = requantize_by_thresholds(acc, tables[0] if shared else tables, -8)

    flat = acc.reshape(-1, 5).tolist()
    expected = [[by_fraction(a, s, Fraction(1, 2), 2, -8, 7) for a, s in zip(row, scales, strict=True)] for row in flat]
    assert expected == codes.reshape(-1, 5).tolist()
    assert codes.dtype == np.int64


def test_no_threshold_gives_the_lowest_code() -> None:
    """A channel that can take one code only has an empty table."""
    acc = np.arange(-4, 4).reshape(4, 2)
    empty = np.zeros(0, dtype=np.int64)

    assert [[9, 9]] * 4 == requantize_by_thresholds(acc, empty, 9).tolist()
    assert [[9, 9], [9, 10], [9, 10], [9, 10]] == requantize_by_thresholds(acc, [empty, np.array([-2])], 9).tolist()


def float32_steps() -> list[float]:
    """Scales from the smallest subnormal to large, most of them no power of two."""
    return [float(np.float32(step)) for step in (0.1, 0.25, 1 / 3, 7.77e-3, 1e-45, 3e-39, 12345.678)]


@pytest.mark.parametrize("step", float32_steps())
def test_quantize_real_is_exact_around_every_tie(step: float) -> None:
    """Reals at, and one ulp on either side of, every (k + 1/2) * step in reach, as float32 and as float64."""
    scale = Fraction(step)
    middles = (np.arange(-140, 140) + 0.5) * step
    for exact in (middles, middles.astype(np.float32)):
        x: NDArray[np.floating] = np.concatenate([exact, np.nextafter(exact, -inf), np.nextafter(exact, inf)])
        expected = [min(max(round(Fraction(value) / scale) + 3, -128), 127) for value in x.tolist()]

        assert expected == quantize_real(x, scale, 3, -128, 127).tolist()


def test_quantize_real_saturates_infinities() -> None:
    """An infinity takes the last code on its side, whatever the zero point."""
    x = np.array([[-inf, inf, -3.4e38, 3.4e38]], dtype=np.float32)

    assert [[0, 255, 0, 255]] == quantize_real(x, Fraction(1, 2), 128, 0, 255).tolist()


@pytest.mark.parametrize(
    ("x", "scale", "message"),
    [
        pytest.param(nan, Fraction(1), "holds NaN", id="nan"),
        pytest.param(1.0, Fraction(0), "not a positive float32", id="zero-scale"),
        pytest.param(1.0, Fraction(1, 3), "not a positive float32", id="scale-no-float"),
        pytest.param(1.0, Fraction(0.1), "not a positive float32", id="scale-float64"),
    ],
)
def test_quantize_real_refuses(x: float, scale: Fraction, message: str) -> None:
    """NaN has no code, and exactness needs a float32 scale."""
    with pytest.raises(RangeError, match=message):
        quantize_real(np.array([x], dtype=np.float32), scale, 0, -128, 127)


@pytest.mark.parametrize("bits", [4, 11, 25, 30])
def test_matmul_is_exact_at_every_width(bits: int) -> None:
    """Products at their largest magnitude, through float32, float64 and int64, against Python integers."""
    generator = np.random.default_rng(bits)
    ends = (1 << bits) - 1
    x = generator.choice([-ends, ends, ends - 1], (3, 2, 4))
    w = generator.choice([-ends, ends, 1], (4, 5))
    expected = [
        [[sum(a * b for a, b in zip(row, column, strict=True)) for column in w.T.tolist()] for row in block]
        for block in x.tolist()
    ]

    assert expected == matmul_exact(x, w, 4 * ends * ends).tolist()
