"""Sums with a carry in, several on one carry chain, and trees of them with a register a level.

A negation x ^ sign lacks + sign. Each adder of a tree takes the sign of one of its words as its carry, and passes the
other one on; the last comes out beside the sum. On a chain the carry takes a place of its own: two bits equal to the
sign stop what comes from below and send the sign up."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth import Cat, Const, Shape, Signal, Value

from shiftwright.arith.interval import bit_width
from shiftwright.rtl.folded.pipe import Pipe
from shiftwright.rtl.format import Lane, fit

CHAIN_BITS = 48  # beyond which a chain's carry would limit the clock


@dataclass(frozen=True, slots=True)
class Addend:
    """(word + pending) << common; `pending` is one bit, or None where there is nothing to add."""

    word: Value
    pending: Value | None
    common: int = 0

    def widened(self, common: int) -> Value:
        """The word in units of 2^common, low bits filled so that adding `pending` once completes the negation."""
        low = self.common - common
        assert low >= 0
        fill = Const(0, low) if self.pending is None else self.pending.replicate(low)
        bits = Cat(fill, self.word)
        return bits.as_signed() if self.word.shape().signed else bits


def tree(pipe: Pipe, words: Sequence[Addend], limit: int, name: str) -> Addend:
    """The sum of addends, modulo 2^limit in units of 1; `levels(len(words))` cycles later."""
    level = 0
    while len(words) > 1:
        level += 1
        pairs = list(zip(words[::2], words[1::2], strict=False))
        sums = add_pairs(pipe, pairs, limit, f"{name}_level{level}")
        if len(words) % 2:
            sums.append(hold(pipe, words[-1], f"{name}_level{level}_last"))
        words = sums
    return words[0]


def levels(words: int) -> int:
    """Cycles that a tree of so many words takes."""
    return (words - 1).bit_length()


def hold(pipe: Pipe, addend: Addend, name: str) -> Addend:
    """The addend one cycle later."""
    pending = None if addend.pending is None else pipe.register(addend.pending, f"{name}_pending")
    return Addend(pipe.register(addend.word, name), pending, addend.common)


def add_pairs(pipe: Pipe, pairs: Sequence[tuple[Addend, Addend]], limit: int, name: str) -> list[Addend]:
    """The sum of each pair one cycle later, modulo 2^limit in units of 1; it counts in the smaller unit of the two."""
    sums, fields = [], []
    for number, (left, right) in enumerate(pairs):
        if left.common < right.common:
            left, right = right, left
        # Filled low bits complete the left word's own negation, so that its carry goes in here.
        carry, passed = (right.pending, left.pending) if left.common == right.common else (left.pending, right.pending)
        common = right.common
        operands = left.widened(common), right.word
        lanes = [Lane(operand.shape().width, operand.shape().signed) for operand in operands]
        least, most = sum(lane.lo for lane in lanes), sum(lane.hi for lane in lanes) + (carry is not None)
        width, signed = bit_width(least, most)
        # Where all that counts is below the sum's unit, one bit is kept that nobody reads.
        shape = Shape(max(1, min(width, limit - common)), signed)
        total = Signal(shape, name=f"{name}_sum{number}", reset_less=True)
        fields.append((*operands, carry, total))
        pending = None if passed is None else pipe.register(passed, f"{name}_pending{number}")
        sums.append(Addend(total, pending, common))
    for total, wanted in chained(pipe, fields, name):
        pipe.m.d.sync += total.eq(wanted)
    return sums


def chained(
    pipe: Pipe, fields: Sequence[tuple[Value, Value, Value | None, Signal]], name: str
) -> list[tuple[Signal, Value]]:
    """For (left, right, carry, total) the total with left + right + carry, as wide as the total, of this cycle."""
    found: list[tuple[Signal, Value]] = []
    chain: list[tuple[Value, Value, Value | None, Signal]] = []
    for number, field in enumerate(fields):
        chain.append(field)
        following = len(fields[number + 1][3]) + 1 if number + 1 < len(fields) else CHAIN_BITS
        if sum(len(total) + 1 for *_, total in chain) + following > CHAIN_BITS:
            found += _chain(pipe, chain, f"{name}_chain{len(found)}")
            chain = []
    return found


def _chain(
    pipe: Pipe, fields: Sequence[tuple[Value, Value, Value | None, Signal]], name: str
) -> list[tuple[Signal, Value]]:
    rows: tuple[list[Value], list[Value]] = ([], [])
    for left, right, carry, total in fields:
        for row, operand in zip(rows, (left, right), strict=True):
            row += [Const(0, 1) if carry is None else carry, fit(operand, len(total))]
    width = sum(len(total) + 1 for *_, total in fields)
    sums = Signal(width, name=name)
    pipe.m.d.comb += sums.eq(Cat(rows[0]) + Cat(rows[1]))
    found, offset = [], 0
    for *_, total in fields:
        found.append((total, sums[offset + 1 : offset + 1 + len(total)]))
        offset += len(total) + 1
    return found
