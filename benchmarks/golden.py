"""Images a second: the golden model beside onnxruntime, on both digits networks with 4-bit power-of-two weights.

    python -m benchmarks.golden [--images N] [--rounds N]

onnxruntime runs the same quantized file twice: with its optimizations off, which is the arithmetic that golden is
compared with, and as it comes. All see the held-back images, repeated, as one batch. A figure is the best of several
rounds by the wall clock; the ratio is golden's to that of onnxruntime as it comes."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import models
import shiftwright
from models.digits import write_files
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.settings import Settings

MODELS = Path(next(iter(models.__path__)))
SETTINGS = Settings(weights="pot", weight_bits=4, activation_bits=6)
COLUMNS = ("network", "golden", "onnxruntime, exact", "onnxruntime, default", "golden / default")
Floats = NDArray[np.float32]


def main() -> None:
    """Command line: measures, prints one table."""
    parser = argparse.ArgumentParser(description="Images a second: golden beside onnxruntime.")
    parser.add_argument("--images", type=int, default=3600)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    table = Table(*COLUMNS, box=SIMPLE_HEAD, title=f"images a second, {arguments.images} in one batch")
    with TemporaryDirectory() as folder:
        write_files(Path(folder))
        for network in ("mlp", "cnn"):
            golden, exact, default = rates(network, Path(folder), arguments.images, arguments.rounds)
            cells = (f"{rate:,.0f}" for rate in (golden, exact, default))
            table.add_row(network, *cells, f"{golden / default:.2f}")
    Console().print(table)


def rates(network: str, folder: Path, images: int, rounds: int) -> list[float]:
    """Images a second of golden, of onnxruntime with its optimizations off, and of onnxruntime as it comes."""
    quantized = folder / f"{network}.onnx"
    calibration, test = (dict(np.load(folder / f"{network}_{part}.npz")) for part in ("calibration", "test"))
    quantize(MODELS / f"digits_{network}" / f"digits_{network}.onnx", calibration, SETTINGS, quantized)
    x = np.resize(test["x"], (images, *test["x"].shape[1:]))
    off, default = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
        onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    )
    runs = [shiftwright.load(quantized).golden, session(quantized, off), session(quantized, default)]
    return [images / best(run, x, rounds) for run in runs]


def session(path: Path, optimizations: object) -> Callable[[Floats], object]:
    """A function that runs a file in onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = optimizations
    loaded = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda x: loaded.run(None, {"x": x})


def best(run: Callable[[Floats], object], x: Floats, rounds: int) -> float:
    """Seconds of the fastest round, after one that nobody times."""
    run(x)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        run(x)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


if __name__ == "__main__":
    main()
