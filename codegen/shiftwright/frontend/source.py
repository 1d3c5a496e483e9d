"""Reads an ONNX file and refuses, in one line, what cannot be a network: before any operator is looked at."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir
from google.protobuf.message import DecodeError
from onnx_ir.passes.common import (
    InlinePass,
    LiftConstantsToInitializersPass,
    RemoveInitializersFromInputsPass,
    RemoveUnusedNodesPass,
)
from onnx_ir.serde import SerdeError
from onnxscript.optimizer import fold_constants

from shiftwright.errors import ImportModelError

OPSETS = range(13, 24)
STANDARD_DOMAINS = ("", "ai.onnx")
for _library in ("onnx_ir", "onnxscript"):
    # What matters in their warnings becomes an error of ours; without a handler they would go to standard error.
    logging.getLogger(_library).addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True, eq=False)
class OnnxFile:
    """A file with its constants folded; `graph` has no functions and no Constant nodes."""

    path: Path
    opset: int
    graph: onnx_ir.Graph


def read_onnx(path: Path) -> OnnxFile:
    """The graph of an ONNX file with constants folded; ImportModelError if it is none, or is damaged."""
    if path.is_dir():
        raise ImportModelError(f"{path} is a folder; name the .onnx file in it")
    if not path.exists():
        raise ImportModelError(f"{path} does not exist; check the path")
    try:
        model = onnx_ir.load(path)
    except OSError as error:
        raise ImportModelError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
    except (DecodeError, SerdeError, ValueError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise ImportModelError(
            f"{path} is not an ONNX file, or is cut short ({reason}); export or copy it again"
        ) from error
    if not len(model.graph):
        raise ImportModelError(f"{path} holds no ONNX graph (it is empty or cut short); export or copy it again")
    opset = next((model.opset_imports[domain] for domain in STANDARD_DOMAINS if domain in model.opset_imports), None)
    if opset not in OPSETS:
        raise ImportModelError(
            f"{path} has ONNX opset {opset}; {OPSETS.start} to {OPSETS.stop - 1} are supported, convert it with "
            "onnx.version_converter"
        )
    _check_constants(path, model.graph)
    _fold(model)
    # Once more: folding lifts the numbers of Constant nodes among the initializers.
    _check_constants(path, model.graph)
    assert opset is not None
    return OnnxFile(path, opset, model.graph)


def _fold(model: onnx_ir.Model) -> None:
    """Inlines functions and folds constants, in place.

    The optimizer's rewrite rules stay off: two of them change what a file means (a Clip behind a Clip, a dilated Conv
    padded SAME)."""
    InlinePass()(model)
    RemoveInitializersFromInputsPass()(model)
    fold_constants(model, output_size_limit=1 << 26)
    RemoveUnusedNodesPass()(model)
    LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)


def _check_constants(path: Path, graph: onnx_ir.Graph) -> None:
    for name, value in graph.initializers.items():
        if value.const_value is None:
            raise ImportModelError(f"{path}: constant {name!r} has no data; export the model again")
        try:
            array = np.asarray(value.const_value.numpy())
        except (FileNotFoundError, OSError, ValueError) as error:
            where = getattr(value.const_value, "location", "its external file")
            raise ImportModelError(
                f"{path}: the data of {name!r} should be in {where}, which cannot be read; put it beside the model"
            ) from error
        if 0 in array.shape and array.ndim > 1:
            raise ImportModelError(
                f"{path}: constant {name!r} has shape {array.shape}, which holds no number; remove its layer"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            where = tuple(int(axis) for axis in np.argwhere(~np.isfinite(array))[0])
            if not _is_bound(value):
                raise ImportModelError(
                    f"{path}: constant {name!r} holds {array[where]} at {list(where)}; train or export the model again"
                )


def _is_bound(value: onnx_ir.Value) -> bool:
    """An infinite bound of a Clip is a usual way to say that there is none."""
    array = np.asarray(value.const_value.numpy()) if value.const_value is not None else np.zeros(0)
    return not np.isnan(array).any() and all(use.node.op_type == "Clip" for use in value.uses())
