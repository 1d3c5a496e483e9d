"""The product of two numbers ± 2^exponent or 0: signs by XOR, exponents by an adder, one bit by a decoder."""

from amaranth import Const, Module, Shape, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class LogMultiplier(wiring.Component):
    """(-1)^sign · 2^exponent, or 0 unless nonzero, times another such number; latency 1, one product a cycle.

    The product is `word` + `negative`: a negation is an inversion, and the + 1 that it lacks is left to whoever adds.
    `largest` are the greatest exponents of a and b. A product that fits needs no sign: where `signed` is false neither
    factor is negative and word has no sign bit. There is no enable here; `word` and `negative` come from the adder's
    registers through the decoder."""

    latency = 1

    def __init__(self, largest: tuple[int, int], signed: bool = True) -> None:
        assert min(largest) >= 0
        self.largest = largest
        self.signed = signed
        widths = [max(1, exponent.bit_length()) for exponent in largest]
        shape = Shape(sum(largest) + 1 + signed, signed)
        super().__init__(
            {f"{factor}_sign": In(1) for factor in "ab"}
            | {f"{factor}_nonzero": In(1) for factor in "ab"}
            | {f"{factor}_exponent": In(width) for factor, width in zip("ab", widths, strict=True)}
            | {"word": Out(shape), "negative": Out(1)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        exponent = Signal(range(sum(self.largest) + 1), reset_less=True)
        nonzero, negative = (Signal(name=name, reset_less=True) for name in ("nonzero", "negated"))
        present = self.a_nonzero & self.b_nonzero
        m.d.sync += [
            exponent.eq(self.a_exponent + self.b_exponent),
            nonzero.eq(present),
            negative.eq((self.a_sign ^ self.b_sign) & present if self.signed else Const(0)),
        ]
        bits = [(exponent == bit) & nonzero for bit in range(sum(self.largest) + 1)]
        m.d.comb += self.negative.eq(negative)
        m.d.comb += [self.word[place].eq(bit ^ negative) for place, bit in enumerate(bits)]
        if self.signed:
            m.d.comb += self.word[-1].eq(negative)
        return m
