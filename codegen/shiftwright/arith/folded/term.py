"""One term of a coded weight: which multiples of a word it may take, and how far those may be shifted.

A weight is the sum of one or two terms. A lane of the folded engine computes each term by multiplexers: one over the
multiples, one a stage of the shifter, an AND that skips and an XOR that negates."""

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Pick:
    """What one weight takes of a term: a multiple's index, an index a stage, and whether the term is subtracted."""

    multiple: int
    stages: tuple[int, ...]
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A term before it is known which weights use it; `Term` says what the parts mean."""

    multiples: tuple[int, ...] = (1,)
    stages: tuple[tuple[int, ...], ...] = ()
    common: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """0 or ± (word · multiples[m] << stages[0][i] << stages[1][j] …) << common.

    `widths` are those of the hardware's words after the multiplexer of multiples and after each stage, before `common`
    is wired. They are signed where words are, and the last gains a sign bit where only `negates` makes it signed.
    A term has `skips` where some weight takes nothing of it, `negates` where some weight subtracts it."""

    multiples: tuple[int, ...]
    stages: tuple[tuple[int, ...], ...]
    common: int
    skips: bool
    negates: bool
    widths: tuple[int, ...]

    @property
    def multiple_bits(self) -> int:
        """Width of the field that selects a multiple."""
        return (len(self.multiples) - 1).bit_length()

    @property
    def stage_bits(self) -> tuple[int, ...]:
        """Width of each stage's field."""
        return tuple((len(amounts) - 1).bit_length() for amounts in self.stages)

    @property
    def bits(self) -> int:
        """Width of the whole code. Its fields, lowest first: nonzero if it skips, negative if it negates, multiple,
        stages."""
        return self.skips + self.negates + self.multiple_bits + sum(self.stage_bits)

    @property
    def steps(self) -> int:
        """Registers from operands to product: one for the multiples if there are several or no stage, one a stage.

        A lone stage that would skip and negate leaves the skipping to a step of its own, before words grow."""
        first = len(self.multiples) > 1 or not self.stages or (len(self.stages) == 1 and self.skips and self.negates)
        return first + len(self.stages)

    def encode(self, pick: Pick | None) -> int:
        """The code of a pick; None is 0, which is all zeros: a skipped word must not be inverted."""
        if pick is None:
            assert self.skips
            return 0
        fields = [(1, int(self.skips)), (int(pick.negative), int(self.negates)), (pick.multiple, self.multiple_bits)]
        fields += zip(pick.stages, self.stage_bits, strict=True)
        code, offset = 0, 0
        for value, width in fields:
            code |= (value if width else 0) << offset
            offset += width
        return code


def reachable(shape: Shape) -> dict[int, Pick]:
    """Every multiplier that a shape offers, with a pick that gives it."""
    offered: dict[int, Pick] = {}
    for multiple, factor in enumerate(shape.multiples):
        for indices in product(*(range(len(amounts)) for amounts in shape.stages)):
            shift = sum(amounts[index] for amounts, index in zip(shape.stages, indices, strict=True))
            offered.setdefault(factor << shift + shape.common, Pick(multiple, indices))
    return offered
