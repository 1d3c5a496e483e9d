"""What stands behind a layer and can be folded into it: a gain and an offset for each of its channels.

Constants that are added, subtracted, multiplied or divided by, and BatchNormalization (arXiv:1502.03167) with the
statistics it was trained to. Everything in float64."""

from dataclasses import dataclass

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.quantize.surgery import constant, only_reader


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """result = gain · layer + offset, both (channels,)."""

    gain: NDArray[np.float64]
    offset: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Result:
    """The shape of a layer's result: its channels, the number of its axes, and of those behind the channels'."""

    channels: int
    rank: int  # 1 where it is unknown: what fits that fits any
    behind: int

    def spread(self, array: NDArray[np.generic] | None) -> NDArray[np.float64] | None:
        """A constant that broadcasts to the result as one number a channel, (channels,); None for any other."""
        if array is None or array.ndim > self.rank:  # more axes would give the result more, too
            return None
        channel = array.ndim - 1 - self.behind
        is_vector = channel >= 0 and array.shape[channel] == array.size == self.channels
        if array.size != 1 and not is_vector:
            return None
        return np.broadcast_to(array.astype(np.float64).ravel(), (self.channels,))


def folds_behind(layer: onnx_ir.Node, result: Result) -> list[tuple[onnx_ir.Node, Fold]]:
    """The nodes that follow the layer one by one, each alone in reading the one before, and what they come to."""
    found: list[tuple[onnx_ir.Node, Fold]] = []
    reader = only_reader(layer.outputs[0])
    while reader is not None and (fold := _fold(*reader, result)) is not None:
        found.append((reader[0], fold))
        reader = only_reader(reader[0].outputs[0])
    return found


def _fold(node: onnx_ir.Node, place: int, result: Result) -> Fold | None:
    is_first = place == 0
    if node.op_type == "BatchNormalization":
        return _batch_norm(node, result) if is_first else None
    if node.op_type not in ("Add", "Sub", "Mul", "Div"):
        return None
    number = result.spread(constant(node.inputs[1 - place]))
    if number is None:
        return None
    one, nothing = np.ones(result.channels), np.zeros(result.channels)
    if node.op_type == "Add":
        return Fold(one, number)
    if node.op_type == "Mul":
        return Fold(number, nothing)
    if node.op_type == "Sub":
        return Fold(one, -number) if is_first else Fold(-one, number)
    with np.errstate(divide="ignore"):  # what is not finite is refused when all is folded
        return Fold(one / number, nothing) if is_first else None


def _batch_norm(node: onnx_ir.Node, result: Result) -> Fold | None:
    """One with constant statistics, over the axis that holds the channels: the second."""
    vectors = [constant(value) for value in node.inputs[1:5]]
    is_trained = not node.attributes.get_int("training_mode", 0)
    if not is_trained or result.rank - result.behind != 2 or any(vector is None for vector in vectors):
        return None
    scale, shift, mean, variance = (np.asarray(vector, np.float64) for vector in vectors)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = scale / np.sqrt(variance + node.attributes.get_float("epsilon", 1e-5))
        return Fold(gain, shift - mean * gain)
