"""Logarithmic activations in the quantizer: levels and thresholds, their range, and the nodes that it writes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from rtl_tests.unit.quantize_networks import NETWORKS, Draft, frames, run
from rtl_tests.unit.quantized_file import File, write
from shiftwright import flow
from shiftwright.errors import QuantizeError
from shiftwright.ops.lookup import Lookup
from shiftwright.quantize.formats import RangeRule
from shiftwright.quantize.log_format import POWERS, ActivationRule, LogFormat, choose_log_format
from shiftwright.quantize.settings import Settings

NORMAL = np.abs(np.random.default_rng(0).normal(size=20_000))


def chosen(values: NDArray[np.float64], powers: int = 4, rule: str = "mse") -> LogFormat:
    """The format of such values."""
    ends = float(values.min()), float(values.max())
    return choose_log_format("v", values, *ends, 4, powers, RangeRule.parse(rule))


def test_levels_ascend_from_the_most_negative_power() -> None:
    """0 is in the middle, and the bits of a code are enough for all of them."""
    assert LogFormat.within(4, False, -2, 4).levels.tolist() == [0, 0.25, 0.5, 1, 2]
    assert LogFormat.within(3, True, 0, 7).levels.tolist() == [-4, -2, -1, 0, 1, 2, 4]
    assert LogFormat.within(4, True, 0, 15).powers == 7
    assert LogFormat.within(4, False, 0, 15).powers == 15


def test_thresholds_lie_in_the_middle_and_are_float32() -> None:
    """So that the file's comparisons are the quantizer's."""
    found = LogFormat.within(4, True, -20, 7)

    assert found.thresholds.tolist() == ((found.levels[1:] + found.levels[:-1]) / 2).tolist()
    assert (found.thresholds.astype(np.float32) == found.thresholds).all()


@pytest.mark.parametrize("signed", [False, True])
def test_numbers_go_to_the_nearest_level_and_up_at_ties(signed: bool) -> None:
    """Against every level's distance; beyond the largest there is the largest."""
    found = LogFormat.within(4, signed, -1, 5)
    numbers = np.linspace(-20, 20, 641)
    distance = np.abs(numbers[:, None] - found.levels)
    nearest = [max(np.flatnonzero(row == row.min())) for row in distance]

    assert found.rounded(numbers).tolist() == found.levels[nearest].tolist()


def test_the_range_is_that_of_least_error() -> None:
    """No other top, an octave up or down and further, is nearer to the values."""
    found = chosen(NORMAL)
    errors = {
        step: np.square(LogFormat.within(4, False, found.exponent + step, 4).rounded(NORMAL) - NORMAL).mean()
        for step in range(-4, 5)
    }

    assert min(errors, key=lambda step: errors[step]) == 0


def test_the_largest_range_cuts_nothing_off() -> None:
    """The largest value is nearest to the largest level or below, and no smaller range would do."""
    found, largest = chosen(NORMAL, rule="max"), NORMAL.max()

    assert found.top / 1.5 < largest <= 1.5 * found.top


@pytest.mark.parametrize("values", [np.zeros(4), np.full(3, 1e-30), np.array([-1e-12, 0.0])])
def test_values_of_no_size_have_a_format(values: NDArray[np.float64]) -> None:
    """A channel that is never other than 0 is no reason to stop."""
    assert np.abs(chosen(values).rounded(values)).max() <= max(1.0, 2 * np.abs(values).max())


