"""Every spelling of every grid on weights, data and options that nobody wishes for.

Either one clear line, or a file that onnxruntime runs with finite results, that golden reads, and that compiles."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from rtl_tests.unit.grid_measures import fitting_bits
from rtl_tests.unit.quantize_networks import Draft, frames, run
from shiftwright import flow, quantize
from shiftwright.errors import QuantizeError
from shiftwright.quantize import Settings
from shiftwright.quantize.grids.spec import LARGEST_WEIGHT, grid_types, parse_grid

SPELLINGS = [example for grid in grid_types().values() for example in grid.examples]
WIDTHS = (6, 5, 7, 3)

every_spelling = pytest.mark.parametrize("spec", SPELLINGS)


def random_weights() -> list[NDArray[np.float32]]:
    """Those of three layers, a row an output."""
    random = np.random.default_rng(0)
    shapes = zip(WIDTHS[1:], WIDTHS, strict=False)
    return [random.normal(size=shape, scale=0.7).astype(np.float32) for shape in shapes]


def perceptron(weights: list[NDArray[np.float32]], biases: dict[int, NDArray[np.float32]] | None = None) -> Draft:
    """Three layers with Relu between; random biases but for those given."""
    draft, value = Draft((WIDTHS[0],)), "x"
    for index, matrix in enumerate(weights):
        names = [draft.constant(f"w{index}", matrix), draft.weights(f"b{index}", len(matrix))]
        draft.constants[names[1]] = (biases or {}).get(index, draft.constants[names[1]])
        value = draft.node("Gemm", [value, *names], "y" if index == 2 else f"z{index}", transB=1)
        value = draft.node("Relu", [value], f"r{index}") if index < 2 else value
    return draft


def constant_layers() -> Draft:
    """All weights of a layer are equal, of the next one too, with the other sign."""
    weights = random_weights()
    weights[0][:], weights[1][:] = 0.3, -0.3
    return perceptron(weights, {1: np.full(7, 2, np.float32)})


def a_layer_of_zeros() -> Draft:
    """The second layer gives its biases whatever comes."""
    weights = random_weights()
    weights[1][:] = 0
    return perceptron(weights)


def channels_never_active() -> Draft:
    """One channel far below zero, one of weights and bias zero, one whose weights the next layer does not read."""
    weights = random_weights()
    weights[0][1], weights[1][:, 3] = 0, 0
    return perceptron(weights, {0: np.array([-100, 0, 0.5, 0.5, 0.1], np.float32)})


def a_layer_never_active() -> Draft:
    """All of its results are negative, so that nothing ever leaves its Relu."""
    return perceptron(random_weights(), {0: np.full(5, -100, np.float32)})


def outliers() -> Draft:
    """One weight a million times larger than the others, one bias a thousand times."""
    weights = random_weights()
    weights[0] *= np.float32(1e-3)
    weights[0][2, 2], weights[1][4, 4] = 1e3, -1e3
    return perceptron(weights, {2: np.array([1e3, 0, -1e-3], np.float32)})


def tiny_weights() -> Draft:
    """1e-30 in the first layer, in one channel of the second, and in one weight of the last."""
    weights = random_weights()
    weights[0] *= np.float32(1e-30)
    weights[1][3] *= np.float32(1e-30)
    weights[2][1, 1] = 1e-30
    return perceptron(weights)


def huge_weights_at_the_end() -> Draft:
    """1e30 in the last layer, one channel of which is ordinary."""
    weights = random_weights()
    weights[2][:2] *= np.float32(1e30)
    return perceptron(weights)


def a_single_weight() -> Draft:
    """Layers of one input and one output."""
    draft = Draft((1,))
    draft.node("Gemm", ["x", draft.constant("w0", np.array([[0.7]], np.float32))], "z")
    draft.node("Relu", ["z"], "r")
    draft.node("Gemm", ["r", draft.constant("w1", np.array([[-0.7]], np.float32))], "y")
    return draft


NETWORKS: dict[str, Callable[[], Draft]] = {
    build.__name__.replace("_", "-"): build
    for build in (
        constant_layers,
        a_layer_of_zeros,
        channels_never_active,
        a_layer_never_active,
        outliers,
        tiny_weights,
        huge_weights_at_the_end,
        a_single_weight,
    )
}

REFUSED = {
    ("log:base=decimal:paper", "huge-weights-at-the-end"): "^layer 'Gemm_y': the bias .* of channel 0 exceeds 32 bits"
}


def assert_well_defined(path: Path, x: NDArray[np.float32]) -> None:
    """A valid file; onnxruntime's results are finite, golden's the same layer by layer, and hardware can be had."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    model = flow.load(path)

    assert np.isfinite(run(path, x)).all()
    assert np.isfinite(model.golden(x)).all()
    assert [layer.tensor for layer in model.trace(x) if not layer.explained] == []
    model.compile(effort="fast")


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
@every_spelling
def test_hostile_weights_give_a_well_defined_file(spec: str, name: str, tmp_path: Path) -> None:
    """Whatever the grid makes of them; only a table of absolute values cannot hold 1e30, and its bias says so."""
    draft = NETWORKS[name]()
    source, settings = draft.save(tmp_path / "m.onnx"), Settings(weights=spec, weight_bits=fitting_bits(spec))
    if (spec, name) in REFUSED:
        with pytest.raises(QuantizeError, match=REFUSED[spec, name]):
            quantize.quantize(source, {"x": frames(draft)}, settings, tmp_path / "q.onnx")
        return
    quantize.quantize(source, {"x": frames(draft)}, settings, tmp_path / "q.onnx")

    assert_well_defined(tmp_path / "q.onnx", frames(draft))


