"""The reader of adder leaves: each line kind becomes what it says, and every other line is refused by number."""

import re

import pytest

from rtl_tests.unit.leaf_subjects import LEAVES, ROWS
from shiftwright.build.leaf_reader import Input, LeafText, Output, Promise, Register, Statement, Sum, Term, read_leaf
from shiftwright.errors import ProofError

HEAD = """\
module leaf (clk, ce, x, y);
  input wire clk;
  input wire ce;
  input wire [7:0] x;
  output wire [3:0] y;
"""


def leaf(*body: str) -> str:
    """A leaf with the given lines from line 6 on."""
    return "\n".join([HEAD + "\n".join(f"  {line}" for line in body), "endmodule", ""])


def row(
    width: int, negative: int, name: str, a: str, b: str, c: str, instance: str = "", promise: str = "(0), (0), (1)"
) -> str:
    """The line of a row of three-operand adders."""
    low, high, signed = promise.split(", ")
    parameters = f".WIDTH({width}), .LOW{low}, .HIGH{high}, .SIGNED{signed}, .NEGATIVE({negative})"
    return f"shiftwright_add3 #({parameters}) {instance or name + '_sum'} (.a({a}), .b({b}), .c({c}), .y({name}));"


@pytest.mark.parametrize(
    ("lines", "statement"),
    [
        pytest.param(["wire [2:0] v0_1 = x[5:3];"], Input(6, "v0_1", 3, 5, 3), id="input lane"),
        pytest.param(
            ["wire [5:0] v9_1 = {{2{1'b0}}, v0_1[2:0], 1'b0} + {{3{v1_1[2]}}, v1_1[2:0]} - {v2_1[5:0]};"],
            Sum(
                6,
                "v9_1",
                6,
                (Term(False, 6, "v0_1", 2, 1, 2), Term(False, 6, "v1_1", 2, 0, 3, True), Term(True, 6, "v2_1", 5)),
            ),
            id="sum",
        ),
        pytest.param(
            ["wire [3:0] v9_1 = 4'd9 - {v0_1[3:0]};"],
            Sum(6, "v9_1", 4, (Term(False, 4, number=9), Term(True, 4, "v0_1", 3))),
            id="constant",
        ),
        pytest.param(
            ["(* keep *) wire [3:0] v9_1;", "assign v9_1 = {v0_1[1:0], 2'b0};"],
            Sum(7, "v9_1", 4, (Term(False, 4, "v0_1", 1, 2),)),
            id="kept sum",
        ),
        pytest.param(
            [
                "wire [3:0] v9_1;",
                row(4, 1, "v9_1", "{v0_1[3:0]}", "4'd6", "{v1_1[2:0], 1'b0}", promise="(1), (3), (0)"),
            ],
            Sum(
                7,
                "v9_1",
                4,
                (Term(False, 4, "v0_1", 3), Term(False, 4, number=6), Term(True, 4, "v1_1", 2, 1)),
                Promise(1, 3, False),
            ),
            id="row of three",
        ),
        pytest.param(
            ["reg [3:0] v0_2;", "always @(posedge clk) if (ce) v0_2 <= v0_1;"],
            Register(6, "v0_2", 4, "v0_1"),
            id="register",
        ),
        pytest.param(["assign y[3:2] = {v0_1[1:0]};"], Output(6, 3, 2, Term(False, 2, "v0_1", 1)), id="output lane"),
        pytest.param(["// stage 3", "assign y[0:0] = 1'd1;"], Output(7, 0, 0, Term(False, 1, number=1)), id="comment"),
    ],
)
def test_a_line_becomes_what_it_says(lines: list[str], statement: Statement) -> None:
    """One of each kind, with every part of a term."""
    assert LeafText("leaf", 8, 4, (statement,)) == read_leaf(leaf(*lines))


@pytest.mark.parametrize("text", [*(leaf.render() for leaf in LEAVES.values()), ROWS], ids=["1", "2", "3", "rows"])
def test_emitted_leaves_are_read_whole(text: str) -> None:
    """As many inputs, sums, registers and outputs as the text has lines of them."""
    statements = read_leaf(text).statements
    patterns = {
        Input: r" = x\[",
        Sum: r"^  (?:wire \[\d+:0\]|assign) \w+ = (?!x\[)|shiftwright_add3",
        Register: "<=",
        Output: r"assign y\[",
    }

    assert {kind: len(re.findall(pattern, text, re.MULTILINE)) for kind, pattern in patterns.items()} == {
        kind: sum(isinstance(statement, kind) for statement in statements) for kind in patterns
    }


