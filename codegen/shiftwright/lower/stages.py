"""Cuts an integer graph into hardware stages: fronts, engines and requantizers, or components of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from shiftwright.arith.interval import Interval
from shiftwright.arith.prove import prove_requantizer
from shiftwright.arith.requantize import Requantizer
from shiftwright.errors import HardwareError, RangeError
from shiftwright.ir.core import Graph, Node, Value
from shiftwright.lower.choice import Folded, Serial
from shiftwright.lower.engine import Engine
from shiftwright.lower.folded import folded_engine
from shiftwright.lower.layer import Layer
from shiftwright.lower.parallel import parallel_engine
from shiftwright.lower.plan import Plan
from shiftwright.lower.schedule import Timing, run
from shiftwright.lower.serial import SerialLayer, serial_engines, serial_layer
from shiftwright.ops.convolution import Convolution
from shiftwright.ops.requantize import Requantize
from shiftwright.ops.stage import (
    Component,
    ComponentOperator,
    MatrixOperator,
    MatrixProduct,
    TailOperator,
    WindowOperator,
)
from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Chain, Handshake
from shiftwright.rtl.leaf import Leaf, Pipeline
from shiftwright.rtl.serial.engine import SerialEngine
from shiftwright.rtl.serial.leaf import SerialLeaf
from shiftwright.rtl.skid import Skid


@dataclass(frozen=True, eq=False)
class Stage:
    """Layers that share hardware, most often one: components in a row. `result` is what the link behind it carries."""

    layers: tuple[Layer, ...]
    result: Format
    components: tuple[Component, ...]

    @property
    def name(self) -> str:
        """That of the last layer."""
        return self.layers[-1].name

    @property
    def output(self) -> Value:
        """What leaves on the link."""
        return self.layers[-1].output

    @property
    def leaves(self) -> list[Leaf | SerialLeaf]:
        """Verilog modules that are files of their own."""
        return [
            leaf
            for component in self.components
            if isinstance(component, Pipeline | SerialEngine)
            for leaf in component.leaves
        ]

    @property
    def latencies(self) -> list[int]:
        """Each layer's part of the stage's latency, in cycles."""
        inner = [layer.engine.inner_latency for layer in self.layers[:-1] if layer.engine is not None]
        return [*inner, self.timing.latency - sum(inner)]

    def with_leaf(self, old: Leaf | SerialLeaf, new: Leaf | SerialLeaf) -> "Stage":
        """The same stage with one leaf of its engines in another's place."""
        components = [
            component.with_leaf(old, new)
            if isinstance(component, Pipeline | SerialEngine) and old in component.leaves
            else component
            for component in self.components
        ]
        layers = [
            replace(layer, engine=layer.engine.with_leaf(new)) if layer.engine and layer.engine.leaf is old else layer
            for layer in self.layers
        ]
        return replace(self, layers=tuple(layers), components=tuple(components))

    def handshake(self) -> Handshake:
        """The stage's timing model."""
        return Chain([component.handshake() for component in self.components])

    @cached_property
    def timing(self) -> Timing:
        """Latency and interval of the stage alone, fed and drained without stalls."""
        return run(lambda: [self.handshake()], self.output.positions)


def link_interval(graph: Graph, value: Value) -> Interval:
    """Bounds of what a link must be able to hold: the value's own, and a later window's padding code."""
    lo, hi = value.interval.lo, value.interval.hi
    for node in graph.readers(value):
        if isinstance(node.operator, Convolution) and node.operator.geometry.pads:
            pad = np.array(node.operator.pad, dtype=np.int64)
            lo, hi = np.minimum(lo, pad), np.maximum(hi, pad)
        elif isinstance(node.operator, ComponentOperator):
            # Pooling passes its lanes on as they are.
            later = link_interval(graph, node.output)
            lo, hi = np.minimum(lo, later.lo), np.maximum(hi, later.hi)
    return Interval(lo, hi)


