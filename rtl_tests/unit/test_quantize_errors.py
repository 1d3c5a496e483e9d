"""What the quantizer refuses: each case one clear line, and nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from rtl_tests.unit.quantize_networks import NETWORKS, Draft, frames
from shiftwright import quantize
from shiftwright.errors import QuantizeError
from shiftwright.quantize import Settings, input_names, load_data
from shiftwright.quantize.load import load_float_model

X = frames(NETWORKS["pooled"]())


def refused(folder: Path, source: Path, data: dict[str, Any] | None = None) -> str:
    """The message of a quantization that fails and leaves the folder as it was."""
    before = sorted(folder.iterdir())
    with pytest.raises(QuantizeError) as caught:
        quantize.quantize(source, {"x": X} if data is None else data, Settings(), folder / "q.onnx")
    assert sorted(folder.iterdir()) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_text_file_is_no_model(tmp_path: Path) -> None:
    """Neither are a truncated file and an empty one."""
    text = tmp_path / "model.onnx"
    text.write_text("this is no protobuf")
    whole = NETWORKS["pooled"]().save(tmp_path / "whole.onnx").read_bytes()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.onnx").write_bytes(b"")

    assert "is not an ONNX file, or is truncated" in refused(tmp_path, text)
    assert "is not an ONNX file, or is truncated" in refused(tmp_path, tmp_path / "half.onnx")
    assert "no graph with an output" in refused(tmp_path, tmp_path / "empty.onnx")
    assert "no such file" in refused(tmp_path, tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("name", ["m.json", "m.textproto", "m.onnxtxt", "m.onnx", "m.pb"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"nonsense {{", id="words"),
        pytest.param(b'{"graph": {"node": [{"opType": 3}]}}', id="another-type"),
        pytest.param(b"\xff\xfe\x00", id="bytes"),
    ],
)
def test_a_file_of_another_kind_is_no_model(name: str, content: bytes, tmp_path: Path) -> None:
    """By whatever ending it is read as."""
    (tmp_path / name).write_bytes(content)

    assert refused(tmp_path, tmp_path / name) == (
        f"{tmp_path / name} is not an ONNX file, or is truncated; export or download it again"
    )


def test_a_place_where_no_model_can_be_is_named(tmp_path: Path) -> None:
    """Within a file, and under a name that no file can have."""
    source = NETWORKS["pooled"]().save(tmp_path / "m.onnx")

    for path in (source / "m.onnx", tmp_path / ("m" * 300 + ".onnx")):
        assert refused(tmp_path, path).startswith(f"{path} cannot be read (")
    assert "is a folder" in refused(tmp_path, tmp_path)


def test_a_damaged_model_leads_to_a_message(tmp_path: Path) -> None:
    """Or is still one: bytes changed at random."""
    content = NETWORKS["pooled"]().save(tmp_path / "m.onnx").read_bytes()
    random = np.random.default_rng(0)
    messages = []
    for _ in range(150):
        damaged = bytearray(content)
        for place in random.integers(len(content), size=3):
            damaged[place] = random.integers(256)
        (tmp_path / "m.onnx").write_bytes(damaged)
        try:
            load_float_model(tmp_path / "m.onnx")
        except QuantizeError as error:
            messages.append(str(error))

    assert 0 < len(messages) < 150
    assert [message for message in messages if "\n" in message] == []


def test_missing_external_data_is_named(tmp_path: Path) -> None:
    """The tensor and the file that should hold it."""
    model = onnx.load(NETWORKS["pooled"]().save(tmp_path / "m.onnx"))
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    (tmp_path / "weights.bin").unlink()

    message = refused(tmp_path, tmp_path / "m.onnx")
    assert "'w0' is missing" in message
    assert "weights.bin" in message


def test_a_symbolic_image_size_is_refused(tmp_path: Path) -> None:
    """Only the batch may be symbolic."""
    draft = Draft((1, "height", "width"))
    draft.node("Conv", ["x", draft.weights("w", 2, 1, 3, 3)], "y")

    assert "symbolic size" in refused(tmp_path, draft.save(tmp_path / "m.onnx"))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(wrong: float, tmp_path: Path) -> None:
    """NaN and infinity, by the tensor's name."""
    draft = NETWORKS["pooled"]()
    draft.constants["w1"][0, 0, 0, 0] = wrong

    assert "'w1' holds NaN or infinity" in refused(tmp_path, draft.save(tmp_path / "m.onnx"))


