"""The file that the quantizer writes: what onnxruntime makes of it, its types and nodes, and what the report says."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from rtl_tests.unit.quantize_networks import NETWORKS, Draft, frames, run
from rtl_tests.unit.quantized_file import File, write
from shiftwright import quantize
from shiftwright.quantize import Settings


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("bits", [5, 8])
def test_onnxruntime_runs_the_file_near_the_float_network(name: str, bits: int, tmp_path: Path) -> None:
    """8-bit weights; the error is below 10 and 3 percent of the output with activations of 5 and 8 bits."""
    draft = NETWORKS[name]()
    path, _ = write(tmp_path, draft, weights="uniform", weight_bits=8, activation_bits=bits)
    expected = run(tmp_path / "float.onnx", frames(draft))
    if name == "pooled":  # the Softmax is gone: logits are equal but for a constant
        expected = np.log(expected) - np.log(expected).mean(axis=1, keepdims=True)

    actual = run(path, frames(draft))
    if name == "pooled":
        actual = actual - actual.mean(axis=1, keepdims=True)

    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert np.sqrt(np.square(actual - expected).mean()) < {5: 0.10, 8: 0.03}[bits] * expected.std()


@pytest.mark.parametrize("name", ["pooled", "residual", "ends-in-sum"])
def test_default_optimizations_change_no_word(name: str, tmp_path: Path) -> None:
    """Scales of few bits keep float32 sums exact, so fused and unfused kernels agree on every output."""
    draft = NETWORKS[name]()
    path, _ = write(tmp_path, draft)

    assert (run(path, frames(draft), optimized=True) == run(path, frames(draft))).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_input_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    """Twice the same command, compared byte for byte; nothing else is left in the folder."""
    first, _ = write(tmp_path, NETWORKS[name](), "first.onnx")
    second, _ = write(tmp_path, NETWORKS[name](), "second.onnx")

    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.onnx", "float.onnx", "second.onnx"]


def test_activations_are_clipped_below_eight_bits(tmp_path: Path) -> None:
    """6 bits: Clip to 0 … 63 after a Relu, on codes; 8 bits need no Clip."""
    six = File(write(tmp_path, NETWORKS["pooled"](), activation_bits=6)[0])
    eight = File(write(tmp_path, NETWORKS["pooled"](), activation_bits=8)[0])

    bounds = [[six.constants[name] for name in node.input[1:]] for node in six.named("Clip")]
    assert [(int(lo), int(hi)) for lo, hi in bounds] == [(0, 63)] * 3
    assert {bound.dtype for pair in bounds for bound in pair} == {np.dtype(np.uint8)}
    assert eight.named("Clip") == []
    assert len(eight.named("QuantizeLinear")) == len(six.named("QuantizeLinear")) == 3


def test_negative_values_are_signed(tmp_path: Path) -> None:
    """The branch without a clamp goes into the sum as int8, the clamped one as uint8."""
    file = File(write(tmp_path, NETWORKS["residual"](), activation_bits=5)[0])
    (add,) = file.named("Add")
    bounds = [[int(file.constants[name]) for name in file.before(file.before(add, side)).input[1:]] for side in (0, 1)]

    assert bounds == [[-16, 15], [0, 31]]


def test_the_input_has_bits_of_its_own(tmp_path: Path) -> None:
    """--input-bits leaves the other activations alone."""
    _, report = write(tmp_path, NETWORKS["pooled"](), activation_bits=4, input_bits=8)

    assert [row.bits for row in report.activations] == [8, 4, 4]


def test_pooling_works_on_codes_and_averages_are_not_rounded(tmp_path: Path) -> None:
    """MaxPool reads a DequantizeLinear although the float network pools before its Relu; no rounding follows a mean."""
    file = File(write(tmp_path, NETWORKS["pooled"]())[0])
    (maximum,) = file.named("MaxPool")
    (average,) = file.named("GlobalAveragePool")

    assert file.before(maximum).op_type == "DequantizeLinear"
    assert file.before(average).op_type == "DequantizeLinear"
    assert average.output[0] not in [node.input[0] for node in file.named("QuantizeLinear")]


@pytest.mark.parametrize(
    ("name", "last"), [("pooled", "Gemm"), ("rearranged", "Gemm"), ("ends-in-sum", "DequantizeLinear")]
)
def test_the_last_layer_keeps_its_accumulators(name: str, last: str, tmp_path: Path) -> None:
    """A last Gemm is the output itself; a sum is quantized, since its operands have no common grid."""
    file = File(write(tmp_path, NETWORKS[name]())[0])

    assert [value.name for value in file.proto.graph.output] == ["y"]
    assert file.producers["y"].op_type == last


def test_wide_weights_are_sixteen_bits_and_narrow_ones_eight(tmp_path: Path) -> None:
    """Five stored bits of power of two reach 2^14; four reach 2^6."""
    wide = File(write(tmp_path, NETWORKS["pooled"](), weight_bits=5)[0])
    narrow = File(write(tmp_path, NETWORKS["pooled"](), weight_bits=4)[0])

    def types(file: File) -> set[str]:
        return {str(file.integers(file.before(layer, 1)).dtype) for layer in file.named("Conv")}

    assert (types(wide), types(narrow)) == ({"int16"}, {"int8"})


def test_channels_that_are_zero_or_tiny_are_well_defined(tmp_path: Path) -> None:
    """Weights of 0 and of 1e-20 vanish, and their channels still give their biases."""
    draft = Draft((4,))
    draft.constant("w", np.array([[0, 0, 0, 0], [1e-20] * 4, [0.5, -1, 0.25, 1]], dtype=np.float32))
    draft.constant("b", np.array([0.75, -2.5, 0], dtype=np.float32))
    draft.node("Gemm", ["x", "w", "b"], "y", transB=1)
    path, _ = write(tmp_path, draft, correct="none")

    np.testing.assert_allclose(run(path, frames(draft))[:, :2], [[0.75, -2.5]] * 32, rtol=1e-5)


def test_a_fixed_batch_is_kept(tmp_path: Path) -> None:
    """A model exported for two frames at a time is calibrated two by two and still takes two."""
    draft = NETWORKS["pooled"]()
    source = draft.save(tmp_path / "float.onnx", batch=2)
    quantize.quantize(source, {"x": frames(draft, 5)}, Settings(), tmp_path / "q.onnx")

    assert run(tmp_path / "q.onnx", frames(draft, 2)).shape == (2, 10)


@pytest.mark.parametrize("op", ["MaxPool", "Flatten", "GlobalAveragePool"])
@pytest.mark.parametrize("bits", [6, 8])
def test_signed_codes_may_be_pooled_and_reshaped(op: str, bits: int, tmp_path: Path) -> None:
    """A layer without a clamp before pooling or layout: the default runtime loads the file and agrees on every word."""
    draft = Draft((2, 6, 6))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 3, 3)], "c")
    draft.node(op, ["c"], "p", **({"kernel_shape": [4, 4]} if op == "MaxPool" else {}))
    draft.node("Flatten", ["p"], "f")
    draft.node("Gemm", ["f", draft.weights("w1", 48 if op == "Flatten" else 3, 4)], "y")
    path, report = write(tmp_path, draft, activation_bits=bits)

    assert [row.signed for row in report.activations] == [False, True]
    assert (run(path, frames(draft), optimized=True) == run(path, frames(draft))).all()


def test_a_clamp_at_the_end_is_quantized_in_eight_bits(tmp_path: Path) -> None:
    """Even behind a Flatten: clamped accumulators have no grid that a host could read."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 3, 3)], "c")
    draft.node("Relu", ["c"], "r")
    draft.node("Flatten", ["r"], "y")
    _, report = write(tmp_path, draft, activation_bits=4)

    assert [row.bits for row in report.activations] == [4, 4]
    assert len(File(tmp_path / "q.onnx").named("QuantizeLinear")) == 2


