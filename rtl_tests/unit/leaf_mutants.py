"""Every small fault that a hand or a template could put into the text of an adder leaf, one at a time."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

ZERO = "1'b0"
EXTENSION = r"\{(?P<copies>\d+)\{(?P<bit>[^}]*)\}\}, "
WORD = r"(?P<name>\w+)\[(?P<high>\d+):0\](?:, (?P<zeros>\d+)'b0)?\}"
TERM, EXTENDED = rf"\{{(?:{EXTENSION})?{WORD}", rf"\{{{EXTENSION}{WORD}"
Fault = Callable[[list[str]], Iterator[list[str]]]
"""A leaf's lines to its lines with one fault, for each place where the fault can be."""


def _at_each(pattern: str, change: str | Callable[[re.Match[str]], str | None]) -> Fault:
    """Replaces one match of one line after the other; None leaves it out."""

    def fault(lines: list[str]) -> Iterator[list[str]]:
        for number, line in enumerate(lines):
            for match in re.finditer(pattern, line):
                new = match.expand(change) if isinstance(change, str) else change(match)
                if new is not None and new != match[0]:
                    yield [*lines[:number], line[: match.start()] + new + line[match.end() :], *lines[number + 1 :]]

    return fault


def _more(step: int) -> Callable[[re.Match[str]], str | None]:
    """The only number of a match, changed."""

    def change(match: re.Match[str]) -> str | None:
        number = int(match["n"]) + step
        return None if number < 0 else match[0].replace(match["n"], str(number), 1)

    return change


def _exchange(left: str, right: str) -> Callable[[re.Match[str]], str]:
    return lambda match: right if match[0] == left else left


def _shift(by: int) -> Callable[[re.Match[str]], str | None]:
    """A term moved by bits, its width kept by taking as many bits less of the word or of its extension."""

    def change(match: re.Match[str]) -> str | None:
        copies, high, zeros = (int(match[key] or 0) for key in ("copies", "high", "zeros"))
        zeros += by
        if copies:
            copies -= by
        else:
            high -= by
        if min(copies, high, zeros) < 0:
            return None
        return _term(match["name"], copies, match["bit"], high, zeros)

    return change


def _slice(by: int) -> Callable[[re.Match[str]], str | None]:
    """One bit more or less of the word, and as many extension bits less or more."""

    def change(match: re.Match[str]) -> str | None:
        copies, high, zeros = (int(match[key] or 0) for key in ("copies", "high", "zeros"))
        high, copies = high + by, copies - by
        bit = f"{match['name']}[{high}]" if match["bit"] and match["bit"] != ZERO else ZERO
        return None if min(high, copies) < 0 else _term(match["name"], copies, bit, high, zeros)

    return change


def _term(name: str, copies: int, bit: str | None, high: int, zeros: int) -> str:
    extension = [f"{{{copies}{{{bit or ZERO}}}}}"] if copies else []
    return "{" + ", ".join([*extension, f"{name}[{high}:0]", *([f"{zeros}'b0"] if zeros else [])]) + "}"


def _another_kind(match: re.Match[str]) -> str:
    bit = f"{match['name']}[{match['high']}]" if match["bit"] == ZERO else ZERO
    return _term(match["name"], int(match["copies"]), bit, int(match["high"]), int(match["zeros"] or 0))


def _names(lines: list[str]) -> list[str]:
    return [found[1] for line in lines if (found := re.search(r"(?:wire|reg) \[\d+:0\] (v\w*)", line))]


def _operands(lines: list[str]) -> Iterator[list[str]]:
    """Each name that is read or driven becomes each other name."""
    names = _names(lines)
    for number, line in enumerate(lines):
        for match in re.finditer(r"\bv\w*", line):
            for name in names:
                if name != match[0]:
                    changed = line[: match.start()] + name + line[match.end() :]
                    yield [*lines[:number], changed, *lines[number + 1 :]]


def _deleted(lines: list[str]) -> Iterator[list[str]]:
    yield from ([*lines[:number], *lines[number + 1 :]] for number in range(len(lines)))


def _doubled(lines: list[str]) -> Iterator[list[str]]:
    yield from ([*lines[: number + 1], *lines[number:]] for number in range(len(lines)))


def _turned(lines: list[str]) -> Iterator[list[str]]:
    """Two neighbouring lines change places."""
    for number, (one, other) in enumerate(pairwise(lines)):
        yield [*lines[:number], other, one, *lines[number + 2 :]]


def _register_dropped(lines: list[str]) -> Iterator[list[str]]:
    """A register becomes a wire, or its readers read its source."""
    for number, line in enumerate(lines):
        if found := re.fullmatch(r"  reg (\[(\d+):0\]) (\w+);", line):
            source = re.split(r"<= |;", lines[number + 1])[1]
            wire = f"  wire {found[1]} {found[3]} = {{{source}[{found[2]}:0]}};"
            yield [*lines[:number], wire, *lines[number + 2 :]]
            rest = [re.sub(rf"\b{found[3]}\b", source, later) for later in lines[number + 2 :]]
            yield [*lines[:number], *rest]


