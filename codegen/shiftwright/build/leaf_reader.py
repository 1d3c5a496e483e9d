"""Reads an emitted adder leaf back: its text becomes inputs, sums, registers and outputs, or is refused by line number.

The line grammar is the one that rtl/adder_leaf.py's docstring states, one pattern a line kind; nothing here knows how
such text is made. What a line means is for prove_leaf.py; what it cannot be, such as a name declared twice, ends here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from shiftwright.build.keywords import KEYWORDS
from shiftwright.errors import ProofError

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
NUMBER = r"(?:0|[1-9][0-9]{0,6})"  # a position or a count
TERM = (
    rf"\{{(?:\{{(?P<copies>{NUMBER})\{{(?:(?P<sign>{NAME})\[(?P<sign_bit>{NUMBER})\]|1'b0)\}}\}}, )?"
    rf"(?P<name>{NAME})\[(?P<high>{NUMBER}):0\](?:, (?P<zeros>{NUMBER})'b0)?\}}"
    rf"|(?P<width>{NUMBER})'d(?P<number>0|[1-9][0-9]{{0,2000}})"
)
ONE = "(?:" + re.sub(r"\?P<\w+>", "?:", TERM) + ")"
SUMMAND = re.compile(rf"(?P<operator> [+-] )?(?:{TERM})")
DECLARED = rf"wire \[(?P<top>{NUMBER}):0\] (?P<name>{NAME})"
LINES = {
    kind: re.compile("  " + pattern)
    for kind, pattern in {
        "register": rf"reg \[(?P<top>{NUMBER}):0\] (?P<name>{NAME});",
        "clocked": rf"always @\(posedge clk\) if \(ce\) (?P<name>{NAME}) <= (?P<source>{NAME});",
        "sum": rf"{DECLARED} = (?P<terms>{ONE}(?: [+-] {ONE})*);",
        "kept": rf"\(\* keep \*\) {DECLARED};",
        "assign": rf"assign (?P<name>{NAME}) = (?P<terms>{ONE}(?: [+-] {ONE})*);",
        "wire": rf"{DECLARED};",
        "add3": rf"shiftwright_add3 #\(\.WIDTH\((?P<width>{NUMBER})\), \.LOW\((?P<low>{NUMBER})\), "
        rf"\.HIGH\((?P<high>{NUMBER})\), \.SIGNED\((?P<signed>[01])\), \.NEGATIVE\((?P<negative>[012])\)\) "
        rf"(?P<instance>{NAME}) "
        rf"\(\.a\((?P<a>{ONE})\), \.b\((?P<b>{ONE})\), \.c\((?P<c>{ONE})\), \.y\((?P<name>{NAME})\)\);",
        "input": rf"{DECLARED} = x\[(?P<high>{NUMBER}):(?P<low>{NUMBER})\];",
        "output": rf"assign y\[(?P<high>{NUMBER}):(?P<low>{NUMBER})\] = (?P<terms>{ONE});",
        "stage": rf"// stage {NUMBER}",
    }.items()
}
HEAD = {
    "module NAME (clk, ce, x, y);": rf"module (?P<name>{NAME}) \(clk, ce, x, y\);",
    "input wire clk;": "  input wire clk;",
    "input wire ce;": "  input wire ce;",
    "input wire [W-1:0] x;": rf"  input wire \[(?P<top>{NUMBER}):0\] x;",
    "output wire [W-1:0] y;": rf"  output wire \[(?P<top>{NUMBER}):0\] y;",
}
# The second line of a statement in two: what may drive a word that the first one only declares.
DRIVERS = {"kept": ("assign", "add3"), "wire": ("add3",), "register": ("clocked",)}
WIDEST = 1024  # bits of a word; those of real leaves have less than a hundred
SHOWN = 60  # characters of a line in a message


@dataclass(frozen=True, slots=True)
class Term:
    """`name[high:0]` above `zeros` zeros and below `extension` copies of its top bit, or zeros if it is not `signed`.

    `width` counts all of these bits. A term without a name is the constant `number`."""

    negative: bool
    width: int
    name: str = ""
    high: int = 0
    zeros: int = 0
    extension: int = 0
    signed: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """A word that is x[high:low]."""

    line: int
    name: str
    width: int
    high: int
    low: int


@dataclass(frozen=True, slots=True)
class Promise:
    """What a row of three-operand adders takes for granted: which bits of its terms it need not look at.

    The last two end in `low` zeros. Above bit `high` of each are copies of that bit, or zeros if it is not `signed`."""

    low: int
    high: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """A word that is the sum of terms; with a promise, a row of adders for three of them."""

    line: int
    name: str
    width: int
    terms: tuple[Term, ...]
    promise: Promise | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """A word that follows `source` one enabled clock edge later."""

    line: int
    name: str
    width: int
    source: str


@dataclass(frozen=True, slots=True)
class Output:
    """What drives y[high:low]."""

    line: int
    high: int
    low: int
    term: Term


Statement = Input | Sum | Register | Output


@dataclass(frozen=True, slots=True)
class LeafText:
    """A leaf's name, the widths of its ports, and its statements in the order of their lines."""

    name: str
    x_bits: int
    y_bits: int
    statements: tuple[Statement, ...]


