"""How the inputs of a layer vary together: what an error in a weight costs, and which others can make up for it.

For a convolution the inputs are its windows. Where the words of a window lie is read off onnxruntime itself, which runs
a convolution of the same geometry over an image of its own addresses, so that padding, stride and dilation have one
meaning. Covariances are found a few layers at a time: all of a network's need not fit into memory."""

from collections.abc import Callable

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.quantize.data import Arrays, golden_section
from shiftwright.quantize.execute import Session, observable
from shiftwright.quantize.network import Layer, Network

ROWS = 1 << 15  # windows a layer that are looked at, about
PIECE = 1 << 23  # words of windows held at a time
AT_ONCE = 1 << 30  # bytes of covariances found in one pass over the data, about
LARGEST = 1 << 29  # bytes of a layer's covariance: 8192 inputs, or groups of fewer


class Covariance:
    """Running covariance of row vectors, piece by piece: a block for each group of a layer."""

    def __init__(self, groups: int, width: int) -> None:
        self._count = 0
        self._origin: NDArray[np.float64] | None = None
        self._sum = np.zeros((groups, width))
        self._products = np.zeros((groups, width, width))

    def add(self, rows: NDArray[np.float64]) -> None:
        """Adds rows (count, groups, width)."""
        if self._origin is None:
            self._origin = rows[:1].copy()  # counted from there, an input that never changes has no variance at all
        by_group = np.ascontiguousarray((rows - self._origin).transpose(1, 0, 2))
        self._count += len(rows)
        self._sum += by_group.sum(axis=1)
        if len(by_group) == 1:
            self._products[0] += by_group[0].T @ by_group[0]  # known to be symmetric: half the work
        else:
            self._products += by_group.transpose(0, 2, 1) @ by_group

    def value(self) -> NDArray[np.float64]:
        """The covariance so far, (groups, width, width)."""
        mean = self._sum / self._count
        found = self._products / self._count
        found -= mean[:, :, None] * mean[:, None, :]
        return found


