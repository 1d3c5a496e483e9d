"""Digit-serial engines in Icarus: words in, digits through one to three layers, words out; expected by numpy alone.

Of each engine the words, under stalls, and its latency, interval and handshake are compared with what it states."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.arith.interval import Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.arith.serial.word import DIGITS
from shiftwright.lower.plan import Plan
from shiftwright.lower.serial import serial_engines, serial_layer
from shiftwright.ops.stage import MatrixProduct
from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Handshake, chain
from shiftwright.rtl.leaf import Pipeline
from shiftwright.rtl.serial.engine import SerialEngine
from shiftwright.rtl.skid import Skid

PLAN = Plan(SolverSettings(effort="fast"))
WORDS = 8
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Layer:
    """A matrix with its constants, and what makes codes of each row, if anything does."""

    matrix: Sequence[Sequence[int]]
    constants: Sequence[int] = ()
    tails: Sequence[Requantizer] | None = None

    def __call__(self, x: Numbers) -> Numbers:
        """The layer's meaning, for x of shape (words, inputs)."""
        acc = x @ np.array(self.matrix).T + np.array(self.constants or 0)
        if self.tails is None:
            return acc
        return np.stack([code(tail, acc[:, index]) for index, tail in enumerate(self.tails)], axis=1)

    def reaches(self, words: Interval) -> Interval:
        """The bounds of what the layer gives; every requantizer rises with its word."""
        weights = np.array(self.matrix)
        rising, falling = np.maximum(weights, 0), np.minimum(weights, 0)
        constants = np.array(self.constants or 0)
        ends = [rising @ words.lo + falling @ words.hi + constants, rising @ words.hi + falling @ words.lo + constants]
        if self.tails is not None:
            ends = [np.array([code(tail, end[[i]])[0] for i, tail in enumerate(self.tails)]) for end in ends]
        return Interval(*ends)


