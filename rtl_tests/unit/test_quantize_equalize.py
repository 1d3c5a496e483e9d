"""Equalizing leaves a network as it is to the last bit, and makes it lose less when it is quantized."""

from pathlib import Path

import numpy as np
import pytest

from rtl_tests.unit.equalize_subjects import DRAFTS, METHODS, coarse, drafted, subject
from rtl_tests.unit.quantize_networks import Draft, frames, run
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.methods import EQUALIZATIONS
from shiftwright.quantize.parameters import rescale, write_parameters
from shiftwright.quantize.peaks import measure_peaks


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", DRAFTS)
def test_powers_of_two_leave_every_bit(name: str, method: str, tmp_path: Path) -> None:
    """The network after equalizing gives the very same float32 words, though its weights are others."""
    network = drafted(name, tmp_path)
    before = network.output()
    factors = network.factors(method)
    network.rescale(factors)

    assert (factors != 1).any()
    assert (np.frexp(factors)[0] == 0.5).all()
    assert before.tobytes() == network.output().tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_real_factors_leave_the_network_up_to_rounding(method: str, tmp_path: Path) -> None:
    """Those are no powers of two."""
    network = drafted("residual-block", tmp_path)
    before = network.output()
    factors = network.factors(method, real=True)
    network.rescale(factors)

    assert (np.frexp(factors)[0] != 0.5).any()
    np.testing.assert_allclose(network.output(), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", DRAFTS)
def test_badly_scaled_channels_lose_less(name: str, method: str, tmp_path: Path) -> None:
    """At 6 bits and one scale a layer, the error of the results falls, to less than half unless by one-step.

    Measured on these networks: to 0.14 … 0.80 by one-step, to 0.02 … 0.47 by the others."""
    network = drafted(name, tmp_path)
    exact = network.output()

    def error(chosen: str) -> float:
        quantize(tmp_path / "subject.onnx", network.data, coarse(6, chosen), tmp_path / "q.onnx")
        return float(np.square(run(tmp_path / "q.onnx", network.data["x"]) - exact).mean() ** 0.5)

    assert error(method) < error("none") * (0.85 if method == "one-step" else 0.5)


@pytest.mark.parametrize("method", EQUALIZATIONS)
def test_a_bounded_clamp_stays_untouched(method: str, tmp_path: Path) -> None:
    """Clip at 6 is not homogeneous: nothing may be scaled, however uneven it is."""
    draft = Draft((2, 4, 4))
    bounds = [draft.constant("lo", np.array(0, np.float32)), draft.constant("hi", np.array(6, np.float32))]
    uneven = np.array([1, 1 / 64, 64], np.float32).reshape(3, 1, 1, 1)
    draft.node("Conv", ["x", draft.constant("w0", np.ones((3, 2, 3, 3), np.float32) * uneven)], "c")
    draft.node("Clip", ["c", *bounds], "r")
    draft.node("Conv", ["r", draft.weights("w1", 2, 3, 1, 1)], "y")
    network = subject(draft.save(tmp_path / "draft.onnx"), tmp_path, {"x": frames(draft)}, seed=None)

    assert network.factors(method).tolist() == [1.0]


def test_none_moves_nothing(tmp_path: Path) -> None:
    """Whatever the network."""
    assert (drafted("depthwise", tmp_path).factors("none") == 1).all()


@pytest.mark.parametrize("method", METHODS)
def test_summands_share_their_factors(method: str, tmp_path: Path) -> None:
    """Both layers whose results are added have their biases, and so their channels, scaled alike."""
    network = drafted("residual-block", tmp_path)
    factors = network.factors(method)
    first, second = network.network.layers[0].name, network.network.layers[2].name

    assert len(set(factors[network.channels.outputs[first]])) > 1
    assert factors[network.channels.outputs[first]].tolist() == factors[network.channels.outputs[second]].tolist()


def test_one_step_passes_no_limit(tmp_path: Path) -> None:
    """No layer of a chain gets larger weights or activations than it had."""
    network = drafted("depthwise", tmp_path)
    peaks_before, before = measure_peaks(network.model, network.network, network.data), network.parameters()
    network.rescale(network.factors("one-step"))
    peaks_after, after = measure_peaks(network.model, network.network, network.data), network.parameters()

    for layer in before:
        assert np.abs(after[layer].weights).max() <= np.abs(before[layer].weights).max()
        assert peaks_after[layer].active.max() <= peaks_before[layer].active.max()


def test_cross_makes_both_sides_of_a_channel_equally_large(tmp_path: Path) -> None:
    """What a channel's weights reach is what its reader's weights for it reach, within a hundredth of an octave."""
    network = drafted("depthwise", tmp_path)
    equal = rescale(network.parameters(), network.channels, network.factors("cross", real=True))
    names = [layer.name for layer in network.network.layers]
    made, read = np.abs(equal[names[1]].weights).max(axis=1), np.abs(equal[names[2]].weights).max(axis=0)

    np.testing.assert_allclose(made, read, rtol=0.02)


@pytest.mark.parametrize("method", METHODS)
def test_dead_channels_do_no_harm(method: str, tmp_path: Path) -> None:
    """A layer with a channel of zeros, one that is never active, and one that nobody reads."""
    network = drafted("depthwise", tmp_path)
    parameters = network.parameters()
    names = [layer.name for layer in network.network.layers]
    parameters[names[0]].weights[0] = 0
    parameters[names[1]].bias[1] = -1000
    parameters[names[2]].weights[:, 2] = 0
    write_parameters(network.model.graph, network.network, parameters)
    before = network.output()
    factors = network.factors(method)
    network.rescale(factors)

    assert np.isfinite(factors).all() and (factors > 0).all()
    assert before.tobytes() == network.output().tobytes()


def test_peaks_are_those_of_the_activation(tmp_path: Path) -> None:
    """A rectified channel's peak is its highest value, never below 0; another's is its largest magnitude."""
    draft = Draft((1,))
    rows = np.array([[1.0], [-1.0]], np.float32)
    draft.node("Gemm", ["x", draft.constant("w0", rows.T)], "z")
    draft.node("Relu", ["z"], "r")
    draft.node("Gemm", ["r", draft.constant("w1", -rows), draft.constant("b1", np.array([1.0], np.float32))], "y")
    data = {"x": np.array([[0.5], [3.0]], np.float32)}
    network = subject(draft.save(tmp_path / "draft.onnx"), tmp_path, data, seed=None)
    first, last = measure_peaks(network.model, network.network, data).values()

    assert (first.active.tolist(), first.lowest.tolist()) == ([3.0, 0.0], [0.5, -3.0])
    assert (last.active.tolist(), last.lowest.tolist()) == ([2.0], [-2.0])
