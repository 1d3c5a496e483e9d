"""The text of Verilog leaves: its line grammar, its registers, and that it depends on the graph alone."""

import re

import pytest

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.requantize import Requantizer
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.requantize_leaf import RequantizeLeaf, code_range

CHAIN = AdderGraph(
    inputs=((0, 3), (-2, 1)),
    adds=(
        Add((Operand(0, 1), Operand(1, 0, True)), 0, -1, 8, 1),
        Add((Operand(2), Operand(1, 2)), -3, -12, 9, 2),
        Add((Operand(3), Operand(0)), 0, -12, 12, 3),
    ),
    outputs=(Operand(4), Operand(2, 1)),
)
TERM = r"(?:\{(?:\{\d+\{(?:1'b0|\w+\[\d+\])\}\}, )?\w+\[\d+:0\](?:, \d+'b0)?\}|\d+'d\d+)"
ROW = (
    r"shiftwright_add3 #\(\.WIDTH\(\d+\), \.LOW\(\d+\), \.HIGH\(\d+\), \.SIGNED\([01]\), \.NEGATIVE\([012]\)\) "
    rf"(\w+)_sum \(\.a\({TERM}\), \.b\({TERM}\), \.c\({TERM}\), \.y\(\1\)\);"
)
LINES = (
    r"  wire \[\d+:0\] \w+ = x\[\d+:\d+\];",
    rf"  (?:wire \[\d+:0\]|assign) \w+ = {TERM}(?: \+ {TERM})*(?: - {TERM})*;",
    r"  (?:\(\* keep \*\) )?wire \[\d+:0\] \w+;",
    rf"  {ROW}",
    r"  reg \[\d+:0\] \w+;",
    r"  always @\(posedge clk\) if \(ce\) \w+ <= \w+;",
    rf"  assign y\[\d+:\d+\] = {TERM};",
    r"  // .*",
)
HEAD = ["module chain (clk, ce, x, y);", "  input wire clk;", "  input wire ce;", "  input wire [3:0] x;"]


@pytest.mark.parametrize("levels_per_stage", [1, 2, 3])
def test_every_line_is_of_the_stated_grammar(levels_per_stage: int) -> None:
    """A reader of the emitted text relies on it."""
    lines = AdderLeaf("chain", CHAIN, levels_per_stage).render().splitlines()

    assert (lines[:4], lines[4], lines[-1]) == (HEAD, "  output wire [10:0] y;", "endmodule")
    assert [line for line in lines[5:-1] if not any(re.fullmatch(form, line) for form in LINES)] == []


@pytest.mark.parametrize(("levels_per_stage", "latency", "registers"), [(1, 3, 8), (2, 2, 5), (3, 1, 2), (9, 1, 2)])
def test_registers_are_as_many_as_stages_ask_for(levels_per_stage: int, latency: int, registers: int) -> None:
    """One rank a stage; a value lives only as far as it is read: input 1 to stage 2, input 0 to stage 3."""
    leaf = AdderLeaf("chain", CHAIN, levels_per_stage)

    assert (leaf.latency, leaf.render().count("  reg ")) == (latency, registers)


def test_adders_of_one_stage_are_kept_apart() -> None:
    """Synthesis would merge unregistered sums into compressors of LUTs."""
    assert "keep" not in AdderLeaf("chain", CHAIN, 1).render()
    assert AdderLeaf("chain", CHAIN, 3).render().count("(* keep *)") == 3


def test_a_graph_of_constants_alone_needs_no_register() -> None:
    """Its outputs are numbers, in two's complement."""
    graph = AdderGraph(inputs=((0, 1),), adds=(Add((), -3, -3, -3, 0),), outputs=(Operand(1, 1), None))
    text = AdderLeaf("constants", graph).render()

    assert "reg" not in text
    assert re.findall(r"= (\d+'d\d+);", text) == ["4'd10", "1'd0"]


def test_the_text_depends_on_the_leaf_alone() -> None:
    """Two leaves of equal parts, the same bytes."""
    forms = [Requantizer("scale", 0, 7, shift=1), Requantizer("search", 0, 2, thresholds=(3, 9))]

    assert AdderLeaf("chain", CHAIN).render() == AdderLeaf("chain", CHAIN).render()
    assert (
        RequantizeLeaf("tail", forms, [(-9, 40)] * 2).render() == RequantizeLeaf("tail", forms, [(-9, 40)] * 2).render()
    )


@pytest.mark.parametrize(
    ("form", "latency"),
    [
        pytest.param(Requantizer("scale", 0, 7, shift=2), 1, id="scale"),
        pytest.param(Requantizer("half_even", 0, 7, shift=2), 2, id="half-even"),
        pytest.param(Requantizer("search", 0, 1, thresholds=(4,)), 1, id="one threshold"),
        pytest.param(Requantizer("search", 0, 4, thresholds=(1, 2, 3, 4)), 3, id="four thresholds"),
        pytest.param(Requantizer("search", 0, 4, thresholds=(-90, 2, 3, 400)), 2, id="two within the range"),
        pytest.param(Requantizer("scale", 5, 5), 1, id="constant"),
    ],
)
def test_latency_of_a_requantizer_is_that_of_its_form(form: Requantizer, latency: int) -> None:
    """As architected: 1, 2, or one a compare level; the slowest lane counts for all."""
    assert RequantizeLeaf("tail", [form], [(-20, 40)]).latency == latency
    assert RequantizeLeaf("tail", [form, Requantizer("scale", 0, 1)], [(-20, 40)] * 2).latency == latency


def test_codes_are_no_wider_than_the_range_reaches() -> None:
    """Saturation that cannot happen costs no bits."""
    form = Requantizer("scale", -128, 127, shift=2)

    assert code_range(form, 0, 43) == (0, 10)
    assert RequantizeLeaf("tail", [form], [(0, 43)]).results.bits == 4
