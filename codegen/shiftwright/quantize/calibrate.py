"""Runs the float network over the calibration data and keeps what the quantizer needs to know of it."""

from dataclasses import dataclass, field

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.data import Arrays, golden_section
from shiftwright.quantize.execute import Session, observable
from shiftwright.quantize.formats import Format, choose_format
from shiftwright.quantize.log_format import LogFormat, choose_log_format
from shiftwright.quantize.network import Network
from shiftwright.quantize.settings import Settings

SAMPLE = 1 << 17  # values a point that its format is chosen on
OUTPUT_BITS = 8  # of a quantized graph output, which no memory or product has to carry


@dataclass(slots=True)
class Observed:
    """What a value was seen to hold: extremes, and evenly taken values."""

    lowest: float = np.inf
    highest: float = -np.inf
    count: int = 0
    parts: list[NDArray[np.float64]] = field(default_factory=list)

    def see(self, values: NDArray[np.float32], share: int) -> None:
        """Adds a batch; `share` is how many of its values are kept."""
        flat = values.ravel()
        self.count += flat.size
        self.lowest = min(self.lowest, float(flat.min()))
        self.highest = max(self.highest, float(flat.max()))
        self.parts.append(flat[_places(flat.size, max(1, share), sum(map(len, self.parts)))].astype(np.float64))

    def sample(self) -> NDArray[np.float64]:
        """The values kept, and the extremes where some were not: they would hardly be among them."""
        kept = np.concatenate(self.parts)
        return kept if kept.size == self.count else np.append(kept, [self.lowest, self.highest])


@dataclass(frozen=True, slots=True)
class Calibration:
    """Formats of the points, and the mean of every layer's float result by channel (channels,)."""

    formats: dict[str, Format | LogFormat]
    means: dict[str, NDArray[np.float64]]


def calibrate(model: onnx_ir.Model, network: Network, data: Arrays, settings: Settings) -> Calibration:
    """One pass of the float network over the data."""
    results = [layer.result for layer in network.layers]
    watched = list(dict.fromkeys([*network.points, *results]))
    session = Session(observable(model, watched))
    observed = {name: Observed() for name in network.points}
    means = MeanByChannel({layer.result: layer.result_axis for layer in network.layers})
    count = len(next(iter(data.values())))
    for batch in session.batches(data, watched):
        for name in network.points:
            _check_finite(name, batch[name])
            observed[name].see(batch[name], SAMPLE * len(batch[name]) // count)
        means.add(batch)
    bits = point_bits(model.graph, network, settings)
    formats = {name: _format(name, seen, bits[name], network, settings) for name, seen in observed.items()}
    return Calibration(formats, means.value())


def _format(name: str, seen: Observed, bits: int, network: Network, settings: Settings) -> Format | LogFormat:
    """Logarithmic only between layers: what enters and what leaves the network are even steps."""
    sample, lowest, highest, rule = seen.sample(), seen.lowest, seen.highest, settings.range_rule
    activations = settings.activation_rule
    if activations.kind == "uniform" or name in network.inputs or name in leaving(network):
        return choose_format(name, sample, lowest, highest, bits, rule)
    return choose_log_format(name, sample, lowest, highest, bits, activations.powers, rule)


def _places(size: int, share: int, before: int) -> NDArray[np.int64]:
    """Places of about `share` values among `size`: one in each stretch of a length, or all if there are no more.

    Where in its stretch goes by the golden section and on from the `before` places of earlier batches. Always the same
    would hit the same columns of an image, or the same channels, whenever their number and the length have a common
    factor."""
    stretch = max(1, size // share)
    first = np.arange(size // stretch)
    return first * stretch + (golden_section(first + before) * stretch).astype(np.int64)


class MeanByChannel:
    """Running means over everything but one axis."""

    def __init__(self, axes: dict[str, int]) -> None:
        self._axes = axes
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._counts: dict[str, int] = {}

    def add(self, batch: Arrays) -> None:
        """Adds those of a batch's arrays that are watched."""
        for name, axis in self._axes.items():
            if name in batch:
                rows = np.moveaxis(batch[name], axis, -1)
                rows = rows.reshape(-1, rows.shape[-1]).astype(np.float64)
                self._sums[name] = self._sums.get(name, 0.0) + rows.sum(axis=0)
                self._counts[name] = self._counts.get(name, 0) + len(rows)

    def value(self) -> dict[str, NDArray[np.float64]]:
        """The means so far, each (channels,)."""
        return {name: total / self._counts[name] for name, total in self._sums.items()}


def point_bits(graph: onnx_ir.Graph, network: Network, settings: Settings) -> dict[str, int]:
    """The bits of every point: what holds for its layer, and of several layers, as in a sum, the most.

    A result that leaves the network, and that no layer reads, has OUTPUT_BITS unless a rule says others."""
    chosen = settings.resolve([layer.name for layer in network.layers])
    ruled = {layer.result: chosen[layer.name].activation_bits or 0 for layer in network.layers}
    by_rules = _most_behind(graph, ruled)
    in_all = _most_behind(graph, {name: bits or settings.activation_bits for name, bits in ruled.items()})
    found = {}
    for name in network.points:
        if name in network.inputs:
            found[name] = settings.input_bits or settings.activation_bits
        elif name in leaving(network):
            found[name] = by_rules[name] or OUTPUT_BITS
        else:
            found[name] = in_all[name] or settings.activation_bits
    return found


def leaving(network: Network) -> frozenset[str]:
    """The points that leave the network and that no layer reads."""
    return network.outputs - {layer.source for layer in network.layers}


def _most_behind(graph: onnx_ir.Graph, asked: dict[str, int]) -> dict[str, int]:
    """For every value the most bits among the layers' results that it comes from; 0 where it comes from an input."""
    behind: dict[str, int] = {}
    for node in graph:
        arriving = max((behind.get(value.name or "", 0) for value in node.inputs if value is not None), default=0)
        for value in node.outputs:
            behind[value.name or ""] = asked.get(value.name or "", arriving)
    return behind


def _check_finite(name: str, values: NDArray[np.float32]) -> None:
    if not np.isfinite(values).all():
        raise QuantizeError(
            f"value {name!r} becomes NaN or infinite on the calibration data; scale the network or the data down"
        )
