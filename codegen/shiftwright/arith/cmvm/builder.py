"""An adder graph under construction: numbers the values and derives exact intervals and levels.

Intervals come from each value's coefficients over the inputs, not from its operands' intervals: 4x - x is 3x, and its
interval is three times that of x."""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.csd import csd_digits
from shiftwright.arith.interval import bit_width


class Builder:
    """Grows an AdderGraph over inputs with the given (lo, hi); one that shares makes equal adds once."""

    def __init__(self, inputs: Sequence[tuple[int, int]], shares: bool = False) -> None:
        self._inputs = tuple(inputs)
        self._made: dict[tuple[tuple[Operand, ...], int], int] | None = {} if shares else None
        self._adds: list[Add] = []
        # Of each value: {input: coefficient}, and the constant that comes with it.
        self._linear: list[tuple[dict[int, int], int]] = [({number: 1}, 0) for number in range(len(self._inputs))]
        self._constants: dict[int, int] = {}

    @classmethod
    def extend(cls, graph: AdderGraph) -> "Builder":
        """A builder that goes on from a finished graph; its values keep their numbers."""
        builder = cls(graph.inputs)
        for add in graph.adds:
            builder.add(add.operands, add.constant)
        return builder

    def range_of(self, value: int) -> tuple[int, int]:
        """(lo, hi) of a numbered value, exact for independent inputs."""
        if value < len(self._inputs):
            return self._inputs[value]
        add = self._adds[value - len(self._inputs)]
        return add.lo, add.hi

    def level_of(self, value: int) -> int:
        """Adders on the longest way to a numbered value; 0 for an input or a constant."""
        return 0 if value < len(self._inputs) else self._adds[value - len(self._inputs)].level

    def weights_of(self, value: int) -> tuple[dict[int, int], int]:
        """The weight of each input in a value, those of 0 perhaps left out, and the constant that comes with it."""
        return self._linear[value]

    def add(self, operands: Iterable[Operand], constant: int = 0) -> int:
        """Appends one add, exactly as given, and returns its value number; an equal one's where adds are shared."""
        terms = tuple(operands)
        if self._made is not None:
            number = self._made.setdefault((terms, constant), len(self._inputs) + len(self._adds))
            if number < len(self._inputs) + len(self._adds):
                return number
        assert len(terms) <= 3 and all(term.shift >= 0 for term in terms)
        coefficients: dict[int, int] = {}
        total = constant
        for term in terms:
            source, offset = self._linear[term.value]
            factor = -(1 << term.shift) if term.negative else 1 << term.shift
            total += factor * offset
            for number, coefficient in source.items():
                coefficients[number] = coefficients.get(number, 0) + factor * coefficient
        lo = hi = total
        for number, coefficient in coefficients.items():
            least, most = self._inputs[number]
            if coefficient < 0:
                least, most = most, least
            lo += coefficient * least
            hi += coefficient * most
        level = 1 + max(self.level_of(term.value) for term in terms) if terms else 0
        self._linear.append((coefficients, total))
        self._adds.append(Add(terms, constant, lo, hi, level))
        return len(self._inputs) + len(self._adds) - 1

    def constant(self, number: int) -> Operand | None:
        """The operand that stands for a number: one constant add for each odd part, None for 0."""
        if not number:
            return None
        shift = _trailing_zeros(number)
        odd = number >> shift
        if odd not in self._constants:
            self._constants[odd] = self.add((), odd)
        return Operand(self._constants[odd], shift)

    def total(self, terms: Iterable[Operand], constant: int = 0) -> Operand | None:
        """The sum of any number of terms and a constant as a balanced tree of two-input adders; None where it is 0.

        The shallowest terms meet first, among them the narrowest, which gives the least possible depth. A common shift
        leaves the adders and returns on the operand, so no adder carries low zeros. One positive term is returned as it
        is. Terms that can take only one value join the constant."""
        heap: list[tuple[int, int, int, int, Operand | None]] = []
        for term in terms:
            lo, hi = self.range_of(term.value)
            if lo == hi:
                constant += (-lo if term.negative else lo) << term.shift
            else:
                heap.append(self._entry(term, len(heap)))
        if not heap:
            return self.constant(constant)
        # The constant is a leaf of the tree. Where every term is negative a leaf 0 makes the narrowest one a negation.
        if constant or all(term is not None and term.negative for *_, term in heap):
            heap.append((0, constant.bit_length(), 0, len(heap), None))
        heapify(heap)
        order = len(heap)
        while len(heap) > 1:
            pair = [heappop(heap)[-1], heappop(heap)[-1]]
            operands = [operand for operand in pair if operand is not None]
            heappush(heap, self._entry(self._join(operands, constant if None in pair else 0), order))
            order += 1
        return heap[0][-1]

    def graph(self, outputs: Iterable[Operand | None]) -> AdderGraph:
        """The finished graph; an output of None is the constant 0."""
        finished = tuple(outputs)
        assert all(output is None or not output.negative for output in finished)
        return AdderGraph(self._inputs, tuple(self._adds), finished)

    def _join(self, operands: list[Operand], constant: int) -> Operand:
        # Two negated operands become a negated sum: -a - b would need two carries in.
        negative = len(operands) == 2 and all(operand.negative for operand in operands)
        shifts = [operand.shift for operand in operands] + ([_trailing_zeros(constant)] if constant else [])
        low = min(shifts)
        lowered = [
            Operand(operand.value, operand.shift - low, operand.negative and not negative) for operand in operands
        ]
        lowered.sort(key=lambda operand: (operand.negative, operand.shift, operand.value))
        return Operand(self.add(lowered, constant >> low), low, negative)

    def _entry(self, term: Operand, order: int) -> tuple[int, int, int, int, Operand | None]:
        width, _ = bit_width(*self.range_of(term.value))
        return self.level_of(term.value), width + term.shift, term.shift, order, term


def multiply(builder: Builder, value: Operand, multiplier: int, constant: int) -> Operand | None:
    """Appends value * multiplier + constant in canonical signed digits; None where the result is always 0."""
    terms = [
        Operand(value.value, value.shift + shift, value.negative != (sign < 0))
        for shift, sign in csd_digits(multiplier)
    ]
    return builder.total(terms, constant)


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1
