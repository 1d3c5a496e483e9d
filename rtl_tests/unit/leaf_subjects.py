"""Adder leaves that proofs are tried on, what each has to compute, and two ways to ask whether it does."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtl_tests.unit.leaf_player import play
from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.build.prove_leaf import prove_leaf
from shiftwright.errors import ProofError
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.format import Format

INTERVALS = st.tuples(st.integers(-40, 40), st.integers(0, 70)).map(lambda ends: (ends[0], sum(ends)))
Map = tuple[NDArray[np.int64], list[int], list[tuple[int, int]]]
"""Matrix, constants and ranges."""


def every_kind_of_term() -> AdderGraph:
    """Signed and unsigned, shifted, truncated and extended words, negations, constants, a wire, a zero, a number."""
    builder = Builder([(0, 15), (-8, 7), (0, 3), (100, 107), (-4, -4)])
    difference = builder.add([Operand(0, 1), Operand(1, 0, True)])
    negation = builder.add([Operand(0, 0, True)])
    scaled = builder.add([Operand(difference, 2), Operand(2)], -5)
    total = builder.add([Operand(scaled), Operand(negation, 3)], -20)
    narrow = builder.add([Operand(3)], -100)
    fixed = builder.add([Operand(narrow, 1), Operand(4, 1, True)], -8)
    number = builder.add([], -5)
    outputs = (total, difference, None, number, 1, fixed, total)
    shifts = (0, 1, 0, 2, 0, 3, 0)
    return builder.graph(
        None if value is None else Operand(value, shift) for value, shift in zip(outputs, shifts, strict=True)
    )


def linear_map(graph: AdderGraph) -> Map:
    """What a graph computes, found by evaluating it."""
    inputs = len(graph.inputs)
    constants = graph(np.zeros((1, inputs), dtype=np.int64))[0]
    return graph(np.eye(inputs, dtype=np.int64)).T - constants[:, np.newaxis], constants.tolist(), list(graph.inputs)


GRAPH = every_kind_of_term()
LEAVES = {levels: AdderLeaf("leaf", GRAPH, levels) for levels in (1, 2, 3)}
# Two rows of three-operand adders, with one and with two words subtracted, and a register between them.
ROWS = """\
module leaf (clk, ce, x, y);
  input wire clk;
  input wire ce;
  input wire [8:0] x;
  output wire [12:0] y;
  wire [2:0] a = x[2:0];
  wire [2:0] b = x[5:3];
  wire [2:0] c = x[8:6];
  // stage 1
  wire [5:0] d;
  shiftwright_add3 #(.WIDTH(6), .LOW(1), .HIGH(4), .SIGNED(1), .NEGATIVE(1)) d_sum \
(.a({{3{1'b0}}, a[2:0]}), .b({{2{1'b0}}, b[2:0], 1'b0}), .c({{2{c[2]}}, c[2:0], 1'b0}), .y(d));
  reg [5:0] d_2;
  always @(posedge clk) if (ce) d_2 <= d;
  reg [2:0] c_2;
  always @(posedge clk) if (ce) c_2 <= c;
  // stage 2
  (* keep *) wire [5:0] e;
  shiftwright_add3 #(.WIDTH(6), .LOW(0), .HIGH(5), .SIGNED(1), .NEGATIVE(2)) e_sum \
(.a(6'd5), .b({d_2[5:0]}), .c({{3{c_2[2]}}, c_2[2:0]}), .y(e));
  assign y[5:0] = {e[5:0]};
  assign y[12:6] = {d_2[5:0], 1'b0};
endmodule
"""
ROWS_MAP: Map = (
    np.array([[-1, -2, 1], [2, 4, -4]]),
    [5, 0],
    [(0, 7), (0, 7), (-4, 3)],
)


def proved(text: str, stated: Map, latency: int) -> bool:
    """Whether the proof holds."""
    try:
        prove_leaf(text, *stated, latency, "leaf")
    except ProofError:
        return False
    return True


def computes(text: str, stated: Map, latency: int, words: int = 60) -> bool:
    """Whether each word that the text makes of random and extreme inputs is the matrix's, after the latency."""
    matrix, constants, ranges = stated
    lo, hi = np.array(ranges).T
    random = np.random.default_rng(0)
    x = np.where(random.random((words, len(lo))) < 0.5, random.integers(lo, hi + 1, (words, len(lo))), lo)
    x[::3] = np.where(random.random(x[::3].shape) < 0.5, lo, hi)
    y = x @ matrix.T + constants
    ends = np.sort(np.stack([matrix * lo, matrix * hi]), axis=0).sum(axis=2) + constants
    results = Format.spanning([(int(least), int(most)) for least, most in ends.T])
    wanted = [results.pack(row) for row in y.tolist()]
    words_in = [Format.spanning(ranges).pack(row) for row in x.tolist()]
    warm = 8  # registers start at 0, as no hardware does
    return play(text, words_in)[warm + latency :] == wanted[warm : len(wanted) - latency]
