"""The rules by which channels are equalized, on networks small enough to follow by hand."""

import numpy as np
import pytest

from shiftwright.quantize.channels import FIXED, Channels
from shiftwright.quantize.equalize import MOST, equalize
from shiftwright.quantize.network import Layer, Network
from shiftwright.quantize.parameters import Affine, Parameters
from shiftwright.quantize.peaks import Peaks


def gemm(name: str, outputs: int, inputs: int, point: str) -> Layer:
    """A layer whose results are quantized as `point`."""
    return Layer(
        name=name,
        op="Gemm",
        data="",
        source="",
        divisor=1,
        weight="",
        bias="",
        result=name,
        groups=1,
        channels=outputs,
        width=inputs,
        weight_shape=(outputs, inputs),
        followers=(point,),
    )


def chain(*weights: list[list[float]]) -> tuple[Network, Parameters, Channels]:
    """Layers named 0, 1, … one behind the other, without biases; only what lies between them can be scaled."""
    layers, parameters, outputs, inputs = [], {}, {}, {}
    read, count = np.full((1, len(weights[0][0])), FIXED), 1
    for number, rows in enumerate(weights):
        name, array = str(number), np.array(rows)
        layers.append(gemm(name, len(array), array.size // len(array), f"point {number}"))
        parameters[name] = Affine(array, np.zeros(len(array)))
        last = number == len(weights) - 1
        outputs[name] = np.full(len(array), FIXED) if last else np.arange(count, count + len(array))
        inputs[name], read = read, outputs[name][None]
        count += 0 if last else len(array)
    return Network(tuple(layers), (), frozenset(), frozenset()), parameters, Channels(count, outputs, inputs)


def peaks(active: list[float], lowest: list[float] | None = None) -> dict[str, Peaks]:
    """Of layer 0; layer 1 stays still."""
    return {
        "0": Peaks(np.array(active), np.array(lowest or [0.0] * len(active))),
        "1": Peaks(np.zeros(1), np.zeros(1)),
    }


@pytest.mark.parametrize(
    ("method", "weights", "readers", "seen", "expected"),
    [
        pytest.param("one-step", [8, 1], [1, 8], peaks([8, 1]), [1, 8], id="one-step-up-to-the-largest"),
        pytest.param("one-step", [8, 1], [1, 8], peaks([8, 4]), [1, 2], id="one-step-as-far-as-activations-allow"),
        pytest.param("one-step", [8, 1], [1, 8], peaks([8, 1], [0, -4]), [1, 2], id="one-step-as-far-as-results-allow"),
        pytest.param("one-step", [8, 1], [1, 8], peaks([8, 1], [0, -9]), [1, 1], id="results-never-lower-a-channel"),
        pytest.param("one-step", [64, 1], [1, 8], peaks([64, 0]), [1, MOST], id="one-step-raises-the-silent"),
        pytest.param("one-step", [64, 0], [1, 8], peaks([64, 0]), [1, MOST], id="one-step-raises-zeros"),
        pytest.param("one-step", [0, 0], [1, 8], peaks([0, 0]), [MOST, MOST], id="one-step-all-zeros"),
        pytest.param("two-step", [8, 1], [1, 8], peaks([8, 1]), [1 / 8, 1], id="two-step-looks-ahead"),
        pytest.param("two-step", [8, 1], [0, 8], peaks([8, 1]), [1 / 8, 1], id="two-step-lowers-what-nobody-reads"),
        pytest.param("two-step", [8, 1], [0, 0], peaks([8, 1]), [1, 1], id="two-step-nobody-reads"),
        pytest.param("cross", [8, 1], [2, 4], peaks([8, 1]), [1 / 2, 2], id="cross-meets-in-the-middle"),
        pytest.param("cross", [8, 0], [2, 4], peaks([8, 0]), [1 / 2, 1], id="cross-leaves-zeros"),
        pytest.param("cross", [8, 1], [2, 0], peaks([8, 1]), [1 / 2, 1], id="cross-leaves-what-nobody-reads"),
        pytest.param("auto", [8, 1], [2, 4], peaks([8, 1]), [1 / 2, 4], id="auto-is-cross-then-one-step"),
    ],
)
def test_the_rules_on_two_channels(
    method: str,
    weights: list[float],
    readers: list[float],
    seen: dict[str, Peaks],
    expected: list[float],
) -> None:
    """Two channels of one weight each, and one reader, worked out by hand."""
    network, parameters, channels = chain([[weight] for weight in weights], [readers])

    assert equalize(method, False, network, parameters, channels, seen).tolist() == [1, *expected]


def test_factors_round_down_to_powers_of_two() -> None:
    """A third of an octave short of 16 is 8: no limit is passed."""
    network, parameters, channels = chain([[13.0], [1.0]], [[1.0, 1.0]])
    real, rounded = (equalize("one-step", real, network, parameters, channels, peaks([1, 0])) for real in (True, False))

    assert (real.tolist(), rounded.tolist()) == ([1, 1, 13], [1, 1, 8])


def test_a_quiet_branch_is_raised_to_the_loudest() -> None:
    """Two layers that are joined share a format: the one that reaches 1 is raised as a whole to the other's 8."""
    layers = gemm("loud", 1, 1, "join"), gemm("quiet", 2, 1, "join"), gemm("reader", 1, 3, "y")
    weights = {"loud": [[8.0]], "quiet": [[1.0], [0.5]], "reader": [[1.0, 1.0, 1.0]]}
    outputs = {"loud": [1], "quiet": [2, 3], "reader": [FIXED]}
    inputs = {"loud": [[FIXED]], "quiet": [[FIXED]], "reader": [[1, 2, 3]]}
    seen = {"loud": [8.0], "quiet": [1.0, 0.5], "reader": [0.0]}
    factors = equalize(
        "one-step",
        False,
        Network(layers, (), frozenset(), frozenset()),
        {name: Affine(np.array(rows), np.zeros(len(rows))) for name, rows in weights.items()},
        Channels(
            4,
            {name: np.array(identities) for name, identities in outputs.items()},
            {name: np.array(identities) for name, identities in inputs.items()},
        ),
        {name: Peaks(np.array(active), np.zeros(len(active))) for name, active in seen.items()},
    )

    assert factors.tolist() == [1, 1, 8, 16]
