"""Both digits networks on any grid, and what is measured of one on its way to simulated hardware."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from models.digits import CALIBRATION, SHAPES, split
from rtl_tests.e2e.simulators import need
from rtl_tests.unit.grid_measures import fitting_bits
from shiftwright import flow
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.grids.spec import grid_types
from shiftwright.quantize.report import Report
from shiftwright.quantize.settings import Settings
from shiftwright.sim.verification import Verification

ROOT = Path(__file__).parents[2]
NETWORKS = ("mlp", "cnn")
SPELLINGS = tuple(example for grid in grid_types().values() for example in grid.examples)

DECIMAL_BITS = 5  # with four the table is that of integer powers of two

# Images that each simulator plays. The MLP takes one a cycle, the CNN a hundred cycles for one.
FRAMES = {"mlp": {"verilator": 40, "icarus": 4}, "cnn": {"verilator": 20, "icarus": 2}}


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """A network from the float file to simulated hardware."""

    report: Report
    manifest: dict[str, Any]
    found: dict[str, Verification]  # by simulator
    accuracy: float  # golden's, on all images that were held back

    @property
    def requantize_adders(self) -> int:
        """Adders beyond those of the matrices."""
        return sum(layer["requantize_adders"] for layer in self.manifest["layers"])

    @property
    def words(self) -> dict[str, int]:
        """How many output words each simulator compared."""
        return {name: found.simulations[0].result["words"] for name, found in self.found.items()}


def bits_of(spec: str) -> int:
    """The stored bits that a spelling is tried at: four, or the nearest that the grid takes."""
    if "decimal" in spec:
        return DECIMAL_BITS
    return fitting_bits(spec)


def float_file(network: str) -> Path:
    """The trained network as it is kept in the repository."""
    return ROOT / "models" / f"digits_{network}" / f"digits_{network}.onnx"


@cache
def images(network: str) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """(calibration images, held-back images, their digits), in the network's shape."""
    train, held_back = split()
    shape = (-1, *SHAPES[network])
    return train.x[:CALIBRATION].reshape(shape), held_back.x.reshape(shape), held_back.labels


def travel(network: str, settings: Settings, folder: Path, simulators: Sequence[str]) -> Journey:
    """Quantizes, checks the file, compiles, and plays held-back images in the simulators."""
    calibration, x, labels = images(network)
    path, build = folder / "quantized.onnx", folder / "build"
    report = quantize(float_file(network), {"x": calibration}, settings, path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    model = flow.load(path)
    scores = np.asarray(model.golden(x))
    manifest = model.compile(effort="fast").build(build)
    found = {
        simulator: flow.verify(build, x, FRAMES[network][simulator], [need(simulator)], labels=labels)
        for simulator in simulators
    }
    return Journey(report, manifest, found, float((scores.argmax(axis=1) == labels).mean()))
