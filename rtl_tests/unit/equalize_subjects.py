"""Networks that tests of equalizing scale badly."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from rtl_tests.unit.quantize_networks import NETWORKS, Draft, frames, run
from shiftwright.quantize.canonical import canonicalize
from shiftwright.quantize.channels import FIXED, Channels, trace_channels
from shiftwright.quantize.data import Arrays
from shiftwright.quantize.equalize import equalize
from shiftwright.quantize.load import load_float_model
from shiftwright.quantize.methods import EQUALIZATIONS
from shiftwright.quantize.network import Network, read_network
from shiftwright.quantize.parameters import Parameters, read_parameters, rescale, write_parameters
from shiftwright.quantize.peaks import measure_peaks
from shiftwright.quantize.settings import Settings

METHODS = [method for method in EQUALIZATIONS if method != "none"]


def residual_block() -> Draft:
    """A strided Conv, a block whose sum with its own input goes on, MaxPool, an average."""
    draft = Draft((2, 8, 8))
    draft.node("Conv", ["x", draft.weights("w0", 6, 2, 3, 3)], "c0", pads=[1, 1, 1, 1])
    draft.node("Relu", ["c0"], "r0")
    draft.node("Conv", ["r0", draft.weights("w1", 5, 6, 3, 3), draft.weights("b1", 5)], "c1", pads=[1, 1, 1, 1])
    draft.node("Relu", ["c1"], "r1")
    draft.node("Conv", ["r1", draft.weights("w2", 6, 5, 1, 1)], "c2")
    draft.node("Add", ["c2", "r0"], "s")
    draft.node("Relu", ["s"], "r2")
    draft.node("MaxPool", ["r2"], "p", kernel_shape=[2, 2], strides=[2, 2])
    draft.node("Conv", ["p", draft.weights("w3", 4, 6, 1, 1), draft.weights("b3", 4)], "c3")
    draft.node("Relu", ["c3"], "r3")
    draft.node("GlobalAveragePool", ["r3"], "g")
    draft.node("Flatten", ["g"], "f")
    draft.node("Gemm", ["f", draft.weights("w4", 4, 5)], "y")
    return draft


def joined_branches() -> Draft:
    """Two branches and the input itself side by side, twice."""
    draft = Draft((2, 6, 6))
    draft.node("Conv", ["x", draft.weights("w0", 3, 2, 3, 3), draft.weights("b0", 3)], "c0", pads=[1, 1, 1, 1])
    draft.node("Conv", ["x", draft.weights("w1", 4, 2, 1, 1)], "c1")
    draft.node("Relu", ["c0"], "r0")
    draft.node("Relu", ["c1"], "r1")
    draft.node("Concat", ["r0", "x", "r1"], "j0", axis=1)
    draft.node("MaxPool", ["j0"], "p", kernel_shape=[2, 2], strides=[2, 2])
    draft.node("Conv", ["p", draft.weights("w2", 4, 9, 1, 1)], "c2")
    draft.node("Concat", ["c2", "p"], "j1", axis=1)
    draft.node("Relu", ["j1"], "r2")
    draft.node("GlobalAveragePool", ["r2"], "g")
    draft.node("Flatten", ["g"], "f")
    draft.node("Gemm", ["f", draft.weights("w3", 13, 5)], "y")
    return draft


def depthwise() -> Draft:
    """Depthwise and pointwise layers, as a MobileNet has them, flattened without pooling."""
    draft = Draft((3, 6, 6))
    draft.node("Conv", ["x", draft.weights("w0", 6, 3, 3, 3), draft.weights("b0", 6)], "c0", strides=[2, 2])
    draft.node("Relu", ["c0"], "r0")
    draft.node("Conv", ["r0", draft.weights("w1", 6, 1, 3, 3)], "c1", group=6, pads=[1, 1, 1, 1])
    draft.node("Relu", ["c1"], "r1")
    draft.node("Conv", ["r1", draft.weights("w2", 8, 6, 1, 1)], "c2")
    draft.node("Relu", ["c2"], "r2")
    draft.node("Flatten", ["r2"], "f")
    draft.node("Gemm", ["f", draft.weights("w3", 32, 5)], "y")
    return draft


DRAFTS: dict[str, Callable[[], Draft]] = {
    "residual-block": residual_block,
    "joined": joined_branches,
    "depthwise": depthwise,
    "pooled": NETWORKS["pooled"],
    "transposed-matmul": NETWORKS["rearranged"],
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A canonical float network, its parts, and inputs for it."""

    model: onnx_ir.Model
    network: Network
    channels: Channels
    data: Arrays
    folder: Path

    def parameters(self) -> Parameters:
        """Those of the graph as it stands."""
        return read_parameters(self.model.graph, self.network)

    def factors(self, method: str, real: bool = False) -> NDArray[np.float64]:
        """What a method makes of the graph as it stands."""
        peaks = measure_peaks(self.model, self.network, self.data)
        return equalize(method, real, self.network, self.parameters(), self.channels, peaks)

    def rescale(self, factors: NDArray[np.float64]) -> None:
        """Puts scaled numbers into the graph."""
        write_parameters(self.model.graph, self.network, rescale(self.parameters(), self.channels, factors))

    def output(self) -> NDArray[np.float32]:
        """What the graph as it stands computes in onnxruntime."""
        path = self.folder / "subject.onnx"
        onnx_ir.save(self.model, path)
        return run(path, self.data["x"])


def subject(path: Path, folder: Path, data: Arrays, seed: int | None = 0) -> Subject:
    """A float file's network; with a seed every channel is scaled by 2^U(-4, 4), which its readers undo."""
    model = load_float_model(path)
    canonicalize(model)
    network = read_network(model.graph)
    found = Subject(model, network, trace_channels(model.graph, network), data, folder)
    if seed is not None:
        factors = 2.0 ** np.random.default_rng(seed).uniform(-4, 4, found.channels.count)
        factors[FIXED] = 1
        found.rescale(factors)
    return found


def coarse(bits: int, method: str) -> Settings:
    """Nothing that would hide uneven channels: one scale a layer by its largest weight, and no correction."""
    return Settings(
        weights="uniform:granularity=tensor:range=max",
        weight_bits=bits,
        activation_bits=bits,
        equalize=method,
        correct="none",
    )


def drafted(name: str, folder: Path, seed: int | None = 0) -> Subject:
    """One of DRAFTS."""
    draft = DRAFTS[name]()
    return subject(draft.save(folder / "draft.onnx"), folder, {"x": frames(draft)}, seed)
