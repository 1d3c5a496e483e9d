"""The bench of a core: y must be matrix·x + constants, `latency` enabled clock edges after x, and rest while ce is low.

Matrix, lanes and latency come from the core's description; the product is numpy's."""

import json
import os
import random
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge
from numpy.typing import NDArray

CORE: dict[str, Any] = json.loads(Path(os.environ["CORE"]).read_text(encoding="utf-8"))
SEED, RANDOM = int(os.environ["CORE_SEED"]), int(os.environ["CORE_VECTORS"])
MATRIX, CONSTANTS, RANGES = (np.array(CORE[key], dtype=np.int64) for key in ("matrix", "constants", "ranges"))
EXTREMES = 128  # outputs of which the least and the greatest value are played
PERIOD = 10  # ns


def vectors() -> NDArray[np.int64]:
    """x (vectors, inputs): least, greatest, alternating; what drives outputs to their bounds; then random ones."""
    lo, hi = RANGES.T
    source = np.random.default_rng(SEED)
    rows = MATRIX if len(MATRIX) <= EXTREMES else MATRIX[source.choice(len(MATRIX), EXTREMES, replace=False)]
    even = np.arange(len(lo)) % 2 == 0
    ends = [lo, hi, np.where(even, lo, hi), np.where(even, hi, lo)]
    ends += [np.where(row > 0, a, b) for row in rows for a, b in ((lo, hi), (hi, lo))]
    return np.concatenate([np.array(ends), source.integers(lo, hi, (RANDOM, len(lo)), endpoint=True)])


def packed(words: NDArray[np.int64], lanes: list[list[int]]) -> int:
    """Words side by side, the first one lowest."""
    bits = low = 0
    for word, (width, _) in zip(words.tolist(), lanes, strict=True):
        bits |= (word & (1 << width) - 1) << low
        low += width
    return bits


def unpacked(bits: int, lanes: list[list[int]]) -> list[int]:
    """The inverse."""
    words = []
    for width, signed in lanes:
        word, bits = bits & (1 << width) - 1, bits >> width
        words.append(word - (1 << width) if signed and word >> width - 1 else word)
    return words


X = vectors()
Y = X @ MATRIX.T + CONSTANTS
RESULT: dict[str, Any] = {"vectors": len(X), "words": int(Y.size), "equal": False, "message": None, "cycles": None}


@cocotb.test()
async def every_word_is_equal(dut: Any) -> None:
    """Vectors go in one an enabled edge, with stalls at random; x is another word while ce is low."""
    stalls = random.Random(SEED)
    sent = [packed(row, CORE["x"]) for row in X]
    wanted = [packed(row, CORE["y"]) for row in Y]
    other = (1 << sum(width for width, _ in CORE["x"])) - 1
    Clock(dut.clk, PERIOD, unit="ns").start()
    dut.ce.value, dut.x.value = 0, 0
    await FallingEdge(dut.clk)
    edges = cycles = 0
    while edges < len(sent) + CORE["latency"] - 1:
        enabled = stalls.random() < 0.7
        word = sent[min(edges, len(sent) - 1)]
        dut.ce.value, dut.x.value = int(enabled), word if enabled else word ^ other
        await FallingEdge(dut.clk)  # after the edge that takes x
        edges, cycles = edges + enabled, cycles + 1
        place = edges - CORE["latency"]
        if place >= 0:
            compare(str(dut.y.value), wanted[place], place)
    RESULT.update(equal=True, message="", cycles=cycles)
    write()


def compare(bits: str, wanted: int, place: int) -> None:
    """One y has come; AssertionError where it is wrong."""
    known = not set(bits) - {"0", "1"}
    if known and int(bits, 2) == wanted:
        return
    right = unpacked(wanted, CORE["y"])
    problem = f"vector {place}: y has unknown bits, {bits}"
    if known:
        found = unpacked(int(bits, 2), CORE["y"])
        lane = next(lane for lane, (one, two) in enumerate(zip(found, right, strict=True)) if one != two)
        problem = f"vector {place}, output {lane}: expected {right[lane]}, simulated {found[lane]}"
    RESULT["message"] = problem
    write()
    raise AssertionError(problem)


def write() -> None:
    """Leaves the result for run.py, even if the simulator dies afterwards."""
    Path(os.environ["CORE_RESULT"]).write_text(json.dumps(RESULT) + "\n")
