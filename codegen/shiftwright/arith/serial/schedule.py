"""Turns an adder graph into a digit-serial netlist: sums of two terms, each begun as early as its operands allow.

A shift to the left costs nothing by itself: the operand's first digit is merely used that much later, so that shifts
are paid for by delays, which all readers of a word share. The bits that a shifted operand shows before its first are of
the word before, and a hold makes them 0. A sum whose terms are all negative is kept as the negative of a sum."""

from collections.abc import Callable
from dataclasses import dataclass

from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Statement, Sum

Key = tuple[str | int, ...]
"""What a net carries, and from which cycle on."""


@dataclass(frozen=True, slots=True)
class Term:
    """± (value << shift); value numbers an input or a sum. Without a value the term is the number `shift` stands in."""

    value: int
    shift: int
    negative: bool


@dataclass(frozen=True, slots=True)
class Number:
    """A constant that is not 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Pair:
    """a + b, or a - b, or with no a the negative of b; begins in cycle `start`."""

    a: Term | Number | None
    b: Term
    start: int


def serialise(graph: AdderGraph, digit: int, cycles: int) -> Netlist:
    """The netlist of a graph for words of `cycles` digits of `digit` bits, which must hold every output."""
    sums = _Sums(graph, digit)
    outputs = [None if output is None else sums.output(output.value, output.shift) for output in graph.outputs]
    return _Wiring(len(graph.inputs), sums.pairs, outputs, digit, cycles).netlist()


class _Sums:
    """The graph as sums of two terms, with the earliest cycle of each."""

    def __init__(self, graph: AdderGraph, digit: int) -> None:
        self._inputs, self._digit = len(graph.inputs), digit
        self.pairs: list[Pair] = []
        self._made: dict[tuple[Term | Number | None, Term], int] = {}
        self._meaning: list[Term | int] = [Term(value, 0, False) for value in range(self._inputs)]
        for add in graph.adds:
            constant = add.constant
            terms: list[Term | Number] = []
            for operand in add.operands:
                meaning = self._meaning[operand.value]
                if isinstance(meaning, int):
                    number = meaning << operand.shift
                    constant += -number if operand.negative else number
                else:
                    terms.append(
                        Term(meaning.value, meaning.shift + operand.shift, meaning.negative != operand.negative)
                    )
            if constant:
                terms.append(Number(constant))
            self._meaning.append(self._total(terms) if len(terms) > (constant != 0) else constant)

    def ready(self, term: Term | Number | None) -> int:
        """The earliest cycle in which a sum that takes the term may begin."""
        if not isinstance(term, Term):
            return 0
        return max(0, self.begin(term.value) - term.shift // self._digit)

    def begin(self, value: int) -> int:
        """The cycle in which a value's first digit comes, at the earliest."""
        return 0 if value < self._inputs else self.pairs[value - self._inputs].start + 1

    def output(self, value: int, shift: int) -> Term | Number:
        """What an output follows, never negative."""
        meaning = self._meaning[value]
        if isinstance(meaning, int):
            return Number(meaning << shift)
        if meaning.negative:
            meaning = self._pair(None, Term(meaning.value, 0, True), meaning.shift)
        return Term(meaning.value, meaning.shift + shift, False)

    def _total(self, terms: list[Term | Number]) -> Term:
        """Two terms at a time, those that come first."""
        while len(terms) > 1:
            terms.sort(key=self.ready)
            first, second, *rest = terms
            terms = [*rest, self._sum(first, second)]
        (term,) = terms
        assert isinstance(term, Term)
        return term

    def _sum(self, one: Term | Number, other: Term | Number) -> Term:
        if isinstance(other, Number):
            one, other = other, one
        assert isinstance(other, Term)
        both = [term.shift for term in (one, other) if isinstance(term, Term)]
        if isinstance(one, Number):
            both.append((one.number & -one.number).bit_length() - 1)
            shift = min(both)
            return self._pair(
                Number(one.number >> shift), Term(other.value, other.shift - shift, other.negative), shift
            )
        if one.negative and not other.negative:
            one, other = other, one
        shift = min(both)
        flips = one.negative
        first = Term(one.value, one.shift - shift, False)
        second = Term(other.value, other.shift - shift, other.negative != flips)
        total = self._pair(first, second, shift)
        return Term(total.value, total.shift, flips)

    def _pair(self, a: Term | Number | None, b: Term, shift: int) -> Term:
        number = self._made.setdefault((a, b), self._inputs + len(self.pairs))
        if number == self._inputs + len(self.pairs):
            self.pairs.append(Pair(a, b, max(self.ready(a), self.ready(b))))
        return Term(number, shift, False)