def build_stages(
    graph: Graph, prefix: str, plan: Plan, progress: Callable[[str], None] = lambda step: None
) -> list[Stage]:
    """The stages of a graph that is one chain; HardwareError names the first node that has no hardware.

    `progress` hears each layer's name before it is solved."""
    check_hardware(graph)
    parts = [_Part.of(graph, nodes) for nodes in _cut(_chain(graph))]
    plan.engines.check([part.name for part in parts if part.product is not None])
    stages: list[Stage] = []
    while parts:
        progress(parts[0].name)
        choice = plan.engines.engine(parts[0].name)
        try:
            if isinstance(choice, Serial) and parts[0].product is not None:
                taken, stage = _serial_stage(parts, prefix, plan, choice, progress)
            elif isinstance(choice, Folded) and isinstance(parts[0].nodes[0].operator, WindowOperator):
                taken, stage = 1, _folded_stage(parts[0], prefix, plan, choice)
            else:
                taken, stage = 1, _stage(parts[0], prefix, plan)
        except (RangeError, HardwareError) as error:
            raise HardwareError(f"{parts[0].name} ({parts[0].nodes[0].origin}): {error}") from error
        stages.append(stage)
        parts = parts[taken:]
    return stages


def check_hardware(graph: Graph) -> None:
    """HardwareError for the first node that has no hardware; quick, since nothing is solved."""
    for node in _chain(graph):
        source = node.inputs[0]
        try:
            if isinstance(node.operator, MatrixOperator):
                node.operator.front(source, Format.of(link_interval(graph, source)))
            elif not isinstance(node.operator, ComponentOperator | TailOperator):
                raise HardwareError(
                    f"{node.operator.describe()} has no hardware yet; "
                    "keep the file's layout as the stream's (row, column, channel)"
                )
        except HardwareError as error:
            raise HardwareError(f"{node.name} ({node.origin}): {error}") from error


def _chain(graph: Graph) -> list[Node]:
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        names = [value.name for value in (graph.inputs if len(graph.inputs) != 1 else graph.outputs)]
        raise HardwareError(f"the network has inputs or outputs {names}; hardware takes one of each for now")
    for node in graph.nodes:
        if len(node.inputs) > 1:
            raise HardwareError(
                f"{node.name} ({node.operator.describe()}) joins two branches, which has no hardware yet; "
                "golden computes it, and compile takes networks without branches"
            )
    value, chain = graph.inputs[0], []
    while value is not graph.outputs[0]:
        readers = graph.readers(value)
        if len(readers) != 1:
            raise HardwareError(
                f"{value.name} is read by {', '.join(node.name for node in readers)}; branches have no hardware yet"
            )
        chain.append(readers[0])
        value = readers[0].output
    if graph.readers(value):
        raise HardwareError(
            f"{value.name} is an output and is read by {graph.readers(value)[0].name}; make it an output only"
        )
    if not chain:
        raise HardwareError("the network has no layer between its input and its output; there is nothing to compile")
    return chain


def _cut(chain: list[Node]) -> Iterator[tuple[Node, ...]]:
    """The nodes of each layer: a matrix and the rounding or clamp right behind it, any other node by itself."""
    rest = chain
    while rest:
        pair = len(rest) > 1 and isinstance(rest[0].operator, MatrixOperator)
        taken = 2 if pair and isinstance(rest[1].operator, TailOperator) else 1
        yield tuple(rest[:taken])
        rest = rest[taken:]


