"""A table of constants: each lane's code chooses the word that leaves on the same lane."""

from collections.abc import Sequence

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.handshake import Handshake, pipe


class TableLookup(wiring.Component):
    """Lane by lane table[code], codes being 0 … len(table) - 1. Latency 1, one word a cycle, stalls with its output."""

    latency = 1

    def __init__(self, table: Sequence[int], codes: Format, words: Format) -> None:
        assert len(codes.lanes) == len(words.lanes)
        self.table = tuple(table)
        self.codes = codes
        self.words = words
        super().__init__({"i": In(stream.Signature(codes.bits)), "o": Out(stream.Signature(words.bits))})

    @property
    def luts(self) -> int:
        """An estimate: each bit of a word is a function of a code's few bits."""
        return self.words.bits

    def handshake(self) -> Handshake:
        """The timing model."""
        return pipe(self.latency)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        lanes = enumerate(zip(self.codes.lanes, self.words.lanes, strict=True))
        chosen = [_choose(self.codes.slice(self.i.payload, index), self._bits(*pair)) for index, pair in lanes]
        held = Signal(self.words.bits, reset_less=True)
        m.d.comb += self.o.payload.eq(held)
        with m.If(enable):
            m.d.sync += [self.o.valid.eq(self.i.valid), held.eq(Cat(*chosen))]
        return m

    def _bits(self, code: Lane, word: Lane) -> list[Const]:
        """What each code that the lane holds gives; those that never come give something near."""
        places = [min(place, len(self.table) - 1) for place in range(1 << code.width)]
        near = [min(max(self.table[place], word.lo), word.hi) for place in places]
        return [Const(word.encode(number), word.width) for number in near]


def _choose(code: Value, numbers: Sequence[Const]) -> Value:
    """The number at a code, by its highest bit first."""
    if len(numbers) == 1:
        return numbers[0]
    half = len(numbers) // 2
    return Mux(code[half.bit_length() - 1], _choose(code, numbers[half:]), _choose(code, numbers[:half]))