def read_leaf(text: str) -> LeafText:
    """The leaf that the text declares; ProofError names the first line that is not in the grammar."""
    lines = text.split("\n")
    if lines.pop():
        refuse(len(lines) + 1, "the text breaks off; the last line must be `endmodule`")
    found = []
    for number, (form, pattern) in enumerate(HEAD.items(), 1):
        match = re.fullmatch(pattern, lines[number - 1]) if number <= len(lines) else None
        if match is None:
            refuse(number, f"it must be `{form}`{_shown(lines, number)}")
        found.append(match)
    if lines[-1] != "endmodule":
        refuse(len(lines), f"it must be `endmodule`{_shown(lines, len(lines))}")
    statements = tuple(_statements(lines[len(HEAD) : -1], len(HEAD) + 1))
    return LeafText(found[0]["name"], int(found[3]["top"]) + 1, int(found[4]["top"]) + 1, statements)


def refuse(line: int, complaint: str) -> NoReturn:
    """Raises the ProofError of a line."""
    raise ProofError(f"line {line}: {complaint}")


def _statements(lines: list[str], first: int) -> Iterator[Statement]:
    known = {"clk", "ce", "x", "y", *KEYWORDS}
    opened: tuple[str, int, str, int] | None = None  # kind, line, name and width of a statement that one line began
    for number, line in enumerate(lines, first):
        kind, match = next(((kind, match) for kind in LINES if (match := LINES[kind].fullmatch(line))), ("", None))
        if match is None:
            refuse(number, f"it is not in the grammar of an adder leaf: {line.strip()[:SHOWN]!r}")
        if opened is not None or kind in ("clocked", "assign", "add3"):
            if opened is None or kind not in DRIVERS[opened[0]] or match["name"] != opened[2]:
                waiting = (
                    "no word waits for it" if opened is None else f"{opened[2]!r} of line {opened[1]} is not driven"
                )
                refuse(number, f"{waiting}; a declared word must be driven on the next line")
            _, begun, name, width = opened
            opened = None
            if kind == "clocked":
                yield Register(begun, name, width, match["source"])
            elif kind == "assign":
                yield Sum(number, name, width, _terms(match["terms"], number))
            else:
                _declare(match["instance"], known, number)
                yield _row(match, name, width, number)
        elif kind == "output":
            (term,) = _terms(match["terms"], number)
            yield Output(number, int(match["high"]), int(match["low"]), term)
        elif kind != "stage":
            name, width = match["name"], int(match["top"]) + 1
            _declare(name, known, number)
            if width > WIDEST:
                refuse(number, f"{name!r} has {width} bits, more than any word of a leaf")
            if kind == "input":
                yield Input(number, name, width, int(match["high"]), int(match["low"]))
            elif kind == "sum":
                yield Sum(number, name, width, _terms(match["terms"], number))
            else:
                opened = kind, number, name, width
    if opened is not None:
        refuse(opened[1], f"{opened[2]!r} is declared and not driven on the next line")


def _declare(name: str, known: set[str], line: int) -> None:
    if name in known:
        refuse(line, f"the name {name!r} is taken")
    known.add(name)


def _row(match: re.Match[str], name: str, width: int, line: int) -> Sum:
    """One row of three-operand adders: the last NEGATIVE terms are subtracted."""
    if int(match["width"]) != width:
        refuse(line, f"its WIDTH is {match['width']}, that of {name!r} is {width}")
    texts = [match["a"], *(match[port] for port in "bc")]
    positive = 3 - int(match["negative"])
    terms = [
        _term(found, line, place >= positive)
        for place, text in enumerate(texts)
        if (found := SUMMAND.fullmatch(text)) is not None
    ]
    promise = Promise(int(match["low"]), int(match["high"]), match["signed"] == "1")
    return Sum(line, name, width, tuple(terms), promise)


def _terms(text: str, line: int) -> tuple[Term, ...]:
    return tuple(_term(match, line, match["operator"] == " - ") for match in SUMMAND.finditer(text))


def _term(match: re.Match[str], line: int, negative: bool) -> Term:
    if match["name"] is None:
        width, number = int(match["width"]), int(match["number"])
        if width < 1 or number >> width:
            refuse(line, f"{number} does not fit {width} bits")
        return Term(negative, width, number=number)
    high, zeros, copies = int(match["high"]), int(match["zeros"] or 0), int(match["copies"] or 0)
    if match["zeros"] == "0" or match["copies"] == "0":
        refuse(line, f"`{match[0].strip()[:SHOWN]}` repeats a bit 0 times, which Verilog does not allow")
    if match["sign"] is not None and (match["sign"], match["sign_bit"]) != (match["name"], match["high"]):
        refuse(line, f"`{match[0].strip()[:SHOWN]}` is not extended by its own top bit")
    width = copies + high + 1 + zeros
    return Term(negative, width, match["name"], high, zeros, copies, match["sign"] is not None)


def _shown(lines: list[str], number: int) -> str:
    return f", not {lines[number - 1].strip()[:SHOWN]!r}" if 0 < number <= len(lines) else "; the text ends before it"
