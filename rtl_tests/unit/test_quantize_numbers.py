"""The quantizer's arithmetic: formats of activations, compensation, covariance of a layer's inputs."""

from pathlib import Path

import numpy as np
import onnx_ir
import pytest

from rtl_tests.unit.quantize_networks import NETWORKS, frames
from shiftwright.errors import QuantizeError
from shiftwright.quantize.bias import place_bias
from shiftwright.quantize.canonical import canonicalize
from shiftwright.quantize.compensate import compensate
from shiftwright.quantize.covariance import Covariance, covariances
from shiftwright.quantize.execute import Session, observable
from shiftwright.quantize.formats import Format, choose_format
from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.grids.spec import parse_grid
from shiftwright.quantize.network import Layer, read_network


def layer(divisor: int) -> Layer:
    """A layer of one weight between the values "in" and "out", behind an average over `divisor` words."""
    one = np.ones((1, 1))
    return Layer("l", "Gemm", "in", "in", divisor, "w", "b", "z", 1, one, (1, 1), ("out",))


@pytest.mark.parametrize(
    ("divisor", "out", "expected"),
    [
        pytest.param(1, -3, 8, id="times-two-is-on-the-grid"),
        pytest.param(1, -2, 8, id="as-it-is-is-on-the-grid"),
        pytest.param(1, -1, 9, id="half-is-off-the-grid"),
        pytest.param(1, 4, 9, id="a-64th-is-off-the-grid"),
        pytest.param(4, -4, 34, id="pooled-as-it-is"),
        pytest.param(4, -3, 35, id="pooled-half"),
        pytest.param(3, 4, 34, id="no-power-of-two-is-just-rounded"),
    ],
)
def test_biases_follow_what_the_requantizer_divides_by(divisor: int, out: int, expected: int) -> None:
    """An LSB of 2^-2 (2^-4 behind an average over four), a bias of 1.07: half LSBs, odd from a division by two on."""
    formats = {"in": Format(6, False, -1), "out": Format(6, False, out)}
    placed = place_bias(
        layer(divisor), formats, GridWeights(np.ones((1, 1), np.int64), np.array([-1])), np.array([1.07])
    )

    assert (placed.codes.tolist(), placed.exponents.tolist()) == ([expected], [-3 if divisor == 1 else -5])


def test_a_bias_beyond_32_bits_is_refused() -> None:
    """With the layer, the channel and a way out."""
    weights = GridWeights(np.ones((1, 1), np.int64), np.array([-40]))

    with pytest.raises(QuantizeError, match=r"layer 'l': the bias 3 of channel 0 exceeds 32 bits"):
        place_bias(layer(1), {"in": Format(6, False, 0), "out": Format(6, False, 0)}, weights, np.array([3.0]))


def test_running_covariance_is_numpys() -> None:
    """Over uneven batches and two groups."""
    rows = np.random.default_rng(0).normal(size=(50, 2, 3)) + 5
    running = Covariance(2, 3)
    for part in (rows[:7], rows[7:8], rows[8:]):
        running.add(part)

    for group in range(2):
        np.testing.assert_allclose(running.value()[group], np.cov(rows[:, group].T, bias=True), atol=1e-10)


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


@pytest.mark.parametrize("name", ["pooled", "residual", "rearranged"])
def test_covariance_predicts_the_variance_of_results(name: str, tmp_path: Path) -> None:
    """w·C·w is the variance of a layer's results, for strides, padding, groups and pooling before it."""
    model = onnx_ir.load(NETWORKS[name]().save(tmp_path / "m.onnx"))
    canonicalize(model)
    network = read_network(model.graph)
    data = {"x": frames(NETWORKS[name]())}
    found = covariances(model, network, data, lambda step: None)
    (results,) = Session(observable(model, [layer.result for layer in network.layers])).batches(
        data, [layer.result for layer in network.layers]
    )

    for layer in network.layers:
        rows = np.split(layer.weights, layer.groups)
        predicted = [np.diag(part @ spread @ part.T) for part, spread in zip(rows, found[layer.name], strict=True)]
        channels = np.moveaxis(results[layer.result], layer.result_axis, -1).reshape(-1, len(layer.weights))
        np.testing.assert_allclose(np.concatenate(predicted), channels.var(axis=0), rtol=1e-3)
