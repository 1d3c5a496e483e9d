"""The product of two signed powers of two, for all codes of small formats, against plain integers."""

from itertools import product

import pytest
from amaranth import Cat, EnableInserter, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.format import Lane
from shiftwright.rtl.handshake import Handshake, pipe
from shiftwright.rtl.log_multiplier import LogMultiplier

Number = tuple[int, int, int]  # sign, nonzero, exponent


class Streamed(wiring.Component):
    """The multiplier between two links: factors a and b as (sign, nonzero, exponent), a lowest; word, then negative."""

    def __init__(self, exponent_bits: tuple[int, int], signed: bool) -> None:
        self.multiplier = LogMultiplier(((1 << exponent_bits[0]) - 1, (1 << exponent_bits[1]) - 1), signed)
        width = len(self.multiplier.word) + 1
        super().__init__({"i": In(stream.Signature(sum(exponent_bits) + 4)), "o": Out(stream.Signature(width))})

    def handshake(self) -> Handshake:
        """The timing model."""
        return pipe(LogMultiplier.latency)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()
        m.submodules.multiplier = EnableInserter(enable)(self.multiplier)
        one = self.multiplier
        factors = [one.a_sign, one.a_nonzero, one.a_exponent, one.b_sign, one.b_nonzero, one.b_exponent]
        m.d.comb += [
            Cat(factors).eq(self.i.payload),
            self.o.payload.eq(Cat(one.word, one.negative)),
            enable.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(enable),
        ]
        with m.If(enable):
            m.d.sync += self.o.valid.eq(self.i.valid)
        return m


def numbers(exponent_bits: int, signed: bool) -> list[Number]:
    """Every code of a factor, zeros with any exponent and sign among them."""
    return [
        (sign, nonzero, exponent)
        for sign in range(1 + signed)
        for nonzero in range(2)
        for exponent in range(1 << exponent_bits)
    ]


def value(number: Number) -> int:
    """What a code stands for."""
    sign, nonzero, exponent = number
    return (-1) ** sign * nonzero * 2**exponent


def packed(number: Number) -> int:
    """The code's bits."""
    sign, nonzero, exponent = number
    return sign | nonzero << 1 | exponent << 2


def case(bits: tuple[int, int], signed: bool) -> Case:
    """All pairs of codes."""
    component = Streamed(bits, signed)
    word = Lane(len(component.multiplier.word), signed)
    pairs = list(product(numbers(bits[0], signed), numbers(bits[1], signed)))
    words = [packed(a) | packed(b) << bits[0] + 2 for a, b in pairs]
    products = [value(a) * value(b) for a, b in pairs]
    expected = [word.encode(one - (one < 0)) | (one < 0) << word.width for one in products]
    return Case(f"bits_{bits[0]}_{bits[1]}_{signed}", component, words, expected, len(words), 1, 1)


CASES = [case(bits, signed) for bits, signed in [((3, 3), True), ((2, 4), True), ((1, 3), True), ((2, 3), False)]]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all formats."""
    return simulate(tmp_path_factory.mktemp("log"), CASES)


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_every_product_is_that_of_the_integers(name: str, complaints: dict[str, str]) -> None:
    """The word and its missing one together; a product with 0 is neither inverted nor negative."""
    assert complaints[name] == ""
