"""Plays a digit-serial netlist in plain integers, cycle by cycle: what each statement's docstring says of its net.

It shares nothing with the scheduler or the proof. Before, between and behind words, inputs carry anything, and
registers begin as anything."""

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Sum

Digits = NDArray[np.int64]
"""A net's digit of each stream; holds and counts are the same in all streams."""


def play(netlist: Netlist, x: Digits, cycles: int, gap: int = 0) -> Digits:
    """The outputs (words, streams, outputs) modulo 2^(bits of a word) for inputs (words, streams, inputs).

    All streams run side by side. Words of `cycles` digits follow each other `gap` cycles apart."""
    return _Player(netlist, x, cycles, gap).run()


class _Player:
    def __init__(self, netlist: Netlist, x: Digits, cycles: int, gap: int) -> None:
        self.netlist, self.x, self.cycles, self.period = netlist, x, cycles, cycles + gap
        self.words, self.streams, _ = x.shape
        self.top = (1 << netlist.digit) - 1
        self.chance = np.random.default_rng(0)
        self.registers: dict[str, Digits] = {
            statement.name: self.anything(statement)
            for statement in netlist.statements
            if isinstance(statement, Delay | Hold | Count | Sum)
        }
        self.carries = {statement.name: self.bits(1) for statement in netlist.statements if isinstance(statement, Sum)}
        self.y = np.zeros((self.words, self.streams, netlist.outputs), dtype=np.int64)

    def anything(self, register: Delay | Hold | Count | Sum) -> Digits:
        """What a register may hold before the first word."""
        if isinstance(register, Hold):
            return self.bits(1)
        return self.bits(self.netlist.digit if isinstance(register, Sum) else register.bits)

    def bits(self, count: int) -> Digits:
        """So many random bits for each stream."""
        return np.array(self.chance.integers(0, 1 << count, self.streams), dtype=np.int64)

    def run(self) -> Digits:
        """From the marker before the first word to the last output's last digit."""
        for cycle in range(-1, self.netlist.latency + self.words * self.period):
            self.step(cycle)
        return self.y

    def begun(self, marker: int, cycle: int) -> bool:
        """Whether start[marker] is high: in cycle marker - 1 of each word."""
        word, rest = divmod(cycle - marker + 1, self.period)
        return rest == 0 and 0 <= word < self.words

    def step(self, cycle: int) -> None:
        """One clock cycle: nets, then what registers take."""
        digit, nets = self.netlist.digit, dict(self.registers)
        later: dict[str, Digits] = {}
        nets[""] = np.zeros(self.streams, dtype=np.int64)
        for statement in self.netlist.statements:
            match statement:
                case Input(name, index):
                    word, turn = divmod(cycle, self.period)
                    if 0 <= word < self.words and turn < self.cycles:
                        nets[name] = self.x[word, :, index] >> turn * digit & self.top
                    else:
                        nets[name] = self.bits(digit)
                case Slip(name, source, older, bits):
                    nets[name] = (nets[source] << bits | nets[older] >> digit - bits) & self.top
                case Play(name, number, _, count):
                    digits = [number >> place * digit & self.top for place in nets[count].tolist()]
                    nets[name] = np.array(digits, dtype=np.int64)
                case Delay(name, _, source):
                    later[name] = nets[source]
                case Hold(name, first, last):
                    high = any(self.begun(marker, cycle) for marker in range(first, last + 1))
                    later[name] = np.full(self.streams, high, dtype=np.int64)
                case Count(name, bits, start):
                    later[name] = nets[name] * 0 if self.begun(start, cycle) else nets[name] + 1 & (1 << bits) - 1
                case Sum(name):
                    total = self.total(statement, nets)
                    later[name] = total & self.top
                    begins = self.begun(statement.start, cycle)
                    self.carries[name] = total * 0 + statement.carry if begins else total >> digit
                case Output(index, source):
                    word, turn = divmod(cycle - self.netlist.latency, self.period)
                    if 0 <= word < self.words and turn < self.cycles:
                        self.y[word, :, index] |= nets[source] << turn * digit
        self.registers = later

    def total(self, adder: Sum, nets: dict[str, Digits]) -> Digits:
        """Both operands and the carry of the digits before."""
        a, b = nets[adder.a], nets[adder.b]
        for lane, hold in enumerate(adder.holds):
            if hold:
                b = b & ~(nets[hold] << lane)
        a, b = (word ^ self.top if inverts else word for word, inverts in zip((a, b), adder.inverts, strict=True))
        return a + b + self.carries[adder.name]
