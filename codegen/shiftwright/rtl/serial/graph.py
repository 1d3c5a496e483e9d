"""A serial leaf between two serial links, with the markers that tell its adders where words begin."""

from amaranth import Cat, ClockSignal, Instance, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.serial.leaf import SerialLeaf
from shiftwright.rtl.serial.link import serial_link
from shiftwright.rtl.serial.markers import markers, moving


class SerialGraph(wiring.Component):
    """Digits of x in, digits of matrix·x + constants out, `latency` cycles later."""

    def __init__(self, leaf: SerialLeaf) -> None:
        self.leaf = leaf
        self.latency = leaf.latency
        netlist = leaf.netlist
        super().__init__(
            {
                "i": In(serial_link(netlist.inputs, netlist.digit)),
                "o": Out(serial_link(netlist.outputs, netlist.digit)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = self.o.enable
        known = self.leaf.netlist.markers
        row = markers(m, "marker", self.i.start, enable, max(known, self.latency + 1))
        start = self.i.start
        if len(row) > 1:
            start = Cat(start, moving(m, "moving", row, enable, self.o.ahead))
        m.submodules[self.leaf.name] = Instance(
            self.leaf.name,
            i_clk=ClockSignal(),
            i_ce=enable,
            i_start=start[:known],
            i_x=self.i.digits,
            o_y=self.o.digits,
        )
        m.d.comb += [
            self.i.enable.eq(enable),
            self.i.ahead.eq(self.o.ahead),
            self.o.start.eq(start[self.latency]),
        ]
        return m
