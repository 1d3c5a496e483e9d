"""A constant matrix as the codes that a folded engine reads: memory words, start values, widths."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.folded.choose import choose
from shiftwright.arith.folded.coding import Coding
from shiftwright.arith.folded.one_term import exponents
from shiftwright.arith.folded.term import Term
from shiftwright.arith.interval import bit_width


@dataclass(frozen=True, slots=True)
class FoldedCodes:
    """y = matrix·x + constants over runs of `chunks` chunks of `simd` words; a run gives `pe` rows.

    Memory word run·chunks + chunk holds pe × simd lane codes, that of PE p and lane l at bit (p·simd + l)·lane_bits; a
    lane's code is its terms' codes, the first one lowest. An accumulator counts in units of 2^unit. It begins a run
    with starts[run][pe] and ends it with the row's result; it may wrap on the way.

    `word` is (lo, hi) of the input words, `bank` gives the multiples of all terms, in order, from one word, and
    `results` is (lo, hi) of all rows together."""

    pe: int
    simd: int
    runs: int
    chunks: int
    word: tuple[int, int]
    terms: tuple[Term, ...]
    bank: AdderGraph
    memory: tuple[int, ...]
    starts: tuple[tuple[int, ...], ...]
    unit: int
    accumulator_bits: int
    results: tuple[int, int]

    @property
    def lane_bits(self) -> int:
        """Width of a lane's code; 0 where all weights are one and positive, and there is no memory."""
        return sum(term.bits for term in self.terms)


def fold(
    matrix: NDArray[np.int64],
    constants: Sequence[int],
    word: tuple[int, int],
    pe: int,
    simd: int,
    by_exponent: bool = False,
) -> FoldedCodes:
    """The codes of a matrix (rows, columns) for words within lo … hi; pe divides rows, simd divides columns.

    With `by_exponent` all weights are powers of two or 0, and a code's stages are the bits of an exponent."""
    rows, columns = matrix.shape
    assert rows and columns and rows % pe == 0 and columns % simd == 0 and len(constants) == rows
    weights = sorted(set(matrix.ravel().tolist()))
    depth = matrix.size // (pe * simd)
    coding = exponents(weights, word) if by_exponent else choose(weights, word, pe, simd, depth)
    lo, hi = _results(matrix, constants, word)
    unit = _common_shift([*constants, *(1 << term.common for term in coding.terms)])
    terms = tuple(
        Term(term.multiples, term.stages, term.common - unit, term.skips, term.negates, term.widths)
        for term in coding.terms
    )
    return FoldedCodes(
        pe=pe,
        simd=simd,
        runs=rows // pe,
        chunks=columns // simd,
        word=word,
        terms=terms,
        bank=_bank(terms, word),
        memory=_memory(matrix, coding, pe, simd),
        starts=tuple(tuple(one >> unit for one in constants[row : row + pe]) for row in range(0, rows, pe)),
        unit=unit,
        accumulator_bits=bit_width(lo >> unit, hi >> unit)[0],
        results=(lo, hi),
    )


def is_power_coded(matrix: NDArray[np.int64]) -> bool:
    """Whether all weights are 0 or ± a power of two."""
    magnitudes = np.abs(matrix)
    return not bool((magnitudes & magnitudes - 1)[magnitudes > 0].any())


def _results(matrix: NDArray[np.int64], constants: Sequence[int], word: tuple[int, int]) -> tuple[int, int]:
    """The interval that holds every row's."""
    rising, falling = np.maximum(matrix, 0).sum(axis=1).tolist(), np.minimum(matrix, 0).sum(axis=1).tolist()
    lo = [up * word[0] + down * word[1] + one for up, down, one in zip(rising, falling, constants, strict=True)]
    hi = [up * word[1] + down * word[0] + one for up, down, one in zip(rising, falling, constants, strict=True)]
    return min(lo), max(hi)


def _common_shift(numbers: Sequence[int]) -> int:
    union = 0
    for number in numbers:
        union |= number
    return (union & -union).bit_length() - 1


def _bank(terms: Sequence[Term], word: tuple[int, int]) -> AdderGraph:
    multiples = [multiple for term in terms for multiple in term.multiples]
    if all(not multiple & multiple - 1 for multiple in multiples):
        return AdderGraph((word,), (), tuple(Operand(0, multiple.bit_length() - 1) for multiple in multiples))
    from shiftwright.arith.cmvm.cse import SOLVER  # compiles its search when it is first used

    return SOLVER.solve(np.array(multiples, dtype=np.int64)[:, np.newaxis], [word], [0] * len(multiples))


def _memory(matrix: NDArray[np.int64], coding: Coding, pe: int, simd: int) -> tuple[int, ...]:
    codes = {weight: coding.encode(weight) for weight in coding.picks}
    words = []
    for row in range(0, len(matrix), pe):
        for column in range(0, matrix.shape[1], simd):
            word = 0
            for weight in reversed(matrix[row : row + pe, column : column + simd].ravel().tolist()):
                word = word << coding.bits | codes[weight]
            words.append(word)
    return tuple(words)
