"""The top module: AXI4-Stream in, the stages in a row, AXI4-Stream out, and a named tap on every link for benches."""

from collections.abc import Sequence

from amaranth import ClockDomain, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from shiftwright.lower.stages import Stage
from shiftwright.rtl.axis import AxisSink, AxisSource


class Top(wiring.Component):
    """`aclk`, active-low synchronous `aresetn`, `s_axis_*`, `m_axis_*`; inside, `link_NAME_*` tap each stage's link."""

    def __init__(self, source: AxisSource, stages: Sequence[Stage], sink: AxisSink) -> None:
        self.source, self.stages, self.sink = source, tuple(stages), sink
        super().__init__(
            {
                "aclk": In(1),
                "aresetn": In(1),
                "s_axis_tdata": In(len(source.axis.tdata)),
                "s_axis_tvalid": In(1),
                "s_axis_tready": Out(1),
                "s_axis_tlast": In(1),
                "m_axis_tdata": Out(len(sink.axis.tdata)),
                "m_axis_tvalid": Out(1),
                "m_axis_tready": In(1),
                "m_axis_tlast": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = domain = ClockDomain()
        m.submodules.axis_source, m.submodules.axis_sink = self.source, self.sink
        m.d.comb += [
            domain.clk.eq(self.aclk),
            domain.rst.eq(~self.aresetn),
            self.source.axis.tdata.eq(self.s_axis_tdata),
            self.source.axis.tvalid.eq(self.s_axis_tvalid),
            self.source.axis.tlast.eq(self.s_axis_tlast),
            self.s_axis_tready.eq(self.source.axis.tready),
            self.m_axis_tdata.eq(self.sink.axis.tdata),
            self.m_axis_tvalid.eq(self.sink.axis.tvalid),
            self.m_axis_tlast.eq(self.sink.axis.tlast),
            self.sink.axis.tready.eq(self.m_axis_tready),
        ]
        link = self.source.o
        for stage in self.stages:
            for index, component in enumerate(stage.components):
                m.submodules[f"{stage.name}_{index}"] = component
                wiring.connect(m, link, component.i)  # type: ignore[attr-defined]
                link = component.o  # type: ignore[attr-defined]
            for field in ("valid", "ready", "payload"):
                inner = getattr(link, field)
                tap = Signal(len(inner), name=f"link_{stage.name}_{field}")
                m.d.comb += tap.eq(inner)
        wiring.connect(m, link, self.sink.i)
        return m
