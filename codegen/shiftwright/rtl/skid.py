"""A skid buffer: cuts the combinational path of ready at the price of one spare word."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.handshake import Handshake, skid


class Skid(wiring.Component):
    """Buffers a stream of `bits` wide words. Latency 1, one word a cycle, ready and valid both from registers."""

    latency = 1

    def __init__(self, bits: int) -> None:
        super().__init__({"i": In(stream.Signature(bits)), "o": Out(stream.Signature(bits))})

    def handshake(self) -> Handshake:
        """The timing model."""
        return skid()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(self.o.payload.shape(), reset_less=True)
        spare = Signal.like(held)
        occupied = Signal()
        m.d.comb += [self.i.ready.eq(~occupied), self.o.payload.eq(held)]
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [self.o.valid.eq(self.i.valid | occupied), occupied.eq(0)]
            m.d.sync += held.eq(Mux(occupied, spare, self.i.payload))
        with m.Elif(self.i.valid & ~occupied):
            m.d.sync += [spare.eq(self.i.payload), occupied.eq(1)]
        return m
