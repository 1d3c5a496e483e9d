"""Covariances of layers' inputs, for every geometry of windows, and within a bound of memory."""

from pathlib import Path

import numpy as np
import onnx_ir
import pytest
from numpy.typing import NDArray

from rtl_tests.unit.quantize_networks import NETWORKS, Draft, frames
from shiftwright.quantize import covariance
from shiftwright.quantize.canonical import canonicalize
from shiftwright.quantize.covariance import Covariance, Covariances
from shiftwright.quantize.execute import Session, observable
from shiftwright.quantize.network import Network, read_network
from shiftwright.quantize.parameters import read_parameters


def odd_windows() -> Draft:
    """Two groups, dilated, strided and padded differently on each side, then every channel by itself."""
    draft = Draft((4, 9, 8))
    shape = {"group": 2, "dilations": [2, 1], "strides": [1, 2], "pads": [3, 0, 1, 2]}
    draft.node("Conv", ["x", draft.weights("w0", 6, 2, 3, 2)], "c0", **shape)
    draft.node("Relu", ["c0"], "r0")
    draft.node("Conv", ["r0", draft.weights("w1", 12, 1, 3, 3)], "c1", group=6, auto_pad="SAME_LOWER")
    draft.node("Relu", ["c1"], "y")
    return draft


DRAFTS = {name: NETWORKS[name] for name in ("pooled", "residual", "rearranged")} | {"odd-windows": odd_windows}


def canonical(name: str, folder: Path) -> tuple[onnx_ir.Model, Network, NDArray[np.float32]]:
    """The network as the quantizer sees it, and inputs for it."""
    draft = DRAFTS[name]()
    model = onnx_ir.load(draft.save(folder / "m.onnx"))
    canonicalize(model)
    return model, read_network(model.graph), frames(draft)


def test_running_covariance_is_numpys() -> None:
    """Over uneven pieces and two groups."""
    rows = np.random.default_rng(0).normal(size=(50, 2, 3)) + 5
    running = Covariance(2, 3)
    for part in (rows[:7], rows[7:8], rows[8:]):
        running.add(part)

    for group in range(2):
        np.testing.assert_allclose(running.value()[group], np.cov(rows[:, group].T, bias=True), atol=1e-10)


def test_inputs_that_never_change_have_no_variance() -> None:
    """Exactly none, however large they are."""
    running = Covariance(1, 2)
    for _ in range(3):
        running.add(np.full((7, 1, 2), 1e6 / 3))

    assert not running.value().any()


@pytest.mark.parametrize("name", DRAFTS)
def test_covariance_predicts_the_variance_of_results(name: str, tmp_path: Path) -> None:
    """w·C·w is the variance of a layer's results, for strides, dilation, padding, groups and pooling before it."""
    model, network, x = canonical(name, tmp_path)
    found = Covariances(model, network, {"x": x})
    names = [layer.result for layer in network.layers]
    (results,) = Session(observable(model, names)).batches({"x": x}, names)
    parameters = read_parameters(model.graph, network)

    for layer in network.layers:
        rows = np.split(parameters[layer.name].weights, layer.groups)
        predicted = [np.diag(part @ spread @ part.T) for part, spread in zip(rows, found[layer.name], strict=True)]
        channels = np.moveaxis(results[layer.result], layer.result_axis, -1).reshape(-1, layer.channels)
        np.testing.assert_allclose(np.concatenate(predicted), channels.var(axis=0), rtol=1e-3)


@pytest.mark.parametrize("name", DRAFTS)
def test_a_layer_at_a_time_is_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one covariance, and for a few windows: a pass each, asked for in any order."""
    model, network, x = canonical(name, tmp_path)
    names = [layer.name for layer in network.layers]
    together = Covariances(model, network, {"x": x})
    expected = {name: together[name] for name in names}
    passes: list[str] = []
    monkeypatch.setattr(covariance, "AT_ONCE", 1)
    monkeypatch.setattr(covariance, "PIECE", 1 << 12)
    alone = Covariances(model, network, {"x": x}, passes.append)

    for name in reversed(names):
        np.testing.assert_allclose(alone[name], expected[name], rtol=1e-9, atol=1e-12)
    assert passes == ["looking at the inputs of 1 layer"] * len(names)


def test_a_part_of_the_windows_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of the windows of 2 000 images: variances within a tenth."""
    model, network, _ = canonical("pooled", tmp_path)
    x = frames(DRAFTS["pooled"](), 2000)
    layer = network.layers[0]
    every = Covariances(model, network, {"x": x[:500]})[layer.name]
    monkeypatch.setattr(covariance, "ROWS", 2000 * 16)
    some = Covariances(model, network, {"x": x})[layer.name]

    np.testing.assert_allclose(np.diagonal(some[0]), np.diagonal(every[0]), rtol=0.1)


def test_a_layer_too_wide_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The widest is left out, the others are as they were."""
    model, network, x = canonical("rearranged", tmp_path)
    widest = max(network.layers, key=lambda layer: layer.groups * layer.width**2)
    monkeypatch.setattr(covariance, "LARGEST", 8 * widest.groups * widest.width**2 - 1)
    found = Covariances(model, network, {"x": x})

    assert [layer.name in found for layer in network.layers] == [layer is not widest for layer in network.layers]
