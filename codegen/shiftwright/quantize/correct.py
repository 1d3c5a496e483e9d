"""Bias correction: every channel's mean result is made equal to the float network's.

Layer by layer in topological order on the quantized network's own activations, so that an earlier layer's error is
corrected once and does not compound (Nagel et al. 2019, arXiv:1906.04721, section 4.2, with measured means)."""

from collections.abc import Callable

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.quantize.calibrate import Calibration, MeanByChannel
from shiftwright.quantize.data import Arrays
from shiftwright.quantize.execute import Session, up_to
from shiftwright.quantize.network import Network


def correct_biases(
    model: onnx_ir.Model,
    network: Network,
    calibration: Calibration,
    data: Arrays,
    biases: dict[str, NDArray[np.float64]],
    progress: Callable[[str], None],
) -> dict[str, NDArray[np.float64]]:
    """Corrected biases by layer name. `model` is a trial: its biases may be overridden."""
    corrected = dict(biases)
    for layer in network.layers:
        progress(f"correcting the bias of {layer.name}")
        means = MeanByChannel({layer.result: layer.result_axis})
        given = {other.bias: corrected[other.name].astype(np.float32) for other in network.layers}
        for batch in Session(up_to(model, layer.result)).batches(data, [layer.result], given):
            means.add(batch)
        corrected[layer.name] = corrected[layer.name] + calibration.means[layer.result] - means.value()[layer.result]
    return corrected
