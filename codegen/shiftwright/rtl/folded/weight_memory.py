"""The memory of weight codes: one word a cycle, with a register behind the memory's own."""

from collections.abc import Sequence

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out


class WeightMemory(wiring.Component):
    """Words of `width` bits, read in order and over again: `data` is the word two cycles after the address stood at it.

    `step` moves the address to the next word. Block RAM is slow to answer, hence the second register."""

    latency = 2

    def __init__(self, width: int, contents: Sequence[int]) -> None:
        assert width >= 1 and contents
        self.width = width
        self.contents = tuple(contents)
        super().__init__({"step": In(1), "data": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = len(self.contents)
        address = Signal(range(depth))
        with m.If(self.step):
            m.d.sync += address.eq(address + 1)
            with m.If(address == depth - 1):
                m.d.sync += address.eq(0)
        m.submodules.codes = memory = Memory(shape=self.width, depth=depth, init=self.contents)
        read = memory.read_port()
        held = Signal(self.width, reset_less=True)
        m.d.comb += [read.addr.eq(address), read.en.eq(1), self.data.eq(held)]
        m.d.sync += held.eq(read.data)
        return m
