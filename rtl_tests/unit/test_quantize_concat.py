"""Quantizing Concat: one format for all that is joined."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from rtl_tests.unit.equalize_subjects import joined_branches
from rtl_tests.unit.quantize_networks import Draft, frames, run
from shiftwright.errors import ShiftwrightError
from shiftwright.flow import load
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.settings import Settings


def test_a_join_is_quantized_once_behind_it(tmp_path: Path) -> None:
    """One format for all branches, which are not quantized before; the file computes nearly what the float one does."""
    draft = joined_branches()
    float_file, file = draft.save(tmp_path / "float.onnx"), tmp_path / "quantized.onnx"
    x = frames(draft)
    settings = Settings(weights="uniform", weight_bits=8, activation_bits=8)
    report = quantize(float_file, {"x": x}, settings, file)

    assert [row.name for row in report.activations] == ["x", "j0", "r2"]
    exact = run(float_file, x)
    assert np.abs(run(file, x) - exact).max() < 0.01 * np.abs(exact).max()


def test_a_join_at_the_end_becomes_codes(tmp_path: Path) -> None:
    """Layers that end side by side have accumulators of different scales; their output has one."""
    draft = Draft((3,))
    draft.node("Gemm", ["x", draft.weights("w0", 3, 2)], "a")
    draft.node("Gemm", ["x", draft.weights("w1", 3, 4)], "b")
    draft.node("Concat", ["a", "b"], "y", axis=1)
    report = quantize(draft.save(tmp_path / "f.onnx"), {"x": frames(draft)}, Settings(), tmp_path / "q.onnx")

    assert [(row.name, row.bits) for row in report.activations] == [("x", 6), ("y", 8)]


def test_a_join_has_no_hardware_yet(tmp_path: Path) -> None:
    """The quantized file is standard and runs; compiling it says which operator is missing."""
    draft = joined_branches()
    quantize(draft.save(tmp_path / "f.onnx"), {"x": frames(draft)}, Settings(), tmp_path / "q.onnx")

    with pytest.raises(ShiftwrightError, match="Concat"):
        load(tmp_path / "q.onnx")


def test_an_input_that_is_only_joined_comes_as_codes(tmp_path: Path) -> None:
    """A layer reads one input; the other goes past it, flattened, into the join."""
    draft = Draft((2, 2, 2))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], "a")
    draft.node("Flatten", ["a"], "f")
    draft.node("Flatten", ["side"], "g")
    draft.node("Concat", ["f", "g"], "j", axis=1)
    draft.node("Gemm", ["j", draft.weights("w1", 16, 3)], "y")
    path = draft.save(tmp_path / "f.onnx")
    model = onnx.load(path)
    model.graph.input.append(helper.make_tensor_value_info("side", TensorProto.FLOAT, ["n", 1, 2, 2]))
    onnx.save(model, path)
    x = frames(draft)
    report = quantize(path, {"x": x, "side": x[:, :1]}, Settings(), tmp_path / "q.onnx")

    assert [row.name for row in report.activations] == ["x", "side", "j"]


def test_a_sum_that_is_only_joined_is_quantized_once(tmp_path: Path) -> None:
    """Its summands are codes, it becomes some with the join."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 2, 2, 1, 1)], "a")
    draft.node("Add", ["a", "x"], "s")
    draft.node("Concat", ["s", "a"], "j", axis=1)
    draft.node("Conv", ["j", draft.weights("w1", 2, 4, 1, 1)], "y")
    report = quantize(draft.save(tmp_path / "f.onnx"), {"x": frames(draft)}, Settings(), tmp_path / "q.onnx")

    assert [row.name for row in report.activations] == ["x", "a", "j"]
