"""Codings of one term: a bank of multiples of each word, a multiplexer over them, and a shifter."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from shiftwright.arith.folded.coding import Coding, Picks, complete
from shiftwright.arith.folded.shifter import binary, stage_lists
from shiftwright.arith.folded.term import Pick, Shape, reachable

MOST_CHOICES = 256  # of wired shifts of multiples, tried one by one
MOST_WIRED = 16  # magnitudes beyond which a multiplexer over all of them is never the cheapest


def one_term(weights: Sequence[int], word: tuple[int, int]) -> Iterator[Coding]:
    """Codings of distinct weights for words within lo … hi; at least one."""
    magnitudes = sorted({abs(weight) for weight in weights} - {0}) or [1]
    common = min(map(_trailing, magnitudes))
    shifts: dict[int, list[int]] = {}
    for magnitude in magnitudes:
        shifts.setdefault(magnitude >> _trailing(magnitude), []).append(_trailing(magnitude) - common)
    for wired in _wirings(list(shifts.values())):
        multiples = tuple(odd << offset for odd, offset in zip(shifts, wired, strict=True))
        left = {shift - offset for offset, own in zip(wired, shifts.values(), strict=True) for shift in own}
        for stages in stage_lists(sorted(left)):
            yield _coding(Shape(multiples, stages, common), weights, word)
    if len(shifts) < len(magnitudes) <= MOST_WIRED:
        yield _coding(Shape(tuple(magnitude >> common for magnitude in magnitudes), (), common), weights, word)


def exponents(weights: Sequence[int], word: tuple[int, int]) -> Coding:
    """The coding of 0 and powers of two whose stages are the bits of an exponent."""
    magnitudes = sorted({abs(weight) for weight in weights} - {0}) or [1]
    assert not any(magnitude & magnitude - 1 for magnitude in magnitudes), "a weight is no power of two"
    common = _trailing(magnitudes[0])
    stages = binary([_trailing(magnitude) - common for magnitude in magnitudes])
    return _coding(Shape((1,), stages, common), weights, word)


def _coding(shape: Shape, weights: Sequence[int], word: tuple[int, int]) -> Coding:
    offered = reachable(shape)
    picks: dict[int, Picks] = {}
    for weight in weights:
        pick = offered[abs(weight)] if weight else None
        picks[weight] = (pick and Pick(pick.multiple, pick.stages, weight < 0),)
    return complete([shape], picks, word)


def _wirings(shifts: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """How far each odd multiple may be shifted by wires already: not at all, by the least that it is ever shifted, or
    so that the largest shifts left agree."""
    span = min(max(own) - min(own) for own in shifts)
    ways = [sorted({0, min(own), max(own) - span if max(own) - span <= min(own) else 0}) for own in shifts]
    if prod(len(way) for way in ways) <= MOST_CHOICES:
        yield from product(*ways)
    else:
        yield from dict.fromkeys([tuple(way[0] for way in ways), tuple(way[-1] for way in ways)])


def _trailing(number: int) -> int:
    return (number & -number).bit_length() - 1
