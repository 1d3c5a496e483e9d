"""What the comparison of quantizers runs: every number system at every width, and how one quantization is measured.

Nothing here prints. A run is one network of one seed with one choice of settings; its outcome says what it costs and
how many held-back images the written file still gets right in onnxruntime."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from math import prod
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from models import seeds
from models.badly_scaled import scale_badly
from shiftwright.arith.csd import csd_weights
from shiftwright.errors import QuantizeError
from shiftwright.quantize import LayerRow, Settings, quantize
from shiftwright.quantize.grids.options import nearest_name
from shiftwright.quantize.grids.spec import grid_types, parse_grid

BITS = range(2, 9)


@dataclass(frozen=True, slots=True)
class Method:
    """A number system as a user writes it, and the bits that it stores a weight."""

    weights: str
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One network of one seed, quantized in one way."""

    network: str
    seed: int
    method: Method
    correction: str = "bias"
    activation_bits: int = 8
    equalize: str = "none"
    badly_scaled: bool = False  # its hidden channels are scaled at random first


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run; accuracies are per cent of the held-back images."""

    exact: float  # accuracy of the float network
    accuracy: float  # of the file written, in onnxruntime
    adders: int  # of all matrices by the signed digits of each row, nothing shared
    bank: int  # adders that make every odd multiple that occurs, of one input
    shared: int  # of all matrices if each input of a layer has such a bank and a weight costs no more than its sum
    weight_bits: int  # stored, all weights together


def methods(patterns: Sequence[str] = (), bits: Iterable[int] = BITS) -> list[Method]:
    """Every spelling that the number systems show, at each of the bits that it takes.

    With patterns only what matches one, in which * stands for any text and ? for any letter; a pattern without either
    is a spelling, shown or not. QuantizeError for one that leads to nothing."""
    shown = [spelling for grid in grid_types().values() for spelling in grid.examples]
    chosen = shown if not patterns else list(dict.fromkeys(_matching(patterns, shown)))
    widths = list(bits)
    found = [Method(spelling, width) for spelling in chosen for width in _taken(spelling, widths)]
    if not found:
        raise QuantizeError(f"{', '.join(chosen)} take none of {widths} bits; allow others")
    return found


def _matching(patterns: Sequence[str], shown: list[str]) -> Iterator[str]:
    for pattern in patterns:
        found = [spelling for spelling in shown if fnmatchcase(spelling, pattern)]
        if not found and ("*" in pattern or "?" in pattern):
            raise QuantizeError(f"no method matches {pattern!r}; {nearest_name(pattern, shown, 'methods')}")
        if not found:
            Settings(weights=pattern, weight_bits=_any_bits(pattern))
        yield from found or [pattern]


def _any_bits(spelling: str) -> int:
    """Some bits that a spelling takes, or the usual ones, which will say what is wrong."""
    return next(iter(_taken(spelling, BITS)), 4)


def _taken(spelling: str, bits: Iterable[int]) -> list[int]:
    """The stored bits of the grids that a spelling gives; some have one number of bits, whatever is asked for."""
    found = []
    for asked in bits:
        try:
            found.append(parse_grid(spelling, asked).bits)
        except QuantizeError:
            continue
    return list(dict.fromkeys(found))


def outcomes(runs: Sequence[Run], jobs: int) -> Iterator[tuple[Run, Outcome]]:
    """Every run with its outcome, in their order, from `jobs` processes; 1 stays in this one."""
    if jobs == 1:
        yield from ((run, measure(run)) for run in runs)
        return
    # Spawned, because onnxruntime's threads do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from zip(runs, pool.map(measure, runs), strict=True)


def measure(run: Run) -> Outcome:
    """Quantizes on the calibration images, measures on the held-back ones."""
    settings = Settings(
        weights=run.method.weights,
        weight_bits=run.method.bits,
        activation_bits=run.activation_bits,
        equalize=run.equalize,
        correct=run.correction,
    )
    calibration, _ = images(run.network)
    with TemporaryDirectory() as folder:
        source, target = seeds.path(run.network, run.seed), Path(folder) / "quantized.onnx"
        if run.badly_scaled:
            model = onnx.load(source)
            scale_badly(model, np.random.default_rng(run.seed))
            source = Path(folder) / "float.onnx"
            onnx.save(model, source)
        report = quantize(source, {"x": calibration["x"]}, settings, target)
        return Outcome(
            exact=accuracy(source, run.network),
            accuracy=accuracy(target, run.network),
            adders=report.totals.adders,
            bank=bank_adders({mantissa for layer in report.layers for mantissa in layer.mantissas}),
            shared=sum(map(shared_adders, report.layers)),
            weight_bits=report.totals.weight_bits,
        )


def bank_adders(mantissas: Iterable[int]) -> int:
    """Adders of a bank that makes these odd multiples of one input, each by its signed digits."""
    return int((csd_weights(np.array(sorted(mantissas), dtype=np.int64)) - 1).sum())


def shared_adders(layer: LayerRow) -> int:
    """Adders of a matrix whose inputs have a bank each: the banks, and the sums of what the weights pick there."""
    outputs, inputs = layer.shape[0], prod(layer.shape[1:])
    nonzero = round(outputs * inputs * (1 - layer.zeros))
    return inputs * bank_adders(layer.mantissas) + max(nonzero - outputs, 0)


def accuracy(path: Path, network: str) -> float:
    """Per cent of the held-back images, in onnxruntime with its optimizations off, which is the exact arithmetic."""
    _, test = images(network)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"x": test["x"]})
    return float(100 * (logits.argmax(axis=1) == test["labels"]).mean())


@cache
def images(network: str) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """(calibration, test), as models.seeds has them."""
    return seeds.data(network)
