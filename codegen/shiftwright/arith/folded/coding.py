"""How a set of weights is coded: its terms, and for every weight what it picks of each term."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shiftwright.arith.folded.term import Pick, Shape, Term
from shiftwright.arith.interval import bit_width

Picks = tuple[Pick | None, ...]


@dataclass(frozen=True, slots=True)
class Coding:
    """`picks` has one entry a term for each distinct weight, of which the terms' values are the sum."""

    terms: tuple[Term, ...]
    picks: Mapping[int, Picks]

    @property
    def bits(self) -> int:
        """Width of a lane's code: the terms' codes, the first one lowest."""
        return sum(term.bits for term in self.terms)

    def encode(self, weight: int) -> int:
        """A lane's code."""
        code, offset = 0, 0
        for term, pick in zip(self.terms, self.picks[weight], strict=True):
            code |= term.encode(pick) << offset
            offset += term.bits
        return code


def complete(shapes: Sequence[Shape], picks: Mapping[int, Picks], word: tuple[int, int]) -> Coding:
    """The coding whose terms have just the fields and widths that the picks need, for words within lo … hi."""
    columns = [[used[number] for used in picks.values()] for number in range(len(shapes))]
    return Coding(tuple(_term(shape, used, word) for shape, used in zip(shapes, columns, strict=True)), picks)


def _term(shape: Shape, picks: Sequence[Pick | None], word: tuple[int, int]) -> Term:
    used = [pick for pick in picks if pick is not None]
    least, most = word
    widths = []
    for stage in range(len(shape.stages) + 1):
        factor = max((_factor(shape, pick, stage) for pick in used), default=1)
        widths.append(bit_width(least * factor, most * factor)[0])
    negates = any(pick.negative for pick in used)
    if negates and least >= 0:
        widths[-1] += 1
    skips = len(used) < len(picks)
    return Term(shape.multiples, shape.stages, shape.common, skips, negates, tuple(widths))


def _factor(shape: Shape, pick: Pick, stages: int) -> int:
    """What a pick multiplies by before stage number `stages`."""
    amounts = [shape.stages[stage][pick.stages[stage]] for stage in range(stages)]
    return shape.multiples[pick.multiple] << sum(amounts)