@dataclass(frozen=True, eq=False)
class _Part:
    """A layer before it has an engine. `product` is there if a matrix is multiplied, `tails` if codes are made."""

    nodes: tuple[Node, ...]
    link: Format
    result: Interval
    product: MatrixProduct | None
    front: tuple[Component, ...]
    tails: tuple[Requantizer, ...] | None

    @classmethod
    def of(cls, graph: Graph, nodes: tuple[Node, ...]) -> "_Part":
        first, last = nodes[0], nodes[-1]
        source = first.inputs[0]
        link, result = Format.of(link_interval(graph, source)), link_interval(graph, last.output)
        try:
            if isinstance(first.operator, MatrixOperator):
                tails = tuple(_tails(last)) if len(nodes) > 1 else None
                front = tuple(first.operator.front(source, link))
                return cls(nodes, link, result, first.operator.product(source), front, tails)
            tails = tuple(_tails(first)) if isinstance(first.operator, TailOperator) else None
        except (RangeError, HardwareError) as error:
            raise HardwareError(f"{first.name} ({first.origin}): {error}") from error
        return cls(nodes, link, result, None, (), tails)

    @property
    def name(self) -> str:
        return self.nodes[0].name

    @property
    def source(self) -> Value:
        return self.nodes[0].inputs[0]

    def layer(self, engine: Engine | None) -> Layer:
        return Layer(self.name, self.nodes, self.source, self.nodes[-1].output, engine)


def _stage(part: _Part, prefix: str, plan: Plan) -> Stage:
    """A stage of one layer: a component, or a parallel engine."""
    operator, engine = part.nodes[0].operator, None
    components: list[Component]
    if isinstance(operator, ComponentOperator):
        components = operator.components(part.source, part.link, Format.of(part.result))
        components.append(Skid(Format.of(part.result).bits))
    else:
        ones = np.eye(part.source.channels, dtype=np.int64)
        words = part.product or MatrixProduct(ones, (0,) * part.source.channels, part.source.interval)
        engine, made = parallel_engine(f"{prefix}_{part.name}", words, part.tails, part.result, plan)
        components = [*part.front, *made]
    return Stage((part.layer(engine),), Format.of(part.result), tuple(components))


def _folded_stage(part: _Part, prefix: str, plan: Plan, choice: Folded) -> Stage:
    """A stage of one layer whose fetch takes the place of a window or collector."""
    operator = part.nodes[0].operator
    assert isinstance(operator, WindowOperator)
    product = operator.window_product(part.source)
    engine, components = folded_engine(
        f"{prefix}_{part.name}", product, part.tails, part.link, part.result, plan, choice
    )
    return Stage((part.layer(engine),), Format.of(part.result), tuple(components))


def _serial_stage(
    parts: list[_Part], prefix: str, plan: Plan, choice: Serial, progress: Callable[[str], None]
) -> tuple[int, Stage]:
    """The stage that begins with parts[0], and how many parts it takes.

    A layer joins the one before where nothing must gather its words, and where the codes between them are made of
    digits."""
    layers: list[SerialLayer] = []
    for part in parts:
        if layers and (part.product is None or part.front or plan.engines.engine(part.name) != choice):
            break
        assert part.product is not None
        if layers:
            progress(part.name)
        layers.append(serial_layer(f"{prefix}_{part.name}", part.product, part.tails, plan))
        if layers[-1].clamps is None:
            break
    taken = parts[: len(layers)]
    engines, components = serial_engines(layers, taken[-1].result, plan, choice.digit)
    whole = tuple(part.layer(engine) for part, engine in zip(taken, engines, strict=True))
    return len(taken), Stage(whole, Format.of(taken[-1].result), (*taken[0].front, *components))


def _tails(node: Node) -> list[Requantizer]:
    """The node's requantizers, each proved against the exact rounding it stands for."""
    operator, source = node.operator, node.inputs[0]
    assert isinstance(operator, TailOperator)
    tails = operator.tails(source)
    if isinstance(operator, Requantize):
        for channel, (tail, (lo, hi)) in enumerate(zip(tails, source.interval.pairs(), strict=True)):
            prove_requantizer(
                tail,
                operator.scale[channel],
                operator.bias[channel],
                operator.zero_point[channel],
                operator.lo[channel],
                operator.hi[channel],
                lo,
                hi,
            )
    return tails
