"""Codings of two terms: weights ± 2^a ± 2^b as two shifted words, which need no bank.

Each term shifts by an arithmetic progression of amounts, such as additive powers of two and small integers do."""

from collections.abc import Iterator, Sequence
from itertools import product

from shiftwright.arith.csd import csd_weight
from shiftwright.arith.folded.coding import Coding, Picks, complete
from shiftwright.arith.folded.shifter import stage_lists
from shiftwright.arith.folded.term import Pick, Shape, reachable

LENGTHS = (1, 2, 3, 4, 8)  # of the progressions
GAPS = (1, 2, 3)
Part = tuple[int, int] | None  # sign and shift
Split = tuple[Part, Part]


def two_terms(weights: Sequence[int], word: tuple[int, int]) -> Iterator[Coding]:
    """Codings of distinct weights for words within lo … hi; none where one needs a third term or none a second."""
    magnitudes = sorted({abs(weight) for weight in weights} - {0}, reverse=True)
    if max(map(csd_weight, magnitudes), default=0) != 2:
        return
    splits = {magnitude: _splits(magnitude) for magnitude in magnitudes}
    progressions = _progressions(magnitudes[0].bit_length() + 1)
    smallest: list[tuple[int, int]] = []
    for low, high in sorted(product(progressions, repeat=2), key=lambda pair: (len(pair[0]) + len(pair[1]), pair)):
        size = len(low), len(high)
        if any(a <= size[0] and b <= size[1] and (a, b) != size for a, b in smallest):
            continue
        fitting = _fit(splits, set(low), set(high))
        if fitting is not None:
            smallest.append(size)
            yield _coding(weights, fitting, low, high, word)


def _splits(magnitude: int) -> list[Split]:
    """Every way to write a magnitude as ± 2^a ± 2^b or as one of them, the ones without a minus first."""
    found: list[Split] = []
    for shift in range(magnitude.bit_length() + 1):
        rest = magnitude - (1 << shift)
        if rest == 0:
            found += [((1, shift), None), (None, (1, shift))]
        elif not abs(rest) & abs(rest) - 1:
            first, second = (1, shift), (1 if rest > 0 else -1, abs(rest).bit_length() - 1)
            found += [(first, second), (second, first)]
    return sorted(found, key=lambda split: sum(part is not None and part[0] < 0 for part in split))


def _progressions(end: int) -> list[tuple[int, ...]]:
    """Arithmetic progressions of shifts below `end`."""
    runs = {
        tuple(range(start, start + gap * length, gap))
        for start in range(end)
        for length in LENGTHS
        for gap in GAPS
        if start + gap * (length - 1) < end
    }
    return sorted(runs)


def _fit(splits: dict[int, list[Split]], low: set[int], high: set[int]) -> dict[int, Split] | None:
    """A split of each magnitude into a shift of `low` and one of `high`; None where one has none."""
    fitting = {}
    for magnitude, ways in splits.items():
        for first, second in ways:
            if (first is None or first[1] in low) and (second is None or second[1] in high):
                fitting[magnitude] = first, second
                break
        else:
            return None
    return fitting


def _coding(
    weights: Sequence[int], splits: dict[int, Split], low: Sequence[int], high: Sequence[int], word: tuple[int, int]
) -> Coding:
    shapes = [Shape((1,), stage_lists([shift - own[0] for shift in own])[-1], own[0]) for own in (low, high)]
    offered = [reachable(shape) for shape in shapes]
    picks: dict[int, Picks] = {}
    for weight in weights:
        parts = splits[abs(weight)] if weight else (None, None)
        picks[weight] = tuple(
            part and _pick(reach[1 << part[1]], (part[0] < 0) != (weight < 0))
            for part, reach in zip(parts, offered, strict=True)
        )
    return complete(shapes, picks, word)


def _pick(pick: Pick, negative: bool) -> Pick:
    return Pick(pick.multiple, pick.stages, negative)