def _register_added(lines: list[str]) -> Iterator[list[str]]:
    """A word is registered once more before one of its readers."""
    for number, line in enumerate(lines):
        declared = re.search(r"(\[\d+:0\]) (v\w*)", line)
        if not declared or line.endswith(f"{declared[2]};") or "<=" in line:
            continue
        late = [f"  reg {declared[1]} late;", f"  always @(posedge clk) if (ce) late <= {declared[2]};"]
        for reader in range(number + 1, len(lines)):
            if re.search(rf"\b{declared[2]}\b", lines[reader]):
                changed = re.sub(rf"\b{declared[2]}\b", "late", lines[reader])
                yield [*lines[: number + 1], *late, *lines[number + 1 : reader], changed, *lines[reader + 1 :]]


def _swapped(lines: list[str]) -> Iterator[list[str]]:
    """Two outputs change places: their terms, and their slices of y."""
    places = [number for number, line in enumerate(lines) if line.startswith("  assign y[")]
    for one in places:
        for other in places:
            if one < other:
                (left, first), (right, second) = (lines[place].split(" = ") for place in (one, other))
                changed = list(lines)
                changed[one], changed[other] = f"{left} = {second}", f"{right} = {first}"
                yield changed


FAULTS: dict[str, Fault] = {
    "shift": lambda lines: (new for by in (-2, -1, 1, 2) for new in _at_each(TERM, _shift(by))(lines)),
    "zeros": lambda lines: (new for by in (-1, 1) for new in _at_each(r"(?<=, )(?P<n>\d+)'b0", _more(by))(lines)),
    "sign": _at_each(r"(?<= )[+-](?= )", _exchange("+", "-")),
    "width": lambda lines: (
        new for by in (-1, 1) for new in _at_each(r"(?:wire|reg) \[(?P<n>\d+):0\]", _more(by))(lines)
    ),
    "operand": _operands,
    "constant": lambda lines: (new for by in (-1, 1, 2, 8) for new in _at_each(r"(?<='d)(?P<n>\d+)", _more(by))(lines)),
    "constant's width": lambda lines: (
        new for by in (-1, 1) for new in _at_each(r"(?P<n>\d+)(?='d)", _more(by))(lines)
    ),
    "register dropped": _register_dropped,
    "register added": _register_added,
    "slice": lambda lines: (new for by in (-1, 1) for new in _at_each(TERM, _slice(by))(lines)),
    "bound": lambda lines: (new for by in (-1, 1) for new in _at_each(r"\[(?P<n>\d+):0\](?=[,}])", _more(by))(lines)),
    "bound of x or y": lambda lines: (
        new
        for by in (-1, 1)
        for pattern in (r"\b[xy]\[(?P<n>\d+)(?=:)", r"(?<=:)(?P<n>\d+)(?=\](?:;| =))")
        for new in _at_each(pattern, _more(by))(lines)
    ),
    "extension": _at_each(EXTENDED, _another_kind),
    "copies": lambda lines: (new for by in (-1, 1) for new in _at_each(r"\{(?P<n>\d+)(?=\{)", _more(by))(lines)),
    "outputs swapped": _swapped,
    "line deleted": _deleted,
    "line doubled": _doubled,
    "lines turned": _turned,
    "NEGATIVE": lambda lines: (
        new for by in (-2, -1, 1, 2) for new in _at_each(r"NEGATIVE\((?P<n>\d)", _more(by))(lines)
    ),
    "LOW": lambda lines: (new for by in (-1, 1, 2) for new in _at_each(r"LOW\((?P<n>\d+)", _more(by))(lines)),
    "HIGH": lambda lines: (new for by in (-2, -1, 1, 2) for new in _at_each(r"HIGH\((?P<n>\d+)", _more(by))(lines)),
    "SIGNED": _at_each(r"(?<=SIGNED\()\d", lambda match: "10"[int(match[0])]),
    "WIDTH": lambda lines: (new for by in (-1, 1) for new in _at_each(r"WIDTH\((?P<n>\d+)", _more(by))(lines)),
    "port": lambda lines: (
        new
        for one, other in (("a", "b"), ("a", "c"), ("b", "c"))
        for new in _at_each(rf"(\.{one})\((.*?)\)(, .*\.{other})\((.*?)\)(?=, )", r"\1(\4)\3(\2)")(lines)
    ),
}


def mutants(text: str, fault: str) -> Iterator[str]:
    """The text with one such fault at each place in turn."""
    yield from ("\n".join([*lines, ""]) for lines in FAULTS[fault](text.split("\n")[:-1]))
