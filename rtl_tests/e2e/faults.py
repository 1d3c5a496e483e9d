"""Ways to break a build folder's Verilog, one at a time, as edits of its text.

Leaves are edited by their line grammar (adder_leaf.py states it), the top module by the ports of an instance. An edit
that finds nothing to change is an error, so that no test passes on hardware that was never broken."""

import re
from collections.abc import Callable

Edit = Callable[[str], str]
"""Text of a Verilog file to its broken text."""


def substitute(pattern: str, replacement: str | Callable[[re.Match[str]], str], text: str) -> str:
    """`text` with the first match replaced; there must be one, and it must change."""
    broken, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
    assert count == 1, f"nothing matches {pattern!r}"
    assert broken != text, f"{pattern!r} is replaced by itself"
    return broken


def flip_a_sign(text: str) -> str:
    """The first adder of two words subtracts, or the first subtractor adds."""
    swapped = {"+": "-", "-": "+"}
    return substitute(r"(= \{[^;\n]*\}) ([+-]) (\{)", lambda found: f"{found[1]} {swapped[found[2]]} {found[3]}", text)


def shift_one_too_far(text: str) -> str:
    """The first shifted operand loses its top bit and gains a zero."""
    return substitute(
        r"\[(\d+):0\], (\d+)'b0\}", lambda found: f"[{int(found[1]) - 1}:0], {int(found[2]) + 1}'b0}}", text
    )


def round_one_lower(channel: int) -> Edit:
    """The rounding constant of one channel's requantizer, less one."""

    def edit(text: str) -> str:
        return substitute(
            rf"(wire [^\n]* sum{channel} = [^\n]* \+ \{{\d+'d)(\d+),",
            lambda found: f"{found[1]}{int(found[2]) - 1},",
            text,
        )

    return edit


def leave_a_register_out(text: str) -> str:
    """The first register of a leaf becomes a wire."""
    return substitute(
        r"  reg (\[\d+:0\]) (\w+);\n  always @\(posedge clk\) if \(ce\) \2 <= (\w+);", r"  wire \1 \2 = \3;", text
    )


def leave_a_lane_unknown(channel: int) -> Edit:
    """One channel's output is never driven to a known level."""

    def edit(text: str) -> str:
        lines = [line for line in text.splitlines() if line.startswith("  assign y[")]
        high, low = map(int, re.findall(r"\d+", lines[channel])[:2])
        return substitute(re.escape(lines[channel]), f"  assign y[{high}:{low}] = {high - low + 1}'bx;", text)

    return edit


def change_a_digit(text: str) -> str:
    """The first constant of a serial leaf is another: its lowest bit is turned."""
    return substitute(r"(_all = \d+'d)(\d+)", lambda found: f"{found[1]}{int(found[2]) ^ 1}", text)


def delay(text: str) -> tuple[str, str, str]:
    """The first delay of a serial leaf: its name, what it takes, and the text without that."""
    for name in re.findall(r"  reg \[\d+:0\] (v\w+);\n", text):
        if found := re.search(rf"    {name} <= (\w+);\n", text):
            return name, found[1], text[: found.start()] + text[found.end() :]
    raise AssertionError("no register is a delay")


def leave_a_delay_out(text: str) -> str:
    """Who reads the first delayed digit of a serial leaf reads it a cycle early."""
    name, source, rest = delay(text)
    return re.sub(rf"\b{name}\b", source, substitute(rf"  reg \[\d+:0\] {name};\n", "", rest))


def make_a_delay_a_wire(text: str) -> str:
    """The first delay of a serial leaf delays nothing."""
    name, source, rest = delay(text)
    return substitute(rf"  reg (\[\d+:0\] {name});", rf"  wire \1 = {source};", rest)


def add_an_output(text: str) -> str:
    """A serial leaf of digits of two bits has a third output, which is 0."""
    widened = substitute(r"output wire \[3:0\] y;", "output wire [5:0] y;", text)
    return substitute(r"(  assign y)", r"  assign y[5:4] = 2'd0;\n\1", widened)


