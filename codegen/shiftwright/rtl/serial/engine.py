"""A digit-serial engine between two parallel links: serialiser, graphs with requantizers between them, deserialiser."""

from collections.abc import Sequence

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.handshake import Handshake, serial
from shiftwright.rtl.leaf import Leaf
from shiftwright.rtl.serial.deserialiser import Deserialiser
from shiftwright.rtl.serial.graph import SerialGraph
from shiftwright.rtl.serial.leaf import SerialLeaf
from shiftwright.rtl.serial.requantizer import SerialRequantizer
from shiftwright.rtl.serial.serialiser import Serialiser


class SerialEngine(wiring.Component):
    """One payload in and one out every `cycles` cycles, offered `latency` cycles after it was taken.

    A payload is taken `cycles` - 1 cycles after it came in sight, with its last digit. `inner` are the parts between
    the two edges, serial links on both sides."""

    def __init__(self, head: Serialiser, inner: Sequence[SerialGraph | SerialRequantizer], tail: Deserialiser) -> None:
        self.head, self.inner, self.tail = head, tuple(inner), tail
        self.cycles = head.cycles
        self._inner = head.latency + sum(part.latency for part in self.inner)
        self.latency = self._inner + 2
        super().__init__({"i": In(head.words.signature), "o": Out(tail.results.signature)})

    @property
    def leaves(self) -> tuple[SerialLeaf | Leaf, ...]:
        """Modules that are files of their own."""
        graphs = tuple(part.leaf for part in self.inner if isinstance(part, SerialGraph))
        return graphs if self.tail.leaf is None else (*graphs, self.tail.leaf)

    def with_leaf(self, old: object, new: object) -> "SerialEngine":
        """The same engine with one graph's leaf in another's place."""
        assert isinstance(new, SerialLeaf)
        inner = [
            SerialGraph(new) if isinstance(part, SerialGraph) and part.leaf is old else part for part in self.inner
        ]
        return SerialEngine(self.head, inner, self.tail)

    def handshake(self) -> Handshake:
        """The timing model."""
        return serial(self.cycles, self._inner)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.serialiser = self.head
        m.submodules.deserialiser = self.tail
        wiring.connect(m, wiring.flipped(self.i), self.head.i)
        link = self.head.o
        for number, part in enumerate(self.inner):
            m.submodules[f"part_{number}"] = part
            wiring.connect(m, link, part.i)
            link = part.o
        wiring.connect(m, link, self.tail.i)
        wiring.connect(m, self.tail.o, wiring.flipped(self.o))
        return m