@pytest.mark.parametrize("name", NETWORKS)
def test_hostile_weights_are_well_defined_in_eight_bits(name: str, tmp_path: Path) -> None:
    """The results are those of the float network as near as the largest of them allows."""
    draft = NETWORKS[name]()
    source, settings = draft.save(tmp_path / "m.onnx"), Settings(weights="uniform", weight_bits=8, activation_bits=8)
    quantize.quantize(source, {"x": frames(draft)}, settings, tmp_path / "q.onnx")
    expected, actual = run(source, frames(draft)), run(tmp_path / "q.onnx", frames(draft))

    assert_well_defined(tmp_path / "q.onnx", frames(draft))
    assert (np.abs(actual - expected) <= 0.05 * np.abs(expected).max()).all()


@every_spelling
def test_results_beyond_all_scales_are_refused(spec: str, tmp_path: Path) -> None:
    """Weights of 1e30 before a Relu: by the value's name and size, with what to do; nothing is written."""
    weights = random_weights()
    weights[0] *= np.float32(1e30)
    source = perceptron(weights).save(tmp_path / "m.onnx")
    settings = Settings(weights=spec, weight_bits=fitting_bits(spec), correct="none")

    with pytest.raises(QuantizeError, match=r"^value 'r0' reaches [0-9.]+e\+(29|30|31); scale [^\n]*$"):
        quantize.quantize(source, {"x": np.ones((2, WIDTHS[0]), np.float32)}, settings, tmp_path / "q.onnx")
    assert not (tmp_path / "q.onnx").exists()


