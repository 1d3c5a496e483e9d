"""The quantizer from top to bottom: a float ONNX file and some data in, a quantized ONNX file and a report out."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.assemble import final, trial
from shiftwright.quantize.bias import place_bias, weight_floor
from shiftwright.quantize.calibrate import calibrate
from shiftwright.quantize.canonical import OPSET, canonicalize
from shiftwright.quantize.compensate import compensate
from shiftwright.quantize.correct import correct_biases
from shiftwright.quantize.covariance import covariances
from shiftwright.quantize.data import Arrays, check_data, check_labels, load_data
from shiftwright.quantize.execute import Session
from shiftwright.quantize.load import free_inputs, load_float_model
from shiftwright.quantize.network import read_network
from shiftwright.quantize.report import Report, activation_row, layer_row
from shiftwright.quantize.settings import Settings


def quantize(
    model_path: Path | str,
    data: Arrays | Path | str,
    settings: Settings,
    output_path: Path | str,
    progress: Callable[[str], None] = lambda step: None,
) -> Report:
    """Quantizes a float ONNX model after training and writes the result as QCDQ ONNX.

    `data` holds an array (samples, …) under each graph input's name and, if accuracies are wanted, under `labels` a
    class for each sample; or it is the path of an .npz file with these keys. QuantizeError for an unusable model, data
    or path; nothing is written then."""
    source, target = Path(model_path), Path(output_path)
    _check_target(source, target)
    progress("reading the model")
    model = load_float_model(source)
    warnings = canonicalize(model)
    network = read_network(model.graph)
    inputs = free_inputs(model)
    arrays = load_data(Path(data), [value.name or "" for value in inputs]) if isinstance(data, Path | str) else data
    samples = check_data(arrays, inputs, settings.samples)
    labels = check_labels(arrays)

    progress("calibrating")
    calibration = calibrate(model, network, samples, settings)
    formats = calibration.formats

    grid = settings.grid()
    biases = {layer.name: _float_bias(model, layer.bias) for layer in network.layers}
    weights = {
        layer.name: grid.quantize(layer.weights, weight_floor(layer, formats, biases[layer.name]))
        for layer in network.layers
    }
    if "hessian" in settings.corrections:
        seen = covariances(model, network, samples, progress)
        for layer in network.layers:
            progress(f"compensating errors of {layer.name}")
            weights[layer.name] = compensate(grid, layer.weights, weights[layer.name], seen[layer.name])
    if "bias" in settings.corrections:
        corrected = trial(model, network, formats, weights)
        biases = correct_biases(corrected, network, calibration, samples, biases, progress)
    placed = {
        layer.name: place_bias(layer, formats, weights[layer.name], biases[layer.name]) for layer in network.layers
    }
    quantized = final(model, network, formats, weights, placed)

    accuracies: tuple[float, float] | None = None
    if labels is not None:
        progress("measuring accuracy")
        everything = check_data(arrays, inputs, len(labels))
        accuracies = _accuracy(model, everything, labels), _accuracy(quantized, everything, labels)
    _write(quantized, target)
    return Report(
        layers=tuple(layer_row(layer, weights[layer.name], grid, settings.weights) for layer in network.layers),
        activations=tuple(activation_row(name, formats[name]) for name in network.points),
        source=source.name,
        output=target.name,
        opset=OPSET,
        samples=len(next(iter(samples.values()))),
        accuracy_float=accuracies[0] if accuracies else None,
        accuracy_quantized=accuracies[1] if accuracies else None,
        warnings=tuple(warnings),
    )


def _check_target(source: Path, target: Path) -> None:
    if target.is_dir():
        raise QuantizeError(f"{target} is a folder; name the file to write, such as {target / 'model.q.onnx'}")
    if target.suffix != ".onnx":
        raise QuantizeError(f"{target} does not end in .onnx; name the quantized file so, such as model.q.onnx")
    if not target.parent.is_dir():
        raise QuantizeError(f"{target}: the folder {target.parent} does not exist; make it first")
    if target.exists() and source.exists() and target.samefile(source):
        raise QuantizeError(f"{target} is the float model itself; write the quantized one elsewhere")


def _float_bias(model: onnx_ir.Model, name: str) -> NDArray[np.float64]:
    tensor = model.graph.initializers[name].const_value
    assert tensor is not None
    return tensor.numpy().astype(np.float64)


def _accuracy(model: onnx_ir.Model, data: Arrays, labels: NDArray[np.int64]) -> float:
    """Share of samples whose largest output is their label's; of those that fill a batch, if the batch is fixed."""
    name = model.graph.outputs[0].name
    assert name
    scores = np.concatenate([batch[name] for batch in Session(model).batches(data, [name])])
    count = min(len(scores), len(labels))
    return float((scores[:count].reshape(count, -1).argmax(axis=1) == labels[:count]).mean())


def _write(model: onnx_ir.Model, target: Path) -> None:
    """Checks the model and moves it into place whole: a reader never sees half a file."""
    model.producer_name, model.producer_version = "shiftwright", None
    proto = onnx_ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    aside = target.with_name(f".{target.name}.partial")
    try:
        aside.write_bytes(proto.SerializeToString(deterministic=True))
        os.replace(aside, target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise QuantizeError(f"{target} cannot be written ({error.strerror}); choose another place") from None
