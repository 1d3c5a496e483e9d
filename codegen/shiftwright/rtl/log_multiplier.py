"""The product of two numbers ± 2^exponent or 0: signs by XOR, exponents by an adder, one bit by a decoder."""

from amaranth import Const, Elaboratable, Module, Shape, Signal


class LogMultiplier(Elaboratable):
    """(-1)^sign · 2^exponent, or 0 unless nonzero, times another such number; latency 1, one product a cycle.

    The product is `word` + `negative`: a negation is an inversion, and the + 1 that it lacks is left to whoever adds.
    `largest` are the greatest exponents of a and b. Where `signed` is false no factor is negative, and `word` has no
    sign bit. Behind the registers of the exponents' sum stands only the decoder. No stream: who owns it enables it."""

    latency = 1

    def __init__(self, largest: tuple[int, int], signed: bool = True) -> None:
        assert min(largest) >= 0
        self.largest = largest
        self.signed = signed
        widths = [max(1, exponent.bit_length()) for exponent in largest]
        self.a_sign, self.b_sign, self.a_nonzero, self.b_nonzero = (
            Signal(name=name) for name in ("a_sign", "b_sign", "a_nonzero", "b_nonzero")
        )
        self.a_exponent, self.b_exponent = (
            Signal(width, name=f"{factor}_exponent") for factor, width in zip("ab", widths, strict=True)
        )
        self.word = Signal(Shape(sum(largest) + 1 + signed, signed))
        self.negative = Signal()

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
