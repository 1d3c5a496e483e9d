"""What golden and trace take: any number of frames, any kind of float, files whose batch is fixed, four-bit codes."""

from pathlib import Path

import numpy as np
import onnx
import pytest

import shiftwright
from rtl_tests.oracle.evaluator import evaluate
from rtl_tests.oracle.network import Network
from shiftwright.errors import ImportModelError
from shiftwright.flow import Model


def load(model: onnx.ModelProto, folder: Path) -> Model:
    """The model by way of a file."""
    onnx.save(model, folder / "model.onnx")
    return shiftwright.load(folder / "model.onnx")


def image_network(batch: int | str = "N") -> onnx.ModelProto:
    """A convolution with padding, a pooling, a dense layer: every way in which frames are reshaped."""
    network = Network([batch, 2, 4, 4])
    kernel = network.weights(np.arange(-27, 27).reshape(3, 2, 3, 3), 0.5)
    x = network.node("Conv", [network.activation("x", 0.25), kernel], pads=[1, 1, 1, 1])
    x = network.activation(network.node("Relu", [x]), 0.5, 0, "uint8")
    x = network.node("Flatten", [network.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])])
    return network.model(network.node("MatMul", [x, network.weights(np.eye(12, 3), 0.5)]))


def vector_network(kind: str = "int8") -> onnx.ModelProto:
    """One dense layer on codes of a type, quantized to that type again."""
    network = Network(["N", 4])
    x = network.activation("x", 0.5, 0, kind)
    x = network.node("MatMul", [x, network.weights(np.arange(-6, 6).reshape(4, 3), 0.25)])
    return network.model(network.activation(x, 0.5, 0, kind))


@pytest.mark.parametrize("frames", [0, 1, 5])
def test_any_number_of_frames_runs(frames: int, tmp_path: Path) -> None:
    """None at all gives an empty array of the right shape."""
    found = load(image_network(), tmp_path).golden(np.ones((frames, 2, 4, 4), np.float32))

    assert isinstance(found, np.ndarray)
    assert found.shape == (frames, 3)


def test_frames_do_not_depend_on_their_neighbours(tmp_path: Path) -> None:
    """Frames run a part at a time; together they give what each gives alone."""
    model = load(image_network(), tmp_path)
    x = model.random_input(5000)["x"]

    together = model.golden(x)

    assert np.array_equal(np.concatenate([model.golden(x[:1]), model.golden(x[1:])]), together)


def test_doubles_are_rounded_to_the_type_of_the_input(tmp_path: Path) -> None:
    """An .npz often holds float64: onnxruntime would take its float32, and so does everything here."""
    model = load(vector_network(), tmp_path)
    x = np.array([[0.1, -0.25, 0.75 + 2.0**-40, 3.0]])

    assert np.array_equal(model.golden(x.astype(np.float32)), model.golden(x))
    assert all(layer.explained for layer in model.trace(x))


@pytest.mark.parametrize("x", [np.ones((1, 4), complex), np.full((1, 4), "one")], ids=["complex", "words"])
def test_other_types_are_refused(x: np.ndarray[tuple[int, ...], np.dtype[np.generic]], tmp_path: Path) -> None:
    """By name, before anything computes."""
    with pytest.raises(ImportModelError, match=r"input 'x' is .*; the network takes float32"):
        load(vector_network(), tmp_path).golden(x)


def test_a_file_with_a_fixed_batch_takes_any_number_of_frames(tmp_path: Path) -> None:
    """golden counts frames itself, and trace feeds onnxruntime as many at a time as the file says."""
    model = load(image_network(batch=2), tmp_path)

    layers = model.trace(model.random_input(5))

    assert [len(layer.onnxruntime) for layer in layers] == [5] * len(layers)
    assert sum(layer.different for layer in layers) == 0


