"""Engines of a layer as Verilog: the parallel and the serial one as the compiler makes them for ECP5.

What is measured is the whole engine, a position of words in and one of sums out, without requantizers and without the
design's edges. `core` is what the engine is about: of the serial one its adder graph alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from amaranth import Module
from amaranth.lib import wiring

from benchmarks.engines_place import Design
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.arith.interval import Interval
from shiftwright.lower.parallel import parallel_engine
from shiftwright.lower.plan import Plan
from shiftwright.lower.schedule import run
from shiftwright.lower.serial import serial_engines, serial_layer
from shiftwright.ops.stage import Component, MatrixProduct
from shiftwright.rtl.emit import to_verilog
from shiftwright.rtl.leaf import Pipeline
from shiftwright.rtl.serial.engine import SerialEngine

PLAN = Plan(SolverSettings(depth_limit=0, family="ecp5"))  # that of `shiftwright compile --family ecp5`
PARALLEL_AIM, SERIAL_AIM, GRAPH_AIM = 250.0, 300.0, 400.0  # MHz
TOP = "engine"


@dataclass(frozen=True, slots=True)
class Built:
    """An engine that takes `cycles` cycles a position; `adders` are those of its graph, where it has one."""

    whole: Design
    cycles: int
    core: Design | None = None
    adders: int | None = None


def parallel(product: MatrixProduct) -> Built:
    """The pipelined adder graph, with the skid buffer that the compiler puts behind it."""
    engine, components = parallel_engine(TOP, product, None, sums(product), PLAN)
    return Built(joined(components, PARALLEL_AIM), interval(components), adders=engine.adders)


def serial(product: MatrixProduct, digit: int, options: tuple[str, ...] = ()) -> Built:
    """Serialiser, adder graph, deserialiser; the core is the adder graph."""
    layer = serial_layer(TOP, product, None, PLAN)
    (engine,), components = serial_engines([layer], sums(product), PLAN, digit)
    assert engine.leaf is not None
    core = Design(engine.leaf.files(), engine.leaf.name, GRAPH_AIM, options)
    return Built(joined(components, SERIAL_AIM, options), interval(components), core, engine.adders)


def sums(product: MatrixProduct) -> Interval:
    """Bounds of the outputs."""
    rising, falling = np.maximum(product.matrix, 0), np.minimum(product.matrix, 0)
    lo, hi = product.words.lo, product.words.hi
    bounds = zip((rising @ lo + falling @ hi).tolist(), (rising @ hi + falling @ lo).tolist(), strict=True)
    moved = [(least + bias, most + bias) for (least, most), bias in zip(bounds, product.constants, strict=True)]
    return Interval.of([least for least, _ in moved], [most for _, most in moved])


def joined(components: Sequence[Component], aim: float, options: tuple[str, ...] = ()) -> Design:
    """Components in a row as one module, with the files of their leaves; it has the ports of the first and last one."""
    m = Module()
    for number, component in enumerate(components):
        m.submodules[f"part_{number}"] = component
    links = [(component.i, component.o) for component in components]  # type: ignore[attr-defined]
    for (_, before), (after, _) in pairwise(links):
        wiring.connect(m, before, after)
    first, last = links[0][0], links[-1][1]
    ports = {
        f"{side}_{field}": (getattr(link, field), None)
        for side, link in (("i", first), ("o", last))
        for field in ("valid", "ready", "payload")
    }
    files = {f"{TOP}.v": to_verilog(m, TOP, ports)}
    for component in components:
        if isinstance(component, Pipeline | SerialEngine):
            for leaf in component.leaves:
                files |= leaf.files()
    return Design(files, TOP, aim, options)


def interval(components: Sequence[Component]) -> int:
    """Cycles from a position to the next one, by the timing models."""
    return run([component.handshake() for component in components], 1).interval
