"""The quantizer's arithmetic: places of biases, and the canonical form."""

from pathlib import Path

import numpy as np
import onnx_ir
import pytest

from rtl_tests.unit.quantize_networks import NETWORKS, frames
from shiftwright.errors import QuantizeError
from shiftwright.quantize.bias import WIDEST_BIAS, least_scales, place_bias
from shiftwright.quantize.canonical import canonicalize
from shiftwright.quantize.execute import Session
from shiftwright.quantize.formats import Format
from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.network import Layer


def layer(divisor: int) -> Layer:
    """A layer of one weight between the values "in" and "out", behind an average over `divisor` words."""
    return Layer("l", "Gemm", "in", "in", divisor, "w", "b", "z", 1, 1, 1, (1, 1), ("out",))


def one_weight(scale: float) -> GridWeights:
    """The code 1 at a scale."""
    return GridWeights(np.ones((1, 1), np.int64), np.array([scale]), np.array([[0, 1]]))


@pytest.mark.parametrize(
    ("divisor", "scale", "out", "expected"),
    [
        pytest.param(1, 1 / 2, -3, 8, id="times-two-is-on-the-grid"),
        pytest.param(1, 1 / 2, -2, 8, id="as-it-is-is-on-the-grid"),
        pytest.param(1, 1 / 2, -1, 9, id="half-is-off-the-grid"),
        pytest.param(1, 1 / 2, 4, 9, id="a-64th-is-off-the-grid"),
        pytest.param(4, 1 / 2, -4, 34, id="pooled-as-it-is"),
        pytest.param(4, 1 / 2, -3, 35, id="pooled-half"),
        pytest.param(9, 9 / 2, -2, 8, id="pooled-and-absorbed-as-it-is"),
        pytest.param(9, 9 / 2, -1, 9, id="pooled-and-absorbed-half"),
        pytest.param(1, 3 / 8, 4, 12, id="no-power-of-two-is-just-rounded"),
    ],
)
def test_biases_follow_what_the_requantizer_divides_by(divisor: int, scale: float, out: int, expected: int) -> None:
    """A bias of 1.07 in half LSBs, the LSB being scale / 2 / divisor: odd from a division by two on."""
    formats = {"in": Format(6, False, -1), "out": Format(6, False, out)}
    placed = place_bias(layer(divisor), formats, one_weight(scale), np.array([1.07]))

    assert (placed.codes.tolist(), placed.scales.tolist()) == ([expected], [scale / 4 / divisor])


def test_a_bias_behind_an_average_that_nobody_takes_is_rounded_to_float32() -> None:
    """A third of a power of two is no float32 number: the nearest one is, and the bias is as near as ever."""
    formats = {"in": Format(6, False, -1), "out": Format(6, False, 0)}
    placed = place_bias(layer(3), formats, one_weight(0.5), np.array([1.07]))

    assert placed.scales[0] == np.float32(0.5 / 4 / 3)
    assert placed.codes[0] * placed.scales[0] == pytest.approx(1.07, abs=placed.scales[0] / 2)


@pytest.mark.parametrize("divisor", [1, 9])
def test_a_least_scale_holds_its_bias(divisor: int) -> None:
    """In WIDEST_BIAS bits of half an LSB, sign included, with no bit to spare."""
    formats = {"in": Format(6, False, -1), "out": Format(6, False, 4)}
    bias = np.array([-1234.5])
    least = least_scales(layer(divisor), formats, bias)
    placed = place_bias(layer(divisor), formats, one_weight(float(least[0])), bias)

    assert 2 ** (WIDEST_BIAS - 1) - 2 <= abs(placed.codes[0]) <= 2 ** (WIDEST_BIAS - 1) + 2


def test_a_bias_beyond_32_bits_is_refused() -> None:
    """With the layer, the channel and a way out."""
    formats = {"in": Format(6, False, 0), "out": Format(6, False, 0)}

    with pytest.raises(QuantizeError, match=r"layer 'l': the bias 3 of channel 0 exceeds 32 bits.*; use fewer"):
        place_bias(layer(1), formats, one_weight(2.0**-40), np.array([3.0]))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_canonical_form_computes_the_same(name: str, tmp_path: Path) -> None:
    """Folding, moving clamps and dropping what does nothing leave the float results as they are, up to rounding."""
    draft = NETWORKS[name]()
    if name == "pooled":
        draft.nodes.pop()  # the Softmax, which is dropped on purpose
        draft.nodes[-1].output[0] = "y"
    before = onnx_ir.load(draft.save(tmp_path / "m.onnx"))
    after = onnx_ir.load(tmp_path / "m.onnx")
    canonicalize(after)
    x = frames(draft)

    (expected,) = Session(before).batches({"x": x}, ["y"])
    (actual,) = Session(after).batches({"x": x}, ["y"])
    np.testing.assert_allclose(actual["y"], expected["y"], rtol=1e-4, atol=1e-5)
