"""Brings a float graph into the one form that the rest of the quantizer reads.

Afterwards the opset is 21, constants and what stands behind layers are folded, every layer is a Conv, a Gemm (weights
by output) or a MatMul with an Add, each with a bias of its own, and clamps stand before pooling and layout."""

import onnx_ir
from onnx_ir.passes import PassError
from onnx_ir.passes.common import (
    ClearMetadataAndDocStringPass,
    CommonSubexpressionEliminationPass,
    IdentityEliminationPass,
    InlinePass,
    LiftConstantsToInitializersPass,
    RemoveInitializersFromInputsPass,
    RemoveUnusedNodesPass,
    ShapeInferencePass,
)
from onnxscript import version_converter
from onnxscript.optimizer import fold_constants

from shiftwright.errors import QuantizeError
from shiftwright.quantize.layer_form import canonical_layers
from shiftwright.quantize.names import Names, name_all
from shiftwright.quantize.operators import CARRIERS, CLAMPS, SUPPORTED
from shiftwright.quantize.quiet import quiet
from shiftwright.quantize.surgery import constant, is_read, only_reader, replace, rewire
from shiftwright.quantize.views import constant_views

OPSET = 21  # the first with 16-bit and 4-bit integers in DequantizeLinear
IR_VERSION = 10  # the one that came with it

_IGNORED = frozenset({"Identity", "Dropout"})
_ENDINGS = frozenset({"Softmax", "LogSoftmax"})


# What is folded or rewritten where it can be, and what to do where it cannot.
_ELSEWHERE = {
    "BatchNormalization": "it folds only right behind a layer that it alone reads; move it there",
    **dict.fromkeys(("Sub", "Mul", "Div"), "it folds only right behind a layer, by a number a channel; move it"),
    **dict.fromkeys(("Shape", "Squeeze", "Unsqueeze"), "only views that keep the batch are known; use Flatten"),
    "ReduceMean": "only means over rows and columns are known; use those",
}


def canonicalize(model: onnx_ir.Model) -> list[str]:
    """Rewrites the model in place; returns what a user should know of it. QuantizeError for what has no form here."""
    _simplify(model)
    graph = model.graph
    name_all(graph)
    for node in list(graph):
        if node.op_type in _IGNORED:
            _bypass(graph, node)
    warnings = _drop_ending(graph)
    constant_views(model)
    _spatial_means(graph)
    canonical_layers(graph)
    _refuse_unsupported(graph)
    _clamps_first(graph)
    RemoveUnusedNodesPass()(model)
    with quiet():
        ShapeInferencePass()(model)
    ClearMetadataAndDocStringPass()(model)
    name_all(graph)
    model.ir_version = IR_VERSION
    return warnings


def _refuse_second_outputs(graph: onnx_ir.Graph) -> None:
    """Indices of a MaxPool, masks of a Dropout."""
    for node in graph:
        if node.op_type in SUPPORTED | _IGNORED and any(is_read(value) for value in node.outputs[1:]):
            name, second = node.name or node.outputs[0].name, node.outputs[1].name
            raise QuantizeError(
                f"node {name!r}: only the first output of {node.op_type} can be quantized; "
                f"export the model without {second!r}"
            )


def _refuse_unsupported(graph: onnx_ir.Graph) -> None:
    for node in graph:
        if node.op_type not in SUPPORTED or node.domain not in ("", "ai.onnx"):
            advice = _ELSEWHERE.get(node.op_type, "replace it, or export the model without it")
            raise QuantizeError(
                f"node {node.name!r}: {node.op_type} cannot be quantized; {advice} "
                f"(there are {', '.join(sorted(SUPPORTED))})"
            )