class Covariances:
    """The covariances (groups, n, n) of a network's layers by name, best asked for in the layers' order.

    They are those of the float network as it is when this is made. A layer whose covariance would exceed LARGEST has
    none, which `in` tells."""

    def __init__(
        self, model: onnx_ir.Model, network: Network, data: Arrays, progress: Callable[[str], None] = lambda step: None
    ) -> None:
        self._layers = [layer for layer in network.layers if _size(layer) <= LARGEST]
        self._data, self._progress = data, progress
        self._session = Session(observable(model, list(dict.fromkeys(layer.data for layer in self._layers))))
        self._windows = {layer.name: _Windows(model, layer) for layer in self._layers if layer.op == "Conv"}
        self._found: dict[str, NDArray[np.float64]] = {}

    def __contains__(self, name: str) -> bool:
        return any(layer.name == name for layer in self._layers)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """The layer's covariance; found together with those of the layers after it, for which the others make way."""
        if name not in self._found:
            self._found.clear()
            self._found.update(self._find(self._from(name)))
        return self._found[name]

    def _from(self, name: str) -> list[Layer]:
        """The layer and as many of those after it as fit."""
        first = next(place for place, layer in enumerate(self._layers) if layer.name == name)
        chosen, size = [self._layers[first]], _size(self._layers[first])
        for layer in self._layers[first + 1 :]:
            size += _size(layer)
            if size > AT_ONCE:
                break
            chosen.append(layer)
        return chosen

    def _find(self, layers: list[Layer]) -> dict[str, NDArray[np.float64]]:
        self._progress(f"looking at the inputs of {len(layers)} {'layer' if len(layers) == 1 else 'layers'}")
        found = {layer.name: Covariance(layer.groups, layer.width) for layer in layers}
        total = len(next(iter(self._data.values())))
        for batch in self._session.batches(self._data, list(dict.fromkeys(layer.data for layer in layers))):
            for layer in layers:
                values = batch[layer.data]
                fit = max(1, PIECE // (layer.groups * layer.width))
                share = max(1, min(ROWS // total, fit))
                step = fit // share
                for start in range(0, len(values), step):
                    piece = values[start : start + step]
                    if layer.op == "Conv":
                        rows = self._windows[layer.name].take(piece, share)
                    else:
                        rows = _spread(piece.reshape(len(piece), -1, layer.width), share)
                    found[layer.name].add(rows.reshape(-1, layer.groups, layer.width).astype(np.float64))
        return {name: found.pop(name).value() for name in list(found)}  # one by one: both need not fit


def _size(layer: Layer) -> int:
    """Bytes of a layer's covariance."""
    return 8 * layer.groups * layer.width**2


def _places(images: int, positions: int, share: int) -> NDArray[np.int64]:
    """For each image `share` positions evenly apart, or all if there are no more, other ones in the next image."""
    count = min(share, positions)
    offsets = golden_section(np.arange(images))
    places: NDArray[np.int64] = ((np.arange(count) + offsets[:, None]) * positions / count).astype(np.int64)
    return places


def _spread(rows: NDArray[np.float32], share: int) -> NDArray[np.float32]:
    """About `share` of the rows (samples, positions, n) of each sample."""
    places = _places(len(rows), rows.shape[1], share)
    return np.take_along_axis(rows, places[:, :, None], axis=1)


class _Windows:
    """Cuts the windows of a convolution out of images."""

    def __init__(self, model: onnx_ir.Model, layer: Layer) -> None:
        self._node = next(node for node in model.graph if node.name == layer.name)
        self._kernel = layer.weight_shape[2:]
        self._opsets, self._version = model.graph.opset_imports, model.ir_version or 0
        self._shape: tuple[int, ...] = ()
        self._addresses = np.zeros((0, 0), dtype=np.int64)

    def take(self, images: NDArray[np.float32], share: int) -> NDArray[np.float32]:
        """About `share` windows of each image of (images, channels, …): (images, windows, channels, kernel)."""
        if self._shape != images.shape[2:]:
            self._shape = images.shape[2:]
            self._addresses = self._read(self._shape)
        count, channels = images.shape[:2]
        flat = images.reshape(count, channels, -1)
        words = np.concatenate([np.zeros((count, channels, 1), np.float32), flat], axis=2)
        places = _places(count, len(self._addresses), share)
        rows = np.empty((count, places.shape[1], channels, self._addresses.shape[1]), dtype=np.float32)
        for row, image, chosen in zip(rows, words, places, strict=True):
            row[:] = image[:, self._addresses[chosen]].transpose(1, 0, 2)
        return rows

    def _read(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """For each position the addresses (positions, kernel) of its words in one channel; 0 is padding, then row 0."""
        size = int(np.prod(self._kernel))
        picks = onnx_ir.tensor(np.eye(size, dtype=np.float32).reshape(size, 1, *self._kernel), name="kernels")
        data = onnx_ir.val("data", onnx_ir.DataType.FLOAT, [1, 1, *shape])
        weight = onnx_ir.val("kernels", const_value=picks)
        attributes = [value for name, value in self._node.attributes.items() if name != "group"]
        conv = onnx_ir.Node("", "Conv", [data, weight], attributes)
        conv.outputs[0].name = "columns"
        conv.outputs[0].type = onnx_ir.TensorType(onnx_ir.DataType.FLOAT)
        graph = onnx_ir.Graph(
            [data], conv.outputs, nodes=[conv], initializers=[weight], opset_imports=self._opsets, name="windows"
        )
        session = Session(onnx_ir.Model(graph, ir_version=self._version))
        # Addresses are exact in float32 up to 2^24, images of 4096×4096.
        image = np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(1, 1, *shape)
        (found,) = session.batches({"data": image}, ["columns"])
        addresses: NDArray[np.int64] = found["columns"].reshape(size, -1).T.astype(np.int64)
        return addresses
