"""Requantizers of all channels side by side as one Verilog leaf: shift and saturate, round half to even, or search.

The multiplications by constants are not here: an adder graph makes y = acc * multiplier + constant before. Lanes that
are done early wait as codes, so that all of them leave together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from shiftwright.arith.requantize import Requantizer, shared_zeros
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.leaf import Leaf
from shiftwright.rtl.saturation import Saturation


@dataclass(frozen=True, slots=True)
class Scale:
    """Bits from `shift` up, saturated. Rank 1 holds the code."""

    form: ClassVar[str] = "scale"
    latency: ClassVar[int] = 1
    shift: int
    saturation: Saturation


@dataclass(frozen=True, slots=True)
class HalfEven:
    """y + 2^(half_shift - 1) - 1 + carry, of which rank 1 keeps the bits from `shift` up; rank 2 holds the code.

    One bit below y turns the carry into a second operand's lowest bit: one adder, not two."""

    form: ClassVar[str] = "half_even"
    latency: ClassVar[int] = 2
    word: Lane
    taken: int  # bits of y in the sum
    extension: int  # bits of the sum above them
    offset: int  # 2^(half_shift - 1) - 1
    carry_bit: int  # which bit of y rounds; -1 if it is 0 for every y
    odd: bool
    sum_width: int
    shift: int
    saturation: Saturation


