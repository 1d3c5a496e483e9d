"""What badly scaled channels cost trained digits networks, and what equalizing brings back."""

from pathlib import Path

import numpy as np
import onnx_ir
import pytest
from numpy.typing import NDArray

from models import seeds
from rtl_tests.unit.equalize_subjects import METHODS, coarse, subject
from shiftwright.quantize.execute import Session
from shiftwright.quantize.flow import quantize


def logits(path: Path, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores of a digits network in a file."""
    batches = Session(onnx_ir.load(path)).batches({"x": x}, ["logits"])
    return np.concatenate([batch["logits"] for batch in batches])


def digits(method: str, bits: int, draws: range, folder: Path) -> float:
    """Accuracy in percent of digits networks with badly scaled channels, equalized, at `bits` and one scale a layer.

    The mean over the trained networks and, for each, over draws of the scales."""
    name = "mlp_64_48_48_32_10"
    calibration, test = ({"x": part["x"].astype(np.float32), "labels": part["labels"]} for part in seeds.data(name))
    right = []
    for seed in seeds.SEEDS:
        for draw in draws:
            badly = subject(seeds.path(name, seed), folder, {"x": calibration["x"]}, 10 * seed + draw)
            onnx_ir.save(badly.model, folder / "badly.onnx")
            quantize(folder / "badly.onnx", badly.data, coarse(bits, method), folder / "q.onnx")
            right.append((logits(folder / "q.onnx", test["x"]).argmax(axis=1) == test["labels"]).mean())
    return float(np.mean(right)) * 100


def trained() -> float:
    """Accuracy in percent of the same networks as they were trained."""
    _, test = seeds.data("mlp_64_48_48_32_10")
    scores = [logits(seeds.path("mlp_64_48_48_32_10", seed), test["x"].astype(np.float32)) for seed in seeds.SEEDS]
    return float((np.argmax(scores, axis=-1) == test["labels"]).mean()) * 100


def recovered(method: str, draws: range, folder: Path) -> float:
    """Share of the accuracy lost at 8 bits that comes back."""
    without = digits("none", 8, draws, folder)
    return (digits(method, 8, draws, folder) - without) / (trained() - without)


def test_equalizing_recovers_what_bad_scales_cost(tmp_path: Path) -> None:
    """Measured on five networks at 8 bits: 96.1 in float, 37.2 without equalizing, 96.2 with `auto`."""
    assert recovered("auto", range(1), tmp_path) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_every_method_recovers_what_bad_scales_cost(method: str, tmp_path: Path) -> None:
    """Measured on 20 networks at 8 bits: 31.1 without; 95.9, 96.0, 96.0 and 96.1 with the methods in their order."""
    assert recovered(method, range(4), tmp_path) >= 0.95


@pytest.mark.slow
def test_two_steps_are_better_than_one(tmp_path: Path) -> None:
    """The published factors, which are real: 89.0 with one step at 6 bits, 96.1 with two; 26.8 and 94.9 at 4 bits.

    One step rounded to powers of two stays further below its limits, which happens to help: 91.8 at 6 bits."""
    one, two = (digits(f"{method}:real", 6, range(4), tmp_path) for method in ("one-step", "two-step"))

    assert two >= one + 5