def test_an_unknown_operator_is_named_with_its_node(tmp_path: Path) -> None:
    """And the supported ones are listed."""
    draft = Draft((4,))
    draft.node("Gemm", ["x", draft.weights("w", 4, 3)], "z")
    draft.node("Selu", ["z"], "y")

    message = refused(tmp_path, draft.save(tmp_path / "m.onnx"), {"x": X[:, 0, 0, :4]})
    assert "node 'Selu_y': Selu cannot be quantized" in message
    assert "Conv, Flatten, Gemm" in message


def test_products_of_two_activations_are_refused(tmp_path: Path) -> None:
    """A MatMul needs constant weights."""
    draft = Draft((4, 4))
    draft.node("MatMul", ["x", "x"], "y")

    assert "weights of MatMul are not constant" in refused(
        tmp_path, draft.save(tmp_path / "m.onnx"), {"x": X[:, 0, :4, :4]}
    )


def test_a_batch_norm_without_a_layer_before_it_is_refused(tmp_path: Path) -> None:
    """There is nothing to fold it into."""
    draft = Draft((2, 4, 4))
    draft.batch_norm("x", "n", 2)
    draft.node("Conv", ["n", draft.weights("w", 2, 2, 1, 1)], "y")

    assert "BatchNormalization_n" in refused(tmp_path, draft.save(tmp_path / "m.onnx"))


def test_a_quantized_model_is_not_quantized_again(tmp_path: Path) -> None:
    """The message says to compile it."""
    source = NETWORKS["pooled"]().save(tmp_path / "m.onnx")
    quantize.quantize(source, {"x": X}, Settings(), tmp_path / "once.onnx")

    assert "quantized already; compile it" in refused(tmp_path, tmp_path / "once.onnx")


def test_what_onnxruntime_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    """A tensor that nobody makes, and a Reshape that holds for one frame only."""
    lost = Draft((4,))
    lost.node("Gemm", ["x", "nowhere"], "y")
    single = Draft((4,))
    single.node("Reshape", ["x", single.constant("size", np.array([1, 4]))], "s")
    single.node("Gemm", ["s", single.weights("w", 4, 2)], "y")
    data = {"x": X[:, 0, 0, :4]}

    assert "'nowhere' is not a graph input" in refused(tmp_path, lost.save(tmp_path / "lost.onnx"), data)
    assert "cannot be reshaped" in refused(tmp_path, single.save(tmp_path / "single.onnx"), data)


def test_logits_beside_their_softmax_are_refused(tmp_path: Path) -> None:
    """The Softmax is dropped, so the two outputs would be one."""
    draft = NETWORKS["pooled"]()
    model = onnx.load(draft.save(tmp_path / "m.onnx"))
    model.graph.output.append(onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, None))
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())

    assert "output 'y' is 'z' after a Softmax" in refused(tmp_path, tmp_path / "m.onnx")


def test_a_network_without_layers_is_refused(tmp_path: Path) -> None:
    """Nothing holds weights."""
    draft = Draft((4,))
    draft.node("Relu", ["x"], "y")

    assert "no Conv, Gemm or MatMul" in refused(tmp_path, draft.save(tmp_path / "m.onnx"), {"x": X[:, 0, 0, :4]})


def with_nan() -> dict[str, Any]:
    """Data whose fourth sample has a NaN."""
    x = X.copy()
    x[3, 0, 2, 2] = np.nan
    return {"x": x}