@dataclass(frozen=True, slots=True)
class Search:
    """Binary search, one compare a rank, in accumulator bits made unsigned by adding `flip` (modulo their width).

    The lowest `dropped` bits are 0 in every threshold, so that they decide nothing.

    levels[k][prefix] is the threshold that decides the next bit of the count after the bits `prefix`; the code is the
    count plus `base`, in code bits."""

    form: ClassVar[str] = "search"
    word: Lane
    dropped: int
    width: int  # bits compared
    extension: int  # of them, bits above the word's
    flip: int
    levels: tuple[tuple[int, ...], ...]
    base: int

    @property
    def latency(self) -> int:
        """Ranks up to the code."""
        return len(self.levels)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same code for every word."""

    form: ClassVar[str] = "constant"
    latency: ClassVar[int] = 1
    code: int


Body = Scale | HalfEven | Search | Constant


@dataclass(frozen=True, slots=True)
class Tail:
    """One channel: where its word and its code lie in x and y, what makes the code, and the ranks it then waits."""

    index: int
    x_high: int
    x_low: int
    y_high: int
    y_low: int
    body: Body
    waits: tuple[int, ...]


class RequantizeLeaf(Leaf):
    """Codes of one word a channel.

    `ranges` are (lo, hi) of what arrives: of y for `scale` and `half_even`, of the accumulator for `search`. `codes` is
    the output's format, by default the narrowest. Latency is that of the slowest lane: scale 1, half_even 2, search one
    a compare level, ceil(log2(thresholds within the range + 1))."""

    template: ClassVar[str] = "requantize.v.j2"

    def __init__(
        self,
        name: str,
        requantizers: Sequence[Requantizer],
        ranges: Sequence[tuple[int, int]],
        codes: Format | None = None,
    ) -> None:
        self.requantizers = tuple(requantizers)
        self.ranges = tuple(ranges)
        reached = [code_range(form, lo, hi) for form, (lo, hi) in zip(requantizers, ranges, strict=True)]
        words, results = Format.spanning(ranges), codes or Format.spanning(reached)
        lanes = zip(requantizers, ranges, words.lanes, results.lanes, strict=True)
        self._bodies = [_body(form, lo, hi, word, code) for form, (lo, hi), word, code in lanes]
        super().__init__(name, words, results, max(body.latency for body in self._bodies))

    def context(self) -> Mapping[str, object]:
        return {"tails": [self._tail(index, body) for index, body in enumerate(self._bodies)]}

    def _tail(self, index: int, body: Body) -> Tail:
        return Tail(
            index,
            self.words.offset(index + 1) - 1,
            self.words.offset(index),
            self.results.offset(index + 1) - 1,
            self.results.offset(index),
            body,
            tuple(range(body.latency + 1, self.latency + 1)),
        )


def code_range(requantizer: Requantizer, lo: int, hi: int) -> tuple[int, int]:
    """Least and greatest code for words lo … hi; every form rises with its word."""
    return _code(requantizer, lo), _code(requantizer, hi)


def _code(requantizer: Requantizer, word: int) -> int:
    if requantizer.form == "search":
        return requantizer.lo + sum(threshold <= word for threshold in requantizer.thresholds)
    if requantizer.form == "half_even":
        word += _half(requantizer) + ((word >> requantizer.shift & 1) ^ requantizer.odd)
    return min(max(word >> requantizer.shift, requantizer.lo), requantizer.hi)


def _half(requantizer: Requantizer) -> int:
    return (1 << requantizer.shift - 1) - 1


def _body(requantizer: Requantizer, lo: int, hi: int, word: Lane, code: Lane) -> Body:
    least, greatest = code_range(requantizer, lo, hi)
    if least == greatest:
        return Constant(code.encode(least))
    if requantizer.form == "search":
        return _search(requantizer, lo, hi, word, code)
    if requantizer.form == "half_even":
        return _half_even(requantizer, lo, hi, word, code)
    shift = min(requantizer.shift, word.width - 1)  # beyond the word there is only its sign
    value = Lane(word.width - shift, word.signed)
    reach = lo >> requantizer.shift, hi >> requantizer.shift
    return Scale(shift, Saturation.between(value, reach, requantizer.lo, requantizer.hi, code))


def _half_even(requantizer: Requantizer, lo: int, hi: int, word: Lane, code: Lane) -> HalfEven:
    offset = _half(requantizer)
    total = Lane.spanning(lo + offset, hi + offset + 1)
    taken = min(word.width, total.width)
    shift = min(requantizer.shift, total.width - 1)
    above = word.width - 1 if word.signed else -1
    return HalfEven(
        word,
        taken,
        total.width - taken,
        offset % (1 << total.width),
        requantizer.shift if requantizer.shift < word.width else above,
        requantizer.odd,
        total.width,
        shift,
        Saturation.between(
            Lane(total.width - shift, total.signed),
            (lo + offset >> requantizer.shift, hi + offset + 1 >> requantizer.shift),
            requantizer.lo,
            requantizer.hi,
            code,
        ),
    )


def _search(requantizer: Requantizer, lo: int, hi: int, word: Lane, code: Lane) -> Search:
    first, last = code_range(requantizer, lo, hi)
    inner = sorted(threshold for threshold in requantizer.thresholds if lo < threshold <= hi)
    depth = len(inner).bit_length()
    base = _roundest(last - (1 << depth) + 1, first)
    dropped = min(shared_zeros(inner), word.width - 1)
    lo, hi, inner = lo >> dropped, hi >> dropped, [threshold >> dropped for threshold in inner]
    always, never = [lo] * (first - base), [hi + 1] * (base + (1 << depth) - 1 - last)
    compared = Lane.spanning(lo, hi + bool(never))
    flip = 1 << compared.width - 1 if compared.signed else 0
    table = [(threshold + flip) % (1 << compared.width) for threshold in (*always, *inner, *never)]
    # The bit found after a prefix is whether the count reaches prefix, 1, 0 … 0: entry count - 1 of the table.
    levels = tuple(
        tuple(table[(2 * prefix + 1 << depth - level - 1) - 1] for prefix in range(1 << level))
        for level in range(depth)
    )
    extension = compared.width - (word.width - dropped)
    return Search(word, dropped, compared.width, extension, flip, levels, base % (1 << code.width))


def _roundest(lo: int, hi: int) -> int:
    """The number in lo … hi with the most trailing zeros: adding it changes the fewest bits."""
    return next(hi >> zeros << zeros for zeros in range((hi - lo).bit_length(), -1, -1) if hi >> zeros << zeros >= lo)
