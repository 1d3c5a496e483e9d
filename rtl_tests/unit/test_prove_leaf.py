"""Adder leaves proved from their text: true ones pass, and a refusal says what is wrong.

What faults a text may have, and that each is caught, is in test_prove_leaf_faults.py."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl_tests.unit.leaf_subjects import GRAPH, INTERVALS, LEAVES, ROWS, ROWS_MAP, Map, computes, linear_map, proved
from shiftwright.arith.adder_graph import Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.cmvm.csd import SOLVER
from shiftwright.arith.prove import prove_graph
from shiftwright.build import prove_leaf as prove_leaf_module
from shiftwright.build.prove_leaf import LeafProof, prove_leaf
from shiftwright.errors import ProofError
from shiftwright.rtl.adder_leaf import AdderLeaf


@pytest.mark.parametrize("levels", LEAVES)
def test_a_true_leaf_is_proved(levels: int) -> None:
    """With one and with more levels a stage; the counts are those of the graph, registers those of the text."""
    leaf = LEAVES[levels]
    found = prove_leaf(leaf.render(), *linear_map(GRAPH), leaf.latency, "leaf")
    registers = sum(int(high) + 1 for high in re.findall(r"reg \[(\d+):0\]", leaf.render()))

    assert found == LeafProof(GRAPH.adders, GRAPH.bits, GRAPH.depth, leaf.latency, registers)


def test_rows_of_three_operands_are_proved() -> None:
    """a + 2b - 2c, of which the lowest bit is a's; then 5 - that - c: c has passed a register, too."""
    assert prove_leaf(ROWS, *ROWS_MAP, 1) == LeafProof(adders=2, bits=5 + 6, depth=2, latency=1, registers=9)


@given(st.data())
def test_solved_matrices_are_proved(data: st.DataObject) -> None:
    """Random matrices, constants and intervals, at one, two and three levels a stage; the counts are the graph's."""
    inputs, outputs = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    weight = st.one_of(st.just(0), st.integers(-9, 9), st.integers(-(1 << 20), 1 << 20))
    rows = data.draw(st.lists(st.lists(weight, min_size=inputs, max_size=inputs), min_size=outputs, max_size=outputs))
    constants = data.draw(st.lists(st.one_of(st.just(0), weight), min_size=outputs, max_size=outputs))
    ranges = data.draw(st.lists(INTERVALS, min_size=inputs, max_size=inputs))
    matrix = np.array(rows, dtype=np.int64)
    graph = SOLVER.solve(matrix, ranges, constants)
    prove_graph(graph, matrix, constants)

    for levels in (1, 2, 3):
        leaf = AdderLeaf("leaf", graph, levels)
        found = prove_leaf(leaf.render(), matrix, constants, ranges, leaf.latency, "leaf")
        assert (graph.adders, graph.bits, graph.depth) == (found.adders, found.bits, found.depth)


@given(st.data())
def test_graphs_of_any_shape_are_proved(data: st.DataObject) -> None:
    """Words that cancel, that are cut to nothing, that only move; up to three operands, two of them negated."""
    builder = Builder(data.draw(st.lists(INTERVALS, min_size=1, max_size=3)))
    values = len(builder.graph([]).inputs)
    for _ in range(data.draw(st.integers(1, 8))):
        operand = st.builds(Operand, st.integers(0, values - 1), st.integers(0, 4), st.booleans())
        operands = data.draw(st.lists(operand, min_size=1, max_size=3))
        if len(operands) == 3 and all(one.negative for one in operands):
            operands.pop()
        constant = data.draw(st.one_of(st.just(0), st.integers(-99, 99))) if len(operands) < 3 else 0
        values = builder.add(operands, constant) + 1
    output = st.one_of(st.none(), st.builds(Operand, st.integers(0, values - 1), st.integers(0, 3)))
    graph = builder.graph(data.draw(st.lists(output, min_size=1, max_size=3)))
    stated = linear_map(graph)
    prove_graph(graph, stated[0], stated[1])

    for levels in (1, 2, 3):
        leaf = AdderLeaf("leaf", graph, levels)
        text = leaf.render()
        prove_leaf(text, *stated, leaf.latency, "leaf")
        assert computes(text, stated, leaf.latency)


