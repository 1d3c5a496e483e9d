"""Reads an emitted serial leaf back: its text becomes the netlist that it was printed from, or is refused by line.

The line grammar is the one that rtl/serial/leaf.py's docstring states. What a netlist computes is for
arith/serial/prove.py; what no netlist can be, such as a name declared twice, ends here."""

import re
from collections.abc import Iterator

from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Statement, Sum
from shiftwright.arith.serial.word import DIGITS
from shiftwright.build.keywords import KEYWORDS
from shiftwright.build.leaf_reader import NAME, NUMBER, refuse

BLOCK, END = "  always @(posedge clk) if (ce) begin", "  end"
WIRE = rf"  wire \[(?P<top>{NUMBER}):0\] (?P<name>{NAME})"
OPERAND = rf"(?:{NAME}|{NUMBER}'d0)"
CLOCKED = rf"    (?P<name>{NAME}) <= "
HEAD = [
    rf"module (?P<name>{NAME}) \(clk, ce, start, x, y\);",
    r"  input wire clk;",
    r"  input wire ce;",
    rf"  input wire \[(?P<top>{NUMBER}):0\] start;",
    rf"  input wire \[(?P<top>{NUMBER}):0\] x;",
    rf"  output wire \[(?P<top>{NUMBER}):0\] y;",
]
REGISTER = re.compile(rf"  reg \[(?P<top>{NUMBER}):0\] (?P<name>{NAME});")
DELAY = re.compile(CLOCKED + rf"(?P<source>{NAME});")
HOLD = re.compile(CLOCKED + rf"\|start\[(?P<high>{NUMBER}):(?P<low>{NUMBER})\];")
COUNT = re.compile(
    CLOCKED + rf"start\[(?P<start>{NUMBER})\] \? (?P<zero>{NUMBER})'d0 : (?P<again>{NAME}) \+ (?P<one>{NUMBER})'d1;"
)
INPUT = re.compile(WIRE + rf" = x\[(?P<high>{NUMBER}):(?P<low>{NUMBER})\];")
SLIP = re.compile(
    WIRE + rf" = \{{(?P<source>{NAME})\[(?P<high>{NUMBER}):0\], "
    rf"(?P<older>{NAME})\[(?P<last>{NUMBER}):(?P<low>{NUMBER})\]\}};"
)
ALL = re.compile(WIRE + rf"_all = (?P<width>{NUMBER})'d(?P<number>0|[1-9][0-9]{{0,400}});")
PLAY = re.compile(
    WIRE + rf" = (?P<whole>{NAME})_all\[(?:(?P<count>{NAME})|\{{(?P<scaled>{NAME}), (?P<zeros>{NUMBER})'d0\}}) "
    rf"\+: (?P<digit>{NUMBER})\];"
)
DECLARED = re.compile(WIRE + ";")
ADD = re.compile(
    rf"  shiftwright_serial_add #\(\.DIGIT\((?P<digit>{NUMBER})\), \.INVERT\(2'b(?P<inverts>[01]{{2}})\), "
    rf"\.CARRY\(1'b(?P<carry>[01])\)\) (?P<instance>{NAME}) \(\.clk\(clk\), \.ce\(ce\), "
    rf"\.start\(start\[(?P<start>{NUMBER})\]\), \.a\((?P<a>{OPERAND})\), \.b\((?P<b>{OPERAND})\), "
    rf"\.hold\((?P<hold>{NUMBER}'d0|\{{[^{{}}]*\}})\), \.y\((?P<name>{NAME})\)\);"
)
OUTPUT = re.compile(rf"  assign y\[(?P<high>{NUMBER}):(?P<low>{NUMBER})\] = (?P<source>{OPERAND});")
MOST_MARKERS = 1 << 13  # those of real leaves are less than a hundred
SHOWN = 60


