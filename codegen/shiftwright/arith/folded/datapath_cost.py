"""Estimated LUTs of banks, lanes, adder trees and memories, by which a coding is chosen.

The families meant have four-input LUTs and take a LUT for each bit of a carry chain."""

from collections.abc import Sequence

from shiftwright.arith.csd import csd_weight
from shiftwright.arith.folded.term import Term
from shiftwright.arith.interval import bit_width

DEEPEST_ROM = 64  # words that synthesis still makes of LUTs


def datapath_luts(terms: Sequence[Term], word: tuple[int, int], pe: int, simd: int) -> int:
    """Banks, lanes and adder trees: all that depends on the choice of terms, except for the codes' memory.

    A bank's multiple of k signed digits counts k - 1 adders as wide as itself. A lane's cells are those of `_lane`. An
    adder of a tree takes a LUT a bit of its sum, and one more where it carries a negation in."""
    width = bit_width(*word)[0]
    odd = {multiple // (multiple & -multiple) for term in terms for multiple in term.multiples}
    bank = sum((csd_weight(multiple) - 1) * (width + multiple.bit_length()) for multiple in odd)
    return simd * bank + pe * (simd * sum(map(_lane, terms)) + _trees(terms, simd))


def _lane(term: Term) -> int:
    """Each step's multiplexer of n > 1 words takes ceil(n / 2) LUTs a bit; skip and negate find room in the first and
    the last one, and take another LUT where both fall on one. Without a multiplexer they take one LUT a bit."""
    sizes = [len(term.multiples), *map(len, term.stages)][-term.steps :]
    luts = 0
    for step, (width, size) in enumerate(zip(term.widths[-term.steps :], sizes, strict=True)):
        gates = (step == 0 and term.skips) + (step == term.steps - 1 and term.negates)
        luts += width * ((size + 1) // 2 + (gates == 2) if size > 1 else min(gates, 1))
    return luts


def _trees(terms: Sequence[Term], simd: int) -> int:
    """Every tree of a PE, and the adder that joins two."""
    cells, tops = 0, []
    for term in terms:
        widths = [term.widths[-1]] * simd
        while len(widths) > 1:
            sums = [max(pair) + 1 for pair in zip(widths[::2], widths[1::2], strict=False)]
            cells += sum(sums) + len(sums) * term.negates
            widths = sums + widths[2 * len(sums) :]
        tops.append(widths[0] + term.common)
    return cells + (max(tops) + 1 - min(term.common for term in terms) if len(tops) > 1 else 0)


def rom_luts(depth: int, bits: int) -> int:
    """A LUT a bit for every 16 words up to 64, beyond which a memory is block RAM."""
    return bits * -(-depth // 16) if depth <= DEEPEST_ROM else 0
