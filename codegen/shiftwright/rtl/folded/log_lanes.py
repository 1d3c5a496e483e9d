"""Lanes for words and weights that are both 0 or ± a power of two: no shifter, an adder of exponents and a decoder."""

from collections.abc import Sequence

from amaranth import Cat, Const, Signal, Value

from shiftwright.arith.folded.codes import FoldedCodes
from shiftwright.rtl.folded.adders import Addend
from shiftwright.rtl.folded.lanes import lookup
from shiftwright.rtl.folded.pipe import Pipe
from shiftwright.rtl.log_multiplier import LogMultiplier


class LogLanes:
    """Lanes for codes whose stages are an exponent's bits; `decode` gives the number that an input word stands for."""

    entry = 2
    latency = LogMultiplier.latency + 1
    terms = 1

    def __init__(self, codes: FoldedCodes, decode: Sequence[int]) -> None:
        (self._term,) = codes.terms
        self.bits = codes.lane_bits
        exponents = [abs(number).bit_length() - 1 if number else 0 for number in decode]
        least = min((exponent for exponent, number in zip(exponents, decode, strict=True) if number), default=0)
        self._exponents = [max(0, exponent - least) for exponent in exponents]
        self._decode = decode
        self._common = self._term.common + least
        self._shifts = [amounts[1] for amounts in self._term.stages]
        assert all(amounts == (0, amounts[1] & -amounts[1]) for amounts in self._term.stages)
        self._signed = self._term.negates or any(number < 0 for number in decode)

    def operands(self, pipe: Pipe, word: Value, name: str) -> tuple[Value, Value, Value]:
        """Sign, nonzero and exponent of a word."""
        tables = [
            [int(number < 0) for number in self._decode],
            [int(number != 0) for number in self._decode],
            self._exponents,
        ]
        sign, nonzero, exponent = (
            pipe.delay(pipe.register(lookup(table, word, False), f"{name}_{part}"), 1, f"{name}_{part}")
            for part, table in zip(("sign", "nonzero", "exponent"), tables, strict=True)
        )
        return sign, nonzero, exponent

    def products(self, pipe: Pipe, operands: tuple[Value, Value, Value], code: Value, name: str) -> list[Addend]:
        """One addend."""
        term = self._term
        nonzero, negative = code[: term.skips], code[term.skips : term.skips + term.negates]
        stages = code[term.skips + term.negates :]
        places: list[Value] = [Const(0, 1)] * sum(self._shifts).bit_length()
        for stage, shift in enumerate(self._shifts):
            places[shift.bit_length() - 1] = stages[stage]
        product = LogMultiplier((max(self._exponents), sum(self._shifts)), self._signed)
        pipe.m.submodules[name] = product
        sign, present, exponent = operands
        pipe.m.d.comb += [
            product.a_sign.eq(sign),
            product.a_nonzero.eq(present),
            product.a_exponent.eq(exponent),
            product.b_sign.eq(negative if term.negates else 0),
            product.b_nonzero.eq(nonzero if term.skips else 1),
            product.b_exponent.eq(Cat(*places)),
        ]
        word: Signal = pipe.register(product.word, f"{name}_product")
        pending = pipe.register(product.negative, f"{name}_negative") if self._signed else None
        return [Addend(word, pending, self._common)]
