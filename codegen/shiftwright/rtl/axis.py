"""The design's edges: AXI4-Stream with every lane in a byte-sized container, to and from packed links."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from shiftwright.errors import HardwareError
from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Handshake, skid
from shiftwright.rtl.skid import Skid

CONTAINERS = (8, 16, 32, 64)


def container_bits(lanes: Format) -> int:
    """The container of each lane of a format: the narrowest of 8, 16, 32 and 64 bits that holds every one."""
    widest = max(lane.width for lane in lanes.lanes)
    for bits in CONTAINERS:
        if widest <= bits:
            return bits
    raise HardwareError(f"a word of {widest} bits does not fit 64 bits of AXI4-Stream; use fewer bits at this edge")


def axi_stream(bits: int) -> wiring.Signature:
    """AXI4-Stream as its transmitter sees it, tdata `bits` wide."""
    return wiring.Signature({"tdata": Out(bits), "tvalid": Out(1), "tready": In(1), "tlast": Out(1)})


class AxisSource(wiring.Component):
    """Words from an AXI4-Stream transmitter onto a link; a lane is the low bits of its container, tlast is ignored.

    Latency 1, one word a cycle, tready from a register."""

    latency = 1

    def __init__(self, lanes: Format) -> None:
        self.lanes = lanes
        self.container = container_bits(lanes)
        super().__init__({"axis": In(axi_stream(len(lanes.lanes) * self.container)), "o": Out(lanes.signature)})

    def handshake(self) -> Handshake:
        """The timing model; its input is the AXI4-Stream."""
        return skid()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.skid = skid = Skid(self.lanes.bits)
        words = [
            self.axis.tdata.word_select(index, self.container)[: lane.width]
            for index, lane in enumerate(self.lanes.lanes)
        ]
        m.d.comb += [
            skid.i.payload.eq(Cat(*words)),
            skid.i.valid.eq(self.axis.tvalid),
            self.axis.tready.eq(skid.i.ready),
        ]
        wiring.connect(m, skid.o, wiring.flipped(self.o))
        return m


class AxisSink(wiring.Component):
    """Words from a link to an AXI4-Stream receiver, extended to their containers; tlast on a frame's last position.

    Latency 1, one word a cycle, tvalid and tdata from registers, and ready towards the link too."""

    latency = 1

    def __init__(self, positions: int, lanes: Format) -> None:
        assert positions >= 1
        self.positions = positions
        self.lanes = lanes
        self.container = container_bits(lanes)
        super().__init__({"i": In(lanes.signature), "axis": Out(axi_stream(len(lanes.lanes) * self.container))})

    def handshake(self) -> Handshake:
        """The timing model; its output is the AXI4-Stream."""
        return skid()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.skid = skid = Skid(self.lanes.bits)
        wiring.connect(m, wiring.flipped(self.i), skid.i)
        sent = Signal(range(self.positions))
        m.d.comb += [
            self.axis.tvalid.eq(skid.o.valid),
            skid.o.ready.eq(self.axis.tready),
            self.axis.tlast.eq(sent == self.positions - 1),
        ]
        for index in range(len(self.lanes.lanes)):
            word = self.axis.tdata.word_select(index, self.container)
            m.d.comb += word.eq(self.lanes.slice(skid.o.payload, index))
        with m.If(self.axis.tvalid & self.axis.tready):
            m.d.sync += sent.eq(Mux(self.axis.tlast, 0, sent + 1))
        return m