class _Wiring:
    """Names, delays, holds and constants for sums whose cycles are known."""

    def __init__(
        self, inputs: int, pairs: list[Pair], outputs: list[Term | Number | None], digit: int, cycles: int
    ) -> None:
        self._inputs, self._pairs, self._digit = inputs, _needed(inputs, pairs, outputs), digit
        self._outputs = outputs
        self._count_bits = (cycles - 1).bit_length() or 1
        self._bits = digit << self._count_bits
        begins = [self._begin(term.value) - term.shift // digit for term in outputs if isinstance(term, Term)]
        self._latency = max([0, *begins])
        self._markers = 1
        self._body: list[Statement] = []
        self._nets: dict[Key, str] = {}

    def netlist(self) -> Netlist:
        for value, pair in self._pairs.items():
            self._add_sum(value, pair)
        ends: list[Statement] = []
        for index, term in enumerate(self._outputs):
            if term is None:
                ends.append(Output(index, ""))
            elif isinstance(term, Number):
                ends.append(Output(index, self._number(term.number, self._latency)))
            else:
                ends.append(Output(index, self._shifted(term.value, term.shift, self._latency)))
        return Netlist(
            self._digit,
            self._inputs,
            len(self._outputs),
            self._markers,
            self._latency,
            (*self._body, *ends),
        )

    def _begin(self, value: int) -> int:
        return 0 if value < self._inputs else self._pairs[value].start + 1

    def _add_sum(self, value: int, pair: Pair) -> None:
        start = pair.start
        one, other = pair.a, pair.b
        # The operand that is shifted takes the port with the holds.
        negatives = (False, other.negative)
        if isinstance(one, Term) and one.shift:
            assert not other.shift
            one, other, negatives = other, one, (other.negative, False)
        a = ""
        if isinstance(one, Number):
            a = self._number(one.number, start)
        elif isinstance(one, Term):
            a = self._shifted(one.value, one.shift, start)
        b = self._shifted(other.value, other.shift, start)
        holds: tuple[str, ...] = ()
        if other.shift:
            holds = tuple(
                self._hold(start, -(-(other.shift - lane) // self._digit) if other.shift > lane else 0)
                for lane in range(self._digit)
            )
        self._marked(start)
        self._say(("value", value, start + 1), lambda name: Sum(name, a, b, negatives, any(negatives), start, holds))

    def _shifted(self, value: int, shift: int, start: int) -> str:
        """The net that carries value << shift for a reader that begins in cycle `start`."""
        whole, part = divmod(shift, self._digit)
        source = self._value(value, start + whole)
        if not part:
            return source
        older = self._value(value, start + whole + 1)
        return self._say(("slip", value, start + whole, part), lambda name: Slip(name, source, older, part))

    def _value(self, value: int, cycle: int) -> str:
        """The net on which a value's first digit comes in `cycle`."""
        first = self._begin(value)
        assert first <= cycle, "a word is read before it is there"
        if value < self._inputs:
            self._say(("value", value, 0), lambda name: Input(name, value))
        known = next(known for known in range(cycle, first - 1, -1) if ("value", value, known) in self._nets)
        for place in range(known, cycle):
            self._delayed(("value", value), place, self._digit)
        return self._nets["value", value, cycle]

    def _hold(self, first: int, cycles: int) -> str:
        """A net that is high in the first `cycles` cycles from `first` on; empty for none."""
        if not cycles:
            return ""
        if ("hold", cycles, first) not in self._nets and ("hold", cycles, first - 1) in self._nets:
            return self._delayed(("hold", cycles), first - 1, 1)
        self._marked(first + cycles - 1)
        return self._say(("hold", cycles, first), lambda name: Hold(name, first, first + cycles - 1))

    def _number(self, number: int, start: int) -> str:
        """A net that plays a constant from cycle `start` on."""
        bits = self._count_bits
        count = self._counted(start)
        residue = number % (1 << self._bits)
        return self._say(("number", residue, start), lambda name: Play(name, residue, bits, count))

    def _counted(self, start: int) -> str:
        if ("count", start) not in self._nets and ("count", start - 1) in self._nets:
            return self._delayed(("count",), start - 1, self._count_bits)
        self._marked(start)
        return self._say(("count", start), lambda name: Count(name, self._count_bits, start))

    def _delayed(self, key: Key, cycle: int, bits: int) -> str:
        """What is known by the key in `cycle`, a cycle later."""
        source = self._nets[*key, cycle]
        return self._say((*key, cycle + 1), lambda name: Delay(name, bits, source))

    def _marked(self, marker: int) -> None:
        self._markers = max(self._markers, marker + 1)

    def _say(self, key: Key, make: Callable[[str], Statement]) -> str:
        name = self._nets.get(key)
        if name is None:
            name = "_".join(str(part) for part in key).replace("value_", "v").replace("number_", "k")
            self._nets[key] = name
            self._body.append(make(name))
        return name


def _needed(inputs: int, pairs: list[Pair], outputs: list[Term | Number | None]) -> dict[int, Pair]:
    """The sums on which an output depends, by value."""
    todo = [term.value for term in outputs if isinstance(term, Term)]
    needed: set[int] = set()
    while todo:
        value = todo.pop()
        if value >= inputs and value not in needed:
            needed.add(value)
            pair = pairs[value - inputs]
            todo += [term.value for term in (pair.a, pair.b) if isinstance(term, Term)]
    return {value: pairs[value - inputs] for value in sorted(needed)}