def _bypass(graph: onnx_ir.Graph, node: onnx_ir.Node) -> None:
    """Takes out a node that changes nothing, or nothing that matters; QuantizeError if that would lose an output."""
    source, result = node.inputs[0], node.outputs[0]
    assert source is not None
    if result.is_graph_output() and (source.is_graph_output() or source.producer() is None):
        raise QuantizeError(
            f"output {result.name!r} is {source.name!r} after a {node.op_type} that is dropped; export one of the two"
        )
    rewire(result, source)
    graph.remove(node, safe=True)


def _simplify(model: onnx_ir.Model) -> None:
    with quiet():
        try:
            # Old files list their weights among the inputs, which would let a caller override them.
            RemoveInitializersFromInputsPass()(model)
            InlinePass()(model)
            _refuse_second_outputs(model.graph)
            version_converter.convert_version(model, OPSET, fallback=True)
            _fold(model)
        except (PassError, ValueError, RuntimeError, TypeError, AttributeError) as error:
            cause: BaseException = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            reason = str(cause).strip().splitlines()
            raise QuantizeError(
                f"the graph is not valid ONNX ({reason[0] if reason else type(cause).__name__}); "
                "onnx.checker.check_model tells more"
            ) from None
    opset = model.graph.opset_imports.get("", 0)
    if opset != OPSET:
        raise QuantizeError(f"opset {opset} cannot be converted to {OPSET}; export the model at opset {OPSET} or below")


def _fold(model: onnx_ir.Model) -> None:
    """Folds constants; of the optimizer's rewrite rules none runs, since some change the meaning."""
    fold_constants(model, output_size_limit=1 << 26)
    RemoveUnusedNodesPass()(model)
    LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    CommonSubexpressionEliminationPass()(model)
    IdentityEliminationPass()(model)
    RemoveUnusedNodesPass()(model)


def _drop_ending(graph: onnx_ir.Graph) -> list[str]:
    warnings = []
    for node in list(graph):
        if node.op_type in _ENDINGS and node.outputs[0].is_graph_output() and not node.outputs[0].uses():
            name = node.outputs[0].name
            _bypass(graph, node)
            warnings.append(
                f"the final {node.op_type} {node.name!r} is dropped: output {name!r} holds what went into it"
            )
    return warnings


def _spatial_means(graph: onnx_ir.Graph) -> None:
    """ReduceMean over rows and columns becomes GlobalAveragePool, with a Flatten where the axes are dropped."""
    names = Names(graph)
    for node in list(graph):
        source = node.inputs[0] if node.op_type == "ReduceMean" else None
        if source is None or source.shape is None or len(source.shape) != 4:
            continue
        axes = constant(node.inputs[1]) if len(node.inputs) > 1 else None
        if axes is None or sorted(int(axis) % 4 for axis in axes.ravel()) != [2, 3]:
            continue
        keeps = node.attributes.get_int("keepdims", 1)
        pool = onnx_ir.node("GlobalAveragePool", [source], name=node.name)
        if keeps:
            replace(graph, node, [pool])
        else:
            name = names.node(f"{node.name}_flatten")
            flatten = onnx_ir.node("Flatten", [pool.outputs[0]], {"axis": 1}, name=name)
            replace(graph, node, [pool, flatten])


def _clamps_first(graph: onnx_ir.Graph) -> None:
    """Moves Relu and Clip in front of max pooling and layout, which they commute with: pooling then works on codes."""
    moved = True
    while moved:
        moved = False
        for clamp in list(graph):
            source = clamp.inputs[0] if clamp.op_type in CLAMPS else None
            carrier = source.producer() if source is not None else None
            if carrier is None or carrier.op_type not in CARRIERS or only_reader(carrier.outputs[0]) is None:
                continue
            below = carrier.inputs[0]
            assert below is not None
            first = onnx_ir.node(clamp.op_type, [below, *clamp.inputs[1:]], clamp.attributes, name=clamp.name)
            then = onnx_ir.node(
                carrier.op_type, [first.outputs[0], *carrier.inputs[1:]], carrier.attributes, name=carrier.name
            )
            replace(graph, clamp, [first, then])
            graph.remove(carrier, safe=True)
            moved = True
