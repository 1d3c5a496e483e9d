"""Gathers the positions of a frame into one wide word: what a flatten before a dense layer is in hardware."""

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format, Lane, fit
from shiftwright.rtl.handshake import Handshake, gather


class Collect(wiring.Component):
    """`positions` words of `bits` each become one, position 0 lowest.

    The word is offered the cycle after its last part was taken. Takes one part a cycle: the next frame fills a buffer
    of its own while the word waits, and stops only before a last part that would overwrite it. With `lanes` the parts
    are words in one lane, and leave in lanes of a format, each as narrow or as wide as its own."""

    def __init__(self, positions: int, bits: int, lanes: tuple[Lane, Format] | None = None) -> None:
        assert positions >= 1
        assert lanes is None or lanes[0].width * len(lanes[1].lanes) == positions * bits
        self.lanes = lanes
        self.positions = positions
        self.bits = bits
        self.latency = positions
        self.interval = positions
        super().__init__({"i": In(stream.Signature(bits)), "o": Out(stream.Signature(self.bits_out))})

    @property
    def bits_out(self) -> int:
        """Width of the payload that leaves."""
        return self.positions * self.bits if self.lanes is None else self.lanes[1].bits

    def handshake(self) -> Handshake:
        """The timing model."""
        return gather(self.positions)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(self.positions * self.bits, reset_less=True)
        # A shift register needs no write decoder: after positions - 1 parts the first one has come to the bottom.
        filling = Signal((self.positions - 1) * self.bits, reset_less=True)
        taken = Signal(range(self.positions))
        last = Signal()
        m.d.comb += [
            last.eq(taken == self.positions - 1),
            self.i.ready.eq(~last | ~self.o.valid | self.o.ready),
            self.o.payload.eq(self._in_lanes(held)),
        ]
        frame = Cat(filling, self.i.payload)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [taken.eq(Mux(last, 0, taken + 1)), filling.eq(frame[self.bits :])]
            with m.If(last):
                m.d.sync += [held.eq(frame), self.o.valid.eq(1)]
        return m

    def _in_lanes(self, held: Signal) -> Value:
        if self.lanes is None:
            return held
        lane, result = self.lanes
        words = Format((lane,) * len(result.lanes))
        return Cat(fit(words.slice(held, index), own.width) for index, own in enumerate(result.lanes))