DATA = {
    "one-sample": frames(Draft((WIDTHS[0],)), 1),
    "zeros": np.zeros((8, WIDTHS[0]), np.float32),
    "constant": np.full((8, WIDTHS[0]), 0.3, np.float32),
    "one-outlier": np.concatenate([frames(Draft((WIDTHS[0],)), 8), np.full((1, WIDTHS[0]), 1e6, np.float32)]),
    "tiny": frames(Draft((WIDTHS[0],)), 8) * np.float32(1e-30),
    "whole-numbers": np.arange(8 * WIDTHS[0]).reshape(8, WIDTHS[0]),
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("correction", ["none", "bias,hessian"])
def test_poor_data_gives_a_well_defined_file(name: str, correction: str, tmp_path: Path) -> None:
    """Inputs that never vary, that are all zero, a single sample: ranges and covariances of nothing."""
    source = perceptron(random_weights()).save(tmp_path / "m.onnx")
    quantize.quantize(source, {"x": DATA[name]}, Settings(correct=correction), tmp_path / "q.onnx")

    assert_well_defined(tmp_path / "q.onnx", DATA[name].astype(np.float32))
    assert_well_defined(tmp_path / "q.onnx", frames(Draft((WIDTHS[0],))))


@every_spelling
def test_bits_that_do_not_suit_are_refused_with_some_that_do(spec: str) -> None:
    """One line; where int16 is the limit, it names the most bits that fit, and one bit more does not."""
    refused, taken = {}, set()
    for bits in (*range(-1, 18), 64):
        try:
            grid = parse_grid(spec, bits)
        except QuantizeError as error:
            refused[bits] = str(error)
        else:
            taken.add(bits)
            assert grid.numbers.largest <= LARGEST_WEIGHT

    assert taken
    for bits, message in refused.items():
        assert "\n" not in message
        limit = re.search(r"beyond int16; use (\d+) weight bits or fewer", message)
        if limit:
            assert int(limit[1]) in taken and int(limit[1]) + 1 in refused
        elif "fraction" not in message and "width" not in message:  # the remedy is another option
            numbers = set(map(int, re.findall(r"-?\d+", message)))
            assert bits in numbers and numbers & taken


@pytest.mark.parametrize("name", grid_types())
@pytest.mark.parametrize(
    "misspell",
    [
        pytest.param(lambda name: name + "x", id="a-letter-more"),
        pytest.param(lambda name: name[:-1], id="a-letter-less"),
        pytest.param(str.upper, id="capitals"),
    ],
)
def test_an_unknown_grid_is_refused_with_the_nearest(name: str, misspell: Callable[[str], str]) -> None:
    """Where one is near; all there are, in any case."""
    with pytest.raises(QuantizeError) as caught:
        Settings(weights=misspell(name), weight_bits=fitting_bits(name))

    assert str(caught.value).startswith(f"no grid is called {misspell(name)!r}; ")
    assert str(caught.value).endswith(f"the grids are {', '.join(sorted(grid_types()))}")
    assert misspell is str.upper or f"did you mean {name!r}?" in str(caught.value)


@every_spelling
def test_a_misspelt_option_is_refused_with_the_nearest(spec: str) -> None:
    """Every option that the grid says it has."""
    bits = fitting_bits(spec)
    with pytest.raises(QuantizeError, match="the options are ") as caught:
        parse_grid(f"{spec}:colour", bits)
    options = str(caught.value).split("the options are ")[1].split(", ")

    assert "granularity" in options
    for option in options:
        with pytest.raises(QuantizeError, match=rf"has no option '{option}x'; did you mean '{option}'\?"):
            parse_grid(f"{spec}:{option}x=1", bits)


@every_spelling
@pytest.mark.parametrize("word", ["", "=3", "granularity=row", "granularity", "granularity=tensor:granularity=tensor"])
def test_options_without_sense_are_refused(spec: str, word: str) -> None:
    """Empty ones, one given twice, one whose value is unknown or missing: one line, with the grid as it was written."""
    with pytest.raises(QuantizeError, match=rf"^grid '{re.escape(f'{spec}:{word}')}'[^\n]*$"):
        parse_grid(f"{spec}:{word}", fitting_bits(spec))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param("ternary:threshold=much", "is not a number", id="threshold-text"),
        pytest.param("ternary:threshold=3", r"outside \(0, 2\); 0.7 is usual", id="threshold-3"),
        pytest.param("ternary:threshold=nan", r"threshold nan is outside", id="threshold-nan"),
        pytest.param("ternary:paper:threshold=1", "keep one of them", id="threshold-twice"),
        pytest.param("ternary:centroids:largest=0", "not a whole number within 1 …", id="largest-0"),
        pytest.param("log:base=3", r"use one of sqrt2 \| root4 \| 2 \| decimal", id="base"),
        pytest.param("log:fraction=nan", "not a whole number within 3 … 14", id="fraction-nan"),
        pytest.param("log:fraction=3.5", "not a whole number within 3 … 14", id="fraction-half"),
        pytest.param("codebook:width=1e400", "not a whole number within", id="width-infinite"),
        pytest.param("uniform:percentile=nan", "percentile nan is outside 50 … 100", id="percentile-nan"),
        pytest.param("uniform:percentile=0", "percentile 0 is outside 50 … 100", id="percentile-0"),
        pytest.param("uniform:percentile=0.999", "percentile 0.999 is outside 50 … 100; 99.9", id="percentile-share"),
        pytest.param("pot:range=least", r"use one of mse \| max \| percentile", id="range"),
        pytest.param("pot:paper=yes", "paper takes no value; write :paper", id="flag"),
        pytest.param("pot:paper:range=mse", "has no option 'range'", id="paper-has-a-range"),
        pytest.param("", "no grid is called ''", id="empty"),
    ],
)
def test_values_without_sense_are_refused(spec: str, message: str) -> None:
    """In one line that names what is usual or allowed."""
    with pytest.raises(QuantizeError, match=message) as caught:
        Settings(weights=spec)
    assert "\n" not in str(caught.value)
