"""Cuts an integer graph into hardware stages: each a front, an engine and a requantizer, or a component of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from shiftwright.arith.interval import Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.errors import HardwareError, RangeError
from shiftwright.ir.core import Graph, Node, Value
from shiftwright.lower.number_system import number_system
from shiftwright.lower.parallel import Engine, parallel_engine
from shiftwright.lower.plan import Plan
from shiftwright.lower.schedule import Timing, run
from shiftwright.ops.convolution import Convolution
from shiftwright.ops.lookup import Lookup
from shiftwright.ops.max_pool import MaxPool
from shiftwright.ops.requantize import Requantize
from shiftwright.ops.stage import Component, ComponentOperator, MatrixOperator, MatrixProduct, TailOperator
from shiftwright.ops.sum_pool import SumPool
from shiftwright.ops.thresholds import Thresholds
from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Chain, Handshake
from shiftwright.rtl.lookup import TableLookup
from shiftwright.rtl.skid import Skid


@dataclass(frozen=True, eq=False)
class Stage:
    """One layer in hardware: components in a row, the last of them a skid buffer. `output` is what its link carries.

    `main` is the node that the others serve: the matrix, where there is one."""

    name: str
    nodes: tuple[Node, ...]
    main: Node
    output: Value
    result: Format
    components: tuple[Component, ...]
    engine: Engine | None

    def handshake(self) -> Handshake:
        """The stage's timing model."""
        return Chain([component.handshake() for component in self.components])

    @cached_property
    def timing(self) -> Timing:
        """Latency and interval of the stage alone, fed and drained without stalls."""
        return run(lambda: [self.handshake()], self.output.positions)

    @property
    def numbers(self) -> str:
        """The number system of the stage's weights."""
        operator = self.main.operator
        if not isinstance(operator, MatrixOperator) or isinstance(operator, SumPool):
            return "none"
        return number_system(operator.product(self.main.inputs[0]).matrix)

    @property
    def kind(self) -> str:
        """What the stage does, in a few words."""
        return " · ".join(node.operator.describe() for node in self.nodes)


def link_interval(graph: Graph, value: Value) -> Interval:
    """Bounds of what a link must be able to hold: the value's own, and a later window's padding code."""
    lo, hi = value.interval.lo, value.interval.hi
    for node in graph.readers(value):
        if isinstance(node.operator, Convolution) and node.operator.geometry.pads:
            pad = np.array(node.operator.pad, dtype=np.int64)
            lo, hi = np.minimum(lo, pad), np.maximum(hi, pad)
        elif isinstance(node.operator, MaxPool):
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
    chain = _chain(graph)
    stages: list[Stage] = []
    place = 0
    while place < len(chain):
        taken = _together(chain[place:])
        progress(taken[0].name)
        stages.append(_stage(graph, taken, prefix, plan))
        place += len(taken)
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


def _together(rest: list[Node]) -> list[Node]:
    """The nodes that share a stage: a matrix, the lookup right before it, the rounding or clamp right behind it."""
    # A link then carries codes, which are narrower than what they stand for.
    ahead = len(rest) > 1 and isinstance(rest[0].operator, Lookup) and isinstance(rest[1].operator, MatrixOperator)
    matrix, *behind = rest[ahead:]
    rounds = (
        bool(behind) and isinstance(matrix.operator, MatrixOperator) and isinstance(behind[0].operator, TailOperator)
    )
    return rest[: ahead + 1 + rounds]


def _stage(graph: Graph, nodes: list[Node], prefix: str, plan: Plan) -> Stage:
    main = nodes[isinstance(nodes[0].operator, Lookup) and len(nodes) > 1]
    last, output = nodes[-1], nodes[-1].output
    source, name = main.inputs[0], main.name
    result = link_interval(graph, output)
    engine: Engine | None = None
    components = [] if main is nodes[0] else _own_components(graph, nodes[0])
    try:
        if isinstance(main.operator, ComponentOperator):
            components += _own_components(graph, main)
        elif isinstance(main.operator, MatrixOperator):
            components += main.operator.front(source, Format.of(link_interval(graph, source)))
            tails = _tails(last) if last is not main else None
            engine = parallel_engine(f"{prefix}_{name}", main.operator.product(source), tails, result, plan)
        else:
            words = MatrixProduct(np.eye(source.channels, dtype=np.int64), (0,) * source.channels, source.interval)
            engine = parallel_engine(f"{prefix}_{name}", words, _tails(main), result, plan)
    except (RangeError, HardwareError) as error:
        raise HardwareError(f"{name} ({main.origin}): {error}") from error
    if engine is not None:
        lookups = sum(component.luts for component in components if isinstance(component, TableLookup))
        engine = replace(engine, luts=engine.luts + lookups)
        components.append(engine.pipeline)
    components.append(Skid(Format.of(result).bits))
    return Stage(name, tuple(nodes), main, output, Format.of(result), tuple(components), engine)


def _own_components(graph: Graph, node: Node) -> list[Component]:
    operator, source = node.operator, node.inputs[0]
    assert isinstance(operator, ComponentOperator)
    link, result = (Format.of(link_interval(graph, value)) for value in (source, node.output))
    return operator.components(source, link, result)


def _tails(node: Node) -> list[Requantizer]:
    """The node's requantizers, each proved against the exact rounding it stands for."""
    operator, source = node.operator, node.inputs[0]
    assert isinstance(operator, TailOperator)
    tails = operator.tails(source)
    if isinstance(operator, Requantize | Thresholds):
        operator.prove(tails, source)
    return tails