def test_layers_that_share_weights_are_quantized_apart(tmp_path: Path) -> None:
    """One initializer, two layers: two rows, each with the layer's own name."""
    draft = Draft((4,))
    draft.node("Gemm", ["x", draft.weights("w", 4, 4)], "z")
    draft.node("Relu", ["z"], "r")
    draft.node("Gemm", ["r", "w"], "y")
    _, report = write(tmp_path, draft)

    assert [row.name for row in report.layers] == ["Gemm_z", "Gemm_y"]


def test_weights_listed_as_inputs_are_weights(tmp_path: Path) -> None:
    """As ONNX files before IR version 4 have them."""
    draft = NETWORKS["ends-in-sum"]()
    source = draft.save(tmp_path / "float.onnx", opset=11)
    proto = onnx.load(source)
    for tensor in proto.graph.initializer:
        proto.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    proto.ir_version = 3
    source.write_bytes(proto.SerializeToString())
    quantize.quantize(source, {"x": frames(draft)}, Settings(), tmp_path / "q.onnx")

    assert [value.name for value in File(tmp_path / "q.onnx").proto.graph.input] == ["x"]


@pytest.mark.parametrize("opset", [11, 13, 20, 22])
def test_other_opsets_are_brought_to_21(opset: int, tmp_path: Path) -> None:
    """From older and from newer ones."""
    source = NETWORKS["ends-in-sum"]().save(tmp_path / "float.onnx", opset)
    report = quantize.quantize(source, {"x": frames(NETWORKS["ends-in-sum"]())}, Settings(), tmp_path / "q.onnx")

    assert report.opset == 21
    assert [entry.version for entry in File(tmp_path / "q.onnx").proto.opset_import if entry.domain == ""] == [21]


def test_the_report_counts_what_the_file_holds(tmp_path: Path) -> None:
    """Names as in the float file, odd mantissas, zeros and the warning about the Softmax."""
    path, report = write(tmp_path, NETWORKS["pooled"](), weights="ternary")
    file = File(path)
    zeros = [float((file.integers(file.before(layer, 1)) == 0).mean()) for layer in file.named("Conv")]

    assert [row.name for row in report.layers] == ["Conv_c0", "Conv_c1", "Gemm_z"]
    assert [row.mantissas for row in report.layers] == [(1,)] * 3
    assert [row.zeros for row in report.layers[:2]] == [round(share, 4) for share in zeros]
    assert "Softmax_y" in report.warnings[0]
    assert report.as_dict()["layers"][0]["shape"] == (6, 1, 3, 3)
    assert report.accuracy_float is None


def test_clips_whose_bounds_cross_keep_their_meaning(tmp_path: Path) -> None:
    """Clip to 0 … 1 and then to 2 … 3 is 2 everywhere, whatever a fusion of the two would make of it."""
    draft = Draft((4,))
    bounds = [draft.constant(f"bound{value}", np.array(value, dtype=np.float32)) for value in (0, 1, 2, 3)]
    hidden = draft.node("Gemm", ["x", draft.weights("first", 4, 8)], "hidden")
    low = draft.node("Clip", [hidden, *bounds[:2]], "low")
    draft.node("Gemm", [draft.node("Clip", [low, *bounds[2:]], "high"), draft.weights("second", 8, 3)], "y")
    source, target = draft.save(tmp_path / "float.onnx"), tmp_path / "quantized.onnx"
    x = frames(draft)

    quantize.quantize(source, {"x": x}, Settings(weights="uniform", weight_bits=8), target)

    assert np.allclose(run(source, x), run(target, x), atol=0.05)
