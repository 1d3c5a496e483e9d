"""Reads a float ONNX file and refuses, in one line, what cannot be quantized."""

from pathlib import Path
from typing import Any
from warnings import catch_warnings

import numpy as np
import onnx.parser
import onnx_ir
from google.protobuf import json_format, text_format
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.execute import Session
from shiftwright.quantize.quiet import quiet

# Any of these means that somebody has quantized the model before.
INTEGER_OPERATORS = frozenset(
    [
        "QuantizeLinear",
        "DequantizeLinear",
        "DynamicQuantizeLinear",
        "QLinearConv",
        "QLinearMatMul",
        "ConvInteger",
        "MatMulInteger",
    ]
)

# What protobuf, onnx and onnx_ir raise for a file of another kind or a damaged one, by the format its name ends in.
_UNREADABLE = (
    DecodeError,
    json_format.Error,
    text_format.Error,
    onnx.parser.ParseError,
    onnx_ir.serde.SerdeError,
    ValueError,
    KeyError,
)


def load_float_model(path: Path) -> onnx_ir.Model:
    """The model with its weights in memory; QuantizeError for a file or a model that is of no use here."""
    model = _read(path)
    for node in model.graph.all_nodes():
        if node.op_type in INTEGER_OPERATORS:
            raise QuantizeError(
                f"{path}: node {node.name or node.outputs[0].name!r} is a {node.op_type}, so the model is quantized "
                "already; compile it as it is, or give the float model"
            )
    _check_inputs(path, model)
    _check_constants(path, model)
    try:
        Session(model)  # what onnxruntime does not load, it does not calibrate
    except onnx_ir.serde.SerdeError:
        raise _unreadable(path) from None
    return model


def input_names(path: Path) -> list[str]:
    """Names of the graph inputs, which are the keys that calibration data must have."""
    return [value.name or "" for value in free_inputs(_read(path))]


def free_inputs(model: onnx_ir.Model) -> list[onnx_ir.Value]:
    """Graph inputs that no initializer provides."""
    return [value for value in model.graph.inputs if value.name not in model.graph.initializers]


def _read(path: Path) -> onnx_ir.Model:
    try:
        with quiet(), catch_warnings(action="ignore"):
            model = onnx_ir.load(path)
    except FileNotFoundError:
        raise QuantizeError(f"{path}: no such file; give the path of a float ONNX model") from None
    except IsADirectoryError:
        raise QuantizeError(f"{path} is a folder; give the path of a float ONNX model") from None
    except OSError as error:
        raise QuantizeError(f"{path} cannot be read ({error.strerror}); give the path of a float ONNX model") from None
    except _UNREADABLE:
        raise _unreadable(path) from None
    if not model.graph.outputs:
        raise QuantizeError(f"{path} holds no graph with an output; export the model again")
    return model


def _unreadable(path: Path) -> QuantizeError:
    return QuantizeError(f"{path} is not an ONNX file, or is truncated; export or download it again")


def _check_inputs(path: Path, model: onnx_ir.Model) -> None:
    for value in free_inputs(model):
        if value.dtype != onnx_ir.DataType.FLOAT:
            raise QuantizeError(
                f"{path}: input {value.name!r} is {value.dtype}, not FLOAT; export the model in float32"
            )
        if value.shape is None or len(value.shape) < 2:
            raise QuantizeError(f"{path}: input {value.name!r} has shape {value.shape}; it needs a batch and more axes")
        if any(not isinstance(size, int) for size in value.shape[1:]):
            raise QuantizeError(
                f"{path}: input {value.name!r} has shape {value.shape} with a symbolic size; "
                "only the batch may be symbolic, export the model with fixed sizes"
            )


def _check_constants(path: Path, model: onnx_ir.Model) -> None:
    for name, value in model.graph.initializers.items():
        tensor = value.const_value
        if tensor is None:
            raise QuantizeError(f"{path}: initializer {name!r} has no data; export the model again")
        try:
            array = tensor.numpy()
        except FileNotFoundError:
            location = getattr(tensor, "path", "another file")
            raise QuantizeError(
                f"{path}: the data of {name!r} is missing, it should be in {location}; put that file beside the model"
            ) from None
        except (OSError, ValueError) as error:
            raise QuantizeError(f"{path}: the data of {name!r} cannot be read ({error}); copy it again") from None
        if np.issubdtype(array.dtype, np.floating):
            _check_finite(path, name, array, value)


def _check_finite(path: Path, name: str, array: NDArray[Any], value: onnx_ir.Value) -> None:
    # A Clip may well be bounded by infinity.
    bounds_only = all(node.op_type == "Clip" for node, _ in value.uses())
    wrong = np.isnan(array).any() if bounds_only else not np.isfinite(array).all()
    if wrong:
        raise QuantizeError(f"{path}: {name!r} holds NaN or infinity; train or export the model again")
