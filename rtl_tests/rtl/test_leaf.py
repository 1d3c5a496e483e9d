"""Verilog leaves in Icarus: adder graphs, requantizers, and both in one pipeline, against their software models."""

from itertools import product

import numpy as np
import pytest

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.requantize import Requantizer
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.leaf import Leaf, Pipeline
from shiftwright.rtl.requantize_leaf import RequantizeLeaf

# Every kind of term and output: signed and unsigned, shifted and truncated, negations, constants, unused values.
GRAPH = AdderGraph(
    inputs=((0, 15), (-8, 7), (0, 3), (100, 107), (-4, -4)),
    adds=(
        Add((Operand(0, 1), Operand(1, 0, True)), 0, -7, 38, 1),  # 5
        Add((Operand(0, 0, True),), 0, -15, 0, 1),  # 6
        Add((), -5, -5, -5, 0),  # 7
        Add((Operand(5, 2), Operand(2)), -5, -33, 150, 2),  # 8
        Add((Operand(8), Operand(7), Operand(6, 3)), 0, -158, 145, 3),  # 9
        Add((Operand(3),), -100, 0, 7, 1),  # 10: narrower than its operand
        Add((Operand(10, 1), Operand(7, 0, True), Operand(4, 1, True)), -13, 0, 14, 2),  # 11
        Add((Operand(1), Operand(2)), 0, -8, 10, 1),  # 12: read by nobody
    ),
    outputs=(Operand(9), Operand(5, 1), None, Operand(7, 2), Operand(1), Operand(11, 3), Operand(9)),
)
WIRES = AdderGraph(inputs=((-3, 3), (0, 1)), adds=(), outputs=(Operand(1, 2), Operand(0), Operand(1)))


def graph_case(name: str, graph: AdderGraph, levels_per_stage: int) -> Case:
    """Random inputs and all corners of their ranges."""
    leaf = AdderLeaf(name, graph, levels_per_stage)
    lo, hi = np.array(graph.inputs).T
    x = np.concatenate(
        [np.array(list(product(*graph.inputs))), np.random.default_rng(1).integers(lo, hi + 1, (100, len(lo)))]
    )
    return leaf_case(name, [leaf], x.tolist(), graph(x).tolist())


def leaf_case(name: str, leaves: list[Leaf], x: list[list[int]], y: list[list[int]]) -> Case:
    """A pipeline of leaves, given words a lane."""
    words = [leaves[0].words.pack(position) for position in x]
    expected = [leaves[-1].results.pack(position) for position in y]
    pipeline = Pipeline(leaves)
    return Case(name, pipeline, words, expected, len(words), pipeline.latency, 1, leaves)


def requantize_case(name: str, lo: int, hi: int, forms: list[Requantizer]) -> Case:
    """Every word of the range, through each form at once, each against its own software model."""
    words = np.arange(lo, hi + 1)
    leaf = RequantizeLeaf(name, forms, [(lo, hi)] * len(forms))
    # A form's model multiplies; the leaf's words are already multiplied, so the models are asked for factor 1.
    codes = np.stack([form(words) for form in forms], axis=1)
    return leaf_case(name, [leaf], [[word] * len(forms) for word in words.tolist()], codes.tolist())


SHIFTED = [
    Requantizer("scale", lo, hi, shift=shift)
    for shift in (0, 1, 3, 9)
    for lo, hi in ((0, 15), (-8, 7), (-3, 5), (0, 0), (-1, 0), (-200, 200), (2, 4), (-6, -2), (0, 255))
]
HALVED = [
    Requantizer("half_even", lo, hi, shift=shift, odd=odd)
    for shift in (1, 2, 4, 9)
    for odd in (False, True)
    for lo, hi in ((0, 15), (-8, 7), (-3, 5), (-200, 200), (2, 4))
]
SEARCHED = [
    Requantizer("search", lo, lo + len(thresholds), thresholds=thresholds)
    for lo in (0, -2, 5, -8, 13, -1)
    for thresholds in (
        (0,),
        (-3, 4),
        (-40, -7, 2, 2, 2, 9),
        (-500, -12, -5, 1, 63, 64, 99),
        tuple(range(-9, 6)),
        tuple(range(-33, 30, 3)),
        (200, 300),
        (-48, -16, 0, 32, 48),
        (64,),
    )
]
RANGES = {"signed": (-70, 90), "full": (-64, 63), "unsigned": (0, 63), "below_zero": (-41, -1), "one_bit": (-1, 0)}
CHAIN = [
    AdderLeaf("chain_graph", GRAPH, 2),
    RequantizeLeaf(
        "chain_tail", [Requantizer("scale", 0, 15, shift=3)] * 7, [GRAPH.output_range(index) for index in range(7)]
    ),
]


def chain_case() -> Case:
    """An adder graph, then a requantizer: latencies add up."""
    lo, hi = np.array(GRAPH.inputs).T
    x = np.random.default_rng(2).integers(lo, hi + 1, (60, len(lo)))
    return leaf_case("chain", list(CHAIN), x.tolist(), np.clip(GRAPH(x) >> 3, 0, 15).tolist())


CASES = {
    case.name: case
    for case in (
        *(graph_case(f"graph_{levels}", GRAPH, levels) for levels in (1, 2, 3, 4)),
        graph_case("wires", WIRES, 1),
        chain_case(),
        *(requantize_case(f"shift_{name}", lo, hi, SHIFTED) for name, (lo, hi) in RANGES.items()),
        *(requantize_case(f"half_even_{name}", lo, hi, HALVED) for name, (lo, hi) in RANGES.items()),
        *(requantize_case(f"search_{name}", lo, hi, SEARCHED) for name, (lo, hi) in RANGES.items()),
        requantize_case("mixed", -70, 90, [SHIFTED[0], HALVED[0], SEARCHED[5], SEARCHED[2]]),
    )
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all leaves."""
    return simulate(tmp_path_factory.mktemp("leaf"), list(CASES.values()))


@pytest.mark.parametrize("name", CASES)
def test_leaves_equal_their_models(name: str, complaints: dict[str, str]) -> None:
    """Every word, under stalls; latency, interval and handshake as stated."""
    assert complaints[name] == ""
