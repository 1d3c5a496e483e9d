"""The oracle itself: numbers worked out by hand, and onnxruntime as a second witness.

What golden is measured against must not rest on golden: these tests run without the package."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings

from rtl_tests.oracle import evaluator
from rtl_tests.oracle.arithmetic import clip, dequantize_linear, gemm, quantize_linear
from rtl_tests.oracle.attributes import Attributes
from rtl_tests.oracle.cases import spread
from rtl_tests.oracle.near_ties import compare, run_onnxruntime
from rtl_tests.oracle.network import KIND, Network
from rtl_tests.oracle.random_models import Example, examples
from rtl_tests.oracle.tensor import FLOAT, Number, Tensor, nearest_float32
from rtl_tests.oracle.windows import Window, average_pool, conv, max_pool

PLAIN = Attributes({})


def reals(*numbers: Number) -> Tensor:
    """A vector of real numbers."""
    return Tensor((len(numbers),), [Fraction(number) for number in numbers], FLOAT)


def image(*numbers: Number, columns: int) -> Tensor:
    """One frame of one channel."""
    return Tensor((1, 1, len(numbers) // columns, columns), [Fraction(number) for number in numbers], FLOAT)


def test_it_shares_no_code_with_the_package() -> None:
    """A meaning computed twice by the same code would prove nothing."""
    sources = sorted(Path(evaluator.__file__).parent.glob("*.py"))

    assert sources
    assert [path.name for path in sources if "shiftwright" in path.read_text(encoding="utf-8")] == []


def test_quantize_rounds_half_to_even_then_adds_the_zero_point() -> None:
    """At scale 2: 1/2, 3/2, 5/2, -1/2, -3/2 become 0, 2, 2, 0, -2; the zero point 3 comes after."""
    codes = quantize_linear(PLAIN, reals(1, 3, 5, -1, -3), reals(2), Tensor((), [3], KIND["int8"]))

    assert codes.values == [3, 5, 5, 3, 1]


def test_quantize_saturates_after_the_zero_point() -> None:
    """uint4 ends at 0 and 15."""
    codes = quantize_linear(PLAIN, reals(-9, -8, 7, 8, 1000), reals(1), Tensor((), [8], KIND["uint4"]))

    assert codes.values == [0, 0, 15, 15, 15]


def test_dequantize_is_exact_per_axis() -> None:
    """A third of a float32 step stays a rational."""
    codes = Tensor((2, 2), [1, 2, 3, 4], KIND["int8"])
    zero_points = Tensor((2,), [0, 1], KIND["int8"])

    found = dequantize_linear(Attributes({"axis": 0}), codes, reals(Fraction(1, 3), 10), zero_points)

    assert found.values == [Fraction(1, 3), Fraction(2, 3), 20, 30]


def test_clip_lets_the_upper_bound_win() -> None:
    """Crossed bounds are defined: everything becomes the upper one."""
    assert clip(PLAIN, reals(0, 5, 9), reals(7), reals(3)).values == [3, 3, 3]


def test_gemm_scales_product_and_bias() -> None:
    """1/2·[1 2]·[[3], [4]] + 2·5 = 15.5."""
    a, b = Tensor((1, 2), [1, 2], FLOAT), Tensor((1, 2), [3, 4], FLOAT)

    found = gemm(Attributes({"alpha": 0.5, "beta": 2.0, "transB": 1}), a, b, reals(5))

    assert found.values == [Fraction(31, 2)]


def test_convolution_correlates_and_pads_with_zero() -> None:
    """[1 2] over 0 | 3 4 5: 6, 11, 14."""
    weights = Tensor((1, 1, 1, 2), [1, 2], FLOAT)

    assert conv(Attributes({"pads": [0, 1, 0, 0]}), image(3, 4, 5, columns=3), weights).values == [6, 11, 14]


def test_max_pool_never_takes_padding() -> None:
    """All numbers are negative, so a padded zero would win."""
    found = max_pool(Attributes({"kernel_shape": [1, 2], "pads": [0, 1, 0, 1]}), image(-3, -4, -5, columns=3))

    assert found.values == [-3, -3, -4, -5]


def test_average_pool_is_exact() -> None:
    """A third is a third."""
    assert average_pool(Attributes({"kernel_shape": [1, 3]}), image(0, 0, 1, columns=3)).values == [Fraction(1, 3)]


@pytest.mark.parametrize(
    ("automatic", "padding"),
    [
        pytest.param("SAME_UPPER", [0, 0, 1, 1], id="the-odd-line-last"),
        pytest.param("SAME_LOWER", [1, 1, 0, 0], id="the-odd-line-first"),
    ],
)
def test_same_padding_puts_the_odd_line(automatic: str, padding: list[int]) -> None:
    """A 2×2 kernel needs one line in each direction."""
    assert Window.of(Attributes({"auto_pad": automatic}), [2, 2], [5, 5]).padding == padding


@pytest.mark.parametrize(
    ("number", "nearest"),
    [
        pytest.param(Fraction(1, 3), float(np.float32(1 / 3)), id="a-third"),
        pytest.param(1 + Fraction(1, 2**24), 1.0, id="tie-to-even-below"),
        pytest.param(1 + Fraction(3, 2**24), 1 + 2.0**-22, id="tie-to-even-above"),
        pytest.param(1 + Fraction(1, 2**24) + Fraction(1, 2**80), 1 + 2.0**-23, id="no-double-rounding"),
        pytest.param(Fraction(3, 2**150), 2.0**-148, id="below-normal"),
        pytest.param(Fraction(-5), -5.0, id="negative"),
    ],
)
def test_reals_are_rounded_once_to_float32(number: Fraction, nearest: float) -> None:
    """Half to even, also where a detour through float64 would round twice."""
    assert nearest_float32(number) == nearest


def test_powers_of_two_agree_with_onnxruntime_on_every_word() -> None:
    """float32 is exact there, so the two must be equal."""
    network = Network(["N", 3])
    hidden = network.node(
        "MatMul", [network.activation("x", 0.125), network.weights([[3, -5], [7, 1], [-9, 64]], 0.25)]
    )
    model = network.model(network.activation(network.node("Relu", [hidden]), 0.5, 3))
    x = spread(3, 16.0, batch=200)

    np.testing.assert_array_equal(evaluator.evaluate(model, x), run_onnxruntime(model, {"x": x}))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(example=examples())
def test_onnxruntime_differs_at_near_ties_only(example: Example) -> None:
    """A second witness for every operator: random networks, layer by layer from the exact codes."""
    note(f"x = {example.x!r}")

    assert compare(example.model, example.x).faults == []