def code(tail: Requantizer, acc: Numbers) -> Numbers:
    """What the docstring of Requantizer says of its forms."""
    if tail.form == "search":
        return tail.lo + (acc[:, np.newaxis] >= np.array(tail.thresholds)).sum(axis=1)
    y = acc * tail.multiplier + tail.constant
    if tail.form == "half_even":
        y = y + 2 ** (tail.shift - 1) - 1 + (y // 2**tail.shift + tail.odd) % 2
    return np.clip(y // 2**tail.shift, tail.lo, tail.hi)


@dataclass(frozen=True)
class Subject:
    """An engine of some layers. `parts` are the kinds of its components, `wider` the bits its results have to spare."""

    layers: Sequence[Layer]
    ranges: Sequence[tuple[int, int]]
    parts: Sequence[str] = ("SerialEngine",)
    wider: int = 0
    words: int = field(default=WORDS)


class Row(wiring.Component):
    """Components one behind the other."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = parts
        super().__init__({"i": In(parts[0].i.signature.flip()), "o": Out(parts[-1].o.signature)})

    def handshake(self) -> Handshake:
        """The timing model."""
        return chain([part.handshake() for part in self.parts])

    def elaborate(self, platform: object) -> Module:
        m = Module()
        wiring.connect(m, wiring.flipped(self.i), self.parts[0].i)
        for index, part in enumerate(self.parts):
            m.submodules[f"part_{index}"] = part
            after = self.parts[index + 1].i if part is not self.parts[-1] else wiring.flipped(self.o)
            wiring.connect(m, part.o, after)
        return m


def case(name: str, subject: Subject, digit: int) -> Case:
    """Corners of the ranges, and random words between them."""
    bounds = np.array(subject.ranges)
    words, layers = Interval(*bounds.T.copy()), []
    chance = np.random.default_rng(digit)
    random = chance.integers(bounds[:, 0], bounds[:, 1] + 1, (subject.words, len(bounds)))
    corners = np.where(chance.integers(0, 2, (subject.words, len(bounds))), bounds[:, 1], bounds[:, 0])
    x = y = np.concatenate([[bounds[:, 0], bounds[:, 1]], random, corners])
    source = Format.of(words)
    for index, layer in enumerate(subject.layers):
        product = MatrixProduct(np.array(layer.matrix), tuple(layer.constants or [0] * len(layer.matrix)), words)
        layers.append(serial_layer(f"{name}_{index}", product, layer.tails, PLAN))
        words, y = layer.reaches(words), layer(y)
        assert words.contains(y)
    result = Interval(words.lo - (words.lo < 0) * 2**subject.wider, words.hi + 2**subject.wider - 1)
    engines, components = serial_engines(layers, result if subject.wider else words, PLAN, digit)
    assert [type(component).__name__ for component in components] == list(subject.parts)
    engine = components[0]
    assert isinstance(engine, SerialEngine)
    assert {(found.kind, found.fold, found.cycles) for found in engines} == {("serial", f"d={digit}", engine.cycles)}
    target = Format.of(result if subject.wider else words)
    return Case(
        name,
        Row(components),
        [source.pack(word) for word in x.tolist()],
        [target.pack(word) for word in y.tolist()],
        frames=len(x),
        latency=engine.latency + sum(part.latency for part in components if isinstance(part, Pipeline | Skid)),
        interval=engine.cycles,
        leaves=[leaf for part in components if isinstance(part, SerialEngine | Pipeline) for leaf in part.leaves],
    )


def scale(lo: int, hi: int, shift: int = 0, constant: int = 0, multiplier: int = 1) -> Requantizer:
    """(acc·multiplier + constant) >> shift, within lo … hi."""
    return Requantizer("scale", lo, hi, multiplier, constant, shift)


def random_subject(seed: int, depth: int) -> Subject:
    """Layers of random weights, each code of a channel's own shift and clamp."""
    chance = np.random.default_rng(seed)
    sizes = chance.integers(2, 5, depth + 1).tolist()
    ranges = [(-8, 7) if chance.integers(2) else (0, 13) for _ in range(sizes[0])]
    layers = []
    for inputs, outputs in pairwise(sizes):
        weights = chance.integers(-9, 10, (outputs, inputs)) * chance.integers(0, 2, (outputs, inputs))
        weights[:, 0] = chance.integers(1, 9, outputs)
        tails = []
        for _ in range(outputs):
            bits = int(chance.integers(2, 5))
            low = -(1 << bits) if chance.integers(2) else 0
            tails.append(scale(low, (1 << bits) - 1, int(chance.integers(0, 4)), int(chance.integers(-30, 31))))
        layers.append(Layer(weights.tolist(), chance.integers(-20, 21, outputs).tolist(), tails))
    return Subject(layers, ranges)


S4, U4 = (-8, 7), (0, 15)
MIXED = [(-8, 7), (0, 15), (-128, 127), (0, 1), (-1, 0)]
WEIGHTS = [[3, -5, 1, 7, -2], [-6, 2, 0, 1, 9], [0, 0, -1, 0, 0], [4, 8, -12, 0, 16], [1, 1, 1, 1, 1]]
BEHIND = ("SerialEngine", "Pipeline", "Skid")
RELU, CLAMP, WIDE = scale(0, 15, 2), scale(-16, 15, 1), scale(-4096, 4095, 3)
SUBJECTS = {
    "sums": Subject([Layer(WEIGHTS, [0, 3, -100, 8, 0])], MIXED),
    "sums_in_wider_lanes": Subject([Layer(WEIGHTS, [0, 3, -100, 8, 0])], MIXED, wider=9),
    "wires": Subject([Layer([[0, 1], [1, 0], [4, 0]])], [S4, U4]),
    "one_bit": Subject([Layer([[1]])], [(0, 1)]),
    "numbers": Subject([Layer([[0, 0], [0, 0], [0, 1]], [-3, 0, 64])], [S4, U4]),
    "inputs_wider_than_words": Subject([Layer([[0, 1], [0, 0]], [0, 1])], [(-128, 127), (0, 1)]),
    "fixed_inputs": Subject([Layer([[8, 4], [8, 3]], [0, 7])], [S4, (2, 2)]),
    "common_shifts": Subject([Layer([[24, 8], [16, -32], [-64, 0]])], [S4, U4]),
    "saturates_both_ways": Subject([Layer(WEIGHTS, tails=[CLAMP] * 5)], MIXED),
    "saturates_below": Subject([Layer([[3, 1], [5, 2]], tails=[scale(0, 63), scale(0, 127, 1)])], [S4, S4]),
    "saturates_above": Subject([Layer([[3, 1], [5, 2]], tails=[scale(0, 15), scale(0, 7, 2)])], [U4, U4]),
    "never_saturates": Subject([Layer(WEIGHTS, tails=[WIDE] * 5)], MIXED),
    "each_its_own": Subject([Layer(WEIGHTS, tails=[RELU, CLAMP, WIDE, scale(-3, 5, 4), scale(0, 7)])], MIXED),
    "scaled": Subject(
        [
            Layer(
                WEIGHTS, [1, 2, 3, 4, 5], [scale(-8, 7, 5, 37, 5), scale(0, 15, 4, 8, 3), *[scale(-8, 7, 6, 1, 7)] * 3]
            )
        ],
        MIXED,
    ),
    "constant_codes": Subject([Layer([[3, 1], [5, 2]], tails=[scale(4, 4, 0, 4, 0), scale(0, 15, 1)])], [S4, S4]),
    "codes_in_wider_lanes": Subject([Layer(WEIGHTS, tails=[RELU] * 5)], MIXED, wider=4),
    "searched": Subject(
        [
            Layer(
                [[3, -5], [1, 7]],
                [4, -9],
                [
                    Requantizer("search", -1, 3, thresholds=(-20, -7, 2, 30)),
                    Requantizer("search", 0, 2, thresholds=(0, 9)),
                ],
            )
        ],
        [S4, U4],
        BEHIND,
    ),
    "half_even": Subject(
        [Layer([[3, -5], [1, 7]], [4, -9], [Requantizer("half_even", -8, 7, shift=3), RELU])], [S4, U4], BEHIND
    ),
    "two_layers": Subject([Layer(WEIGHTS, tails=[RELU, CLAMP, RELU, CLAMP, CLAMP]), Layer(WEIGHTS)], MIXED),
    "two_layers_that_search": Subject(
        [
            Layer(WEIGHTS, tails=[RELU] * 5),
            Layer([[1, -2, 3, 4, 5]], tails=[Requantizer("search", 0, 3, thresholds=(-9, 4, 100))]),
        ],
        MIXED,
        BEHIND,
    ),
    "three_layers": Subject(
        [
            Layer(WEIGHTS, [7] * 5, [RELU] * 5),
            Layer([[2, 3, 0, 0, 1], [0, -1, 5, 1, 0]], [0, 1], [CLAMP, scale(0, 255, 0)]),
            Layer([[1, -3], [7, 1], [0, 1]], tails=[CLAMP, RELU, WIDE]),
        ],
        MIXED,
    ),
    "sums_without_sign_that_saturate": Subject(
        [Layer([[3, 1], [5, 2]], tails=[scale(0, 31), scale(0, 15, 2)]), Layer([[1, -1]])], [U4, U4]
    ),
    "weights_with_common_shifts_between": Subject(
        [
            Layer([[4, 0], [16, -16], [8, 8]], tails=[scale(-256, 255), scale(0, 7), scale(-8, 7, 1)]),
            Layer([[1, 0, 0], [1, 2, 4]]),
        ],
        [S4, S4],
    ),
    "codes_wider_than_their_words": Subject(
        [Layer([[1, 0], [0, 1]], tails=[scale(0, 1), scale(-2, 1)]), Layer([[3, 1], [100, -90]])], [S4, S4]
    ),
    **{f"random_{seed}": random_subject(seed, 1 + seed % 3) for seed in range(9)},
}


@pytest.fixture(scope="module", params=DIGITS)
def complaints(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all engines of one digit."""
    cases = [case(name, subject, request.param) for name, subject in SUBJECTS.items()]
    return simulate(tmp_path_factory.mktemp("serial"), cases)


@pytest.mark.parametrize("name", SUBJECTS)
def test_engines_equal_numpy(name: str, complaints: dict[str, str]) -> None:
    """Every word, back to back and under stalls; latency, interval and handshake as stated."""
    assert complaints[name] == ""
