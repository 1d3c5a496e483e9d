"""An adder graph as synthesis sees it: words are bits, equal sums are one sum, and low bits that pass are wires.

Nothing here belongs to a family. Families count the cells of each sum; registers are counted here, a bit each, since a
bit that passes through an adder is in step with the word that it comes from and is stored once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from shiftwright.arith.adder_graph import Add, AdderGraph
from shiftwright.arith.interval import bit_width

Bit = tuple[int, int] | int
"""(value, index) of a bit that an adder or an input makes, or the constant 0 or 1."""


@dataclass(frozen=True, slots=True)
class Sum:
    """One adder in a pipeline stage: its words' bits from the lowest that is added on, positive words first.

    `inverted` tells how many of the words, the last ones, are subtracted. `top` is the lowest place from where on all
    words repeat their bit, `signed` whether any of these bits is not 0."""

    stage: int
    words: tuple[tuple[Bit, ...], ...]
    inverted: int
    top: int
    signed: bool

    @property
    def width(self) -> int:
        """Bits that are added."""
        return len(self.words[0])

    @property
    def without_borrow(self) -> int:
        """Low bits of a word that are subtracted from ones of a number, which takes an inverter each and no carry."""
        ones = (place for place, bit in enumerate(self.words[0]) if bit != 1)
        return next(ones, self.width) if self.inverted else 0


class Sums:
    """The sums and the stored bits of a graph, pipelined after every `levels_per_stage` levels of adders."""

    def __init__(self, graph: AdderGraph, levels_per_stage: int = 1) -> None:
        assert levels_per_stage >= 1
        self._graph = graph
        self._levels = levels_per_stage
        self._latency = max(1, -(-graph.depth // levels_per_stage))
        self._same, self._constants = _merged(graph)
        self._roots: dict[int, list[Bit]] = {}
        self.sums: list[Sum] = []
        self._taps: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        for value in self._live():
            self._enter(value)
        for word in self._outputs():
            self._read(word, self._latency + 1)

    def chains(self) -> Iterator[int]:
        """Lengths of all rows of registers of one bit, from one place where the bit is read to the next.

        Where adders are kept apart, for several stand in a stage, the register behind one is a row of its own: Yosys
        leaves it out of shift registers."""
        for (value, _), taps in self._taps.items():
            before = made = self._stage(value)
            is_kept = self._levels > 1 and value >= len(self._graph.inputs)
            for tap in sorted(taps):
                if is_kept and before == made and tap > made:
                    yield 1
                    before += 1
                if tap > before:
                    yield tap - before
                before = tap

    @cached_property
    def registers(self) -> int:
        """Register bits, whatever they become."""
        return sum(self.chains())

    def _live(self) -> list[int]:
        """Values that the outputs need, equal ones once, in order."""
        first = len(self._graph.inputs)
        todo = [self._same[output.value] for output in self._graph.outputs if output is not None]
        live: set[int] = set()
        while todo:
            value = todo.pop()
            if value not in live and value not in self._constants:
                live.add(value)
                if value >= first:
                    todo += [self._same[operand.value] for operand in self._graph.adds[value - first].operands]
        return sorted(live)

    def _enter(self, value: int) -> None:
        first = len(self._graph.inputs)
        width, _ = bit_width(*self._graph.range_of(value))
        if value < first:
            self._roots[value] = [(value, index) for index in range(width)]
            return
        words, inverted = self._words(self._graph.adds[value - first], width)
        wires = _wires(words, inverted)
        low = len(wires)
        self._roots[value] = wires
        if low == width:
            return
        added = tuple(tuple(word[low:]) for word in words)
        self._roots[value] += [(value, index) for index in range(low, width)]
        top = next(
            place for place in range(width - low) if all(bit == word[place] for word in added for bit in word[place:])
        )
        stage = self._stage(value)
        self.sums.append(Sum(stage, added, inverted, top, any(word[top] != 0 for word in added)))
        for word in added:
            self._read(word, stage)

    def _words(self, add: Add, width: int) -> tuple[list[list[Bit]], int]:
        """Bits of each term up to `width`, positive ones first, and how many are subtracted."""
        constant = add.constant
        plus: list[list[Bit]] = []
        minus: list[list[Bit]] = []
        for operand in add.operands:
            source = self._same[operand.value]
            if source in self._constants:
                number = self._constants[source] << operand.shift
                constant += -number if operand.negative else number
                continue
            _, signed = bit_width(*self._graph.range_of(source))
            bits = self._roots[source]
            above: Bit = bits[-1] if signed else 0
            word = [0] * min(operand.shift, width) + bits[: max(0, width - operand.shift)]
            (minus if operand.negative else plus).append(word + [above] * (width - len(word)))
        if constant or not plus:
            plus.append([constant >> place & 1 for place in range(width)])
        return plus + minus, len(minus)

    def _outputs(self) -> Iterator[list[Bit]]:
        for output in self._graph.outputs:
            if output is not None and self._same[output.value] not in self._constants:
                yield self._roots[self._same[output.value]]

    def _read(self, word: tuple[Bit, ...] | list[Bit], stage: int) -> None:
        for bit in word:
            if isinstance(bit, tuple):
                self._taps[bit].add(stage)

    def _stage(self, value: int) -> int:
        return max(1, -(-self._graph.level_of(value) // self._levels))


def _wires(words: list[list[Bit]], inverted: int) -> list[Bit]:
    """The low bits of a sum for which at most one word, and that a positive one, has anything to add."""
    wires: list[Bit] = []
    for bits in zip(*words, strict=True):
        present = [bit for bit in bits if bit != 0]
        if len(present) > 1 or any(bits[len(bits) - inverted :]):
            break
        wires.append(present[0] if present else 0)
    return wires


def _merged(graph: AdderGraph) -> tuple[list[int], dict[int, int]]:
    """Of each value the first that sums the same terms, which synthesis finds; and the values that are constants."""
    same = list(range(len(graph.inputs)))
    constants: dict[int, int] = {}
    seen: dict[tuple[tuple[tuple[int, int, bool], ...], int], int] = {}
    for number, add in enumerate(graph.adds, len(graph.inputs)):
        if add.is_constant:
            constants[number] = add.constant
        terms = sorted((same[operand.value], operand.shift, operand.negative) for operand in add.operands)
        same.append(seen.setdefault((tuple(terms), add.constant), number))
    return same, constants
