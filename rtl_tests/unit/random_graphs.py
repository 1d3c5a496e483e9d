"""Adder graphs made at random, of everything that an adder of two or three operands may be."""

import random

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder

RANGES = ((-8, 7), (0, 15), (0, 1), (-1, 0), (-5, 90), (-128, 127), (3, 3), (0, 255))


def random_graph(seed: int, adds: int = 30, operands: int = 3, narrow: bool = False) -> AdderGraph:
    """`adds` sums of up to `operands` terms over inputs of all kinds; every fifth value and the last are outputs.

    One term of a sum may be a constant. Two terms may be subtracted. `narrow` keeps to inputs of few bits."""
    chance = random.Random(seed)
    builder = Builder([chance.choice(RANGES[:4] if narrow else RANGES) for _ in range(6)])
    values = list(range(6))
    for _ in range(adds):
        count = chance.choice(range(1, operands + 1))
        # Recent values are likelier, which makes graphs deep; a value may meet itself, which makes sums narrow.
        terms = [Operand(chance.choice(values[-8:]), chance.choice((0, 0, 0, 1, 2, 5))) for _ in range(count)]
        minus = 1 if count == 1 else chance.randrange(count)  # of one term a negation, of several not all
        signed = [Operand(t.value, t.shift, index >= count - minus) for index, t in enumerate(terms)]
        chance.shuffle(signed)
        constant = chance.choice((0, 0, chance.randint(-40, 40))) if count < operands else 0
        values.append(builder.add(signed, constant))
        if max(abs(bound) for bound in builder.range_of(values[-1])) >= 1 << 20:
            values.pop()  # wide enough: nobody reads it
    return builder.graph([Operand(value, chance.choice((0, 0, 3))) for value in {*values[::5], values[-1]}])