BAD_DATA: dict[str, tuple[Callable[[], Any], str]] = {
    "shape": (lambda: {"x": X[:, :, :4]}, r"shape \(32, 1, 4, 8\), the model takes n×1×8×8"),
    "nan": (with_nan, "NaN or infinity, first in sample 3"),
    "key": (lambda: {"images": X, "extra": X}, "holds 'images', 'extra' but no 'x'"),
    "empty": (lambda: {"x": X[:0]}, "'x' is empty"),
    "text": (lambda: {"x": np.full(X.shape, "a")}, "give real numbers"),
    "counts": (lambda: {"x": X, "labels": np.zeros(5, dtype=np.int64)}, "different numbers of samples"),
    "labels": (lambda: {"x": X, "labels": np.zeros(32)}, "labels have type float64"),
    "below": (lambda: {"x": X, "labels": np.arange(32) % 10 - 1}, "from -1 to 8 but output 'y' has 10 classes"),
    "beyond": (lambda: {"x": X, "labels": np.arange(32) % 10 + 1}, "from 1 to 10 .* give 0 … 9, or no labels"),
    "one-sample": (lambda: {"x": X[0]}, r"\(1, 8, 8\), the model takes n×1×8×8; it is one sample without"),
    "number": (lambda: {"x": np.array(1.0)}, r"shape \(\), the model takes n×1×8×8"),
    "array": (lambda: X, r"^the calibration data is a ndarray; give a dict of arrays, \{'x': array\}$"),
    "list": (lambda: {"x": X.tolist()}, "^calibration data 'x' is a list; make it an array with numpy.asarray$"),
    "label-list": (lambda: {"x": X, "labels": [0] * 32}, "^calibration data 'labels' is a list; make it an array"),
    "float64": (lambda: {"x": X.astype(float) * 1e300}, r"reaches .*e\+(299|300) in sample 0, beyond float32"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_unusable_data_is_described(case: str, tmp_path: Path) -> None:
    """Wrong shape, NaN, a missing key, no samples, text, labels that do not fit, no dict, no arrays, too large."""
    data, message = BAD_DATA[case]
    source = NETWORKS["pooled"]().save(tmp_path / "m.onnx")

    with pytest.raises(QuantizeError, match=message):
        quantize.quantize(source, data(), Settings(), tmp_path / "q.onnx")
    assert not (tmp_path / "q.onnx").exists()


def test_the_archive_must_hold_the_inputs_by_name(tmp_path: Path) -> None:
    """load_data gives inputs and labels, leaves the rest, and names what is there and what is wanted."""
    source = NETWORKS["pooled"]().save(tmp_path / "m.onnx")
    np.savez(tmp_path / "good.npz", x=X, labels=np.arange(32), more=X)
    np.savez(tmp_path / "bad.npz", images=X)
    (tmp_path / "text.npz").write_text("no archive")

    assert input_names(source) == ["x"]
    assert list(load_data(tmp_path / "good.npz", ["x"])) == ["x", "labels"]
    with pytest.raises(QuantizeError, match="holds 'images' but no 'x', the model's input; rename"):
        load_data(tmp_path / "bad.npz", ["x"])
    for name in ("text.npz", "nowhere.npz"):
        with pytest.raises(QuantizeError, match=name):
            load_data(tmp_path / name, ["x"])


def test_the_target_must_be_writable(tmp_path: Path) -> None:
    """A folder, a missing folder and the model itself are refused before any work is done, and a name too long."""
    source = NETWORKS["pooled"]().save(tmp_path / "m.onnx")
    for target, message in (
        (tmp_path, "is a folder"),
        (tmp_path / "a" / "q.onnx", "does not exist"),
        (source, "itself"),
        (source / "q.onnx", "m.onnx is a file, not a folder"),
        (tmp_path / ("q" * 300 + ".onnx"), r"^[^\n]* cannot be written \([^\n]*\); choose another place$"),
    ):
        with pytest.raises(QuantizeError, match=message):
            quantize.quantize(source, {"x": X}, Settings(), target)


def test_the_longest_name_that_a_file_can_have_will_do(tmp_path: Path) -> None:
    """The file is written aside first, under a name that is no longer."""
    source = NETWORKS["pooled"]().save(tmp_path / "m.onnx")
    target = tmp_path / ("q" * 250 + ".onnx")
    quantize.quantize(source, {"x": X}, Settings(correct="none"), target)

    assert sorted(tmp_path.iterdir()) == [source, target]
