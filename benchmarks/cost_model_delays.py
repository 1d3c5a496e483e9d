"""Delays of adders on families that are open: rows of sums, placed and routed, and a line through their periods.

Each leaf holds sums that follow one another, so many in a stage, from registers to registers; out of context, so that
the first stage, whose words come from ports, does not count. The period is fitted as level·levels + carry·bits: what
registers themselves take is in the level, so that several levels in a stage are judged a little slower than they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.synth.devices.choose import device
from shiftwright.synth.run import synthesize
from shiftwright.synth.sources import find_sources

LEVELS = (1, 2, 3)
WIDTHS = (8, 16, 28)
SEEDS = (1, 2, 3)
ROWS = 12  # of sums side by side
AIM = 400.0  # MHz, out of reach


@dataclass(frozen=True, slots=True)
class Period:
    """Nanoseconds from register to register through `levels` sums, the last of `bits` bits; the median of seeds."""

    levels: int
    bits: int
    nanoseconds: float


def chains(width: int, levels: int) -> AdderGraph:
    """Rows of 2·levels sums of words of `width` bits, each with its own new word."""
    limit = 1 << (width - 1)
    builder = Builder([(-limit, limit - 1)] * (ROWS * 2))
    outputs: list[Operand | None] = []
    for row in range(ROWS):
        total = Operand(row)
        for step in range(2 * levels):
            total = Operand(builder.add([total, Operand((row + 5 * step + ROWS) % (2 * ROWS), 0, step % 2 == 1)]))
        outputs.append(total)
    return builder.graph(outputs)


def periods(family: str) -> list[Period]:
    """What place and route reaches, for every number of levels and width."""
    return [_period(family, levels, width) for levels in LEVELS for width in WIDTHS]


def _period(family: str, levels: int, width: int) -> Period:
    graph = chains(width, levels)
    fmax = []
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "chains.v"
        file.write_text(AdderLeaf("chains", graph, levels).render(), encoding="utf-8")
        for seed in SEEDS:
            placed = synthesize(find_sources(file), device(family), AIM, seed).placed
            assert not isinstance(placed, str) and placed.fmax is not None
            fmax.append(placed.fmax)
    widest = max((add.hi - add.lo).bit_length() for add in graph.adds)
    return Period(levels, widest, 1000 / float(np.median(fmax)))


def line(found: Sequence[Period]) -> tuple[float, float]:
    """Nanoseconds a level and a bit of carry, by least squares of relative errors."""
    features = np.array([(one.levels / one.nanoseconds, one.bits / one.nanoseconds) for one in found])
    level, carry = np.linalg.lstsq(features, np.ones(len(found)), rcond=None)[0]
    return float(level), float(carry)
