"""Delays of adders on families that are open: leaves placed and routed, and a line through their periods.

Leaves are those of a few matrices, with one to three levels of adders between registers; out of context, so that the
first stage, whose words come from ports, does not count. The period is fitted as level·levels + carry·bits. What the
registers themselves take is in the level: the line fits words of 12 to 18 bits, and is slow for much wider ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.cost_model_graphs import KINDS
from shiftwright.arith.cmvm.cse import CseSolver
from shiftwright.arith.families.family import Family
from shiftwright.arith.interval import bit_width
from shiftwright.errors import SynthesisError
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.synth import script
from shiftwright.synth.devices.choose import device
from shiftwright.synth.devices.device import Device, Route
from shiftwright.synth.place import place
from shiftwright.synth.tools.yosys import TOOL

LEVELS = (1, 2, 3)
MATRICES = (("ternary", (16, 16)), ("int4", (16, 16)), ("int8", (8, 8)))
SEEDS = (1, 2)
AIM = 300.0  # MHz for one level; for more of them, as much less


@dataclass(frozen=True, slots=True)
class Period:
    """Nanoseconds from register to register through `levels` adders of up to `bits` bits: over seeds, and by model."""

    name: str
    levels: int
    bits: int
    found: float
    foretold: float


def periods(family: Family) -> Iterator[Period]:
    """What place and route reaches, for each matrix and number of levels; SynthesisError where the family has none."""
    target = device(family.name)
    if target.route is None:
        raise SynthesisError(f"{target.name} has no delays to measure: {target.no_route}")
    for kind, shape in MATRICES:
        matrix = KINDS[kind](np.random.default_rng(5), shape).astype(np.int64)
        graph = CseSolver(effort="fast").solve(matrix, [(-128, 127)] * shape[1], [0] * shape[0])
        bits = max(bit_width(add.lo, add.hi)[0] for add in graph.adds)
        for levels in LEVELS:
            leaf = AdderLeaf("leaf", graph, levels)
            with TemporaryDirectory() as scratch:
                fmax = list(_fmax(leaf, target, target.route, AIM / levels, Path(scratch)))
            yield Period(kind, levels, bits, 1000 / float(np.mean(fmax)), leaf.schedule.delay(family))


def _fmax(leaf: AdderLeaf, target: Device, route: Route, aim: float, folder: Path) -> Iterator[float]:
    """MHz for each seed; the leaf is mapped once."""
    source = folder / f"{leaf.name}_text.v"
    source.write_text(leaf.render(), encoding="utf-8")
    script.prepare(folder, [source], leaf.name, target, netlist=True)
    TOOL.run(["-s", script.SCRIPT], folder, script.LOG)
    for seed in SEEDS:
        found = place(route, folder, leaf.name, aim, seed)
        assert found.fmax is not None
        yield found.fmax


def line(found: Sequence[Period]) -> tuple[float, float]:
    """Nanoseconds a level and a bit of carry, by least squares of relative errors."""
    features = np.array([(one.levels / one.found, one.bits / one.found) for one in found])
    level, carry = np.linalg.lstsq(features, np.ones(len(found)), rcond=None)[0]
    return float(level), float(carry)
