"""The serial engine: adder graphs whose words travel a digit a cycle; layers that follow each other share one.

Between two layers of one engine the requantizers work on digits where they can; a layer whose requantizers need whole
words ends an engine."""

from collections.abc import Sequence
from dataclasses import dataclass

from shiftwright.arith.interval import Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.arith.serial.cost import SERIAL, adder_luts, hold_luts
from shiftwright.arith.serial.netlist import Netlist
from shiftwright.arith.serial.prove import prove_serial
from shiftwright.arith.serial.schedule import serialise
from shiftwright.arith.serial.word import cycles_of, low_zeros, widths_of
from shiftwright.lower.engine import Engine
from shiftwright.lower.plan import Plan
from shiftwright.lower.product import (
    SolvedProduct,
    drop_low_bits,
    requantize_leaf,
    solve_product,
    tail_adders,
    tail_luts,
    with_family,
)
from shiftwright.ops.stage import Component, MatrixProduct
from shiftwright.rtl.format import Format
from shiftwright.rtl.leaf import Pipeline
from shiftwright.rtl.requantize_leaf import RequantizeLeaf
from shiftwright.rtl.serial.clamp import SerialClamp
from shiftwright.rtl.serial.deserialiser import Deserialiser
from shiftwright.rtl.serial.engine import SerialEngine
from shiftwright.rtl.serial.graph import SerialGraph
from shiftwright.rtl.serial.leaf import SerialLeaf
from shiftwright.rtl.serial.prove_clamp import prove_clamp
from shiftwright.rtl.serial.requantizer import SerialRequantizer
from shiftwright.rtl.serial.serialiser import Serialiser
from shiftwright.rtl.skid import Skid

LEVELS = 2  # a level of adders costs one cycle of latency here, and more of them save adders


@dataclass(frozen=True, slots=True, eq=False)
class SerialLayer:
    """A layer solved for serial words. `clamps` are its requantizers on digits, None where one needs the word."""

    name: str
    words: Interval
    solved: SolvedProduct
    clamps: tuple[SerialClamp, ...] | None


def serial_layer(name: str, product: MatrixProduct, tails: Sequence[Requantizer] | None, plan: Plan) -> SerialLayer:
    """Solves and proves a layer for the fewest adders, whatever their widths."""
    solved = solve_product(product, tails, with_family(plan.deeper(LEVELS).make(), SERIAL))
    clamps = [SerialClamp.of(tail, *pair) for tail, pair in zip(tails or (), solved.ranges, strict=False)]
    known = tuple(clamp for clamp in clamps if clamp is not None)
    return SerialLayer(name, product.words, solved, known if len(known) == len(solved.ranges) else None)


def serial_engines(
    layers: Sequence[SerialLayer], result: Interval, plan: Plan, digit: int
) -> tuple[list[Engine], list[Component]]:
    """One engine for layers that follow each other; an entry in the list for each. All but the last have clamps."""
    widths = [widths_of(layer.solved.ranges) for layer in layers]
    cycles = max(cycles_of(width, digit) for width in widths)
    inner: list[SerialGraph | SerialRequantizer] = []
    engines = []
    head = Serialiser(Format.of(layers[0].words), digit, cycles)
    for layer in layers:
        solved = layer.solved
        netlist = serialise(solved.graph, digit, cycles)
        low = low_zeros(solved.matrix, solved.constants, layer.words.pairs())
        prove_serial(netlist, solved.matrix, solved.constants, layer.words.pairs(), cycles, low)
        leaf = SerialLeaf(f"{layer.name}_product", netlist)
        inner.append(SerialGraph(leaf))
        is_first, is_last = layer is layers[0], layer is layers[-1]
        luts = graph_luts(netlist, plan) + is_first * serialiser_luts(head)
        waits = 0
        if not is_last:
            assert layer.clamps is not None and solved.tails is not None
            for clamp, tail, span in zip(layer.clamps, solved.tails, solved.ranges, strict=True):
                prove_clamp(clamp, tail, *span, digit * cycles)
            waits = cycles + 1
            inner.append(SerialRequantizer(layer.clamps, low, digit, cycles))
            luts += digit * sum(2 + clamp.clamps * (1 + clamp.signed) for clamp in layer.clamps)
        else:
            luts += tail_luts(solved.tails, solved.ranges)
        engines.append(
            Engine(
                kind="serial",
                fold=f"d={digit}",
                cycles=cycles,
                adders=netlist.adders,
                luts=luts,
                bits=netlist.adders * digit,
                registers=netlist.registers,
                requantize_adders=tail_adders(solved.tails),
                graph=solved.graph,
                leaf=leaf,
                inner_latency=leaf.latency + waits,
            )
        )
    last = layers[-1]
    return engines, _closed(last, head, inner, Format.of(result))


def graph_luts(netlist: Netlist, plan: Plan) -> int:
    """Of adders, holds, and constants, by estimate."""
    return netlist.adders * adder_luts(netlist.digit, plan.family.operands) + hold_luts(netlist)


def serialiser_luts(head: Serialiser) -> int:
    """A tree of multiplexers for each lane: half a LUT for each bit that there is to choose from."""
    return sum(-(-lane.width // 2) for lane in head.words.lanes)


def _closed(
    last: SerialLayer, head: Serialiser, inner: list[SerialGraph | SerialRequantizer], wanted: Format
) -> list[Component]:
    """The engine with its parallel end, and whatever requantizes behind it."""
    solved, digit, cycles = last.solved, head.digit, head.cycles
    low = tuple(low_zeros(solved.matrix, solved.constants, last.words.pairs()))
    dropped = None if solved.tails is None else drop_low_bits(solved.tails, solved.ranges)
    leaf: RequantizeLeaf | None
    if dropped is not None:
        drop, rest, ranges = dropped
        leaf = requantize_leaf(last.name, rest, ranges, wanted)
        low = tuple(max(0, zeros - bits) for zeros, bits in zip(low, drop, strict=True))
    else:
        drop, ranges = (0,) * len(solved.ranges), solved.ranges
        leaf = requantize_leaf(last.name, solved.tails, ranges, wanted)
    at_once = leaf is not None and leaf.latency == 1
    tail = Deserialiser(Format.spanning(ranges), digit, cycles, drop, low, leaf if at_once else None)
    engine = SerialEngine(head, inner, tail)
    if leaf is None or at_once:
        return [engine]
    return [engine, Pipeline(leaf), Skid(wanted.bits)]
