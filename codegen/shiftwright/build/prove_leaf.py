"""Proves what an adder leaf's text computes: y = matrix·x + constants for every x, after a stated latency.

Every line of a leaf is arithmetic modulo 2^width. A word is therefore known as coefficients over the inputs and a
constant, all modulo 2^width, and that is exact whatever is cut off. Only an extension asks for more: the word's true
interval must fit the bits that are extended, as the extension reads them. An output modulo 2^(its width) is the true
one, since its lane holds the whole interval.

Nothing is shared with solver, builder, emitter, or the proof of the graph in memory: neither code nor data."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from shiftwright.build.leaf_reader import Input, LeafText, Output, Register, Sum, Term, read_leaf, refuse
from shiftwright.build.prove_residues import INT64_BITS, Row, fit, residue, width_of
from shiftwright.build.prove_rows import adder_bits, check_promise
from shiftwright.errors import ProofError


@dataclass(frozen=True, slots=True)
class LeafProof:
    """What a proved leaf was found to take. `bits` are full-adder bits, `registers` bits of registers.

    An adder counts its width less the low bits that one term alone reaches, since those are wires."""

    adders: int
    bits: int
    depth: int
    latency: int
    registers: int


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """Modulo 2^width: row·u + offset, where u are the inputs less their least values.

    `age` is how many registers lie between x and the word. A literal constant fits any age from its own up."""

    width: int
    row: Row
    offset: int
    age: int
    literal: bool
    level: int
    # What the word's low bits are when extended with or without sign, found once for all who read them.
    fits: dict[tuple[int, bool], tuple[Row, int]] = field(default_factory=dict)


def prove_leaf(
    text: str,
    matrix: NDArray[np.int64],
    constants: Sequence[int],
    ranges: Sequence[tuple[int, int]],
    latency: int,
    name: str | None = None,
) -> LeafProof:
    """Proves that a leaf's text is matrix (outputs, inputs)·x + constants for x within `ranges`, `latency` edges later.

    x and y hold one lane an input and an output, each as narrow as its interval allows, the first one lowest.
    ProofError says which line is wrong, and how."""
    assert matrix.shape == (len(constants), len(ranges))
    leaf = read_leaf(text)
    if name is not None and leaf.name != name:
        refuse(1, f"the module is called {leaf.name!r}, not {name!r}")
    return _Proof(leaf, matrix, constants, ranges, latency).run()


class _Proof:
    """One pass over a leaf's statements; rows leave with their last reader, which keeps large leaves in memory."""

    def __init__(
        self,
        leaf: LeafText,
        matrix: NDArray[np.int64],
        constants: Sequence[int],
        ranges: Sequence[tuple[int, int]],
        latency: int,
    ) -> None:
        self.leaf, self.matrix, self.constants, self.latency = leaf, matrix, constants, latency
        widths = [width_of(lo, hi) for lo, hi in ranges]
        self.lanes = dict(zip(_slices(widths), range(len(ranges)), strict=True))
        self.least = [lo for lo, _ in ranges]
        spans = [hi - lo for lo, hi in ranges]
        # What an output adds where every input is at its least, and its interval from there.
        exact = matrix.astype(object) * np.array(spans, dtype=object)
        bases = (matrix.astype(object) * np.array(self.least, dtype=object)).sum(axis=1)
        self.bases = [int(base) + constant for base, constant in zip(bases, constants, strict=True)]
        below, above = np.minimum(exact, 0).sum(axis=1), np.maximum(exact, 0).sum(axis=1)
        results = [
            width_of(base + int(down), base + int(up)) for base, down, up in zip(self.bases, below, above, strict=True)
        ]
        self.results = dict(zip(_slices(results), range(len(results)), strict=True))
        for port, bits, wanted in (("x", leaf.x_bits, sum(widths)), ("y", leaf.y_bits, sum(results))):
            if bits != wanted:
                refuse(4 if port == "x" else 5, f"{port} has {bits} bits, its lanes take {wanted}")
        widest = max((statement.width for statement in leaf.statements if not isinstance(statement, Output)), default=0)
        self.dtype = np.int64 if max([widest, *widths, *results]) <= INT64_BITS else object
        self.spans = np.array(spans, dtype=self.dtype)
        self.words: dict[str, Word] = {}
        self.last_reader = {name: place for place, one in enumerate(leaf.statements) for name in _sources(one)}
        self.driven: set[int] = set()
        self.adders = self.bits = self.depth = self.registers = 0

    def run(self) -> LeafProof:
        for place, statement in enumerate(self.leaf.statements):
            match statement:
                case Output():
                    self._output(statement)
                case Input():
                    self._keep(statement, self._input(statement))
                case Sum():
                    self._keep(statement, self._sum(statement))
                case Register():
                    self._keep(statement, self._register(statement))
            for name in _sources(statement):
                if self.last_reader[name] == place:
                    self.words.pop(name, None)
        for (high, low), index in self.results.items():
            if index not in self.driven:
                raise ProofError(f"y[{high}:{low}], output {index}, is not driven")
        return LeafProof(self.adders, self.bits, self.depth, self.latency, self.registers)

    def _keep(self, statement: Input | Sum | Register, word: Word) -> None:
        if statement.name not in self.last_reader:
            refuse(statement.line, f"{statement.name!r} is read by nothing")
        self.words[statement.name] = word

    def _input(self, lane: Input) -> Word:
        index = self.lanes.get((lane.high, lane.low))
        if index is None:
            refuse(lane.line, f"x[{lane.high}:{lane.low}] is no lane of x")
        if lane.width != lane.high - lane.low + 1:
            refuse(lane.line, f"{lane.name!r} has {lane.width} bits, its lane {lane.high - lane.low + 1}")
        row = np.zeros(len(self.spans), dtype=self.dtype)
        row[index] = 1 if self.spans[index] else 0
        return Word(lane.width, row, self.least[index], 0, False, 0)

    def _register(self, register: Register) -> Word:
        source = self._read(register.source, register.line)
        if register.width != source.width:
            refuse(register.line, f"{register.name!r} has {register.width} bits, {register.source!r} {source.width}")
        self.registers += register.width
        return replace(source, age=source.age + 1)

    def _sum(self, total: Sum) -> Word:
        if total.promise is not None:
            check_promise(total, total.promise)
        row: Row = np.zeros(len(self.spans), dtype=self.dtype)
        offset = 0
        for term in total.terms:
            weights, constant = self._term(term, total.width, total.line)
            row, offset = (row - weights, offset - constant) if term.negative else (row + weights, offset + constant)
        read = [self._read(term.name, total.line) for term in total.terms if term.name]
        level = 1 + max((word.level for word in read), default=0)
        self.adders, self.bits = self.adders + 1, self.bits + adder_bits(total)
        age, literal = self._age(read, total.line)
        return Word(total.width, residue(row, total.width), offset % (1 << total.width), age, literal, level)

    def _output(self, output: Output) -> None:
        index = self.results.get((output.high, output.low))
        if index is None:
            refuse(output.line, f"y[{output.high}:{output.low}] is no lane of y")
        if index in self.driven:
            refuse(output.line, f"y[{output.high}:{output.low}], output {index}, is driven twice")
        self.driven.add(index)
        width = output.high - output.low + 1
        weights, constant = self._term(output.term, width, output.line)
        wanted = np.where(self.spans > 0, self.matrix[index], 0)
        different = residue(weights.astype(self.dtype) - wanted.astype(self.dtype), width)
        for column in np.flatnonzero(different)[:1].tolist():
            want = int(wanted[column])
            have = want + int(different[column])
            refuse(output.line, f"output {index} has {have} times input {column}, the matrix has {want}")
        surplus = int(residue(np.array([constant - self.bases[index]], dtype=object), width)[0])
        if surplus:
            wants = self.constants[index]
            refuse(output.line, f"output {index} adds the constant {wants + surplus}, not {wants}")
        if output.term.name:
            word = self._read(output.term.name, output.line)
            if word.age != self.latency and not (word.literal and word.age < self.latency):
                refuse(output.line, f"output {index} passes {word.age} registers, the leaf's latency is {self.latency}")
            self.depth = max(self.depth, word.level)

    def _read(self, name: str, line: int) -> Word:
        word = self.words.get(name)
        if word is None:
            refuse(line, f"it reads {name!r}, which nothing above it drives")
        return word

    def _age(self, read: Sequence[Word], line: int) -> tuple[int, bool]:
        """The common age of the words of a sum, and whether it is a literal constant."""
        moving = {word.age for word in read if not word.literal}
        oldest = max((word.age for word in read), default=0)
        if len(moving) > 1:
            refuse(line, f"its words passed different numbers of registers: {', '.join(map(str, sorted(moving)))}")
        if moving and oldest > min(moving):
            refuse(line, f"a constant comes {oldest} registers late, its words {min(moving)}")
        return oldest, not moving

    def _term(self, term: Term, width: int, line: int) -> tuple[Row, int]:
        """Coefficients and constant of a term's bits, modulo 2^width."""
        if term.width != width:
            refuse(line, f"a term of {term.width} bits stands in a sum of {width}")
        if not term.name:
            return np.zeros(len(self.spans), dtype=self.dtype), term.number
        word = self._read(term.name, line)
        if term.high >= word.width:
            refuse(line, f"it reads {term.name}[{term.high}:0], which has {word.width} bits")
        row, offset = word.row, word.offset
        if term.extension:
            row, offset = self._exact(term, word, line)
        # In int64 the product wraps modulo 2^64, of which 2^width is a factor.
        return row * (1 << term.zeros), offset << term.zeros

    def _exact(self, term: Term, word: Word, line: int) -> tuple[Row, int]:
        """The one way to read the term's bits, extended as they are, as coefficients; refused where they do not fit."""
        bits = term.high + 1
        if (bits, term.signed) not in word.fits:
            found = fit(residue(word.row, bits), word.offset, self.spans, bits, term.signed)
            if found is None:
                kind = "signed" if term.signed else "unsigned"
                refuse(line, f"{term.name!r} is extended, but its interval does not fit {bits} bits, {kind}")
            word.fits[bits, term.signed] = found
        return word.fits[bits, term.signed]


def _slices(widths: Sequence[int]) -> list[tuple[int, int]]:
    """(high, low) of lanes side by side."""
    found, low = [], 0
    for width in widths:
        found.append((low + width - 1, low))
        low += width
    return found


def _sources(statement: Input | Sum | Register | Output) -> list[str]:
    match statement:
        case Sum():
            return [term.name for term in statement.terms if term.name]
        case Register():
            return [statement.source]
        case Output():
            return [statement.term.name] if statement.term.name else []
        case Input():
            return []
