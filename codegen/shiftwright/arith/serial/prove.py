"""Proves a digit-serial netlist: after `latency` cycles its outputs are matrix·x + constants, digit by digit.

A net is known by what it means from some cycle on: coefficients over the inputs and a constant, modulo 2^(bits of a
word), which is exact for sums and shifts to the left. A word that is read before its first digit shows bits of the word
before; a sum must hold these at 0, and then reads the word shifted to the left. So a delay too few or too many is a
shift that the matrix does not have, and a wrong marker makes a sum that begins in the wrong cycle.

Nothing is shared with the scheduler: the netlist alone is read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.serial.netlist import (
    Count,
    Delay,
    Hold,
    Input,
    Netlist,
    Output,
    Play,
    Slip,
    Statement,
    Sum,
)
from shiftwright.errors import ProofError

INT64_BITS = 62
Row = NDArray[np.int64] | NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """From cycle `cycle` on: digits of row·x + offset, of which the lowest `unknown` bits are anything."""

    cycle: int
    row: Row
    offset: int
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Level:
    """High in the cycles `first` … `last`, low in all others of a word."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Cycles since cycle `start`, in `bits` bits."""

    start: int
    bits: int


def prove_serial(
    netlist: Netlist,
    matrix: NDArray[np.int64],
    constants: Sequence[int],
    ranges: Sequence[tuple[int, int]],
    cycles: int,
    low: Sequence[int],
) -> None:
    """Proves y = matrix·x + constants for words of `cycles` digits and x within `ranges`.

    The lowest low[j] bits of output j need not be right. ProofError names the statement that is wrong, and how."""
    assert matrix.shape == (len(constants), len(ranges))
    if (netlist.outputs, netlist.inputs) != matrix.shape:
        raise ProofError(f"it has {netlist.outputs} outputs of {netlist.inputs} inputs, the matrix is {matrix.shape}")
    _Proof(netlist, matrix, constants, ranges, cycles, low).run()