def begin_a_cycle_late(text: str) -> str:
    """The first adder of a serial leaf clears its carry by the next marker."""
    return substitute(r"(\.start\(start\[)(\d+)", lambda found: f"{found[1]}{int(found[2]) + 1}", text)


def hold_a_digit_less(text: str) -> str:
    """The first hold of a serial leaf that is longer than a digit ends a digit early."""
    return substitute(r"\|start\[(?!(\d+):\1\])(\d+):", lambda found: f"|start[{int(found[2]) - 1}:", text)


def never_hold(text: str) -> str:
    """Serial adders read bits of the word before."""
    return substitute(re.escape("(b & ~hold)"), "b", text)


def carry_on(text: str) -> str:
    """Serial adders begin a word with the carry of the word before."""
    return substitute(re.escape("if (start) kept <= CARRY;\n    else if (ce)"), "if (ce)", text)


def carry_through_stalls(text: str) -> str:
    """Carries of serial adders move while nothing else does."""
    return substitute(re.escape("else if (ce) kept"), "else kept", text)


def swap_digits(text: str) -> str:
    """The first serialiser of a design sends its first two lanes in each other's place."""
    swapped = {"0": "1", "1": "0"}
    serialiser = r"  \\[\w.]+\.serialiser  serialiser \(.*?\n  \);\n"
    digit = r"i__digits\[([01])\]"
    return substitute(
        serialiser, lambda found: re.sub(digit, lambda lane: f"i__digits[{swapped[lane[1]]}]", found[0]), text
    )


def never_wait(text: str) -> str:
    """The first deserialiser of a design no longer holds its engine while its word waits."""
    return substitute(r"(module \\[\w.]+\.deserialiser .*?assign i__ahead = )[^;]*;", r"\g<1>1'h1;", text)


def one_position_early(text: str) -> str:
    """tlast rises on the last position but one."""
    return substitute(r"(tlast = sent == \d+'h)([0-9a-f]+)", lambda found: f"{found[1]}{int(found[2], 16) - 1:x}", text)


def always_ready(instance: str) -> Edit:
    """A component no longer looks at its receiver's ready."""
    return _rewired(instance, lambda ports, body: substitute(r"\.o__ready\([^)]*\)", ".o__ready(1'h1)", body))


def lose_word(instance: str, number: int) -> Edit:
    """A component is not shown the word of this number, which its sender believes delivered."""

    def edit(ports: dict[str, str], body: str) -> str:
        counter = f"""
  reg [15:0] crossed = 0;
  always @(posedge aclk)
    if (!aresetn) crossed <= 0;
    else if ({ports["i__valid"]} & {ports["i__ready"]}) crossed <= crossed + 1;
"""
        shown = f".i__valid({ports['i__valid']} & crossed != {number})"
        return counter + substitute(r"\.i__valid\([^)]*\)", lambda _: shown, body)

    return _rewired(instance, edit)


def bypass(instance: str) -> Edit:
    """A buffer becomes three wires."""
    return _rewired(
        instance,
        lambda ports, body: (
            f"""  assign {ports["o__valid"]} = {ports["i__valid"]};
  assign {ports["o__payload"]} = {ports["i__payload"]};
  assign {ports["i__ready"]} = {ports["o__ready"]};
"""
        ),
    )


def _rewired(instance: str, edit: Callable[[dict[str, str], str], str]) -> Edit:
    """An edit of the text that instantiates a component, given what each of its ports is connected to."""

    def rewire(found: re.Match[str]) -> str:
        ports = dict(re.findall(r"\.(\w+)\(([^)]*)\)", found[0]))
        return edit(ports, found[0])

    return lambda text: substitute(rf"  \\[\w.]+  {instance} \(.*?\n  \);\n", rewire, text)
