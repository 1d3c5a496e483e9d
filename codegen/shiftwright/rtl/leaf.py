"""Verilog leaves: modules rendered from templates, and the Amaranth component that joins them to a pipeline.

A leaf has ports clk, ce, x and y, registers without reset that move while ce is high, and a fixed latency. Everything a
template prints (widths, names, signs) is computed by the leaf's class; the template loops and substitutes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from amaranth import ClockSignal, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Handshake, pipe

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


class Leaf(ABC):
    """One Verilog module: `latency` enabled clock edges after x was `words`, y is what they become, as `results`."""

    template: ClassVar[str]

    def __init__(self, name: str, words: Format, results: Format, latency: int) -> None:
        assert min(latency, words.bits, results.bits) >= 1
        self.name = name
        self.words = words
        self.results = results
        self.latency = latency

    @abstractmethod
    def context(self) -> Mapping[str, object]:
        """What the template loops over."""

    def files(self) -> dict[str, str]:
        """File name to text: the leaf's module, and any that it instantiates."""
        return {f"{self.name}.v": self.render()}

    def render(self) -> str:
        """The module's Verilog-2001 text; depends on the leaf alone."""
        template = templates().get_template(self.template)
        return template.render(name=self.name, x_bits=self.words.bits, y_bits=self.results.bits, **self.context())


class Pipeline(wiring.Component):
    """Leaves one after the other between two links. One word a cycle; all registers stall with the output."""

    def __init__(self, leaves: Leaf | Sequence[Leaf]) -> None:
        self.leaves = (leaves,) if isinstance(leaves, Leaf) else tuple(leaves)
        assert all(a.results == b.words for a, b in zip(self.leaves[:-1], self.leaves[1:], strict=True))
        self.latency = sum(leaf.latency for leaf in self.leaves)
        super().__init__({"i": In(self.leaves[0].words.signature), "o": Out(self.leaves[-1].results.signature)})

    def with_leaf(self, old: object, new: object) -> "Pipeline":
        """The same pipeline with one leaf in another's place."""
        assert isinstance(new, Leaf)
        return Pipeline([new if leaf is old else leaf for leaf in self.leaves])

    def handshake(self) -> Handshake:
        """The timing model."""
        return pipe(self.latency)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()
        occupied = Signal(self.latency)
        m.d.comb += [
            self.o.valid.eq(occupied[-1]),
            enable.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(enable),
        ]
        with m.If(enable):
            m.d.sync += occupied.eq(occupied << 1 | self.i.valid)
        word = self.i.payload
        for index, leaf in enumerate(self.leaves):
            result = Signal(leaf.results.bits, name=f"y_{index}")
            m.submodules[leaf.name] = Instance(leaf.name, i_clk=ClockSignal(), i_ce=enable, i_x=word, o_y=result)
            word = result
        m.d.comb += self.o.payload.eq(word)
        return m


@cache
def templates() -> Environment:
    """The project's templates; a name that is not given is an error."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
