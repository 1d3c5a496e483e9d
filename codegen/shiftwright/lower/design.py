"""An integer graph as a design: stages, edges, timing. What build writes to files."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from shiftwright.ir.core import Graph
from shiftwright.lower.layer import Layer
from shiftwright.lower.parts import link_interval
from shiftwright.lower.plan import Plan
from shiftwright.lower.schedule import Timing, run
from shiftwright.lower.stages import Stage, build_stages
from shiftwright.lower.top import Top
from shiftwright.rtl.axis import AxisSink, AxisSource
from shiftwright.rtl.emit import to_verilog
from shiftwright.rtl.format import Format

DEFAULT = Plan()


@dataclass(frozen=True, eq=False)
class Lowered:
    """A chain of stages between two AXI4-Stream edges, every adder graph and requantizer in it proved."""

    name: str
    graph: Graph
    stages: tuple[Stage, ...]
    plan: Plan

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Those of all stages, in order."""
        return tuple(layer for stage in self.stages for layer in stage.layers)

    @property
    def notes(self) -> list[str]:
        """What was not built as asked, a line each."""
        return [f"{layer.name}: {note}" for layer in self.layers if layer.engine for note in layer.engine.notes]

    @cached_property
    def source(self) -> AxisSource:
        """The input edge."""
        return AxisSource(Format.of(link_interval(self.graph, self.graph.inputs[0])))

    @cached_property
    def sink(self) -> AxisSink:
        """The output edge."""
        return AxisSink(self.graph.outputs[0].positions, self.stages[-1].result)

    @cached_property
    def timing(self) -> Timing:
        """Of the whole design, with an entry in `first` for each stage's link."""
        chain = [self.source.handshake(), *(stage.handshake() for stage in self.stages), self.sink.handshake()]
        whole = run(chain, self.graph.outputs[0].positions)
        return Timing(whole.first[1:-1], whole.latency, whole.interval)

    def verilog(self) -> dict[str, str]:
        """File name to text: the top with its Amaranth stages, one leaf a file, and modules that leaves share."""
        top = Top(self.source, self.stages, self.sink)
        files = {f"{self.name}.v": to_verilog(top, self.name)}
        for stage in self.stages:
            for leaf in stage.leaves:
                files |= leaf.files()
        return files


def lower(
    graph: Graph, name: str, plan: Plan = DEFAULT, progress: Callable[[str], None] = lambda step: None
) -> Lowered:
    """The design of a graph; HardwareError names a node that has none. ProofError would be a bug of ours.

    `progress` hears the name of each layer before it is solved."""
    return Lowered(name, graph, tuple(build_stages(graph, name, plan, progress)), plan)
