"""The quantizer from top to bottom: a float ONNX file and some data in, a quantized ONNX file and a report out."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.absorb import Placed, place_weights
from shiftwright.quantize.assemble import final, trial
from shiftwright.quantize.bias import least_scales, place_bias
from shiftwright.quantize.calibrate import calibrate
from shiftwright.quantize.canonical import OPSET, canonicalize
from shiftwright.quantize.channels import Channels, trace_channels
from shiftwright.quantize.compensate import compensate
from shiftwright.quantize.correct import correct_biases
from shiftwright.quantize.covariance import Covariances
from shiftwright.quantize.data import Arrays, check_data, check_labels, load_data
from shiftwright.quantize.equalize import equalize
from shiftwright.quantize.execute import Session
from shiftwright.quantize.grids.base import Grid, GridWeights
from shiftwright.quantize.load import free_inputs, load_float_model
from shiftwright.quantize.network import Layer, Network, read_network
from shiftwright.quantize.parameters import Parameters, read_parameters, rescale, write_parameters
from shiftwright.quantize.peaks import measure_peaks
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
    class for each sample; or it is the path of an .npz file with these keys, of an .npy file for a single input, or of
    a folder of either. QuantizeError for an unusable model, data or path; nothing is written then."""
    source, target = Path(model_path), Path(output_path)
    _check_target(source, target)
    progress("reading the model")
    model = load_float_model(source)
    warnings = canonicalize(model)
    network = read_network(model.graph)
    settings.check_layers([layer.name for layer in network.layers])
    inputs = free_inputs(model)
    arrays = load_data(Path(data), [value.name or "" for value in inputs]) if isinstance(data, Path | str) else data
    samples = check_data(arrays, inputs, settings.samples)
    labels = check_labels(arrays)
    float_session = Session(model)

    channels = trace_channels(model.graph, network)
    parameters = read_parameters(model.graph, network)
    if settings.equalize != "none":
        progress("equalizing channels")
        method, real = settings.equalization
        peaks = measure_peaks(model, network, samples)
        parameters = rescale(parameters, channels, equalize(method, real, network, parameters, channels, peaks))
        write_parameters(model.graph, network, parameters)
    names = [layer.name for layer in network.layers]
    grids = {name: settings.grid(name, place, len(names)) for place, name in enumerate(names)}
    placed, rounded = _place(model, network, parameters, channels, grids, samples, settings, progress)
    warnings += [
        f"layer {name!r} has too many inputs for error compensation: its weights are rounded one by one"
        for name in rounded
    ]
    write_parameters(model.graph, network, placed.parameters)

    progress("calibrating")
    calibration = calibrate(model, network, samples, settings)
    formats = calibration.formats
    biases = {name: affine.bias for name, affine in placed.parameters.items()}
    if "bias" in settings.corrections:
        corrected = trial(model, network, formats, placed.weights)
        biases = correct_biases(corrected, network, calibration, samples, biases, progress)
    codes = {
        layer.name: place_bias(layer, formats, placed.weights[layer.name], biases[layer.name])
        for layer in network.layers
    }
    quantized = final(model, network, formats, placed.weights, codes)

    accuracies: tuple[float, float] | None = None
    if labels is not None:
        progress("measuring accuracy")
        everything = check_data(arrays, inputs, len(labels))
        output = model.graph.outputs[0].name or ""
        accuracies = (
            _accuracy(float_session, output, everything, labels),
            _accuracy(Session(quantized), output, everything, labels),
        )
    _write(quantized, target)
    return Report(
        layers=tuple(
            layer_row(
                layer,
                placed.parameters[layer.name].weights,
                placed.weights[layer.name],
                grids[layer.name],
                settings.grid_text(layer.name, place, len(names)),
                bool(placed.absorbed[layer.name].all()),
            )
            for place, layer in enumerate(network.layers)
        ),
        activations=tuple(activation_row(name, formats[name]) for name in network.points),
        source=source.name,
        output=target.name,
        opset=OPSET,
        samples=len(next(iter(samples.values()))),
        accuracy_float=accuracies[0] if accuracies else None,
        accuracy_quantized=accuracies[1] if accuracies else None,
        warnings=tuple(warnings),
    )


def _place(
    model: onnx_ir.Model,
    network: Network,
    parameters: Parameters,
    channels: Channels,
    grids: dict[str, Grid],
    samples: Arrays,
    settings: Settings,
    progress: Callable[[str], None],
) -> tuple[Placed, list[str]]:
    """Weights on their grids, and the layers that were meant to be compensated and are too large for it."""
    progress("calibrating")
    formats = calibrate(model, network, samples, settings).formats
    floors = {layer.name: least_scales(layer, formats, parameters[layer.name].bias) for layer in network.layers}
    if "hessian" not in settings.corrections:
        return place_weights(network, parameters, channels, grids, floors, None), []
    seen = Covariances(model, network, samples, progress)

    def better(
        layer: Layer,
        weights: NDArray[np.float64],
        found: GridWeights,
        factors: NDArray[np.float64],
        floor: NDArray[np.float64],
    ) -> GridWeights:
        if layer.name not in seen:
            return found
        progress(f"compensating errors of {layer.name}")
        by_group = factors[:: max(1, len(factors) // layer.groups)]  # the rows of a group read the same
        scaled = seen[layer.name] * by_group[:, :, None] * by_group[:, None, :]
        return compensate(grids[layer.name], weights, found, scaled, floor)

    placed = place_weights(network, parameters, channels, grids, floors, better)
    return placed, [layer.name for layer in network.layers if layer.name not in seen]


def _check_target(source: Path, target: Path) -> None:
    if target.is_dir():
        raise QuantizeError(f"{target} is a folder; name the file to write, such as {target / 'model.q.onnx'}")
    if target.suffix != ".onnx":
        raise QuantizeError(f"{target} does not end in .onnx; name the quantized file so, such as model.q.onnx")
    if not target.parent.is_dir():
        raise QuantizeError(f"{target}: the folder {target.parent} does not exist; make it first")
    if target.exists() and source.exists() and target.samefile(source):
        raise QuantizeError(f"{target} is the float model itself; write the quantized one elsewhere")


def _accuracy(session: Session, output: str, data: Arrays, labels: NDArray[np.int64]) -> float:
    """Share of samples whose largest output is their label's; of those that fill a batch, if the batch is fixed."""
    scores = np.concatenate([batch[output] for batch in session.batches(data, [output])])
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