def test_values_beyond_all_scales_are_refused() -> None:
    """With the value's name and what to do."""
    with pytest.raises(QuantizeError, match="value 'v' reaches 1e\\+30; scale the network or its input down"):
        chosen(np.array([0.0, 1e30]))


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        ("uniform", ActivationRule()),
        ("log", ActivationRule("log", POWERS)),
        ("log:powers=3", ActivationRule("log", 3)),
    ],
)
def test_activations_are_spelled(spec: str, rule: ActivationRule) -> None:
    """As on the command line and in a file of settings."""
    assert Settings(activations=spec).activation_rule == rule


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            "logs",
            "no activations are called 'logs'; did you mean 'log'? the activations are log, uniform",
        ),
        ("log:powers=16", "activations 'log:powers=16': powers=16 is not a whole number within 1 … 15"),
        ("log:base=2", "activations 'log:base=2' has no option 'base'; the options are powers"),
        (
            "uniform:powers=3",
            "activations 'uniform:powers=3': uniform takes no options; write uniform, or log:powers=5",
        ),
    ],
)
def test_other_activations_are_refused(spec: str, said: str) -> None:
    """In one line, when they are given."""
    with pytest.raises(QuantizeError) as caught:
        Settings(activations=spec)
    assert str(caught.value) == said


@pytest.mark.parametrize("draft", NETWORKS.values(), ids=NETWORKS)
def test_what_enters_and_leaves_stays_uniform(draft: Callable[[], Draft], tmp_path: Path) -> None:
    """Only what passes between layers becomes logarithmic, and onnxruntime runs the file with optimizations too."""
    network = draft()
    path, report = write(tmp_path, network, activations="log", activation_bits=4)
    file, kinds = File(path), {row.name: row.kind for row in report.activations}
    x = frames(network)

    assert kinds.pop("x") == "uniform"
    assert kinds.pop("y", "uniform") == "uniform"
    assert set(kinds.values()) == {"log"}
    assert len(file.named("Gather")) == len(kinds)
    np.testing.assert_array_equal(run(path, x), run(path, x, optimized=True))


def signed() -> Draft:
    """Two dense layers with nothing between them, and a MaxPool behind a convolution with nothing between them."""
    draft = Draft((1, 6, 6))
    draft.node("Conv", ["x", draft.weights("w0", 3, 1, 3, 3), draft.weights("b0", 3)], "c0")
    draft.node("MaxPool", ["c0"], "p0", kernel_shape=[2, 2], strides=[2, 2])
    draft.node("Flatten", ["p0"], "f")
    draft.node("Gemm", ["f", draft.weights("w1", 12, 8)], "g")
    draft.node("Gemm", ["g", draft.weights("w2", 8, 4)], "y")
    return draft


@pytest.mark.parametrize("draft", [NETWORKS["pooled"], NETWORKS["rearranged"], signed])
@pytest.mark.parametrize("bits", [2, 4])
def test_golden_is_what_onnxruntime_computes(draft: Callable[[], Draft], bits: int, tmp_path: Path) -> None:
    """Layer by layer, all words that float32 holds; lookups have the powers of two and 0 for their tables."""
    network = draft()
    path, _ = write(tmp_path, network, activations="log", activation_bits=bits, correct="bias")
    model = flow.load(path)
    tables = [node.operator.table for node in model.network.graph.nodes if isinstance(node.operator, Lookup)]

    assert tables
    assert all(abs(number).bit_count() <= 1 for table in tables for number in table)
    assert all((table[0] < 0) == (draft is signed) for table in tables)
    assert [layer.tensor for layer in model.trace(frames(network)) if not layer.explained] == []


def test_the_file_is_of_standard_operators(tmp_path: Path) -> None:
    """Five nodes an activation, which onnxruntime knows by themselves."""
    path, _ = write(tmp_path, NETWORKS["pooled"](), activations="log", activation_bits=4)
    file = File(path)
    (gather, *_) = file.named("Gather")
    total = file.before(gather, 1)
    cast = file.before(total)
    compared = file.before(cast)

    assert [node.op_type for node in (total, cast, compared, file.before(compared))] == [
        "ReduceSum", "Cast", "GreaterOrEqual", "Unsqueeze",
    ]  # fmt: skip
    assert file.constants[gather.input[0]].tolist() == [0, *(2.0 ** np.arange(7) * file.constants[gather.input[0]][1])]
    assert onnxruntime.InferenceSession(path).get_inputs()[0].name == "x"
