"""What both digits networks take in hardware: rows written one by one, and with subexpressions shared and searched for.

    python -m benchmarks.digits_cores [--families generic ecp5 xcup] [--effort normal] [--synth ecp5-85k xcup]

Each network is quantized as `make demo` does and compiled twice for each family: by the plain solver (csd), and by the
default one (cse). Adders, full-adder bits and registers are those of the adder leaves, LUTs the family's estimate with
requantizers. With --synth, Yosys maps each whole design, windows and handshakes included."""

import argparse
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import models
import shiftwright
from models.demo import ACTIVATION_BITS, NETWORKS, WEIGHTS
from models.digits import write_files
from shiftwright.build.manifest import Json
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.settings import Settings
from shiftwright.synth.devices.choose import device
from shiftwright.synth.run import synthesize
from shiftwright.synth.sources import find_sources

MODELS = Path(next(iter(models.__path__)))
SOLVERS = ("csd", "cse")
COLUMNS = ("network", "family", "solver", "adders", "bits", "LUTs ≈", "registers", "latency")


def main() -> None:
    """Command line: compiles, prints a table."""
    parser = argparse.ArgumentParser(description="Both digits networks in hardware, by solver and family.")
    parser.add_argument("--families", nargs="+", default=["generic", "ecp5", "xcup"])
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--only", nargs="+", default=["*"], metavar="NAME", help="networks by name, such as 'mlp*'")
    parser.add_argument(
        "--synth", nargs="+", default=[], metavar="DEVICE", help="devices to synthesize for; minutes each"
    )
    arguments = parser.parse_args()
    console = Console(width=120)
    devices = [device(name) for name in arguments.synth]
    families = [target.family for target in devices] or arguments.families
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_files(folder)
        names = [(network, kind) for network in NETWORKS for kind in WEIGHTS]
        chosen = [pair for pair in names if any(fnmatchcase(" ".join(pair), pattern) for pattern in arguments.only)]
        files = {" ".join(pair): quantized(*pair, folder) for pair in chosen}
        if devices:
            table = Table("network", "device", "solver", "LUTs", "carry", "registers", box=SIMPLE_HEAD)
            for name, file in files.items():
                for target, family in zip(devices, families, strict=True):
                    for solver, build, _ in builds(file, family, arguments.effort, folder):
                        found = synthesize(find_sources(build), target, routed=False).total
                        counts = (found.luts, found.carry, found.registers)
                        table.add_row(name, target.name, solver, *(f"{count:,}" for count in counts))
        else:
            table = Table(*COLUMNS, box=SIMPLE_HEAD)
            for name, file in files.items():
                for family in families:
                    for solver, _, manifest in builds(file, family, arguments.effort, folder):
                        table.add_row(name, family, solver, *totals(manifest))
    console.print(table)


def quantized(network: str, weights: str, folder: Path) -> Path:
    """The network's file with such weights."""
    settings = Settings(weights=weights, weight_bits=WEIGHTS[weights], activation_bits=ACTIVATION_BITS)
    path = folder / f"{network}_{weights}.onnx"
    calibration = dict(np.load(folder / f"{network}_calibration.npz"))
    quantize(MODELS / f"digits_{network}" / f"digits_{network}.onnx", calibration, settings, path)
    return path


def builds(file: Path, family: str, effort: str, folder: Path) -> Iterator[tuple[str, Path, Json]]:
    """Each solver with the build folder and the manifest of its design."""
    for solver in SOLVERS:
        build = folder / f"{file.stem}_{family}_{solver}"
        design = shiftwright.load(file).compile(solver=solver, family=family, effort=effort)
        yield solver, build, design.build(build)


def totals(manifest: Json) -> list[str]:
    """Sums over the layers, and the design's latency."""
    keys = ("adders", "bits", "estimated_luts", "registers")
    sums = [sum(layer[key] for layer in manifest["layers"]) for key in keys]
    return [f"{number:,}" for number in (*sums, manifest["timing"]["latency"])]


if __name__ == "__main__":
    main()
