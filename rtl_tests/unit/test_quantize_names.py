"""Names that the quantizer makes up give way to those of the file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import pytest

from rtl_tests.unit.canonical_subjects import images, rows, then
from rtl_tests.unit.quantize_networks import Draft, frames, run
from shiftwright.quantize import Settings, quantize
from shiftwright.quantize.names import Names


def unnamed_relu() -> Draft:
    """An unnamed Relu in a place whose name the second Relu has."""
    draft = images(then("Add"))
    draft.nodes[1].name, draft.nodes[2].name = "", "Relu_1"
    draft.nodes[1].op_type = "Relu"
    del draft.nodes[1].input[1]
    return draft


def unnamed_conv() -> Draft:
    """An unnamed Conv makes a value of the name that its Relu has."""
    draft = images()
    draft.nodes[0].output[0] = draft.nodes[1].input[0] = draft.nodes[1].name = "conv1"
    draft.nodes[0].name = ""
    return draft


def bias_beside() -> Draft:
    """The Relu behind a MatMul "fc" is called as its bias would be."""
    draft = rows()
    draft.nodes[0].name, draft.nodes[1].name = "fc", "fc_bias"
    return draft


@pytest.mark.parametrize("build", [unnamed_relu, unnamed_conv, bias_beside])
def test_names_that_are_made_up_give_way(build: Callable[[], Draft], tmp_path: Path) -> None:
    """To names that the file has; those all stay."""
    draft = build()
    source, x = draft.save(tmp_path / "f.onnx"), frames(draft)
    settings = Settings(weights="uniform", weight_bits=8, activation_bits=7)  # which takes a Clip
    quantize(source, {"x": x}, settings, tmp_path / "q.onnx")
    exact = run(source, x)

    assert np.abs(run(tmp_path / "q.onnx", x) - exact).max() < 0.05 * np.abs(exact).max()
    made = {node.name for node in onnx.load(tmp_path / "q.onnx").graph.node}
    assert made >= {node.name for node in draft.nodes if node.name}


def pair(value: str = "z", node: str = "r") -> Draft:
    """Two Convs with Relu, of which the first pair has a value and a node that nothing is named after."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 1, 1)], value)
    draft.node("Relu", [value], "a")
    draft.nodes[0].name, draft.nodes[1].name = "conv", node
    draft.node("Conv", ["a", draft.weights("w1", 3, 3, 1, 1)], "c")
    draft.node("Relu", ["c"], "y")
    return draft


def test_whatever_is_made_up_gives_way(tmp_path: Path) -> None:
    """Every name in a quantized file that is not in the float one, given to a value or a node of the float one."""
    source, target, settings = tmp_path / "f.onnx", tmp_path / "q.onnx", Settings(activation_bits=6)
    x = frames(pair())
    quantize(pair().save(source), {"x": x}, settings, target)
    expected, graph = run(target, x), onnx.load(target).graph
    values = {name for node in graph.node for name in node.output} | {tensor.name for tensor in graph.initializer}
    values |= {"conv.weight", "conv.bias"}  # which become codes and scales
    nodes = {node.name for node in graph.node} - {node.name for node in pair().nodes}
    taken = [*({"value": name} for name in values - {"a", "c", "y"}), *({"node": name} for name in nodes)]

    assert len(taken) > 30
    for names in taken:
        quantize(pair(**names).save(source), {"x": x}, settings, target)
        np.testing.assert_array_equal(run(target, x), expected)


def test_a_name_is_given_once() -> None:
    """Nodes and values apart."""
    graph = onnx_ir.Graph([], [], nodes=[onnx_ir.node("Relu", [onnx_ir.Value(name="x")], name="a")])
    names = Names(graph)

    assert [names.node("a"), names.node("a"), names.value("a"), names.value("a")] == ["a_", "a__", "a", "a_"]
