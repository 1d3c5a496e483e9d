"""What is folded into a layer, what becomes a global pool, and what is refused."""

from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from rtl_tests.unit.canonical_subjects import (
    assert_all_the_same,
    canonical,
    images,
    operators,
    products,
    rows,
    signals,
    then,
    then_batch_norm,
    vectors,
)
from rtl_tests.unit.quantize_networks import Draft, frames, run
from shiftwright.errors import QuantizeError
from shiftwright.quantize.network import read_network

FOLDED = {
    "conv-add": images(then("Add", 3, 1, 1)),
    "conv-add-of-one-number": images(then("Add")),
    "conv-two-adds": images(then("Add", 3, 1, 1), then("Add", 1, 3, 1, 1, first=True)),
    "conv-sub": images(then("Sub", 3, 1, 1)),
    "conv-subtracted": images(then("Sub", 1, 3, 1, 1, first=True)),
    "conv-mul": images(then("Mul", 3, 1, 1, first=True)),
    "conv-div": images(then("Div", 1, 1, 1, 1)),
    "conv-add-batch-norm": images(then("Add", 3, 1, 1), then_batch_norm),
    "conv-batch-norm-twice": images(then_batch_norm, then_batch_norm),
    "conv-batch-norm-mul-add": images(then_batch_norm, then("Mul", 3, 1, 1), then("Add", 3, 1, 1)),
    "conv1d-add": signals(then("Add", 1, 3, 1)),
    "conv1d-add-batch-norm": signals(then("Add", 3, 1), then_batch_norm),
    "gemm-batch-norm": vectors(then_batch_norm),
    "gemm-add-sub": vectors(then("Add", 1, 3), then("Sub", 1)),
    "matmul-batch-norm": products(then_batch_norm),
    "matmul-add-batch-norm": products(then("Add", 3), then_batch_norm),
}


@pytest.mark.parametrize("name", FOLDED)
def test_what_stands_behind_a_layer_is_folded_into_it(name: str, tmp_path: Path) -> None:
    """Constants and BatchNorm, in any number and order: one layer is left, and its Relu."""
    layer = "Conv" if name.startswith("conv") else "Gemm"

    assert_all_the_same(FOLDED[name], tmp_path, [layer, "Relu"])


def test_rows_keep_their_matmul(tmp_path: Path) -> None:
    """Factors and constants along the last axis are folded into its weights and into the Add behind it."""
    draft = rows(then("Add", 3), then("Mul", 1, 1, 3), then("Sub", 1, 1, 1))

    assert_all_the_same(draft, tmp_path, ["MatMul", "Add", "Relu"])


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        pytest.param(vectors(then("Add", 1, 1, 3)), "node 'Add_f0': adding constant 'f0.c'", id="gemm-add"),
        pytest.param(
            vectors(then("Add", 1, 1, 1)), "node 'Add_f0': adding constant 'f0.c'", id="gemm-add-of-one-number"
        ),
        pytest.param(products(then("Add", 1, 1, 3)), "node 'Add_f0': adding constant 'f0.c'", id="matmul-add"),
        pytest.param(signals(then("Add", 1, 1, 3, 1)), "node 'Add_f0': adding constant 'f0.c'", id="conv1d-add"),
        pytest.param(
            vectors(then("Mul", 1, 1, 1)), "node 'Mul_f0': Mul cannot be quantized; it folds only", id="gemm-mul"
        ),
    ],
)
def test_a_constant_with_more_axes_is_no_bias(draft: Draft, message: str, tmp_path: Path) -> None:
    """It would give the result one axis more, which a bias cannot."""
    with pytest.raises(QuantizeError, match=message):
        read_network(canonical(draft.save(tmp_path / "m.onnx")).graph)


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        pytest.param(images(then("Add", 2, 2)), "adding constant", id="a-number-a-place"),
        pytest.param(
            images(then("Mul", 3, 2, 2)), "Mul cannot be quantized; it folds only right behind", id="a-factor-a-place"
        ),
        pytest.param(
            images(then("Div", 3, 1, 1, first=True)),
            "Div cannot be quantized; it folds only right behind",
            id="reciprocal",
        ),
        pytest.param(
            rows(lambda draft, source, output: draft.batch_norm(source, output, 2)),
            "BatchNormalization cannot",
            id="batch-norm-of-rows",
        ),
    ],
)
def test_what_is_not_a_number_a_channel_is_refused(draft: Draft, message: str, tmp_path: Path) -> None:
    """By the node's name, with where it could be folded."""
    with pytest.raises(QuantizeError, match=message):
        read_network(canonical(draft.save(tmp_path / "m.onnx")).graph)


def test_a_batch_norm_in_training_is_refused(tmp_path: Path) -> None:
    """Its statistics are those of the batch, which no weights can hold."""
    draft = images(then_batch_norm)
    draft.nodes[1].attribute.append(helper.make_attribute("training_mode", 1))

    with pytest.raises(QuantizeError, match="BatchNormalization cannot be quantized; it folds only"):
        canonical(draft.save(tmp_path / "m.onnx"))