@pytest.mark.parametrize("kind", ["int4", "uint4"])
def test_four_bit_codes_are_traced(kind: str, tmp_path: Path) -> None:
    """numpy has no four-bit integers: they cross to onnxruntime and back as floats of the same value."""
    model = load(vector_network(kind), tmp_path)

    layers = model.trace(model.random_input(50))

    assert len(layers) == 3
    assert sum(layer.different for layer in layers) == 0


def test_a_dropped_softmax_is_traced_before_it(tmp_path: Path) -> None:
    """golden ends before the Softmax, and so does the comparison."""
    network = Network(["N", 4])
    scores = network.node("MatMul", [network.activation("x", 0.5), network.weights(np.eye(4, 3), 0.5)])
    model = load(network.model(network.node("Softmax", [scores])), tmp_path)

    layers = model.trace(model.random_input(10))

    assert len(model.network.warnings) == 1
    assert sum(layer.different for layer in layers) == 0


def test_a_bound_between_two_codes_does_not_overflow(tmp_path: Path) -> None:
    """A clip at the end puts sums on a grid some 2^45 times finer: far codes must stop before they are multiplied."""
    network = Network(["N", 64])
    weights = network.weights(np.arange(-6400, 6400, 100).reshape(64, 2), 0.0371, 0, "int16")
    sums = network.node("MatMul", [network.activation("x", 0.0123, 0, "int16"), weights])
    model = network.model(network.clip(sums, 0.1, 6.7))
    x = np.linspace(-400, 400, 256, dtype=np.float32).reshape(4, 64)

    assert np.array_equal(evaluate(model, x), load(model, tmp_path).golden(x))


def test_tensors_in_two_stream_orders_add(tmp_path: Path) -> None:
    """A channel-last input meets its own convolution, with one scale a channel after the sum."""
    network = Network(["N", 3, 4, 2])
    image = network.node("Transpose", [network.activation("x", 0.5)], perm=[0, 3, 1, 2])
    kernel = network.weights(np.eye(2).reshape(2, 2, 1, 1), 0.5)
    other = network.activation(network.node("Conv", [image, kernel]), [0.5, 0.25], [0, 0], axis=1)
    total = network.activation(network.node("Add", [image, other]), [1.0, 0.125], [0, 0], axis=1)
    model = network.model(total)
    x = np.linspace(-40, 40, 48, dtype=np.float32).reshape(2, 3, 4, 2)

    assert np.array_equal(evaluate(model, x), load(model, tmp_path).golden(x))


def test_codes_reordered_before_their_clip_stay_reordered(tmp_path: Path) -> None:
    """The clip redoes the rounding step of the input; the order of its codes is the later one."""
    network = Network(["N", 3, 2])
    codes = network.node("Transpose", [network.quantize("x", 0.5)], perm=[0, 2, 1])
    numbers = network.dequantize(network.clip(codes, -5, 5, "int8"), 0.5)
    model = network.model(network.node("MatMul", [numbers, network.weights(np.arange(6).reshape(3, 2), 0.5)]))
    x = np.linspace(-4, 4, 12, dtype=np.float32).reshape(2, 3, 2)

    assert np.array_equal(evaluate(model, x), load(model, tmp_path).golden(x))


def test_a_channel_last_input_is_traced_from_its_own_codes(tmp_path: Path) -> None:
    """The input streams in the order that the convolution wants; near-ties of its rounding must not travel on."""
    network = Network(["N", 4, 4, 2])
    codes = network.activation("x", 0.02570028, 0, "uint8")
    image = network.node("Transpose", [codes], perm=[0, 3, 1, 2])
    kernel = network.weights(np.arange(-9, 9).reshape(1, 2, 3, 3), 0.0371)
    model = load(network.model(network.node("Conv", [image, kernel])), tmp_path)
    ties = np.random.default_rng(0).integers(0, 255, (500, 4, 4, 2)) + 0.5

    layers = model.trace((ties * np.float64(np.float32(0.02570028))).astype(np.float32))

    assert [layer.value for layer in layers] == [value.name for value in model.network.graph.values]
    assert layers[0].different > 0
    assert all(layer.explained for layer in layers)
