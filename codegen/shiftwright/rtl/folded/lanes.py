"""What a kind of lanes offers the folded engine: operands prepared once a word, and a product for each weight code."""

from collections.abc import Sequence
from typing import Any, Protocol

from amaranth import Const, Mux, Shape, Value

from shiftwright.rtl.folded.adders import Addend
from shiftwright.rtl.folded.pipe import Pipe


class Lanes(Protocol):
    """`entry` is the cycle, counted from the input's, in which operands are there; products come `latency` later.

    A weight's code has `bits`. `products` gives `terms` addends; their common powers of two are those of every lane."""

    @property
    def bits(self) -> int: ...

    @property
    def entry(self) -> int: ...

    @property
    def latency(self) -> int: ...

    @property
    def terms(self) -> int: ...

    def operands(self, pipe: Pipe, word: Value, name: str) -> Any:
        """What every PE's lane needs of one input word, as it stands in the payload."""
        ...

    def products(self, pipe: Pipe, operands: Any, code: Value, name: str) -> list[Addend]:
        """The product of one word and the weight that a code stands for."""
        ...


def select(choices: Sequence[Value], index: Value) -> Value:
    """choices[index]; the lowest bit of the index chooses first."""
    for bit in range(len(index)):
        pairs = [choices[place : place + 2] for place in range(0, len(choices), 2)]
        choices = [Mux(index[bit], pair[1], pair[0]) if len(pair) == 2 else pair[0] for pair in pairs]
    return choices[0]


def lookup(numbers: Sequence[int], code: Value, signed: bool) -> Value:
    """numbers[code], for codes of any value that they cover; LUTs find what the numbers have in common."""
    width = max((max(number, ~number).bit_length() for number in numbers), default=0) + signed
    return select([Const(number, Shape(max(width, 1), signed)) for number in numbers], code)