class _Proof:
    def __init__(
        self,
        netlist: Netlist,
        matrix: NDArray[np.int64],
        constants: Sequence[int],
        ranges: Sequence[tuple[int, int]],
        cycles: int,
        low: Sequence[int],
    ) -> None:
        self.netlist, self.low = netlist, low
        # An input that can take one value only is a constant, which the graph may have added up before.
        self.fixed = [lo if lo == hi else None for lo, hi in ranges]
        moving = np.array([only is None for only in self.fixed], dtype=np.int64)
        known = np.array([only or 0 for only in self.fixed], dtype=object)
        self.matrix = matrix * moving
        self.constants = [int(number) + int((row * known).sum()) for row, number in zip(matrix, constants, strict=True)]
        self.bits = cycles * netlist.digit
        self.modulus = 1 << self.bits
        self.dtype = np.int64 if self.bits <= INT64_BITS // 2 else object
        for index, (row, constant) in enumerate(zip(matrix, constants, strict=True)):
            ends = [sorted((int(weight) * lo, int(weight) * hi)) for weight, (lo, hi) in zip(row, ranges, strict=True)]
            least, most = sum(lo for lo, _ in ends) + constant, sum(hi for _, hi in ends) + constant
            if least < -(self.modulus >> 1) or most >= (self.modulus if least >= 0 else self.modulus >> 1):
                raise ProofError(f"output {index} reaches {least} … {most}, words have {self.bits} bits")
        self.words: dict[str, Word] = {}
        self.levels: dict[str, Level] = {}
        self.clocks: dict[str, Clock] = {}
        self.driven: set[int] = set()

    def run(self) -> None:
        for statement in self.netlist.statements:
            match statement:
                case Input():
                    self.words[statement.name] = self._input(statement)
                case Delay():
                    self._delay(statement)
                case Slip():
                    self.words[statement.name] = self._slip(statement)
                case Hold():
                    self._marker(statement.name, statement.first, statement.last)
                    self.levels[statement.name] = Level(statement.first, statement.last)
                case Count():
                    self._marker(statement.name, statement.start, statement.start)
                    self.clocks[statement.name] = Clock(statement.start, statement.bits)
                case Play():
                    self.words[statement.name] = self._play(statement)
                case Sum():
                    self.words[statement.name] = self._sum(statement)
                case Output():
                    self._output(statement)
        missing = sorted(set(range(self.netlist.outputs)) - self.driven)
        if missing:
            raise ProofError(f"output {missing[0]} is not driven")

    def _input(self, statement: Input) -> Word:
        if not 0 <= statement.index < self.netlist.inputs:
            _refuse(statement, f"there is no input {statement.index}")
        row, only = np.zeros(self.netlist.inputs, dtype=self.dtype), self.fixed[statement.index]
        row[statement.index] = only is None
        return Word(0, row, (only or 0) % self.modulus)

    def _delay(self, statement: Delay) -> None:
        name, source = statement.name, statement.source
        wide: dict[str, int] = {}
        if source in self.words:
            word = self.words[source]
            self.words[name], wide = replace(word, cycle=word.cycle + 1), {name: self.netlist.digit}
        elif source in self.levels:
            level = self.levels[source]
            self.levels[name], wide = Level(level.first + 1, level.last + 1), {name: 1}
        elif source in self.clocks:
            clock = self.clocks[source]
            self.clocks[name], wide = Clock(clock.start + 1, clock.bits), {name: clock.bits}
        else:
            _refuse(statement, f"{source!r} is no net before it")
        if statement.bits != wide[name]:
            _refuse(statement, f"it has {statement.bits} bits, {source!r} has {wide[name]}")

    def _slip(self, statement: Slip) -> Word:
        word, older = self._word(statement, statement.source), self._word(statement, statement.older)
        if not 0 < statement.bits < self.netlist.digit:
            _refuse(statement, f"{statement.bits} bits are no part of a digit of {self.netlist.digit}")
        same = older.offset == word.offset and older.unknown == word.unknown and (older.row == word.row).all()
        if not same or older.cycle != word.cycle + 1:
            _refuse(statement, f"{statement.older!r} is not {statement.source!r} a cycle later")
        return self._up(word, statement.bits)

    def _play(self, statement: Play) -> Word:
        clock = self.clocks.get(statement.count)
        if clock is None or clock.bits != statement.bits:
            _refuse(statement, f"{statement.count!r} is no count of {statement.bits} bits")
        if self.netlist.digit << clock.bits < self.bits:
            _refuse(statement, f"its count begins anew before a word of {self.bits} bits ends")
        return Word(clock.start, np.zeros(self.netlist.inputs, dtype=self.dtype), statement.number % self.modulus)

    def _sum(self, statement: Sum) -> Word:
        self._marker(statement.name, statement.start, statement.start)
        row: Row = np.zeros(self.netlist.inputs, dtype=self.dtype)
        offset = int(statement.carry)
        for place, (name, inverts) in enumerate(zip((statement.a, statement.b), statement.inverts, strict=True)):
            sign = -1 if inverts else 1
            offset -= inverts
            if name:
                word = self._read(statement, name, statement.start)
                if word.unknown or (place and statement.holds):
                    self._held(statement, word.unknown, statement.holds if place else ())
                row = self._residue(row + sign * word.row)
                offset += sign * word.offset
        return Word(statement.start + 1, row, offset % self.modulus)

    def _held(self, statement: Sum, unknown: int, holds: Sequence[str]) -> None:
        """Refuses holds that do not make exactly the lowest `unknown` bits 0."""
        digit = self.netlist.digit
        for lane in range(digit):
            wanted = max(0, -(-(unknown - lane) // digit))
            name = holds[lane] if holds else ""
            level = self.levels.get(name)
            if name and level is None:
                _refuse(statement, f"{name!r} is no hold")
            # One that begins before the sum does would hold the last digits of the word before.
            if wanted != (level.last + 1 - level.first if level else 0) or (level and level.first != statement.start):
                _refuse(statement, f"bit {lane} of an operand must be held for {wanted} cycles from {statement.start}")

    def _output(self, statement: Output) -> None:
        index = statement.index
        if index in self.driven or not 0 <= index < self.netlist.outputs:
            _refuse(statement, "it is driven twice, or does not exist")
        self.driven.add(index)
        zero = Word(self.netlist.latency, np.zeros(self.netlist.inputs, dtype=self.dtype), 0)
        word = self._read(statement, statement.source, self.netlist.latency) if statement.source else zero
        if word.unknown > self.low[index]:
            _refuse(statement, f"its lowest {word.unknown} bits are not known, {self.low[index]} may be")
        wanted = self._residue(self.matrix[index].astype(self.dtype))
        if not (word.row == wanted).all():
            column = int(np.flatnonzero(word.row != wanted)[0])
            have, want = int(word.row[column]), int(wanted[column])
            _refuse(statement, f"it has {have} times input {column}, the matrix has {want} (modulo 2^{self.bits})")
        if (word.offset - self.constants[index]) % self.modulus:
            _refuse(statement, f"it adds {word.offset}, not {self.constants[index]} (modulo 2^{self.bits})")

    def _word(self, statement: Statement, name: str) -> Word:
        word = self.words.get(name)
        if word is None:
            _refuse(statement, f"{name!r} carries no digits")
        return word

    def _read(self, statement: Statement, name: str, cycle: int) -> Word:
        """What a net means to a reader that begins in `cycle`."""
        word = self._word(statement, name)
        if word.cycle < cycle:
            _refuse(statement, f"{name!r} begins in cycle {word.cycle}, before cycle {cycle}")
        return replace(self._up(word, (word.cycle - cycle) * self.netlist.digit), cycle=cycle)

    def _up(self, word: Word, bits: int) -> Word:
        shift = min(bits, self.bits)
        row = self._residue(word.row.astype(object) << shift) if bits else word.row
        return Word(word.cycle, row, (word.offset << bits) % self.modulus, word.unknown + bits)

    def _residue(self, row: Row) -> Row:
        found: Row = (row & (self.modulus - 1)).astype(self.dtype)
        return found

    def _marker(self, name: str, first: int, last: int) -> None:
        if not 0 <= first <= last < self.netlist.markers:
            raise ProofError(f"{name}: start[{last}:{first}] are no markers of {self.netlist.markers}")


def _refuse(statement: Statement, complaint: str) -> NoReturn:
    place = f"output {statement.index}" if isinstance(statement, Output) else statement.name
    raise ProofError(f"{place}: {complaint}")
