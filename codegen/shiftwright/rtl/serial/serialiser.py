"""Parallel words in, digits out: the head of a digit-serial engine.

The word stays on its link while its digits are picked from it, so that no second copy is kept."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format
from shiftwright.rtl.serial.link import serial_link
from shiftwright.rtl.serial.markers import markers, moving

PAIR, FOUR = 2, 4  # what a LUT of four inputs picks from, with a place for each bit; and what it gathers
Picks = list[tuple[Value, Value]]


class Serialiser(wiring.Component):
    """Sends each payload of `words` as `cycles` digits, every lane extended by its sign or by zeros.

    The marker is high `latency` cycles after a payload was offered; the payload is taken with its last digit."""

    def __init__(self, words: Format, digit: int, cycles: int) -> None:
        assert cycles >= 2
        self.words, self.digit, self.cycles = words, digit, cycles
        gathered = -(-min(cycles, -(-max(lane.width for lane in words.lanes) // digit) + 1) // PAIR)
        self._ranks = 1 + max(1, -(-(gathered - 1).bit_length() // 2))
        self.latency = self._ranks - 1
        super().__init__({"i": In(words.signature), "o": Out(serial_link(len(words.lanes), digit))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = self.o.enable
        at = Signal(self.cycles, init=1)  # which digit is picked, one bit for each
        moves = Signal()
        m.d.comb += [self.i.ready.eq(enable & at[-1]), moves.eq(enable & (self.i.valid | ~at[0]))]
        with m.If(moves):
            m.d.sync += at.eq(at.rotate_left(1))
        row = markers(m, "begun", self.i.valid & at[0], enable, self.latency + 1)
        m.d.comb += self.o.start.eq(moving(m, "moving", row[self.latency - 1 :], enable, self.o.ahead))
        reached: dict[int, Signal] = {}
        digits: list[Value] = []
        for lane in range(len(self.words.lanes)):
            for place in range(self.digit):
                picks = self._picks(m, lane, place, at, moves, reached)
                digits.append(self._gathered(m, f"{lane}_{place}", picks, enable))
        m.d.comb += self.o.digits.eq(Cat(digits))
        return m

    def _picks(self, m: Module, index: int, place: int, at: Signal, moves: Value, reached: dict[int, Signal]) -> Picks:
        """The bits that one bit of a lane's digits shows, each with what is high when it does."""
        lane, word = self.words.lanes[index], self.words.slice(self.i.payload, index)
        own = range(place, lane.width - lane.signed, self.digit)
        picks: Picks = [(word[bit], at[turn]) for turn, bit in enumerate(own) if turn < self.cycles]
        if lane.signed and len(own) < self.cycles:
            picks.append((word[lane.width - 1], self._from(m, len(own), at, moves, reached)))
        return picks

    def _from(self, m: Module, turn: int, at: Signal, moves: Value, reached: dict[int, Signal]) -> Value:
        """High from one digit on, to the last."""
        if turn in (0, self.cycles - 1):
            return at[turn] if turn else Const(1, 1)
        if turn not in reached:
            reached[turn] = Signal(name=f"from_{turn}")
            with m.If(moves):
                m.d.sync += reached[turn].eq(at[turn - 1] | (reached[turn] & ~at[-1]))
        return reached[turn]

    def _gathered(self, m: Module, name: str, picks: Picks, enable: Value) -> Value:
        """The bit that is picked, after as many ranks of registers as all lanes have."""
        bits: Sequence[Value] = [
            reduce(or_, [bit & now for bit, now in picks[first : first + PAIR]]) for first in range(0, len(picks), PAIR)
        ]
        for rank in range(self._ranks):
            if rank:
                bits = [reduce(or_, bits[first : first + FOUR]) for first in range(0, len(bits), FOUR)]
            held = [Signal(name=f"rank{rank}_{name}_{place}", reset_less=True) for place in range(len(bits))]
            with m.If(enable):
                m.d.sync += [register.eq(bit) for register, bit in zip(held, bits, strict=True)]
            bits = held
        return bits[0] if bits else Const(0, 1)