ONES = ("2'd1",) * 3
GRAMMAR = "line 6: it is not in the grammar of an adder leaf"
REFUSED = {
    "another statement": (["initial begin end"], GRAMMAR),
    "an empty line": ([""], GRAMMAR),
    "another comment": (["// synopsys translate_off"], GRAMMAR),
    "a comment behind": (["wire [2:0] v0_1 = x[5:3]; // lane 1"], GRAMMAR),
    "two statements in a line": (["wire [2:0] v0_1 = x[5:3]; wire [2:0] v1_1 = x[2:0];"], GRAMMAR),
    "signed": (["wire signed [2:0] v0_1 = x[5:3];"], GRAMMAR),
    "no range": (["wire v0_1 = x[5:5];"], GRAMMAR),
    "a range from 1": (["wire [3:1] v0_1 = x[5:3];"], GRAMMAR),
    "another port": (["wire [2:0] v0_1 = z[5:3];"], GRAMMAR),
    "a bare operand": (["wire [2:0] v0_1 = v1_1 + v2_1;"], GRAMMAR),
    "a product": (["wire [2:0] v0_1 = {v1_1[2:0]} * {v2_1[2:0]};"], GRAMMAR),
    "a bracket": (["wire [2:0] v0_1 = ({v1_1[2:0]} - {v2_1[2:0]});"], GRAMMAR),
    "a sign first": (["wire [2:0] v0_1 = -{v1_1[2:0]};"], GRAMMAR),
    "a slice from 1": (["wire [2:0] v0_1 = {v1_1[3:1]};"], GRAMMAR),
    "ones for zeros": (["wire [2:0] v0_1 = {v1_1[1:0], 1'b1};"], GRAMMAR),
    "ones for a sign": (["wire [2:0] v0_1 = {{1{1'b1}}, v1_1[1:0]};"], GRAMMAR),
    "hexadecimal": (["wire [2:0] v0_1 = 3'h5;"], GRAMMAR),
    "a number with a zero first": (["wire [2:0] v0_1 = 3'd05;"], GRAMMAR),
    "digits of another script": (["wire [٢:0] v0_1 = x[5:3];"], GRAMMAR),
    "a number too long": ([f"wire [{'9' * 9}:0] v0_1 = x[5:3];"], GRAMMAR),
    "another edge": (["reg [2:0] v0_2;", "always @(negedge clk) if (ce) v0_2 <= v0_1;"], "line 7: it is not in the"),
    "no enable": (["reg [2:0] v0_2;", "always @(posedge clk) v0_2 <= v0_1;"], "line 7: it is not in the"),
    "a blocking register": (["reg [2:0] v0_2;", "always @(posedge clk) if (ce) v0_2 = v0_1;"], "line 7: it is not in"),
    "a register's initial value": (["reg [2:0] v0_2 = 3'd0;"], GRAMMAR),
    "three negations": (
        [
            "wire [1:0] v9;",
            row(2, 3, "v9", *ONES),
        ],
        "line 7: it is not in the grammar",
    ),
    "another module": (["pll p (.a(2'd1));"], GRAMMAR),
    "a word too wide": (["wire [9999999:0] v0_1 = 1'd0;"], "line 6: 'v0_1' has 10000000 bits, more than any word of"),
    "a constant too large": (["wire [2:0] v0_1 = 3'd8;"], "line 6: 8 does not fit 3 bits"),
    "a constant of no bits": (["wire [2:0] v0_1 = 0'd0;"], "line 6: 0 does not fit 0 bits"),
    "no zeros": (["wire [2:0] v0_1 = {v1_1[2:0], 0'b0};"], "line 6: `{v1_1[2:0], 0'b0}` repeats a bit 0 times"),
    "no copies": (["wire [2:0] v0_1 = {{0{1'b0}}, v1_1[2:0]};"], "line 6: `{{0{1'b0}}, v1_1[2:0]}` repeats a bit 0"),
    "an extension by a lower bit": (
        ["wire [3:0] v0_1 = {{1{v1_1[1]}}, v1_1[2:0]};"],
        "line 6: `{{1{v1_1[1]}}, v1_1[2:0]}` is not extended by its own top bit",
    ),
    "an extension by another word": (
        ["wire [3:0] v0_1 = {{1{v2_1[2]}}, v1_1[2:0]};"],
        "line 6: `{{1{v2_1[2]}}, v1_1[2:0]}` is not extended by its own top bit",
    ),
    "a name twice": (["wire [2:0] v0_1 = x[5:3];", "wire [2:0] v0_1 = x[2:0];"], "line 7: the name 'v0_1' is taken"),
    "a port's name": (["wire [2:0] ce = x[5:3];"], "line 6: the name 'ce' is taken"),
    "a keyword": (["wire [2:0] reg = x[5:3];"], "line 6: the name 'reg' is taken"),
    "an instance's name": (
        [
            "wire [1:0] v9;",
            row(2, 0, "v9", *ONES, "v9"),
        ],
        "line 7: the name 'v9' is taken",
    ),
    "another WIDTH": (
        [
            "wire [1:0] v9;",
            row(3, 0, "v9", *ONES, "s"),
        ],
        "line 7: its WIDTH is 3, that of 'v9' is 2",
    ),
    "a register alone": (["reg [2:0] v0_2;"], "line 6: 'v0_2' is declared and not driven on the next line"),
    "a word not driven": (["(* keep *) wire [2:0] v0_2;", "// stage 2"], "line 7: 'v0_2' of line 6 is not driven"),
    "an unkept word assigned": (["wire [2:0] v0_2;", "assign v0_2 = {v0_1[2:0]};"], "line 7: 'v0_2' of line 6 is not"),
    "a register assigned": (
        ["reg [2:0] v0_2;", "assign v0_2 = {v0_1[2:0]};"],
        "line 7: 'v0_2' of line 6 is not driven",
    ),
    "a wire clocked": (
        ["(* keep *) wire [2:0] v0_2;", "always @(posedge clk) if (ce) v0_2 <= v0_1;"],
        "line 7: 'v0_2' of line 6 is not driven",
    ),
    "another word driven": (
        ["reg [2:0] v0_2;", "always @(posedge clk) if (ce) v0_3 <= v0_1;"],
        "line 7: 'v0_2' of line 6 is not driven",
    ),
    "driven and not declared": (["assign v0_2 = {v0_1[2:0]};"], "line 6: no word waits for it"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_every_other_line_is_refused(case: str) -> None:
    """By its number, with what is wrong."""
    lines, message = REFUSED[case]

    with pytest.raises(ProofError, match=f"^{re.escape(message)}"):
        read_leaf(leaf(*lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "line 1: it must be `module NAME (clk, ce, x, y);`; the text ends before it", id="empty"),
        pytest.param("\n\n", "line 1: it must be `module NAME (clk, ce, x, y);`, not ''", id="empty lines"),
        pytest.param("module leaf", "line 1: the text breaks off; the last line must be `endmodule`", id="one word"),
        pytest.param(HEAD, "line 5: it must be `endmodule`, not 'output wire [3:0] y;'", id="head alone"),
        pytest.param(leaf()[:-1], "line 7: the text breaks off", id="no last newline"),
        pytest.param(leaf() + leaf(), "line 6: it is not in the grammar", id="two modules"),
        pytest.param(leaf().replace("ce, x", "ce, en, x"), "line 1: it must be `module NAME", id="another port"),
        pytest.param(leaf().replace("[7:0] x", "signed [7:0] x"), "line 4: it must be `input wire [W-1:0] x;`", id="x"),
        pytest.param(leaf().replace("wire [3:0] y", "reg [3:0] y"), "line 5: it must be `output wire [", id="y"),
        pytest.param("`define x 0\n" + leaf(), "line 1: it must be `module NAME", id="a macro"),
        pytest.param(leaf().replace("\n", "\r\n"), "line 1: it must be `module NAME", id="lines of another system"),
        pytest.param("\0" * 1000 + "\n", "line 1: it must be `module NAME", id="zeros"),
        pytest.param("{" * 10**6 + "\n", "line 1: it must be `module NAME", id="a long line"),
        pytest.param(leaf("wire [1:0] v9 = " + "{v1[1:0]} + " * 10**5 + "?;"), GRAMMAR, id="a long sum"),
    ],
)
def test_a_text_that_is_no_leaf_is_refused(text: str, message: str) -> None:
    """Its first wrong line, quickly, whatever it is."""
    with pytest.raises(ProofError, match=f"^{re.escape(message)}"):
        read_leaf(text)
