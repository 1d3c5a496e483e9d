"""Cuts an integer graph into layers: the nodes that share hardware, and what an engine must know of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shiftwright.arith.interval import Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.errors import HardwareError, RangeError
from shiftwright.ir.core import Graph, Node, Value
from shiftwright.ops.convolution import Convolution
from shiftwright.ops.lookup import Lookup
from shiftwright.ops.max_pool import MaxPool
from shiftwright.ops.requantize import Requantize
from shiftwright.ops.stage import Component, ComponentOperator, MatrixOperator, MatrixProduct, TailOperator
from shiftwright.ops.thresholds import Thresholds
from shiftwright.rtl.format import Format


@dataclass(frozen=True, eq=False)
class Part:
    """A layer before it has an engine: a matrix with the lookup before it and the rounding behind it, or one node.

    `main` is the matrix, where there is one, and `product` what it multiplies; `tails` make codes. `link` is what comes
    in, `words` what `main` reads; they differ where a lookup stands between. `result` bounds what goes out."""

    nodes: tuple[Node, ...]
    main: Node
    link: Format
    words: Format
    result: Interval
    product: MatrixProduct | None
    tails: tuple[Requantizer, ...] | None

    @classmethod
    def of(cls, graph: Graph, nodes: tuple[Node, ...]) -> "Part":
        """HardwareError where a number is too large for hardware."""
        main = nodes[isinstance(nodes[0].operator, Lookup) and len(nodes) > 1]
        link, words = (Format.of(link_interval(graph, node.inputs[0])) for node in (nodes[0], main))
        rounds = nodes[-1].operator
        try:
            return cls(
                nodes,
                main,
                link,
                words,
                link_interval(graph, nodes[-1].output),
                main.operator.product(main.inputs[0]) if isinstance(main.operator, MatrixOperator) else None,
                tuple(_tails(nodes[-1])) if isinstance(rounds, TailOperator) else None,
            )
        except (RangeError, HardwareError) as error:
            raise HardwareError(f"{main.name} ({main.origin}): {error}") from error

    @property
    def name(self) -> str:
        """A layer is named by its main node."""
        return self.main.name

    @property
    def source(self) -> Value:
        """What the main node reads."""
        return self.main.inputs[0]

    @property
    def lookup(self) -> Lookup | None:
        """The table between the link and the main node."""
        operator = self.nodes[0].operator
        return operator if isinstance(operator, Lookup) and self.nodes[0] is not self.main else None

    def ahead(self) -> list[Component]:
        """The table's component, if there is one."""
        return [] if self.lookup is None else self.lookup.components(self.nodes[0].inputs[0], self.link, self.words)

    def front(self) -> list[Component]:
        """What gathers the words of a whole matrix."""
        operator = self.main.operator
        return operator.front(self.source, self.words) if isinstance(operator, MatrixOperator) else []


def parts_of(graph: Graph) -> list[Part]:
    """The layers of a graph that is one chain, in order."""
    return [Part.of(graph, nodes) for nodes in _cut(_chain(graph))]


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
    """The nodes of each layer. A lookup goes with the matrix behind it, so that links carry codes, which are narrow."""
    rest = chain
    while rest:
        ahead = len(rest) > 1 and isinstance(rest[0].operator, Lookup) and isinstance(rest[1].operator, MatrixOperator)
        matrix, *behind = rest[ahead:]
        rounds = bool(behind) and isinstance(matrix.operator, MatrixOperator)
        taken = ahead + 1 + (rounds and isinstance(behind[0].operator, TailOperator))
        yield tuple(rest[:taken])
        rest = rest[taken:]


def _tails(node: Node) -> list[Requantizer]:
    """The node's requantizers, each proved against the exact rounding it stands for."""
    operator, source = node.operator, node.inputs[0]
    assert isinstance(operator, TailOperator)
    tails = operator.tails(source)
    if isinstance(operator, Requantize | Thresholds):
        operator.prove(tails, source)
    return tails
