"""The cheapest coding for a matrix's weights: its number system, read off the integers."""

from collections.abc import Sequence

from shiftwright.arith.folded.coding import Coding
from shiftwright.arith.folded.datapath_cost import datapath_luts, rom_luts
from shiftwright.arith.folded.one_term import one_term
from shiftwright.arith.folded.two_terms import two_terms


def choose(weights: Sequence[int], word: tuple[int, int], pe: int, simd: int, depth: int) -> Coding:
    """The coding with the fewest estimated LUTs, for words within lo … hi, pe × simd lanes and a memory so deep."""

    def luts(coding: Coding) -> int:
        return datapath_luts(coding.terms, word, pe, simd) + rom_luts(depth, pe * simd * coding.bits)

    return min([*one_term(weights, word), *two_terms(weights, word)], key=luts)