def read_serial(text: str, name: str, digit: int, latency: int) -> Netlist:
    """The netlist of a module `name` with digits of `digit` bits, whose outputs are to begin in cycle `latency`.

    ProofError names the first line that is not in the grammar."""
    assert digit in DIGITS
    lines = text.split("\n")
    if lines.pop():
        refuse(len(lines) + 1, "the text breaks off; the last line must be `endmodule`")
    found = [re.fullmatch(pattern, line) for pattern, line in zip(HEAD, lines, strict=False)]
    for number, match in enumerate(found, 1):
        if match is None:
            refuse(number, f"it is no head of a serial leaf: {lines[number - 1].strip()[:SHOWN]!r}")
    if len(lines) <= len(HEAD) or lines[-1] != "endmodule":
        refuse(max(1, len(lines)), "it must be `endmodule`")
    heads = [match for match in found if match is not None]
    tops = [int(match["top"]) + 1 for match in heads[3:]]
    if tops[0] > MOST_MARKERS:
        refuse(4, f"{tops[0]} markers are more than {MOST_MARKERS}")
    for number, bits in zip((5, 6), tops[1:], strict=True):
        if bits % digit:
            refuse(number, f"{bits} bits are no whole digits of {digit}")
    if heads[0]["name"] != name:
        refuse(1, f"the module is called {heads[0]['name']!r}, not {name!r}")
    body, block = lines[len(HEAD) : -1], list[str]()
    if BLOCK in body:
        begin = body.index(BLOCK)
        body, block = body[:begin], body[begin + 1 :]
        if len(block) < 2 or block.pop() != END:
            refuse(len(lines) - 1, f"registers end with {END.strip()!r}, and there is one at least")
    takes = list(enumerate(block, len(HEAD) + len(body) + 2))
    statements = tuple(_statements(body, len(HEAD) + 1, digit, takes))
    return Netlist(digit, tops[1] // digit, tops[2] // digit, tops[0], latency, statements)


def _statements(lines: list[str], first: int, digit: int, takes: list[tuple[int, str]]) -> Iterator[Statement]:
    """Of lines from the number `first` on; `takes` are those that say what registers take, with their numbers."""
    known = {"clk", "ce", "start", "x", "y", *KEYWORDS}
    rest, taken = iter(enumerate(lines, first)), iter(takes)

    def declare(name: str, line: int) -> str:
        if name in known:
            refuse(line, f"the name {name!r} is taken")
        known.add(name)
        return name

    def second(number: int, name: str) -> tuple[int, str]:
        following = next(rest, None)
        if following is None:
            refuse(number, f"{name!r} is declared and not driven on the next line")
        return following

    def check(line: int, holds: bool, what: str) -> None:
        if not holds:
            refuse(line, what)

    for number, line in rest:
        bits = f"a digit has {digit} bits"
        if match := REGISTER.fullmatch(line):
            name = declare(match["name"], number)
            number, line = next(taken, (number, ""))
            yield _register(line, number, name, int(match["top"]) + 1)
        elif match := INPUT.fullmatch(line):
            index, part = divmod(int(match["low"]), digit)
            whole = not part and int(match["high"]) == int(match["low"]) + digit - 1
            check(number, whole and int(match["top"]) == digit - 1, bits)
            yield Input(declare(match["name"], number), index)
        elif match := SLIP.fullmatch(line):
            up = digit - 1 - int(match["high"])
            fits = int(match["last"]) == int(match["top"]) == digit - 1 and int(match["low"]) == digit - up
            check(number, fits, bits)
            yield Slip(declare(match["name"], number), match["source"], match["older"], up)
        elif match := ALL.fullmatch(line):
            name, width = match["name"], int(match["width"])
            check(
                number, int(match["top"]) + 1 == width and not int(match["number"]) >> width, "the number is too long"
            )
            declare(f"{name}_all", number)
            following, line = second(number, name)
            yield _play(line, following, declare(name, following), width, int(match["number"]), digit)
        elif match := DECLARED.fullmatch(line):
            name = declare(match["name"], number)
            check(number, int(match["top"]) == digit - 1, bits)
            number, line = second(number, name)
            found = _sum(line, number, name, digit)
            declare(f"{name}_add", number)
            yield found
        elif match := OUTPUT.fullmatch(line):
            index, part = divmod(int(match["low"]), digit)
            check(number, not part and int(match["high"]) == int(match["low"]) + digit - 1, bits)
            yield Output(index, _operand(match["source"], number, digit))
        else:
            refuse(number, f"it is not in the grammar of a serial leaf: {line.strip()[:SHOWN]!r}")
    for number, line in taken:
        refuse(number, f"it drives no further register: {line.strip()[:SHOWN]!r}")


def _register(line: str, number: int, name: str, bits: int) -> Statement:
    """What a declared register takes."""
    if not line:
        refuse(number, f"{name!r} takes nothing at the end of the module")
    if (match := DELAY.fullmatch(line)) and match["name"] == name:
        return Delay(name, bits, match["source"])
    if (match := HOLD.fullmatch(line)) and match["name"] == name and bits == 1:
        return Hold(name, int(match["low"]), int(match["high"]))
    match = COUNT.fullmatch(line)
    if match and match["name"] == match["again"] == name and int(match["zero"]) == int(match["one"]) == bits:
        return Count(name, bits, int(match["start"]))
    refuse(number, f"it does not drive {name!r}, the next register declared: {line.strip()[:SHOWN]!r}")


def _play(line: str, number: int, name: str, width: int, constant: int, digit: int) -> Play:
    match = PLAY.fullmatch(line)
    count_bits = (width // digit).bit_length() - 1
    if match is None or match["name"] != name or match["whole"] != name or digit << count_bits != width:
        refuse(number, f"it does not play {name!r}: {line.strip()[:SHOWN]!r}")
    if int(match["top"]) + 1 != digit or int(match["digit"]) != digit:
        refuse(number, f"a digit has {digit} bits")
    zeros = int(match["zeros"]) if match["zeros"] else 0
    if 1 << zeros != digit:
        refuse(number, f"its count must be times {digit}")
    return Play(name, constant, count_bits, match["count"] or match["scaled"])


def _sum(line: str, number: int, name: str, digit: int) -> Sum:
    match = ADD.fullmatch(line)
    if match is None or match["name"] != name or match["instance"] != f"{name}_add" or int(match["digit"]) != digit:
        refuse(number, f"it is no adder of {digit} bits that drives {name!r}: {line.strip()[:SHOWN]!r}")
    hold = match["hold"]
    holds: tuple[str, ...] = ()
    if hold.startswith("{"):
        parts = hold[1:-1].split(", ")
        if len(parts) != digit or not all(part == "1'd0" or re.fullmatch(NAME, part) for part in parts):
            refuse(number, f"its hold must name {digit} nets")
        holds = tuple("" if part == "1'd0" else part for part in reversed(parts))
    elif hold != f"{digit}'d0":
        refuse(number, f"its hold must have {digit} bits")
    a, b = (_operand(match[port], number, digit) for port in "ab")
    inverts = match["inverts"][1] == "1", match["inverts"][0] == "1"
    return Sum(name, a, b, inverts, match["carry"] == "1", int(match["start"]), holds)


def _operand(text: str, number: int, digit: int) -> str:
    if "'" not in text:
        return text
    if text != f"{digit}'d0":
        refuse(number, f"{text} is no digit of {digit} bits")
    return ""
