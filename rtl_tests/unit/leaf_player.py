"""Plays the text of an adder leaf in plain Python: what Verilog says of each line, clock edge by clock edge.

It shares nothing with the reader that proofs rest on, and knows no grammar but Verilog's own for such lines."""

import re
from collections.abc import Callable, Iterable

Values = dict[str, int]
Part = tuple[Callable[[Values], int], int]
"""How to find some bits, and how many they are."""


def play(text: str, words: Iterable[int]) -> list[int]:
    """y after each of `words` was x for one edge, read before the edge; registers start at 0."""
    steps: list[tuple[str, Callable[[Values], int]]] = []
    registers: dict[str, str] = {}
    widths: dict[str, int] = {}
    for line in text.splitlines():
        if found := re.search(r"(?:wire|reg) \[(\d+):0\] (\w+)", line):
            widths[found[2]] = int(found[1]) + 1
        if found := re.search(r"(\w+) <= (\w+);", line):
            registers[found[1]] = found[2]
        elif found := re.search(r"shiftwright_add3 #\((.*)\) \w+ \((.*)\);", line):
            numbers = {key: int(number) for key, number in re.findall(r"\.(\w+)\((\d+)\)", found[1])}
            ports = dict(re.findall(r"\.(\w)\((.*?)\)(?:,|$)", found[2]))
            steps.append((ports["y"], _row(numbers, [_bits(ports[port])[0] for port in "abc"])))
        elif found := re.search(r"assign y\[(\d+):(\d+)\] = (.*);", line):
            steps.append((f"y {found[2]}", _sum([(1, _bits(found[3])[0])], int(found[1]) - int(found[2]) + 1)))
        elif found := re.search(r"(\w+) = (.*);", line):
            pieces = re.split(r" ([+-]) ", f" + {found[2]}")[1:]
            terms = [(1 if sign == "+" else -1, _bits(term)[0]) for sign, term in zip(*[iter(pieces)] * 2, strict=True)]
            steps.append((found[1], _sum(terms, widths[found[1]])))
    state, found_y = dict.fromkeys(registers, 0), []
    for word in words:
        values = {"x": word} | state
        for name, value in steps:
            values[name] = value(values)
        found_y.append(sum(values[name] << int(name[2:]) for name, _ in steps if name.startswith("y ")))
        state = {name: values[source] for name, source in registers.items()}
    return found_y


def _sum(terms: list[tuple[int, Callable[[Values], int]]], width: int) -> Callable[[Values], int]:
    return lambda values: sum(sign * term(values) for sign, term in terms) % (1 << width)


def _row(numbers: dict[str, int], terms: list[Callable[[Values], int]]) -> Callable[[Values], int]:
    """What the module of three-operand adders says of its ports: it reads bits LOW to HIGH, of a the lower ones too."""
    low, high = numbers["LOW"], numbers["HIGH"]
    signs = [1, -1 if numbers["NEGATIVE"] > 1 else 1, -1 if numbers["NEGATIVE"] else 1]

    def read(bits: int) -> int:
        sign = bits >> high & 1 if numbers["SIGNED"] else 0
        return (bits >> low & (1 << high - low + 1) - 1) - (sign << high - low + 1)

    def row(values: Values) -> int:
        words = [term(values) for term in terms]
        total = sum(sign * read(word) for sign, word in zip(signs, words, strict=True))
        return ((total << low) + (words[0] & (1 << low) - 1)) % (1 << numbers["WIDTH"])

    return row


def _bits(term: str) -> Part:
    """A constant, a slice of a word, a repetition, or several of them side by side."""
    if found := re.fullmatch(r"(\d+)'[bd](\d+)", term):
        return lambda values: int(found[2]), int(found[1])
    if found := re.fullmatch(r"(\w+)\[(\d+)(?::(\d+))?\]", term):
        high, low = int(found[2]), int(found[3] or found[2])
        return lambda values: values[found[1]] >> low & (1 << high - low + 1) - 1, high - low + 1
    if found := re.fullmatch(r"\{(\d+)\{([^{}]*)\}\}", term):
        parts = [_bits(found[2])] * int(found[1])
    else:
        parts = [_bits(part) for part in term[1:-1].split(", ")]

    def together(values: Values) -> int:
        bits = 0
        for value, width in parts:
            bits = bits << width | value(values)
        return bits

    return together, sum(width for _, width in parts)
