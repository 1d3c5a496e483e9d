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
from shiftwright.quantize.accuracy import find_scores
from shiftwright.quantize.assemble import final, trial
from shiftwright.quantize.bias import least_scales, place_bias
from shiftwright.quantize.calibrate import calibrate
from shiftwright.quantize.canonical import OPSET, canonicalize
from shiftwright.quantize.channels import Channels, trace_channels
from shiftwright.quantize.compensate import compensate
from shiftwright.quantize.correct import correct_biases
from shiftwright.quantize.covariance import Covariances
from shiftwright.quantize.data import (
    LABELS,
    Arrays,
    check_data,
    check_labels,
    check_values,
    evenly,
    read_data,
    take,
)
from shiftwright.quantize.equalize import equalize
from shiftwright.quantize.execute import Session
from shiftwright.quantize.grids.base import Grid, GridWeights
from shiftwright.quantize.load import free_inputs, load_float_model
from shiftwright.quantize.network import Layer, Network, read_network
from shiftwright.quantize.notes import scanty, unequalized, vanished, without_effect
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
    test: Arrays | Path | str | None = None,
) -> Report:
    """Quantizes a float ONNX model after training and writes the result as QCDQ ONNX.

    `data` holds an array (samples, …) under each graph input's name and, if accuracies are wanted, under `labels` a
    class for each sample; or it is the path of an .npz file with these keys, of an .npy file for a single input, or of
    a folder of either. Accuracies are measured on `test` if that is given, of the same form and with labels.
    QuantizeError for an unusable model, data or path; nothing is written then."""
    source, target = Path(model_path), Path(output_path)
    _check_target(source, target)
    progress("reading the model")
    model = load_float_model(source)
    warnings = canonicalize(model)
    network = read_network(model.graph)
    chosen = settings.resolve([layer.name for layer in network.layers])
    warnings += without_effect(network, chosen)
    inputs = free_inputs(model)
    given, float_session = read_data(data, inputs), Session(model)
    arrays = check_data(given, inputs)
    samples = take(arrays, evenly(len(next(iter(arrays.values()))), settings.samples, float_session.batch))
    warnings += scanty(samples)
    if test is not None:
        given = read_data(test, inputs)
        arrays = check_data(given, inputs)
    labels, scores = check_labels(given, inputs), None
    if labels is not None:
        check_values(arrays)
        outputs = [value.name or "" for value in model.graph.outputs]
        scores, notes = find_scores(float_session, outputs, arrays, labels)
        warnings += notes
    elif any(value.name == LABELS for value in inputs):
        warnings.append(f"accuracy is not given: the key {LABELS!r} is that of the model's input")
    elif test is not None:
        raise QuantizeError(f"the test data holds no {LABELS!r}; save the class of each sample under that key")

    channels = trace_channels(model.graph, network)
    parameters = read_parameters(model.graph, network)
    if settings.equalize != "none":
        progress("equalizing channels")
        method, real = settings.equalization
        peaks = measure_peaks(model, network, samples)
        factors = equalize(method, real, network, parameters, channels, peaks)
        warnings += unequalized(settings.equalize, factors)
        parameters = rescale(parameters, channels, factors)
        write_parameters(model.graph, network, parameters)
    grids = {name: choice.grid for name, choice in chosen.items()}
    placed, rounded = _place(model, network, parameters, channels, grids, samples, settings, progress)
    warnings += [
        f"layer {name!r} has too many inputs for error compensation: its weights are rounded one by one"
        for name in rounded
    ]
    write_parameters(model.graph, network, placed.parameters)

    progress("calibrating")
    calibration = calibrate(model, network, samples, settings)
    formats = calibration.formats
    warnings += vanished(network, placed, formats)
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
    if labels is not None and scores is not None:
        progress("measuring accuracy")
        accuracies = (
            scores.accuracy(float_session, arrays, labels),
            scores.accuracy(Session(quantized), arrays, labels),
        )
    _write(quantized, target)
    return Report(
        layers=tuple(
            layer_row(
                layer,
                placed.parameters[layer.name].weights,
                placed.weights[layer.name],
                grids[layer.name],
                chosen[layer.name].weights,
                bool(placed.absorbed[layer.name].all()),
            )
            for layer in network.layers
        ),
        activations=tuple(activation_row(name, formats[name]) for name in network.points),
        source=source.name,
        output=target.name,
        opset=OPSET,
        samples=len(next(iter(samples.values()))),
        settings=settings,
        tested=test is not None,
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
    try:
        if target.is_dir():
            raise QuantizeError(f"{target} is a folder; name the file to write, such as {target / 'model.q.onnx'}")
        if target.suffix != ".onnx":
            raise QuantizeError(f"{target} does not end in .onnx; name the quantized file so, such as model.q.onnx")
        if target.parent.exists() and not target.parent.is_dir():
            raise QuantizeError(f"{target}: {target.parent} is a file, not a folder; choose another place")
        if not target.parent.is_dir():
            raise QuantizeError(f"{target}: the folder {target.parent} does not exist; make it first")
        if target.exists() and source.exists() and target.samefile(source):
            raise QuantizeError(f"{target} is the float model itself; write the quantized one elsewhere")
    except OSError as error:  # a name that is too long, a folder that may not be read
        raise QuantizeError(f"{target} cannot be written ({error.strerror}); choose another place") from None


def _write(model: onnx_ir.Model, target: Path) -> None:
    """Checks the model and moves it into place whole: a reader never sees half a file."""
    model.producer_name, model.producer_version = "shiftwright", None
    proto = onnx_ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    aside = target.with_name(f".shiftwright-{os.getpid()}.partial")  # no longer than the target, which may be long
    try:
        aside.write_bytes(proto.SerializeToString(deterministic=True))
        os.replace(aside, target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise QuantizeError(f"{target} cannot be written ({error.strerror}); choose another place") from None
