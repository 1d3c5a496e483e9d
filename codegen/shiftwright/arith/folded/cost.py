"""Estimated LUTs of a folded engine, for families with four-input LUTs and one LUT a bit of carry chain."""

from collections.abc import Sequence

from shiftwright.arith.csd import csd_weight
from shiftwright.arith.folded.term import Term
from shiftwright.arith.interval import bit_width

CONTROL = 16  # handshake and comparators, without the counters


def datapath_luts(terms: Sequence[Term], word: tuple[int, int], pe: int, simd: int) -> int:
    """Banks, lanes and adder trees; all that depends on the choice of terms.

    A bank's multiple of k signed digits counts k - 1 adders as wide as itself. A lane's cells are those of `_lane`. An
    adder of a tree takes a LUT a bit of its sum, and one more where it carries a negation in."""
    width = bit_width(*word)[0]
    multiples = {multiple // (multiple & -multiple) for term in terms for multiple in term.multiples}
    bank = sum((csd_weight(odd) - 1) * (width + odd.bit_length()) for odd in multiples)
    return simd * bank + pe * (simd * sum(map(_lane, terms)) + _trees(terms, simd))


def engine_luts(
    terms: Sequence[Term], word: tuple[int, int], pe: int, simd: int, runs: int, chunks: int, accumulator: int, starts: int
) -> int:
    """All of an engine: datapath_luts, an accumulator of width + 1 each, counters, control, and the start values.

    `starts` counts distinct start values among all rows: one is the registers' reset and takes no LUT; more take a
    multiplexer and ceil(runs / 16) LUTs of ROM a bit. Weight codes lie in block RAM."""
    negates = any(term.negates for term in terms)
    total = datapath_luts(terms, word, pe, simd) + pe * (accumulator + negates)
    if starts > 1:
        total += pe * accumulator * (1 + -(-runs // 16))
    counters = (runs * chunks - 1).bit_length() + (chunks - 1).bit_length()
    return total + 2 * counters + CONTROL


def _lane(term: Term) -> int:
    """Each step's multiplexer of n words takes ceil(n / 2) LUTs a bit, n > 1; skip and negate find room in the first
    and the last one, and take another LUT where both fall on one. Without a multiplexer they take one LUT a bit."""
    sizes = [len(term.multiples), *map(len, term.stages)][-term.steps :]
    last = len(sizes) - 1
    luts = 0
    for step, (width, size) in enumerate(zip(term.widths[-term.steps :], sizes, strict=True)):
        gates = (step == 0 and term.skips) + (step == last and term.negates)
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
