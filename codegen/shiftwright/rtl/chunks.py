"""Chunks of one position at a time, straight from the link: the fetch of an engine whose windows are positions."""

from amaranth import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.handshake import Handshake, chunks
from shiftwright.rtl.loops import Loops, counter_luts
from shiftwright.rtl.packing import Packing
from shiftwright.rtl.select import Selector, selector_luts


class Chunks(wiring.Component):
    """Gives each payload of `link` as chunks of `simd` words in the lane `words`, lane 0 lowest, from a register.

    The channels are `groups` equal parts; a part's chunks come `repeats` times over before the next part's. The payload
    waits on the link, and is taken with its last chunk. One chunk a cycle, without a gap between payloads: a payload
    takes `interval` cycles. Its first chunk is offered the cycle after it came, so that `latency`, counted from the
    cycle in which it is taken, is positive only for a payload of one chunk.

    There is no memory (`storage_bits` 0). `estimated_luts` are LUT4 of the multiplexers (`selector_luts`: of n chunks
    n - 1 a bit up to 4, about two thirds of n a bit beyond) and of the counters; Yosys is within a quarter of it."""

    storage_bits = 0

    def __init__(self, link: Format, words: Lane, simd: int, groups: int = 1, repeats: int = 1) -> None:
        channels = len(link.lanes)
        assert min(groups, repeats, simd) >= 1
        assert channels % (groups * simd) == 0, f"{channels} channels, {groups} groups, chunks of {simd}"
        self.packing = Packing(link, words, simd)
        self.groups, self.repeats = groups, repeats
        self.group_chunks = self.packing.count // groups
        self.interval = self.packing.count * repeats
        self.latency = 2 - self.interval
        super().__init__({"i": In(link.signature), "o": Out(stream.Signature(simd * words.width))})

    @property
    def estimated_luts(self) -> int:
        """LUT4."""
        turns = (self.group_chunks, self.repeats, self.groups)
        return counter_luts(turns) + selector_luts(self.packing.count, self.packing.lanes.bits)

    def handshake(self) -> Handshake:
        """The timing model."""
        return chunks(self.interval)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()  # the output register is free
        step = Signal()
        loops = Loops(m, "chunk", (self.group_chunks, self.repeats, self.groups), step)
        selector = Selector(loops, "chunk", (1, 0, self.group_chunks), self.packing.count)
        chunk = Signal(self.packing.lanes.bits, reset_less=True)
        m.d.comb += [
            enable.eq(~self.o.valid | self.o.ready),
            step.eq(enable & self.i.valid),
            self.i.ready.eq(enable & loops.ends(3)),
            self.o.payload.eq(Cat(*self.packing.extend(chunk))),
        ]
        with m.If(enable):
            m.d.sync += [self.o.valid.eq(self.i.valid), chunk.eq(selector.pick(self.packing.chunks(self.i.payload)))]
        return m
