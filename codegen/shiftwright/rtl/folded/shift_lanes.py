"""Lanes that shift and negate: a bank of multiples a word, and for each weight multiplexers, an AND and an XOR.

Every multiplexer is followed by a register. The first one skips and the last one negates, so that two-way stages take
one LUT of four inputs a bit."""

from collections.abc import Sequence

from amaranth import Shape, Value

from shiftwright.arith.folded.codes import FoldedCodes
from shiftwright.arith.folded.term import Term
from shiftwright.rtl.folded.adders import Addend
from shiftwright.rtl.folded.bank import Bank
from shiftwright.rtl.folded.lanes import lookup, select
from shiftwright.rtl.folded.pipe import Pipe
from shiftwright.rtl.format import Lane


class ShiftLanes:
    """Lanes for the codes' terms; `decode` gives the number that each input word stands for, None for itself."""

    def __init__(self, codes: FoldedCodes, decode: Sequence[int] | None) -> None:
        self._codes = codes
        self._bank = Bank(codes.bank)
        self._word = Lane.spanning(*codes.word)
        self._decode = decode
        self.bits = codes.lane_bits
        self.entry = max(2, 1 + self._bank.latency)
        self.latency = max(term.steps for term in codes.terms)
        self.terms = len(codes.terms)

    def operands(self, pipe: Pipe, word: Value, name: str) -> list[Value]:
        """All multiples of a word."""
        if self._decode is not None:
            word = lookup(self._decode, word, self._word.signed)
        taken = pipe.register(word, name, Shape(self._word.width, self._word.signed))
        multiples = self._bank.multiples(pipe, taken, name)
        return [pipe.delay(multiple, self.entry - 1 - self._bank.latency, name) for multiple in multiples]

    def products(self, pipe: Pipe, operands: list[Value], code: Value, name: str) -> list[Addend]:
        """One addend a term."""
        addends = []
        for number, term in enumerate(self._codes.terms):
            multiples, operands = operands[: len(term.multiples)], operands[len(term.multiples) :]
            own, code = code[: term.bits], code[term.bits :]
            wait = self.latency - term.steps
            waited = [pipe.delay(multiple, wait, f"operand_{wait}") for multiple in multiples]
            addends.append(_product(pipe, term, waited, own, wait, self._word.signed, f"{name}_term{number}"))
        return addends


def _product(
    pipe: Pipe, term: Term, multiples: Sequence[Value], code: Value, wait: int, signed: bool, name: str
) -> Addend:
    fields = _Fields(pipe, code, name)
    nonzero = fields.take(1, wait, "nonzero") if term.skips else None
    sign = fields.take(1, wait + term.steps - 1, "sign") if term.negates else None
    choices = list(multiples)
    ways = [(0,) * len(multiples), *term.stages][-term.steps :]
    bits = [term.multiple_bits, *term.stage_bits][-term.steps :]
    for step, (amounts, width) in enumerate(zip(ways, term.widths[-term.steps :], strict=True)):
        if len(choices) < len(amounts):
            choices *= len(amounts)
        index = fields.take(bits[step], wait + step, f"index{step}")
        value = select([choice << amount for choice, amount in zip(choices, amounts, strict=True)], index)
        if step == 0 and nonzero is not None:
            value = value & nonzero.as_signed()
        if step == term.steps - 1 and sign is not None:
            value, signed = value ^ sign.as_signed(), True
        choices = [pipe.register(value, f"{name}_step{step}", Shape(width, signed))]
    pending = None if sign is None else pipe.register(sign, f"{name}_negative")
    return Addend(choices[0], pending, term.common)


class _Fields:
    """Takes a code apart from the lowest bit up; each field waits for the step that it belongs to."""

    def __init__(self, pipe: Pipe, code: Value, name: str) -> None:
        self._pipe, self._code, self._name = pipe, code, name

    def take(self, bits: int, cycles: int, name: str) -> Value:
        """The next field, so many cycles later."""
        field, self._code = self._code[:bits], self._code[bits:]
        return self._pipe.delay(field, cycles, f"{self._name}_{name}")
