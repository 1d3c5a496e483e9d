"""Holds onnxruntime against the exact meaning, one layer at a time, so that a flipped rounding does not travel.

Each QuantizeLinear and the graph's output is computed by onnxruntime from the exact codes before it. onnxruntime works
in float32, so a number that lies next to a rounding threshold may fall on the other side: that, by one step, is all it
may do."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from rtl_tests.oracle.evaluator import trace
from rtl_tests.oracle.tensor import FLOAT, Tensor, indices, to_array

FLOAT_SLACK = Fraction(1, 1 << 18)
"""Relative to the largest number of a tensor: what float32's 24 bits may lose over a small layer's sums."""

FOUR_BITS = {TensorProto.INT4, TensorProto.UINT4}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Words compared, words that differ by one step at a near-tie, and what has no such excuse, in words."""

    words: int
    flips: int
    faults: list[str]


def compare(model: onnx.ModelProto, x: NDArray[np.generic]) -> Agreement:
    """onnxruntime, unoptimized, against the exact meaning wherever codes are made and at the output."""
    exact = trace(model, x)
    constant = {proto.name for proto in model.graph.initializer}
    for node in model.graph.node:
        if all(name in constant for name in node.input if name):
            constant.add(node.output[0])
    words, flips, faults = 0, 0, []
    output = model.graph.output[0].name
    for node in model.graph.node:
        name = node.output[0]
        if name in constant or (node.op_type not in ("QuantizeLinear", "ReduceSum") and name != output):
            continue
        found = _run_alone(model, name, exact, constant)
        words += found.size
        if exact[name].kind == FLOAT:
            faults += _wrong_reals(name, found, exact[name])
        elif node.op_type in ("QuantizeLinear", "ReduceSum"):
            steps = (_distances_to_tie if node.op_type == "QuantizeLinear" else _distances_to_threshold)(
                node, exact, model
            )
            slack = FLOAT_SLACK * (1 + max(abs(step) for step, _ in steps))
            for got, code, (step, distance) in zip(found.ravel().tolist(), exact[name].values, steps, strict=True):
                if got == code:
                    continue
                flips += 1
                if abs(got - code) > 1 or distance > slack:
                    faults.append(f"{name}: onnxruntime has {got}, exactly {code} from {float(step)}")
    return Agreement(words, flips, faults)


def run_onnxruntime(model: onnx.ModelProto, feeds: dict[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    """The first output, with every graph optimization off."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, feeds)[0])


def _distances_to_tie(
    node: onnx.NodeProto, exact: dict[str, Tensor], model: onnx.ModelProto
) -> list[tuple[Fraction, Fraction]]:
    """Number of steps before rounding, and how far that is from k + 1/2, for each element a QuantizeLinear rounds."""
    x, scale = exact[node.input[0]], exact[node.input[1]]
    (axis,) = [attribute.i for attribute in node.attribute if attribute.name == "axis"] or [1]
    steps = [Fraction(x[index]) / scale.along(axis, index) for index in indices(x.shape)]
    return [(step, abs(step % 1 - Fraction(1, 2))) for step in steps]


def _distances_to_threshold(
    node: onnx.NodeProto, exact: dict[str, Tensor], model: onnx.ModelProto
) -> list[tuple[Fraction, Fraction]]:
    """The number that is compared, and how far it is from the nearest threshold, both over the largest threshold."""
    makers = {made.output[0]: made for made in model.graph.node}
    compared = makers[makers[node.input[0]].input[0]]
    numbers, thresholds = ([Fraction(each) for each in exact[name].values] for name in compared.input)
    largest = max(map(abs, thresholds)) or 1
    return [
        (number / largest, min(abs(number - threshold) for threshold in thresholds) / largest) for number in numbers
    ]


def _wrong_reals(name: str, found: NDArray[np.generic], exact: Tensor) -> list[str]:
    worst = max((abs(Fraction(number)) for number in exact.values), default=Fraction(0))
    return [
        f"{name}: onnxruntime has {got}, exactly {float(number)}"
        for got, number in zip(found.ravel().tolist(), exact.values, strict=True)
        if abs(Fraction(got) - number) > FLOAT_SLACK * worst
    ]


def _run_alone(
    model: onnx.ModelProto, wanted: str, exact: dict[str, Tensor], constant: set[str]
) -> NDArray[np.generic]:
    """One tensor by onnxruntime, from the exact codes nearest before it; four-bit codes travel as int8, by a Cast."""
    makers = {node.output[0]: node for node in model.graph.node}
    (free,) = [value.name for value in model.graph.input if value.name not in constant]
    needed, feeds, waiting = set[str](), dict[str, NDArray[np.generic]](), [wanted]
    inputs, casts = [], []
    while waiting:
        name = waiting.pop()
        tensor = exact[name]
        is_answer = name in makers and exact[makers[name].input[0]].kind == TensorProto.BOOL
        is_codes = name not in constant and tensor.kind not in (FLOAT, TensorProto.BOOL) and not is_answer
        is_codes = is_codes and name != wanted
        if (is_codes or name == free) and name not in feeds:
            kind = TensorProto.INT8 if tensor.kind in FOUR_BITS else tensor.kind
            source = f"{name}_as_int8" if kind != tensor.kind else name
            if kind != tensor.kind:
                casts.append(helper.make_node("Cast", [source], [name], to=tensor.kind))
            feeds[source] = to_array(Tensor(tensor.shape, tensor.values, kind))
            inputs.append(helper.make_tensor_value_info(source, kind, tensor.shape))
        elif name in makers and name not in needed and not is_codes:
            needed.add(name)
            waiting += [source for source in makers[name].input if source]
    nodes = [*casts, *(node for node in model.graph.node if node.output[0] in needed)]
    result, kind = wanted, exact[wanted].kind
    if kind in FOUR_BITS:
        result, kind = f"{wanted}_as_int8", TensorProto.INT8
        nodes.append(helper.make_node("Cast", [wanted], [result], to=kind))
    read = {source for node in nodes for source in node.input}
    graph = helper.make_graph(
        nodes,
        "alone",
        inputs,
        [helper.make_tensor_value_info(result, kind, exact[wanted].shape)],
        [proto for proto in model.graph.initializer if proto.name in read],
    )
    alone = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return run_onnxruntime(alone, feeds)
