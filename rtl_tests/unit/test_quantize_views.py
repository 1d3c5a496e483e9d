"""Views of the same words, as exporters write them: each becomes a Flatten or a Reshape by a constant."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from rtl_tests.unit.canonical_subjects import assert_all_the_same, canonical, operators
from rtl_tests.unit.quantize_networks import Draft
from shiftwright.errors import QuantizeError


def gathered(draft: Draft, source: str) -> str:
    """x.size(0) as a vector of one number, by Shape, Gather and Unsqueeze."""
    draft.node("Shape", [source], "shape")
    draft.node("Gather", ["shape", draft.constant("zero", np.array(0))], "batch", axis=0)
    return draft.node("Unsqueeze", ["batch", draft.constant("axis", np.array([0]))], "batch1")


def sliced(draft: Draft, source: str) -> str:
    """The same by Shape and Slice."""
    bounds = [draft.constant(name, np.array([number])) for name, number in (("start", 0), ("stop", 1))]
    return draft.node("Slice", [draft.node("Shape", [source], "shape"), *bounds], "batch")


def cut(draft: Draft, source: str, output: str = "batch") -> str:
    """The same by a Shape that starts and ends."""
    return draft.node("Shape", [source], output, start=0, end=1)


@pytest.mark.parametrize("opset", [pytest.param(17, id="opset-17"), pytest.param(21, id="opset-21")])
@pytest.mark.parametrize("width", [pytest.param(-1, id="rest"), pytest.param(48, id="counted")])
@pytest.mark.parametrize("batch", [gathered, sliced, cut])
def test_a_view_by_the_batch_is_a_flatten(
    batch: Callable[[Draft, str], str], width: int, opset: int, tmp_path: Path
) -> None:
    """As exporters write x.view(x.size(0), -1) and x.view(x.size(0), 48)."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], "c")
    target = [batch(draft, "c"), draft.constant("rest", np.array([width]))]
    draft.node("Reshape", ["c", draft.node("Concat", target, "target", axis=0)], "v")
    draft.node("Gemm", ["v", draft.weights("w1", 48, 3)], "y")

    assert_all_the_same(draft, tmp_path, ["Conv", "Flatten", "Gemm"], opset)


def test_a_view_by_a_product_of_sizes_is_a_flatten(tmp_path: Path) -> None:
    """x.view(x.size(0), x.size(1) * x.size(2)), whose shape is computed throughout."""
    draft = Draft((2, 3))
    draft.node("Relu", ["x"], "r")
    draft.node("Shape", ["r"], "shape")
    for axis in range(3):
        draft.node("Gather", ["shape", draft.constant(f"axis{axis}", np.array([axis]))], f"size{axis}", axis=0)
    draft.node("Mul", ["size1", "size2"], "words")
    draft.node("Reshape", ["r", draft.node("Concat", ["size0", "words"], "target", axis=0)], "v")
    draft.node("Gemm", ["v", draft.weights("w", 6, 3)], "y")

    assert_all_the_same(draft, tmp_path, ["Relu", "Flatten", "Gemm"])


def test_views_of_views_are_followed(tmp_path: Path) -> None:
    """What is left open in the second one's shape depends on what was left open in the first one's."""
    draft = Draft((2, 2, 3))
    first = [gathered(draft, "x"), draft.constant("two", np.array([2])), draft.constant("rest", np.array([-1]))]
    draft.node("Reshape", ["x", draft.node("Concat", first, "target0", axis=0)], "v")
    draft.node("Reshape", ["v", draft.node("Concat", [cut(draft, "v", "n"), "rest"], "target1", axis=0)], "f")
    draft.node("Gemm", ["f", draft.weights("w", 12, 3)], "y")

    assert_all_the_same(draft, tmp_path, ["Reshape", "Flatten", "Gemm"])


@pytest.mark.parametrize("target", [[4, -1], [4, 3], [-1, 3], None])
def test_views_of_a_fixed_batch_are_flattened(target: list[int] | None, tmp_path: Path) -> None:
    """Whether a Reshape counts the samples or not; a Squeeze without axes cannot drop four of them."""
    draft = Draft((3, 1, 1))
    sizes = [] if target is None else [draft.constant("target", np.array(target))]
    draft.node("Reshape" if sizes else "Squeeze", ["x", *sizes], "v")
    draft.node("Gemm", ["v", draft.weights("w", 3, 2)], "y")
    form = canonical(draft.save(tmp_path / "m.onnx", batch=4))

    assert operators(form) == ["Flatten", "Gemm"]
    assert [str(value.shape) for node in form.graph for value in node.outputs] == ["[4,3]", "[4,2]"]


