"""Max pooling of one window: the greatest word of each lane over all taps, by a tree with a register a level."""

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Handshake, pipe


class MaxTree(wiring.Component):
    """The greatest of `taps` words, lane by lane; takes windows as `Window` packs them, gives one payload of `lanes`.

    Latency is the depth of the tree, at least 1; one window a cycle; stalls with its output."""

    def __init__(self, taps: int, lanes: Format) -> None:
        assert taps >= 1
        self.taps = taps
        self.lanes = lanes
        self.latency = max(1, (taps - 1).bit_length())
        super().__init__({"i": In(stream.Signature(taps * lanes.bits)), "o": Out(stream.Signature(lanes.bits))})

    def handshake(self) -> Handshake:
        """The timing model."""
        return pipe(self.latency)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        arriving: Value = self.i.valid
        words = [self.i.payload.word_select(tap, self.lanes.bits) for tap in range(self.taps)]
        for level in range(1, self.latency + 1):
            occupied = Signal(name=f"valid_{level}")
            halved = [
                Signal(self.lanes.bits, name=f"level{level}_word{index}", reset_less=True)
                for index in range((len(words) + 1) // 2)
            ]
            with m.If(enable):
                m.d.sync += occupied.eq(arriving)
                m.d.sync += [
                    word.eq(self._greater(words[2 * index : 2 * index + 2])) for index, word in enumerate(halved)
                ]
            arriving, words = occupied, list(halved)
        m.d.comb += [self.o.valid.eq(arriving), self.o.payload.eq(words[0])]
        return m

    def _greater(self, pair: list[Value]) -> Value:
        if len(pair) == 1:
            return pair[0]
        left, right = pair
        lanes = range(len(self.lanes.lanes))
        sides = [(self.lanes.slice(left, lane), self.lanes.slice(right, lane)) for lane in lanes]
        return Cat(*(Mux(a > b, a, b) for a, b in sides))
