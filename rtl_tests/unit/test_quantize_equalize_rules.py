"""The rules by which channels are equalized, on networks small enough to follow by hand."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from shiftwright.quantize.channels import FIXED, Channels
from shiftwright.quantize.equalize import MOST, equalize
from shiftwright.quantize.network import Layer, Network
from shiftwright.quantize.parameters import Affine, Parameters
from shiftwright.quantize.peaks import Peaks
from shiftwright.quantize.reach import Reach


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


def equalized(
    method: str,
    weights: Mapping[str, Sequence[Sequence[float]]],
    outputs: dict[str, list[int]],
    inputs: dict[str, list[int]],
    active: Mapping[str, Sequence[float]],
    points: dict[str, str],
) -> list[float]:
    """Factors for layers given by what they hold, make, read, show after activation, and are quantized as."""
    layers = [gemm(name, len(rows), len(rows[0]), points[name]) for name, rows in weights.items()]
    made = [np.array(identities) for identities in outputs.values()]
    read = [np.array([identities]) for identities in inputs.values()]
    count = int(np.concatenate(made).max()) + 1
    factors: list[float] = equalize(
        method,
        False,
        Network(tuple(layers), (), frozenset(), frozenset()),
        {name: Affine(np.array(rows, dtype=np.float64), np.zeros(len(rows))) for name, rows in weights.items()},
        Channels(count, dict(zip(weights, made, strict=True)), dict(zip(weights, read, strict=True))),
        {name: Peaks(np.array(high), np.zeros(len(high))) for name, high in active.items()},
    ).tolist()
    return factors


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
    factors = equalized(
        "one-step",
        weights={"loud": [[8]], "quiet": [[1], [0.5]], "reader": [[1, 1, 1]]},
        outputs={"loud": [1], "quiet": [2, 3], "reader": [FIXED]},
        inputs={"loud": [FIXED], "quiet": [FIXED], "reader": [1, 2, 3]},
        active={"loud": [8], "quiet": [1, 0.5], "reader": [0]},
        points={"loud": "join", "quiet": "join", "reader": "y"},
    )

    assert factors == [1, 1, 8, 16]


@pytest.mark.parametrize("names", [("first", "second"), ("second", "first")], ids=["in-order", "reversed"])
def test_what_is_added_is_raised_by_the_least(names: tuple[str, str]) -> None:
    """One summand would allow its second channel 8, the other 2; both get 2."""
    weights = {"first": [[8], [1]], "second": [[4], [2]]}
    factors = equalized(
        "one-step",
        weights={name: weights[name] for name in names} | {"reader": [[1, 1]]},
        outputs={names[0]: [1, 2], names[1]: [1, 2], "reader": [FIXED]},
        inputs={names[0]: [FIXED], names[1]: [FIXED], "reader": [1, 2]},
        active={"first": [8, 1], "second": [8, 1], "reader": [0]},
        points={"first": "a", "second": "b", "reader": "y"},
    )

    assert factors == [1, 1, 2]


def test_cross_settles_where_channels_read_each_other() -> None:
    """A block beside its own input: each of its two channels reads the other, by 16 and by 1; both come to 4."""
    factors = equalized(
        "cross",
        weights={"before": [[0.01], [0.01]], "block": [[0, 16], [1, 0]], "reader": [[0.01, 0.01]]},
        outputs={"before": [1, 2], "block": [1, 2], "reader": [FIXED]},
        inputs={"before": [FIXED], "block": [1, 2], "reader": [1, 2]},
        active={"before": [1, 1], "block": [1, 1], "reader": [0]},
        points={"before": "a", "block": "b", "reader": "y"},
    )

    assert factors == [1, 1 / 2, 2]


def test_reach_is_the_largest_of_all_that_reads_a_channel() -> None:
    """A flattened channel is read by several columns; signs do not matter."""
    channels = Channels(3, {"layer": np.array([FIXED, FIXED])}, {"layer": np.array([[1, 2, 1, 2]])})
    reach = Reach.of(np.array([[1.0, -2, 3, 4], [5, 6, -7, 8]]), channels, "layer")

    assert reach.scaled(np.ones(3)).tolist() == [[3, 4], [7, 8]]
    assert reach.scaled(np.array([1, 2, 4.0])).tolist() == [[1.5, 1], [3.5, 2]]
    assert reach.by_read(reach.scaled(np.ones(3)), 3).tolist() == [0, 7, 8]
