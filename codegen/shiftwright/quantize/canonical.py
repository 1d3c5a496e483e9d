"""Brings a float graph into the one form that the rest of the quantizer reads.

Afterwards the opset is 21, BatchNorm and constants are folded, every layer is a Conv, a Gemm (weights by output) or a
MatMul with an Add, each with a bias of its own, and clamps stand before pooling and layout."""

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
from onnxscript.rewriter import RewritePass
from onnxscript.rewriter.rules.common import fuse_batchnorm_into_conv_rule, fuse_batchnorm_into_gemm_rule

from shiftwright.errors import QuantizeError
from shiftwright.quantize.layer_form import canonical_layers
from shiftwright.quantize.operators import CARRIERS, CLAMPS, LAYERS, SUPPORTED
from shiftwright.quantize.quiet import quiet
from shiftwright.quantize.surgery import constant, replace, rewire

OPSET = 21  # the first with 16-bit and 4-bit integers in DequantizeLinear
IR_VERSION = 10  # the one that came with it

BATCHNORM = (fuse_batchnorm_into_conv_rule, fuse_batchnorm_into_gemm_rule)

_IGNORED = frozenset({"Identity", "Dropout"})
_ENDINGS = frozenset({"Softmax", "LogSoftmax"})


def canonicalize(model: onnx_ir.Model) -> list[str]:
    """Rewrites the model in place; returns what a user should know of it. QuantizeError for what has no form here."""
    names = _names_by_weight(model.graph)
    _simplify(model)
    graph = model.graph
    # Folding makes new nodes; a layer keeps the name its user knows, found by its weights.
    for weight, name in _names_by_weight(graph).items():
        named = next(node for node in graph if node.name == name)
        named.name = names.get(weight) or name
    for node in list(graph):
        if node.op_type in _IGNORED:
            _bypass(graph, node)
    warnings = _drop_ending(graph)
    _spatial_means(graph)
    canonical_layers(graph)
    for node in graph:
        if node.op_type not in SUPPORTED or node.domain not in ("", "ai.onnx"):
            raise QuantizeError(
                f"node {node.name!r}: {node.op_type} cannot be quantized; replace it, or export the model without it "
                f"(there are {', '.join(sorted(SUPPORTED))})"
            )
    _clamps_first(graph)
    RemoveUnusedNodesPass()(model)
    with quiet():
        ShapeInferencePass()(model)
    ClearMetadataAndDocStringPass()(model)
    _name_nodes(graph)
    model.ir_version = IR_VERSION
    return warnings


def _names_by_weight(graph: onnx_ir.Graph) -> dict[str | None, str | None]:
    """The names of the layers whose weights are their own, by the weights' names."""
    layers = [(node.inputs[1], node) for node in graph if node.op_type in LAYERS and len(node.inputs) > 1]
    return {
        weight.name: node.name
        for weight, node in layers
        if weight is not None and len(weight.uses()) == 1 and node.name
    }


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
    """Folds constants and BatchNorm; of the optimizer's rewrite rules no other runs, since some change the meaning."""
    InlinePass()(model)
    for _ in range(2):  # what a fused BatchNorm leaves may fold once more
        fold_constants(model, output_size_limit=1 << 26)
        RewritePass(BATCHNORM)(model)
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
    """ReduceMean over rows and columns becomes GlobalAveragePool, with a Reshape where the axes are dropped."""
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
            flatten = onnx_ir.node("Flatten", [pool.outputs[0]], {"axis": 1}, name=f"{node.name}_flatten")
            replace(graph, node, [pool, flatten])


def _clamps_first(graph: onnx_ir.Graph) -> None:
    """Moves Relu and Clip in front of max pooling and layout, which they commute with: pooling then works on codes."""
    moved = True
    while moved:
        moved = False
        for clamp in list(graph):
            source = clamp.inputs[0] if clamp.op_type in CLAMPS else None
            carrier = source.producer() if source is not None else None
            if carrier is None or carrier.op_type not in CARRIERS or _is_shared(carrier.outputs[0]):
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


def _is_shared(value: onnx_ir.Value) -> bool:
    return value.is_graph_output() or len(value.uses()) > 1


def _name_nodes(graph: onnx_ir.Graph) -> None:
    """Gives every node and value a name; the rest of the quantizer speaks of them by name."""
    taken: set[str] = {value.name or "" for value in [*graph.inputs, *graph.initializers.values()]}
    for number, node in enumerate(graph):
        node.name = node.name or f"{node.op_type}_{number}"
        for value in node.outputs:
            name = value.name or f"{node.name}_output"
            while name in taken:
                name += "_"
            value.name = name
            taken.add(name)
