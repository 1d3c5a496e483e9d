"""Where channels meet: which must be scaled together, and which not at all."""

from pathlib import Path

import numpy as np
import onnx_ir
import pytest
from onnx_ir.passes.common import ShapeInferencePass

from rtl_tests.unit.quantize_networks import Draft
from shiftwright.quantize.channels import Channels, trace_channels
from shiftwright.quantize.identities import Identities
from shiftwright.quantize.network import read_network


def traced(draft: Draft, path: Path) -> Channels:
    """The channels of a network that is canonical as it is drafted, but for operators that are not supported."""
    model = onnx_ir.load(draft.save(path / "network.onnx", opset=21, batch="n"))
    ShapeInferencePass()(model)
    return trace_channels(model.graph, read_network(model.graph))


def conv(draft: Draft, source: str, output: str, *shape: int, **attributes: int | list[int]) -> str:
    """A Conv by the name of its output, with weights of a shape."""
    names = [draft.weights(f"{output}.w", *shape), draft.weights(f"{output}.b", shape[0])]
    draft.node("Conv", [source, *names], output, **attributes)
    draft.nodes[-1].name = output
    return output


def gemm(draft: Draft, source: str, output: str, outputs: int, inputs: int) -> str:
    """A Gemm by the name of its output."""
    names = [draft.weights(f"{output}.w", outputs, inputs), draft.weights(f"{output}.b", outputs)]
    draft.node("Gemm", [source, *names], output, transB=1)
    draft.nodes[-1].name = output
    return output


def test_identities_are_led_by_their_least_member() -> None:
    """Three numbers joined in a row, two others left alone; 0 stays 0."""
    known = Identities()
    numbers = known.new(5)
    known.unite(numbers[[3, 1]], numbers[[1, 4]])

    count, labels = known.labels()
    assert count == 4
    assert labels.tolist() == [0, 1, 2, 3, 2, 2]


@pytest.mark.parametrize(
    ("op", "bounds", "attributes", "passes"),
    [
        pytest.param("Relu", [], {}, True, id="relu"),
        pytest.param("Clip", [0.0], {}, True, id="clip-from-0"),
        pytest.param("Clip", [0.0, np.inf], {}, True, id="clip-from-0-to-infinity"),
        pytest.param("Clip", [-np.inf, 0.0], {}, True, id="clip-to-0"),
        pytest.param("MaxPool", [], {"kernel_shape": [2, 2]}, True, id="max-pool"),
        pytest.param("AveragePool", [], {"kernel_shape": [2, 2]}, True, id="average-pool"),
        pytest.param("Clip", [0.0, 6.0], {}, False, id="relu6"),
        pytest.param("Clip", [-1.0], {}, False, id="clip-from-minus-1"),
        pytest.param("Sigmoid", [], {}, False, id="sigmoid"),
        pytest.param("HardSwish", [], {}, False, id="hard-swish"),
    ],
)
def test_scales_pass_what_is_positively_homogeneous(
    op: str, bounds: list[float], attributes: dict[str, list[int]], passes: bool, tmp_path: Path
) -> None:
    """Through these operators the next layer reads the channels that the first one makes; others fix them."""
    draft = Draft((1, 4, 4))
    conv(draft, "x", "c", 3, 1, 1, 1)
    constants = [draft.constant(f"bound{index}", np.array(bound, np.float32)) for index, bound in enumerate(bounds)]
    draft.node(op, ["c", *constants], "a", **attributes)
    conv(draft, "a", "y", 2, 3, 1, 1)
    channels = traced(draft, tmp_path)

    expected = [1, 2, 3] if passes else [0, 0, 0]
    assert channels.outputs["c"].tolist() == expected
    assert channels.inputs["y"].tolist() == [expected]
    assert channels.outputs["y"].tolist() == [0, 0]
    assert channels.inputs["c"].tolist() == [[0]]


