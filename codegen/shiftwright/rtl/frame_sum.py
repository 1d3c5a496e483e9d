"""The sum of each lane over all positions of a frame: what a global average pool is before its scale."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Handshake, gather


class FrameSum(wiring.Component):
    """Adds up `positions` payloads lane by lane; `total` must hold the sum of a whole frame.

    Partial sums may wrap: only the last one counts, and it is right modulo its width. The sum is offered the cycle
    after the frame's last word was taken; one word a cycle, the next frame follows without a gap."""

    def __init__(self, positions: int, words: Format, total: Format) -> None:
        assert positions >= 1
        assert len(words.lanes) == len(total.lanes)
        self.positions = positions
        self.words = words
        self.total = total
        self.latency = positions
        self.interval = positions
        super().__init__({"i": In(stream.Signature(words.bits)), "o": Out(stream.Signature(total.bits))})

    def handshake(self) -> Handshake:
        """The timing model."""
        return gather(self.positions)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(self.total.bits, reset_less=True)
        taken = Signal(range(self.positions))
        last = Signal()
        m.d.comb += [
            last.eq(taken == self.positions - 1),
            self.i.ready.eq(~last | ~self.o.valid | self.o.ready),
            self.o.payload.eq(held),
        ]
        sums = []
        for index, lane in enumerate(self.total.lanes):
            partial = Signal(lane.width, name=f"partial_{index}", reset_less=True)
            summed = Signal(lane.width, name=f"summed_{index}")
            first = Mux(taken == 0, 0, partial)
            m.d.comb += summed.eq(first + self.words.slice(self.i.payload, index))
            with m.If(self.i.valid & self.i.ready):
                m.d.sync += partial.eq(summed)
            sums.append(summed)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += taken.eq(Mux(last, 0, taken + 1))
            with m.If(last):
                m.d.sync += [held.eq(Cat(*sums)), self.o.valid.eq(1)]
        return m