def test_a_view_across_samples_stays(tmp_path: Path) -> None:
    """Each sample gives two rows, which are no longer samples."""
    draft = Draft((8,))
    draft.node("Reshape", ["x", draft.constant("target", np.array([-1, 4]))], "v")
    draft.node("Gemm", ["v", draft.weights("w", 4, 3)], "y")

    assert_all_the_same(draft, tmp_path, ["Reshape", "Gemm"])


def test_names_that_exporters_give_to_sizes_do_not_hide_the_batch(tmp_path: Path) -> None:
    """A value that the file says to have a size of its own has the batch's where that can be inferred."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], "c")
    target = [gathered(draft, "c"), draft.constant("rest", np.array([-1]))]
    draft.node("Reshape", ["c", draft.node("Concat", target, "target", axis=0)], "v")
    draft.node("Gemm", ["v", draft.weights("w1", 48, 3)], "y")
    model = onnx.load(draft.save(tmp_path / "m.onnx"))
    told: dict[str, list[str | int | None]] = {"c": ["c0", 3, 4, 4], "v": ["v0", "v1"]}
    for name, shape in told.items():
        model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    onnx.save(model, tmp_path / "m.onnx")
    form = canonical(tmp_path / "m.onnx")

    assert operators(form) == ["Conv", "Flatten", "Gemm"]
    assert [str(value.shape) for node in form.graph for value in node.outputs] == ["[n,3,4,4]", "[n,48]", "[n,3]"]


@pytest.mark.parametrize("opset", [pytest.param(13, id="opset-13"), pytest.param(21, id="opset-21")])
@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        pytest.param([[2, 3]], ["Flatten"], id="both"),
        pytest.param([[-1], [-1]], ["Reshape", "Flatten"], id="one-by-one"),
    ],
)
def test_a_squeeze_behind_a_global_pool_is_a_flatten(
    axes: list[list[int]], expected: list[str], opset: int, tmp_path: Path
) -> None:
    """Rows and columns have size 1 there."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], "c")
    value = draft.node("GlobalAveragePool", ["c"], "g")
    for index, dropped in enumerate(axes):
        value = draft.node("Squeeze", [value, draft.constant(f"axes{index}", np.array(dropped))], f"s{index}")
    draft.node("Gemm", [value, draft.weights("w1", 3, 3)], "y")

    assert_all_the_same(draft, tmp_path, ["Conv", "GlobalAveragePool", *expected, "Gemm"], opset)


def test_an_unsqueeze_is_a_reshape(tmp_path: Path) -> None:
    """A vector becomes an image of one place."""
    draft = Draft((4,))
    draft.node("Unsqueeze", ["x", draft.constant("axes", np.array([2, 3]))], "u")
    draft.node("Conv", ["u", draft.weights("w", 3, 4, 1, 1)], "y")

    assert_all_the_same(draft, tmp_path, ["Reshape", "Conv"])


def squeezed(*axes: int) -> Draft:
    """A Squeeze of these axes behind a global pool."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], "c")
    draft.node("GlobalAveragePool", ["c"], "g")
    draft.node("Squeeze", ["g", draft.constant("axes", np.array(axes))] if axes else ["g"], "y")
    return draft


def spread() -> Draft:
    """An Unsqueeze that puts an axis before the batch."""
    draft = Draft((4,))
    draft.node("Gemm", ["x", draft.weights("w", 4, 3)], "z")
    draft.node("Unsqueeze", ["z", draft.constant("axes", np.array([0]))], "y")
    return draft


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        pytest.param(
            squeezed(), "node 'Squeeze_y': Squeeze without axes drops a batch of one, too; give", id="squeeze"
        ),
        pytest.param(
            spread(), "node 'Unsqueeze_y': Unsqueeze cannot .* only views that keep the batch", id="unsqueeze"
        ),
    ],
)
def test_views_that_move_the_batch_are_refused(draft: Draft, message: str, tmp_path: Path) -> None:
    """With what to use instead."""
    with pytest.raises(QuantizeError, match=message):
        canonical(draft.save(tmp_path / "m.onnx"))