def test_a_sum_makes_channels_one(tmp_path: Path) -> None:
    """A layer beside its own input, both with three channels of the same identities."""
    draft = Draft((1, 4, 4))
    conv(draft, "x", "c", 3, 1, 1, 1)
    conv(draft, "c", "d", 3, 3, 1, 1)
    draft.node("Add", ["c", "d"], "s")
    conv(draft, "s", "y", 1, 3, 1, 1)
    channels = traced(draft, tmp_path)

    assert channels.outputs["c"].tolist() == channels.outputs["d"].tolist() == [1, 2, 3]
    assert channels.inputs["y"].tolist() == [[1, 2, 3]]
    assert channels.producers().tolist() == [1, 2, 2, 2]


def test_a_sum_with_an_input_of_the_graph_is_fixed(tmp_path: Path) -> None:
    """Nothing can rescale what the host sends."""
    draft = Draft((2, 4, 4))
    conv(draft, "x", "c", 2, 2, 1, 1)
    draft.node("Add", ["c", "x"], "s")
    conv(draft, "s", "y", 1, 2, 1, 1)

    assert traced(draft, tmp_path).outputs["c"].tolist() == [0, 0]


def test_a_broadcasting_sum_joins_all_that_meet(tmp_path: Path) -> None:
    """One channel added to two others makes the three one."""
    draft = Draft((1, 4, 4))
    conv(draft, "x", "c", 1, 1, 1, 1)
    conv(draft, "x", "d", 2, 1, 1, 1)
    draft.node("Add", ["c", "d"], "s")
    conv(draft, "s", "y", 1, 2, 1, 1)
    channels = traced(draft, tmp_path)

    assert (channels.outputs["c"].tolist(), channels.outputs["d"].tolist()) == ([1], [1, 1])
    assert channels.inputs["y"].tolist() == [[1, 1]]


def test_joined_channels_lie_side_by_side(tmp_path: Path) -> None:
    """A Concat on the channels keeps identities apart, in its order; one on the rows makes those of a channel one."""
    draft = Draft((1, 4, 4))
    conv(draft, "x", "c", 2, 1, 1, 1)
    conv(draft, "x", "d", 1, 1, 1, 1)
    draft.node("Concat", ["d", "c"], "j", axis=-3)
    conv(draft, "j", "e", 3, 3, 1, 2)
    conv(draft, "j", "f", 3, 3, 1, 2)
    draft.node("Concat", ["e", "f"], "k", axis=2)
    conv(draft, "k", "y", 1, 3, 1, 1)
    channels = traced(draft, tmp_path)

    assert channels.inputs["e"].tolist() == [[3, 3, 1, 1, 2, 2]]
    assert channels.outputs["e"].tolist() == channels.outputs["f"].tolist() == [4, 5, 6]
    assert channels.inputs["y"].tolist() == [[4, 5, 6]]


def test_joined_with_an_input_of_the_graph_only_that_is_fixed(tmp_path: Path) -> None:
    """The layer's channels stay free."""
    draft = Draft((2, 4, 4))
    conv(draft, "x", "c", 2, 2, 1, 1)
    draft.node("Concat", ["x", "c"], "j", axis=1)
    conv(draft, "j", "y", 1, 4, 1, 1)

    assert traced(draft, tmp_path).inputs["y"].tolist() == [[0, 0, 1, 2]]


def test_a_grouped_layer_tells_what_each_row_reads(tmp_path: Path) -> None:
    """A depthwise Conv with two outputs a channel, then one of two groups of two channels."""
    draft = Draft((1, 4, 4))
    conv(draft, "x", "c", 2, 1, 1, 1)
    conv(draft, "c", "d", 4, 1, 1, 2, group=2)
    conv(draft, "d", "e", 2, 2, 1, 1, group=2)
    draft.node("Relu", ["e"], "y")
    channels = traced(draft, tmp_path)

    assert channels.inputs["d"].tolist() == [[1, 1], [1, 1], [2, 2], [2, 2]]
    assert channels.inputs["e"].tolist() == [[3, 4], [5, 6]]


