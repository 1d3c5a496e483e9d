"""A proof that a folded engine's memory holds its matrix, and that no width overflows on the way.

It decodes the packed words and start values by arithmetic of its own and shares nothing with the encoder; of the bank
it proves the adder graph. The widths of lanes and accumulators are proved here; those of the trees between them follow
from the lanes', by interval arithmetic where trees are made."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.folded.codes import FoldedCodes
from shiftwright.arith.folded.term import Term
from shiftwright.arith.prove import HINT, prove_graph
from shiftwright.errors import ProofError


def prove_codes(codes: FoldedCodes, matrix: NDArray[np.int64], constants: Sequence[int], word: tuple[int, int]) -> None:
    """Proves that runs of chunks of words within lo … hi give matrix·words + constants, `pe` rows a run.

    ProofError names the row and column that are wrong, or the width that overflows."""
    rows, columns = matrix.shape
    if (codes.runs * codes.pe, codes.chunks * codes.simd, len(constants)) != (rows, columns, rows):
        raise ProofError(
            f"{codes.runs} runs of {codes.pe} rows and {codes.chunks} chunks of {codes.simd} columns are no matrix of "
            f"{rows}×{columns} with {len(constants)} constants; {HINT}"
        )
    if tuple(codes.word) != tuple(word):
        raise ProofError(f"the codes are for words within {codes.word[0]} … {codes.word[1]}, not {word}; {HINT}")
    if len(codes.memory) != codes.runs * codes.chunks:
        raise ProofError(f"{len(codes.memory)} memory words for {codes.runs * codes.chunks} chunks; {HINT}")
    multiples = np.array([[multiple] for term in codes.terms for multiple in term.multiples], dtype=np.int64)
    if codes.bank.inputs != (tuple(word),):
        raise ProofError(f"the bank is for words within {codes.bank.inputs}, not {word}; {HINT}")
    prove_graph(codes.bank, multiples, [0] * len(multiples))
    _prove_weights(codes, matrix)
    _prove_results(codes, matrix, constants)


def prove_decode(decode: Sequence[int], table: Sequence[int], word: tuple[int, int]) -> None:
    """Proves that every code whose number in `table` is within lo … hi is read as that number; ProofError if not."""
    for code, number in enumerate(table):
        if not word[0] <= number <= word[1]:
            continue
        if code >= len(decode) or decode[code] != number:
            found = "not at all" if code >= len(decode) else f"as {decode[code]}"
            raise ProofError(f"the code {code} stands for {number} and is read {found}; {HINT}")


def _prove_weights(codes: FoldedCodes, matrix: NDArray[np.int64]) -> None:
    known: dict[int, int] = {}
    lane_bits = sum(_field_bits(term) for term in codes.terms)
    lanes = codes.pe * codes.simd
    for address, word in enumerate(codes.memory):
        if not 0 <= word < 1 << lanes * lane_bits:
            raise ProofError(f"memory word {address} has more than {lanes * lane_bits} bits; {HINT}")
        run, chunk = divmod(address, codes.chunks)
        for lane in range(lanes):
            row, column = run * codes.pe + lane // codes.simd, chunk * codes.simd + lane % codes.simd
            code = word >> lane * lane_bits & (1 << lane_bits) - 1
            where = f"row {row}, column {column}"
            if code not in known:
                known[code] = _weight(codes, code, where)
            wanted = int(matrix[row, column])
            if known[code] << codes.unit != wanted:
                raise ProofError(f"{where}: the code {code:#x} is {known[code] << codes.unit}, not {wanted}; {HINT}")


def _weight(codes: FoldedCodes, code: int, where: str) -> int:
    """The weight that a lane's code stands for, in units; every width on the way is checked."""
    total: int = 0
    for number, term in enumerate(codes.terms):
        nonzero, negative, steps = _fields(term, code, f"{where}, term {number}")
        code >>= _field_bits(term)
        if len(term.widths) != len(term.stages) + 1 or term.common < 0:
            raise ProofError(f"{where}: term {number} has {len(term.widths)} widths and shift {term.common}; {HINT}")
        if not nonzero:
            if negative:
                raise ProofError(f"{where}: term {number} is skipped and inverted; {HINT}")
            continue
        for step, (multiplier, width) in enumerate(zip(steps, term.widths, strict=True)):
            _check_width(
                codes.word, multiplier, width, step == len(steps) - 1 and term.negates, f"{where}, step {step}"
            )
        total += (-steps[-1] if negative else steps[-1]) << term.common
    return total


def _fields(term: Term, code: int, where: str) -> tuple[int, int, list[int]]:
    """(nonzero, negative, multiplier after the multiples and after each stage) of a code."""

    def take(choices: int) -> int:
        nonlocal code
        width = 0
        while 2**width < choices:
            width += 1
        value = code & (1 << width) - 1
        code >>= width
        if value >= choices:
            raise ProofError(f"{where}: index {value} among {choices} choices; {HINT}")
        return value

    nonzero = take(2) if term.skips else 1
    negative = take(2) if term.negates else 0
    steps: list[int] = [term.multiples[take(len(term.multiples))]]
    for amounts in term.stages:
        steps.append(steps[-1] << amounts[take(len(amounts))])
    return nonzero, negative, steps


def _field_bits(term: Term) -> int:
    """Width of a term's code, counted anew."""
    choices = [2 if term.skips else 1, 2 if term.negates else 1, len(term.multiples), *map(len, term.stages)]
    return sum((count - 1).bit_length() for count in choices)


def _check_width(word: tuple[int, int], multiplier: int, width: int, inverts: bool, where: str) -> None:
    """Whether the word times the multiplier fits, and its inversion too where the step inverts."""
    numbers = [multiplier * bound for bound in word]
    if inverts:
        numbers += [-1 - number for number in numbers]
    signed = inverts or word[0] < 0
    least, most = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if signed else (0, 2**width - 1)
    for number in numbers:
        if not least <= number <= most:
            raise ProofError(f"{where}: {number} overflows {width} bits; {HINT}")


def _prove_results(codes: FoldedCodes, matrix: NDArray[np.int64], constants: Sequence[int]) -> None:
    if len(codes.starts) != codes.runs or any(len(run) != codes.pe for run in codes.starts):
        raise ProofError(f"start values are not {codes.runs} runs of {codes.pe}; {HINT}")
    unit = 2**codes.unit
    least, most = [], []
    for row, constant in enumerate(constants):
        start = codes.starts[row // codes.pe][row % codes.pe]
        if start * unit != constant:
            raise ProofError(f"row {row} starts from {start * unit}, not {constant}; {HINT}")
        ends = [sorted(int(weight) * bound for bound in codes.word) for weight in matrix[row]]
        least.append(constant + sum(low for low, _ in ends))
        most.append(constant + sum(high for _, high in ends))
    lo, hi = codes.results
    if lo > min(least) or hi < max(most):
        raise ProofError(f"results span {min(least)} … {max(most)}, beyond the stated {lo} … {hi}; {HINT}")
    bits = codes.accumulator_bits
    smallest, largest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if lo < 0 else (0, 2**bits - 1)
    for row, (low, high) in enumerate(zip(least, most, strict=True)):
        if low < smallest * unit or high > largest * unit:
            raise ProofError(f"row {row} spans {low} … {high}, beyond an accumulator of {bits} bits; {HINT}")
