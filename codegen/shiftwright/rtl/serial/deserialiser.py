"""Digits in, parallel words out: the tail of a digit-serial engine, which holds the engine while its word waits.

A word is gathered in a row of registers, without its lowest bits where a requantizer drops them, and leaves through a
rank of registers of its own, so that the next word is gathered while it waits."""

from amaranth import Cat, ClockSignal, Const, Instance, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format
from shiftwright.rtl.leaf import Leaf
from shiftwright.rtl.serial.link import serial_link
from shiftwright.rtl.serial.markers import markers


class Deserialiser(wiring.Component):
    """Gathers words of `cycles` digits into payloads of `words`, which a leaf of latency 1 may turn into its results.

    Lane j of a payload is bits drop[j] and up of word j, of which the lowest zeros[j] bits are 0 whatever comes. A
    payload is offered the cycle after its last digits came. Where one waits as the next is about to be complete, the
    engine is held: `enable` is low, from a register."""

    def __init__(
        self,
        words: Format,
        digit: int,
        cycles: int,
        drop: tuple[int, ...],
        zeros: tuple[int, ...],
        leaf: Leaf | None = None,
    ) -> None:
        assert cycles >= 2
        assert leaf is None or (leaf.latency == 1 and leaf.words == words)
        self.words, self.digit, self.cycles, self.drop, self.zeros, self.leaf = words, digit, cycles, drop, zeros, leaf
        self.results = words if leaf is None else leaf.results
        super().__init__({"i": In(serial_link(len(words.lanes), digit)), "o": Out(self.results.signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal(init=1)
        row = markers(m, "place", self.i.start, enable, self.cycles + 1)
        waits = self.o.valid & ~self.o.ready
        m.d.comb += self.i.ahead.eq(~(waits & (row[self.cycles - 1] | ~enable)))
        m.d.sync += enable.eq(self.i.ahead)
        complete = Signal()
        m.d.comb += [complete.eq(row[self.cycles] & enable), self.i.enable.eq(enable)]
        with m.If(complete):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        word = Cat(self._lane(m, index, enable) for index in range(len(self.words.lanes)))
        if self.leaf is None:
            held = Signal(self.words.bits, reset_less=True)
            with m.If(complete):
                m.d.sync += held.eq(word)
            m.d.comb += self.o.payload.eq(held)
        else:
            m.submodules[self.leaf.name] = Instance(
                self.leaf.name, i_clk=ClockSignal(), i_ce=complete, i_x=word, o_y=self.o.payload
            )
        return m

    def _lane(self, m: Module, index: int, enable: Signal) -> Value:
        digit, width = self.digit, self.words.lanes[index].width
        newest = self.i.digits.word_select(index, digit)
        kept = self.cycles * digit - self.drop[index]
        word: Value = newest
        if kept > digit:
            gathered = Signal(kept - digit, name=f"gathered_{index}", reset_less=True)
            word = Cat(gathered, newest)
            with m.If(enable):
                m.d.sync += gathered.eq(word[digit:])
        word = word[len(word) - kept :]
        known = min(self.zeros[index], width)
        return Cat(Const(0, known), word[known:width])
