"""The reader of serial leaves: a leaf's text gives back its netlist, and any other text is refused by line."""

import re
from collections.abc import Iterator

import pytest

from rtl_tests.unit.serial_subjects import Subject, every_kind, random_product, random_sums, solved
from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Statement, Sum
from shiftwright.arith.serial.word import DIGITS
from shiftwright.build.serial_reader import read_serial
from shiftwright.errors import ProofError
from shiftwright.rtl.serial.leaf import SerialLeaf

SUBJECTS = {
    f"{name} d={digit}": subject
    for digit in DIGITS
    for name, subject in {
        "every kind": every_kind(digit),
        "a wire": solved([[1]], [0], [(-8, 7)], digit),
        "a zero": solved([[0]], [0], [(-8, 7)], digit),
        **{f"product {seed}": random_product(seed, "cse", digit) for seed in range(6)},
        **{f"sums {seed}": random_sums(seed, digit) for seed in range(4)},
    }.items()
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_leaf_gives_back_its_netlist(name: str) -> None:
    """Every statement with every field; the latency is not in the text."""
    subject = SUBJECTS[name]
    netlist = subject.netlist()

    assert read_serial(SerialLeaf("leaf", netlist).text, "leaf", subject.digit, netlist.latency) == netlist


def test_every_kind_of_statement_was_among_them() -> None:
    """The test before would show little without holds, slips and constants."""
    for digit in DIGITS:
        kinds = {type(statement) for statement in every_kind(digit).netlist().statements}
        assert kinds >= {Input, Delay, Hold, Count, Play, Sum, Output}
        assert (Slip in kinds) == (digit > 1)


def leaf(*body: str, digit: int = 2, last: str = "endmodule\n") -> str:
    """A leaf of two inputs and one output with the given lines from line 7 on."""
    head = [
        "module leaf (clk, ce, start, x, y);",
        "  input wire clk;",
        "  input wire ce;",
        "  input wire [1:0] start;",
        f"  input wire [{2 * digit - 1}:0] x;",
        f"  output wire [{digit - 1}:0] y;",
    ]
    return "\n".join([*head, *(f"  {line}" for line in body), last])


def adder(
    name: str = "s",
    digit: int = 2,
    inverts: str = "00",
    a: str = "a",
    b: str = "b",
    hold: str = "2'd0",
    carry: str = "0",
    instance: str = "",
) -> str:
    """The line of a sum."""
    numbers = f".DIGIT({digit}), .INVERT(2'b{inverts}), .CARRY(1'b{carry})"
    ports = f".clk(clk), .ce(ce), .start(start[1]), .a({a}), .b({b}), .hold({hold}), .y({name})"
    return f"shiftwright_serial_add #({numbers}) {instance or name + '_add'} ({ports});"


def block(*takes: str) -> list[str]:
    """What registers take."""
    return ["always @(posedge clk) if (ce) begin", *(f"  {take};" for take in takes), "end"]


S = "wire [1:0] s;"
STATEMENTS: dict[str, tuple[list[str], Statement]] = {
    "input": (["wire [1:0] a = x[3:2];"], Input("a", 1)),
    "delay": (["reg [1:0] a;", *block("a <= b")], Delay("a", 2, "b")),
    "hold": (["reg [0:0] h;", *block("h <= |start[1:0]")], Hold("h", 0, 1)),
    "count": (["reg [2:0] c;", *block("c <= start[1] ? 3'd0 : c + 3'd1")], Count("c", 3, 1)),
    "slip": (["wire [1:0] s = {a[0:0], b[1:1]};"], Slip("s", "a", "b", 1)),
    "play": (["wire [7:0] k_all = 8'd200;", "wire [1:0] k = k_all[{c, 1'd0} +: 2];"], Play("k", 200, 2, "c")),
    "sum": ([S, adder()], Sum("s", "a", "b", (False, False), False, 1, ())),
    "sum with holds": (
        [S, adder(inverts="10", carry="1", hold="{1'd0, h}")],
        Sum("s", "a", "b", (False, True), True, 1, ("h", "")),
    ),
    "sum of one": (
        [S, adder(inverts="01", a="2'd0", hold="{h, g}")],
        Sum("s", "", "b", (True, False), False, 1, ("g", "h")),
    ),
    "output": (["assign y[1:0] = a;"], Output(0, "a")),
    "output of 0": (["assign y[1:0] = 2'd0;"], Output(0, "")),
}


@pytest.mark.parametrize("kind", STATEMENTS)
def test_a_line_becomes_what_it_says(kind: str) -> None:
    """One of each kind, written by hand."""
    lines, statement = STATEMENTS[kind]

    assert read_serial(leaf(*lines), "leaf", 2, 5) == Netlist(2, 2, 1, 2, 5, (statement,))


def test_digits_of_one_and_of_four_bits_are_picked_by_their_own_lines() -> None:
    """A count is the place of a bit, and of four bits a quarter of it."""
    one = leaf("wire [3:0] k_all = 4'd9;", "wire [0:0] k = k_all[c +: 1];", digit=1)
    four = leaf("wire [7:0] k_all = 8'd9;", "wire [3:0] k = k_all[{c, 2'd0} +: 4];", digit=4)

    assert read_serial(one, "leaf", 1, 0).statements == (Play("k", 9, 2, "c"),)
    assert read_serial(four, "leaf", 4, 0).statements == (Play("k", 9, 1, "c"),)


A = "wire [1:0] a = x[1:0];"
GRAMMAR = "line 7: it is not in the grammar of a serial leaf"
REFUSED: dict[str, tuple[str, str]] = {
    "another statement": (leaf("initial a = 0;"), GRAMMAR),
    "an empty line": (leaf(""), GRAMMAR),
    "a comment": (leaf("// synopsys translate_off"), GRAMMAR),
    "a comment behind": (leaf(A + " // lane 0"), GRAMMAR),
    "two statements in a line": (leaf(A + " wire b;"), GRAMMAR),
    "signed": (leaf("wire signed [1:0] a = x[1:0];"), GRAMMAR),
    "a product": (leaf("wire [1:0] a = x[1:0] * x[3:2];"), GRAMMAR),
    "another port": (leaf("wire [1:0] a = z[1:0];"), GRAMMAR),
    "a block of another clock": (
        leaf("reg [1:0] a;", "always @(negedge clk) if (ce) begin", "  a <= b;", "end"),
        "line 7: 'a' takes nothing at the end of the module",
    ),
    "no enable": (
        leaf("reg [1:0] a;", "always @(posedge clk) begin", "  a <= b;", "end"),
        "line 7: 'a' takes nothing at the end of the module",
    ),
    "a blocking register": (leaf("reg [1:0] a;", *block("a = b")), "line 9: it does not drive 'a'"),
    "another register": (leaf("reg [1:0] a;", *block("b <= c")), "line 9: it does not drive 'a'"),
    "a register driven twice": (leaf("reg [1:0] a;", *block("a <= b", "a <= c")), "line 10: it drives no further"),
    "registers in another order": (
        leaf("reg [1:0] a;", "reg [1:0] b;", *block("b <= a", "a <= c")),
        "line 10: it does not drive 'a'",
    ),
    "a register that nothing drives": (
        leaf("reg [1:0] a;", "reg [1:0] b;", *block("a <= b")),
        "line 8: 'b' takes nothing at the end of the module",
    ),
    "a block that does not end": (leaf("reg [1:0] a;", *block("a <= b")[:-1]), "line 9: registers end with 'end'"),
    "an empty block": (leaf(A, *block()), "line 9: registers end with 'end', and there is one at least"),
    "two blocks": (leaf("reg [1:0] a;", *block("a <= b"), *block("a <= b")), "line 10: it drives no further"),
    "a wire behind the block": (leaf("reg [1:0] a;", *block("a <= b"), A), "line 11: registers end with 'end'"),
    "a hold of two bits": (leaf("reg [1:0] h;", *block("h <= |start[1:0]")), "line 9: it does not drive 'h'"),
    "a count that adds two": (
        leaf("reg [2:0] c;", *block("c <= start[1] ? 3'd0 : c + 3'd2")),
        "line 9: it does not drive 'c'",
    ),
    "a count of other bits": (
        leaf("reg [2:0] c;", *block("c <= start[1] ? 2'd0 : c + 2'd1")),
        "line 9: it does not drive 'c'",
    ),
    "a count of another": (
        leaf("reg [2:0] c;", *block("c <= start[1] ? 3'd0 : d + 3'd1")),
        "line 9: it does not drive 'c'",
    ),
    "a part of a digit": (leaf("wire [1:0] a = x[2:1];"), "line 7: a digit has 2 bits"),
    "two digits": (leaf("wire [3:0] a = x[3:0];"), "line 7: a digit has 2 bits"),
    "a digit cut": (leaf("wire [0:0] a = x[1:0];"), "line 7: a digit has 2 bits"),
    "a part of an output": (leaf("assign y[0:0] = a;"), "line 7: a digit has 2 bits"),
    "a slip of other bits": (leaf("wire [1:0] s = {a[0:0], b[1:0]};"), "line 7: a digit has 2 bits"),
    "a slip of low bits": (leaf("wire [1:0] s = {a[0:0], b[0:0]};"), "line 7: a digit has 2 bits"),
    "a number too long": (leaf("wire [7:0] k_all = 8'd256;"), "line 7: the number is too long"),
    "a number of other bits": (leaf("wire [7:0] k_all = 9'd1;"), "line 7: the number is too long"),
    "a number that nobody plays": (leaf("wire [7:0] k_all = 8'd1;", A), "line 8: it does not play 'k'"),
    "another number's digits": (
        leaf("wire [7:0] k_all = 8'd1;", "wire [1:0] k = l_all[{c, 1'd0} +: 2];"),
        "line 8: it does not play 'k'",
    ),
    "a number of odd length": (
        leaf("wire [5:0] k_all = 6'd1;", "wire [1:0] k = k_all[{c, 1'd0} +: 2];"),
        "line 8: it does not play 'k'",
    ),
    "a count in bits": (
        leaf("wire [7:0] k_all = 8'd1;", "wire [1:0] k = k_all[c +: 2];"),
        "line 8: its count must be times 2",
    ),
    "a count in nibbles": (
        leaf("wire [7:0] k_all = 8'd1;", "wire [1:0] k = k_all[{c, 2'd0} +: 2];"),
        "line 8: its count must be times 2",
    ),
    "more than a digit of a number": (
        leaf("wire [7:0] k_all = 8'd1;", "wire [2:0] k = k_all[{c, 1'd0} +: 3];"),
        "line 8: a digit has 2 bits",
    ),
    "an adder of other digits": (leaf(S, adder(digit=1)), "line 8: it is no adder of 2 bits that drives 's'"),
    "an adder for another": (leaf(S, adder("t")), "line 8: it is no adder of 2 bits that drives 's'"),
    "an instance of another name": (leaf(S, adder(instance="t")), "line 8: it is no adder of 2 bits that drives 's'"),
    "a third carry": (leaf(S, adder(carry="2")), "line 8: it is no adder of 2 bits that drives 's'"),
    "a digit of three": (leaf("wire [2:0] s;", adder()), "line 7: a digit has 2 bits"),
    "a one": (leaf(S, adder(a="2'd1")), "line 8: it is no adder of 2 bits that drives 's'"),
    "a zero of three bits": (leaf(S, adder(a="3'd0")), "line 8: 3'd0 is no digit of 2 bits"),
    "a hold of one net": (leaf(S, adder(hold="{h}")), "line 8: its hold must name 2 nets"),
    "a hold of ones": (leaf(S, adder(hold="{1'd1, h}")), "line 8: its hold must name 2 nets"),
    "a hold of three bits": (leaf(S, adder(hold="3'd0")), "line 8: its hold must have 2 bits"),
    "a name twice": (leaf(A, A), "line 8: the name 'a' is taken"),
    "a name twice, of other kinds": (leaf(A, "reg [1:0] a;"), "line 8: the name 'a' is taken"),
    "an instance called as a net": (
        leaf("wire [1:0] s_add = x[1:0];", S, adder()),
        "line 9: the name 's_add' is taken",
    ),
    "a number called as a net": (
        leaf("wire [1:0] k_all = x[1:0];", "wire [7:0] k_all = 8'd1;"),
        "line 8: the name 'k_all' is taken",
    ),
    "a port's name": (leaf("wire [1:0] start = x[1:0];"), "line 7: the name 'start' is taken"),
    "a keyword": (leaf("wire [1:0] wire = x[1:0];"), "line 7: the name 'wire' is taken"),
    "a keyword of later Verilog": (leaf("wire [1:0] logic = x[1:0];"), "line 7: the name 'logic' is taken"),
    "no endmodule": (leaf(A, last="\n"), "line 8: it must be `endmodule`"),
    "a line behind": (leaf(A, last="endmodule\n// mine\n"), "line 9: it must be `endmodule`"),
    "a text that breaks off": (leaf(A, last="endmod"), "line 8: the text breaks off"),
    "no text": ("", "line 1: it must be `endmodule`"),
    "another module": (leaf(A).replace("module leaf", "module other", 1), "line 1: the module is called 'other'"),
    "another port list": (leaf(A).replace("ce, start", "start, ce", 1), "line 1: it is no head of a serial leaf"),
    "a register for a port": (leaf(A).replace("output wire", "output reg"), "line 6: it is no head of a serial leaf"),
    "inputs of part of a digit": (leaf(A).replace("[3:0] x", "[2:0] x"), "line 5: 3 bits are no whole digits of 2"),
    "more markers than any leaf has": (
        leaf(A).replace("[1:0] start", "[99999:0] start", 1),
        "line 4: 100000 markers are more than 8192",
    ),
    "outputs of part of a digit": (leaf(A).replace("[1:0] y", "[0:0] y"), "line 6: 1 bits are no whole digits of 2"),
    "digits of another size": (SerialLeaf("leaf", every_kind(1).netlist()).text, "line 5: "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_leaf_says_is_refused(case: str) -> None:
    """The first line that is wrong, and what is wrong with it."""
    text, message = REFUSED[case]

    with pytest.raises(ProofError, match=f"^{re.escape(message)}"):
        read_serial(text, "leaf", 2, 0)


def damaged(text: str) -> Iterator[str]:
    """Each number one more and one less, each line twice, missing, or behind the next one, and each name another."""
    for match in re.finditer(r"\d+", text):
        for number in (int(match[0]) + 1, int(match[0]) - 1):
            yield f"{text[: match.start()]}{number}{text[match.end() :]}"
    lines = text.split("\n")[:-1]
    for place, line in enumerate(lines):
        yield "\n".join([*lines[:place], line, *lines[place:], ""])
        yield "\n".join([*lines[:place], *lines[place + 1 :], ""])
        yield "\n".join([*lines[:place], *lines[place + 1 : place + 2], line, *lines[place + 2 :], ""])
    names = list(dict.fromkeys(re.findall(r"\b[vhkc]\w*_\d+\b", text)))
    for match in re.finditer(r"\b[vhkc]\w*_\d+\b", text):
        place = names.index(match[0])
        yield text[: match.start()] + names[place - 1] + text[match.end() :]


@pytest.mark.parametrize("digit", DIGITS)
def test_no_damage_passes(digit: int) -> None:
    """A damaged text is refused by the reader or by the proof, or its netlist still computes the product."""
    subject = every_kind(digit)
    netlist = subject.netlist()
    text = SerialLeaf("leaf", netlist).text
    refused = 0
    for other in damaged(text):
        if other != text:
            found = read_or_none(other, subject)
            refused += found is None
            assert found is None or subject.computes(found), other

    assert refused > 500


def read_or_none(text: str, subject: Subject) -> Netlist | None:
    """The netlist of a text that reader and proof accept."""
    try:
        found = read_serial(text, "leaf", subject.digit, subject.netlist().latency)
        subject.prove(found)
    except ProofError:
        return None
    return found