def test_a_division_by_zero_is_refused(tmp_path: Path) -> None:
    """With the node that divides."""
    draft = images(then("Div", 3, 1, 1))
    draft.constants["f0.c"][1] = 0

    with pytest.raises(QuantizeError, match="node 'Conv_z': folding gives NaN or infinite weights; check 'Div_f0'"):
        canonical(draft.save(tmp_path / "m.onnx"))


def test_layers_that_share_weights_fold_one_by_one(tmp_path: Path) -> None:
    """Each gets weights of its own, with the BatchNorm behind it."""
    draft = Draft((3, 4, 4))
    shared = draft.constant("w", draft.random.normal(size=(3, 3, 3, 3), scale=0.2).astype(np.float32))
    draft.node("Conv", ["x", shared], "c0", pads=[1, 1, 1, 1])
    draft.batch_norm("c0", "n0", 3)
    draft.node("Relu", ["n0"], "r0")
    draft.node("Conv", ["r0", shared], "c1", pads=[1, 1, 1, 1])
    draft.batch_norm("c1", "y", 3)

    assert_all_the_same(draft, tmp_path, ["Conv", "Relu", "Conv"])


def test_a_layer_that_others_read_keeps_its_result(tmp_path: Path) -> None:
    """The BatchNorm on one of two ways cannot be folded."""
    draft = images(then_batch_norm)
    draft.nodes[-1].output[0] = "r"
    draft.node("Add", ["r", "z"], "y")

    with pytest.raises(QuantizeError, match="it folds only right behind a layer that it alone reads"):
        canonical(draft.save(tmp_path / "m.onnx"))


@settings(deadline=None)
@given(shape=st.lists(st.sampled_from([1, 2, 3]), max_size=5), op=st.sampled_from(["Add", "Sub", "Mul", "Div"]))
def test_folding_never_changes_a_shape(shape: list[int], op: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A constant of any shape that broadcasts is either refused, or the float results are what they were."""
    path = tmp_path_factory.mktemp("folded")
    draft = Draft((2, 3, 3))
    draft.node("Conv", ["x", draft.weights("w", 3, 2, 2, 2)], "z")
    then(op, *shape)(draft, "z", "y")
    source, x = draft.save(path / "m.onnx", batch=2), frames(draft, 2)
    try:
        exact = run(source, x)
    except Exception:  # onnxruntime's own, for shapes that do not broadcast
        return
    try:
        model = canonical(source)
    except QuantizeError:
        return
    onnx_ir.save(model, path / "form.onnx")

    assert run(path / "form.onnx", x).shape == exact.shape
    np.testing.assert_allclose(run(path / "form.onnx", x), exact, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("opset", [11, 13, 18, 20, 21])
@pytest.mark.parametrize("keeps", [0, 1])
def test_a_mean_over_rows_and_columns_is_a_global_pool(keeps: int, opset: int, tmp_path: Path) -> None:
    """Whether the file says shapes or not, and wherever its opset has the axes."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], "c")
    if opset < 18:
        draft.node("ReduceMean", ["c"], "m", axes=[2, 3], keepdims=keeps)
    else:
        draft.node("ReduceMean", ["c", draft.constant("axes", np.array([-1, -2]))], "m", keepdims=keeps)
    draft.node("Flatten", ["m"], "f")
    draft.node("MatMul", ["f", draft.weights("w1", 3, 3)], "y")
    flattens = ["Flatten"] * (2 - keeps)

    assert_all_the_same(draft, tmp_path, ["Conv", "GlobalAveragePool", *flattens, "Gemm"], opset)


def pooled(*outputs: str) -> onnx.NodeProto:
    """A MaxPool with these outputs."""
    return helper.make_node("MaxPool", ["c"], outputs, name="pool", kernel_shape=[2, 2])


def dropped(*outputs: str) -> onnx.NodeProto:
    """A Dropout with these outputs."""
    return helper.make_node("Dropout", ["c"], outputs, name="drop")


@pytest.mark.parametrize(
    ("node", "second", "message"),
    [
        pytest.param(
            pooled("p", "i"), TensorProto.INT64, "node 'pool': only the first output of MaxPool", id="indices"
        ),
        pytest.param(dropped("p", "i"), TensorProto.BOOL, "node 'drop': only the first output of Dropout", id="mask"),
    ],
)
def test_a_second_output_is_refused(node: onnx.NodeProto, second: int, message: str, tmp_path: Path) -> None:
    """The indices of maxima have no integer form, nor has a mask; both are fine as long as nobody reads them."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], "c")
    draft.nodes.append(node)
    draft.node("Relu", ["p"], "y")
    unread = canonical(draft.save(tmp_path / "m.onnx"))
    model = onnx.load(tmp_path / "m.onnx")
    model.graph.output.append(helper.make_tensor_value_info("i", second, None))
    onnx.save(model, tmp_path / "m.onnx")

    assert operators(unread)[:2] == ["Conv", "Relu"]
    with pytest.raises(QuantizeError, match=f"{message} can be quantized; export the model without 'i'"):
        canonical(tmp_path / "m.onnx")