def leaf_text(x_bits: int, y_bits: int, *body: str) -> str:
    """A leaf with the given lines between head and end; the first of them is line 6."""
    head = ["module leaf (clk, ce, x, y);", "  input wire clk;", "  input wire ce;"]
    ports = [f"  input wire [{x_bits - 1}:0] x;", f"  output wire [{y_bits - 1}:0] y;"]
    return "\n".join([*head, *ports, *(f"  {line}" for line in body), "endmodule", ""])


A = "wire [2:0] a = x[2:0];"
REFUSED = {
    "x is too narrow": (
        3,
        3,
        [A, "assign y[2:0] = {a[2:0]};"],
        [1],
        0,
        (0, 8),
        "line 4: x has 3 bits, its lanes take 4",
    ),
    "y is too wide": (
        3,
        4,
        [A, "assign y[3:0] = {a[2:0], 1'b0};"],
        [1],
        0,
        (0, 7),
        "line 5: y has 4 bits, its lanes take 3",
    ),
    "another lane": (
        *(3, 3, ["wire [1:0] a = x[2:1];", "assign y[2:0] = {a[1:0], 1'b0};"], [1], 0, (0, 7)),
        "line 6: x[2:1] is no lane of x",
    ),
    "a lane cut": (
        *(3, 3, ["wire [1:0] a = x[2:0];", "assign y[2:0] = {a[1:0], 1'b0};"], [1], 0, (0, 7)),
        "line 6: 'a' has 2 bits, its lane 3",
    ),
    "a sign that is none": (
        *(3, 5, [A, "assign y[4:0] = {{1{a[2]}}, a[2:0], 1'b0};"], [2], 17, (0, 7)),
        "line 7: 'a' is extended, but its interval does not fit 3 bits, signed",
    ),
    "a zero for a sign": (
        *(3, 4, [A, "assign y[3:0] = {{1{1'b0}}, a[2:0]};"], [2], 0, (-4, 3)),
        "line 7: 'a' is extended, but its interval does not fit 3 bits, unsigned",
    ),
    "an overflow": (
        *(3, 4, [A, "wire [2:0] b = {a[2:0]} + 3'd1;", "assign y[3:0] = {{1{1'b0}}, b[2:0]};"], [1], 1, (0, 7)),
        "line 8: 'b' is extended, but its interval does not fit 3 bits, unsigned",
    ),
    "no such bit": (
        *(3, 4, [A, "assign y[3:0] = {a[3:0]};"], [2], 0, (0, 7)),
        "line 7: it reads a[3:0], which has 3 bits",
    ),
    "a term too narrow": (
        *(3, 4, [A, "wire [3:0] b = {a[2:0]} + 4'd1;", "assign y[3:0] = {b[3:0]};"], [1], 1, (0, 7)),
        "line 7: a term of 3 bits stands in a sum of 4",
    ),
    "a register too few": (
        *(3, 3, [A, "assign y[2:0] = {a[2:0]};"], [1], 0, (0, 7)),
        "line 7: output 0 passes 0 registers, the leaf's latency is 1",
    ),
    "a register too narrow": (
        *(3, 3, [A, "reg [1:0] b;", "always @(posedge clk) if (ce) b <= a;", "assign y[2:0] = {b[1:0], 1'b0};"]),
        *([1], 0, (0, 7), "line 7: 'b' has 2 bits, 'a' 3"),
    ),
    "words of two ages": (
        3,
        4,
        [
            A,
            "reg [2:0] b;",
            "always @(posedge clk) if (ce) b <= a;",
            "wire [3:0] c = {{1{1'b0}}, a[2:0]} + {{1{1'b0}}, b[2:0]};",
            "assign y[3:0] = {c[3:0]};",
        ],
        *([2], 0, (0, 7), "line 9: its words passed different numbers of registers: 0, 1"),
    ),
    "a number that comes late": (
        3,
        4,
        [
            A,
            "wire [2:0] one = 3'd1;",
            "reg [2:0] late;",
            "always @(posedge clk) if (ce) late <= one;",
            "wire [3:0] c = {{1{1'b0}}, a[2:0]} + {{1{1'b0}}, late[2:0]};",
            "assign y[3:0] = {c[3:0]};",
        ],
        *([1], 1, (0, 7), "line 10: a constant comes 1 registers late, its words 0"),
    ),
    "a constant": (
        *(3, 3, [A, "wire [2:0] b = {a[2:0]} + 3'd1;", "assign y[2:0] = {b[2:0]};"], [1], 0, (0, 7)),
        "line 8: output 0 adds the constant 1, not 0",
    ),
    "a weight": (
        *(
            3,
            5,
            [A, "wire [4:0] b = {a[2:0], 2'b0} - {{2{1'b0}}, a[2:0]};", "assign y[4:0] = {b[4:0]};"],
            [4],
            0,
            (0, 7),
        ),
        "line 8: output 0 has 3 times input 0, the matrix has 4",
    ),
    "another lane of y": (
        *(3, 3, [A, "assign y[1:0] = {a[1:0]};"], [1], 0, (0, 7)),
        "line 7: y[1:0] is no lane of y",
    ),
    "driven twice": (
        *(3, 1, ["assign y[0:0] = 1'd0;", "assign y[0:0] = 1'd0;"], [0], 0, (0, 7)),
        "line 7: y[0:0], output 0, is driven twice",
    ),
    "not driven": (3, 1, [], [0], 0, (0, 7), "y[0:0], output 0, is not driven"),
    "read by nothing": (3, 1, [A, "assign y[0:0] = 1'd0;"], [0], 0, (0, 7), "line 6: 'a' is read by nothing"),
    "read too early": (
        *(3, 3, ["wire [2:0] b = {a[2:0]} + 3'd1;", A, "assign y[2:0] = {b[2:0]};"], [1], 1, (0, 6)),
        "line 6: it reads 'a', which nothing above it drives",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_says_what_is_wrong(case: str) -> None:
    """The line, what it is, and what it should be."""
    x_bits, y_bits, body, row, constant, interval, message = REFUSED[case]

    with pytest.raises(ProofError, match=f"^{re.escape(message)}$"):
        prove_leaf(leaf_text(x_bits, y_bits, *body), np.array([row]), [constant], [interval], 1)


PROMISES = {
    "bits of b below LOW": ("{{1{b[2]}}, b[2:0], 2'b0}", 3, 5, 0, "LOW is 3, but b has bits from 2 up"),
    "a constant below LOW": ("6'd12", 3, 5, 0, "LOW is 3, but b has bits from 2 up"),
    "no bits": ("6'd0", 4, 3, 0, "LOW 4 and HIGH 3 are no bits of 6 in this order"),
    "beyond": ("6'd0", 0, 6, 0, "LOW 0 and HIGH 6 are no bits of 6 in this order"),
    "a bit above HIGH": ("{b[2:0], 3'b0}", 0, 4, 0, "HIGH is 4, but above that bit of b are not only zeros"),
    "a sign that reaches above HIGH": (
        "{{2{b[2]}}, b[2:0], 1'b0}",
        0,
        4,
        0,
        "HIGH is 4, but above that bit of b are not",
    ),
    "no copies of a lower bit": (
        "{{2{b[2]}}, b[2:0], 1'b0}",
        0,
        2,
        1,
        "HIGH is 2, but above that bit of b are not only c",
    ),
    "zeros above a bit": (
        "{{2{1'b0}}, b[2:0], 1'b0}",
        0,
        3,
        1,
        "HIGH is 3, but above that bit of b are not only copies",
    ),
    "a constant's bits above": ("6'd16", 0, 3, 0, "HIGH is 3, but above that bit of b are not only zeros"),
    "a constant that is no sign": ("6'd40", 0, 3, 1, "HIGH is 3, but above that bit of b are not only copies of it"),
    "zeros": ("{{2{1'b0}}, b[2:0], 1'b0}", 1, 3, 0, ""),
    "zeros as copies": ("{{2{1'b0}}, b[2:0], 1'b0}", 1, 4, 1, ""),
    "copies": ("{{2{b[2]}}, b[2:0], 1'b0}", 0, 3, 1, ""),
    "copies up to the top": ("{{2{b[2]}}, b[2:0], 1'b0}", 0, 5, 0, ""),
    "a constant": ("6'd12", 2, 3, 0, ""),
    "a negative constant": ("6'd56", 3, 3, 1, ""),
}


PAST = "^line (9: output 0 has|8: 'b' is extended)"  # what is wrong with these leaves beside


@pytest.mark.parametrize("case", PROMISES)
def test_what_a_row_takes_for_granted_is_checked(case: str) -> None:
    """A row of adders looks at bits LOW to HIGH of its terms: the text must show what the others are."""
    term, low, high, signed, message = PROMISES[case]
    number = f"#(.WIDTH(6), .LOW({low}), .HIGH({high}), .SIGNED({signed}), .NEGATIVE(0))"
    body = ["wire [5:0] s;", f"shiftwright_add3 {number} s_sum (.a(6'd0), .b({term}), .c(6'd0), .y(s));"]
    text = leaf_text(3, 9, "wire [2:0] b = x[2:0];", *body, "assign y[5:0] = {s[5:0]};", "assign y[8:6] = {b[2:0]};")

    with pytest.raises(ProofError, match=f"^line 8: {re.escape(message)}" if message else PAST):
        prove_leaf(text, np.array([[7], [1]]), [0, 0], [(-4, 3)], 1)


def test_another_module_is_refused() -> None:
    """The design would instantiate something else, or nothing."""
    with pytest.raises(ProofError, match="line 1: the module is called 'leaf', not 'other'"):
        prove_leaf(ROWS, *ROWS_MAP, 1, "other")


def test_a_literal_constant_may_be_as_old_as_it_likes() -> None:
    """A number that waits in a register is there when words come that passed as many or more."""
    text = leaf_text(
        3,
        5,
        A,
        "wire [2:0] one = 3'd1;",
        "reg [2:0] b;",
        "always @(posedge clk) if (ce) b <= a;",
        "reg [2:0] late;",
        "always @(posedge clk) if (ce) late <= one;",
        "wire [3:0] c = {{1{1'b0}}, b[2:0]} + {{1{1'b0}}, late[2:0]};",
        "assign y[3:0] = {c[3:0]};",
        "assign y[4:4] = {one[0:0]};",
    )

    assert prove_leaf(text, np.array([[1], [0]]), [1, 1], [(0, 7)], 1).adders == 2


def test_words_beyond_int64_are_exact() -> None:
    """Coefficients of 70 bits: the proof goes over to Python integers, and sees a difference in the last bit."""
    graph = SOLVER.solve(np.array([[(1 << 61) + 1, 3]]), [(-512, 511), (0, 1)], [-7])
    leaf = AdderLeaf("leaf", graph)
    assert max(map(int, re.findall(r"wire \[(\d+):0\]", leaf.render()))) > 64

    prove_leaf(leaf.render(), np.array([[(1 << 61) + 1, 3]]), [-7], [(-512, 511), (0, 1)], leaf.latency)
    with pytest.raises(ProofError, match=f"output 0 has {(1 << 61) + 1} times input 0, the matrix has {1 << 61}"):
        prove_leaf(leaf.render(), np.array([[1 << 61, 3]]), [-7], [(-512, 511), (0, 1)], leaf.latency)


def test_the_proof_shares_no_code_with_what_it_proves() -> None:
    """Of the whole package only itself, the names of Verilog's keywords, and errors: no solver, builder or template."""
    home, found = Path(prove_leaf_module.__file__).parent, set()
    waiting = ["shiftwright.build.prove_leaf"]
    while waiting:
        module = waiting.pop()
        found.add(module)
        if module.startswith("shiftwright.build."):
            tree = ast.parse((home / f"{module.rpartition('.')[2]}.py").read_text(encoding="utf-8"))
            imported = [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            imported += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
            waiting += [name for name in imported if name.startswith("shiftwright") and name not in found]

    assert found == {
        *(f"shiftwright.build.{name}" for name in ("keywords", "leaf_reader", "prove_leaf")),
        *("shiftwright.build.prove_residues", "shiftwright.build.prove_rows", "shiftwright.errors"),
    }


def test_large_leaves_are_proved() -> None:
    """Seven thousand adders over 256 inputs; a changed sign deep inside is found."""
    matrix = np.random.default_rng(5).choice([-2, -1, 0, 1, 2], (40, 256), p=[0.2, 0.2, 0.2, 0.2, 0.2])
    stated: Map = (matrix, [0] * 40, [(0, 255)] * 256)
    graph = SOLVER.solve(stated[0], stated[2], stated[1])
    leaf = AdderLeaf("leaf", graph, 2)
    text = leaf.render()
    assert prove_leaf(text, *stated, leaf.latency).adders == graph.adders > 7000

    middle = text.index(" - ", len(text) // 2)
    assert not proved(text[:middle] + " + " + text[middle + 3 :], stated, leaf.latency)