@pytest.mark.parametrize(
    ("op", "target"),
    [
        pytest.param("Flatten", None, id="flatten"),
        pytest.param("Reshape", [-1, 8], id="reshape-counts-the-batch"),
        pytest.param("Reshape", [0, 8], id="reshape-copies-and-counts"),
    ],
)
def test_flattened_words_keep_their_channel(op: str, target: list[int] | None, tmp_path: Path) -> None:
    """Two channels of 2×2 words become eight columns of a Gemm."""
    draft = Draft((1, 2, 2))
    conv(draft, "x", "c", 2, 1, 1, 1)
    draft.node(op, ["c"] if target is None else ["c", draft.constant("target", np.array(target))], "f")
    gemm(draft, "f", "y", 3, 8)

    assert traced(draft, tmp_path).inputs["y"].tolist() == [[1, 1, 1, 1, 2, 2, 2, 2]]


def test_a_reshape_that_moves_words_across_the_batch_is_fixed(tmp_path: Path) -> None:
    """(n, 2, 2, 2) seen as (2n, 4): what a column reads is of one channel or the other."""
    draft = Draft((1, 2, 2))
    conv(draft, "x", "c", 2, 1, 1, 1)
    draft.node("Reshape", ["c", draft.constant("target", np.array([-1, 4]))], "f")
    gemm(draft, "f", "y", 3, 4)

    assert traced(draft, tmp_path).outputs["c"].tolist() == [0, 0]


def test_a_matmul_reads_and_makes_the_last_axis(tmp_path: Path) -> None:
    """Behind a Transpose to channels last; its bias is an Add of a constant, which fixes nothing."""
    draft = Draft((1, 2, 2))
    conv(draft, "x", "c", 3, 1, 1, 1)
    draft.node("Transpose", ["c"], "t", perm=[0, 2, 3, 1])
    draft.node("MatMul", ["t", draft.weights("m.w", 3, 2)], "p")
    draft.node("Add", ["p", draft.weights("m.b", 2)], "m")
    draft.node("Flatten", ["m"], "f")
    gemm(draft, "f", "y", 1, 8)
    channels = traced(draft, tmp_path)

    assert channels.inputs["MatMul_p"].tolist() == [[1, 2, 3]]
    assert channels.outputs["MatMul_p"].tolist() == [4, 5]
    assert channels.inputs["y"].tolist() == [[4, 5, 4, 5, 4, 5, 4, 5]]


def test_what_meets_in_a_pool_becomes_one(tmp_path: Path) -> None:
    """Four results laid out as one channel of 2×2 words."""
    draft = Draft((3,))
    gemm(draft, "x", "g", 4, 3)
    draft.node("Reshape", ["g", draft.constant("target", np.array([-1, 1, 2, 2]))], "r")
    draft.node("MaxPool", ["r"], "p", kernel_shape=[2, 2])
    conv(draft, "p", "y", 1, 1, 1, 1)
    channels = traced(draft, tmp_path)

    assert channels.outputs["g"].tolist() == [1, 1, 1, 1]
    assert channels.inputs["y"].tolist() == [[1]]


def test_images_of_any_size_are_followed(tmp_path: Path) -> None:
    """As long as nothing asks for their sizes."""
    draft = Draft((1, "rows", "columns"))
    conv(draft, "x", "c", 2, 1, 1, 1)
    conv(draft, "x", "d", 1, 1, 1, 1)
    draft.node("Concat", ["c", "d"], "j", axis=1)
    draft.node("MaxPool", ["j"], "p", kernel_shape=[2, 2])
    conv(draft, "p", "y", 1, 3, 1, 1)

    assert traced(draft, tmp_path).inputs["y"].tolist() == [[1, 2, 3]]


def test_large_images_cost_nothing(tmp_path: Path) -> None:
    """A residual block on 64×4096×4096 words, which nobody could hold one by one."""
    draft = Draft((64, 4096, 4096))
    conv(draft, "x", "c", 64, 64, 1, 1)
    conv(draft, "c", "d", 64, 64, 3, 3, pads=[1, 1, 1, 1])
    draft.node("Add", ["c", "d"], "s")
    draft.node("Concat", ["s", "c"], "j", axis=1)
    conv(draft, "j", "y", 1, 128, 1, 1)

    assert traced(draft, tmp_path).inputs["y"].tolist() == [[*range(1, 65), *range(1, 65)]]
