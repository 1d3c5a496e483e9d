"""Folded weights as codes: what is chosen for which number system, what the memory holds, and what a proof refuses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.folded.codes import FoldedCodes, fold
from shiftwright.arith.folded.prove import prove_codes, prove_decode
from shiftwright.arith.folded.shifter import stage_lists
from shiftwright.arith.folded.term import Term
from shiftwright.errors import ProofError

WORD = (-8, 7)
MATRIX = np.array([[0, 1, -2, 8], [4, -4, 128, 0], [0, 0, 0, 0], [-16, -8, -1, -1]])
CONSTANTS = [3, 0, -50, 7]


def powers() -> FoldedCodes:
    """A small matrix of powers of two, two runs of two chunks."""
    return fold(MATRIX, CONSTANTS, WORD, 2, 2)


def prove(codes: FoldedCodes) -> None:
    """The proof that the codes are those of the matrix."""
    prove_codes(codes, MATRIX, CONSTANTS, WORD)


def with_term(codes: FoldedCodes, changes: dict[str, Any]) -> FoldedCodes:
    """The codes with their only term changed."""
    (term,) = codes.terms
    return replace(codes, terms=(replace(term, **changes),))


def test_codes_of_a_matrix_are_proved() -> None:
    """What the encoder writes is what the proof reads."""
    prove(powers())


def test_a_code_has_a_field_for_each_choice() -> None:
    """Nonzero, sign, and a bit a stage of the shifter over 0 … 7."""
    (term,) = powers().terms

    assert (term.skips, term.negates, term.multiples, term.bits) == (True, True, (1,), 5)
    assert term.stages == ((0, 1), (0, 2), (0, 4))


def test_memory_words_hold_lanes_lowest_first() -> None:
    """-2 is nonzero, negative, shifted by one: 0b00111; 8 is nonzero, shifted by one and two: 0b01101."""
    second_chunk = powers().memory[1]

    assert second_chunk & 0b11111 == 0b00111
    assert second_chunk >> 5 & 0b11111 == 0b01101


@pytest.mark.parametrize("bit", range(4 * 5 * 4))
def test_no_bit_of_the_memory_can_flip(bit: int) -> None:
    """Every code bit of a weight that is not 0 counts, and so do the flags of one that is."""
    codes = powers()
    address, place = divmod(bit, 20)
    row, column = 2 * (address // 2) + place // 10, 2 * (address % 2) + place // 5 % 2
    memory = list(codes.memory)
    memory[address] ^= 1 << place
    broken = replace(codes, memory=tuple(memory))

    if MATRIX[row, column] == 0 and place % 5 >= 2:
        prove(broken)  # how far a skipped word would be shifted is nobody's concern
    else:
        with pytest.raises(ProofError, match=f"row {row}, column {column}"):
            prove(broken)


@pytest.mark.parametrize("row", range(4))
def test_no_start_value_can_change(row: int) -> None:
    """The row is named."""
    codes = powers()
    starts = [list(run) for run in codes.starts]
    starts[row // 2][row % 2] += 1

    with pytest.raises(ProofError, match=f"row {row} starts from"):
        prove(replace(codes, starts=tuple(map(tuple, starts))))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"stages": ((0, 1), (0, 2), (0, 3))}, "row 1, column 2", id="a-stage-shifts-too-little"),
        pytest.param({"common": 1}, "row 0, column 1", id="a-common-shift-too-many"),
        pytest.param({"common": -1}, "shift -1", id="no-right-shift"),
        pytest.param({"multiples": (2,)}, "output 0 has 1 times input 0", id="another-multiple"),
        pytest.param({"widths": (4, 5, 7, 10)}, "step 3", id="a-product-too-narrow"),
        pytest.param({"widths": (4, 4, 7, 11)}, "step 1", id="a-stage-too-narrow"),
        pytest.param({"widths": (3, 5, 7, 11)}, "step 0", id="a-word-too-narrow"),
        pytest.param({"widths": (4, 5, 11)}, "3 widths", id="a-width-missing"),
        pytest.param({"negates": False}, "more than", id="no-sign"),
    ],
)
def test_a_term_is_as_the_codes_mean_it(changes: dict[str, Any], message: str) -> None:
    """A shifter, a width or a field that is another gives another product, or one that overflows."""
    with pytest.raises(ProofError, match=message):
        prove(with_term(powers(), changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"accumulator_bits": 11}, "row 1 spans", id="accumulator-too-narrow"),
        pytest.param({"results": (-200, 200)}, "beyond the stated", id="results-too-narrow"),
        pytest.param({"results": (0, 3000)}, "beyond the stated", id="results-without-a-sign"),
        pytest.param({"unit": 1}, "row 0, column 1", id="another-unit"),
        pytest.param({"memory": (0, 0, 0)}, "3 memory words", id="memory-too-short"),
        pytest.param({"memory": (1 << 20, 0, 0, 0)}, "more than 20 bits", id="memory-too-wide"),
        pytest.param({"starts": ((3, 0),)}, "start values", id="a-run-without-start"),
        pytest.param({"word": (-9, 7)}, "words within -9", id="other-words"),
        pytest.param({"pe": 1}, "no matrix of 4×4", id="too-few-rows"),
        pytest.param({"bank": AdderGraph(((-9, 7),), (), (Operand(0),))}, "the bank is for", id="other-bank"),
        pytest.param({"bank": AdderGraph((WORD,), (), (Operand(0, 1),))}, "output 0 has 2", id="wrong-bank"),
    ],
)
def test_an_engine_is_as_the_matrix_wants_it(changes: dict[str, Any], message: str) -> None:
    """A width, a size or a bank that is another."""
    with pytest.raises(ProofError, match=message):
        prove(replace(powers(), **changes))


def test_skipped_words_are_never_inverted() -> None:
    """A sign with a weight of 0 would subtract one."""
    codes = powers()

    with pytest.raises(ProofError, match="skipped and inverted"):
        prove(replace(codes, memory=(codes.memory[0] | 0b10, *codes.memory[1:])))


def test_an_index_beyond_its_choices_is_refused() -> None:
    """Three multiples take two bits, of which 3 means nothing."""
    matrix = np.array([[23, 57, 75]])
    codes = fold(matrix, [0], (0, 7), 1, 1)
    prove_codes(codes, matrix, [0], (0, 7))
    (term,) = codes.terms
    assert (term.bits, len(term.multiples)) == (2, 3)

    with pytest.raises(ProofError, match="index 3 among 3"):
        prove_codes(replace(codes, memory=(*codes.memory[:2], 3)), matrix, [0], (0, 7))


@pytest.mark.parametrize(
    ("decode", "message"),
    [
        pytest.param((0, 1, 2, 4), None, id="all-that-come"),
        pytest.param((0, 1, 2, 4, 4, 4, 4, 4), None, id="codes-that-never-come"),
        pytest.param((0, 1, 2, 2), "the code 3 stands for 4 and is read as 2;", id="another-number"),
        pytest.param((0, 1), "the code 2 stands for 2 and is read not at all;", id="too-few-codes"),
    ],
)
def test_codes_are_read_as_their_numbers(decode: tuple[int, ...], message: str | None) -> None:
    """Of a table up to 8, numbers up to 4 come."""
    if message is None:
        prove_decode(decode, (0, 1, 2, 4, 8), (0, 4))
    else:
        with pytest.raises(ProofError, match=message):
            prove_decode(decode, (0, 1, 2, 4, 8), (0, 4))


LEVELS: dict[str, tuple[Sequence[int], Sequence[Term]]] = {
    "ternary": ([-1, 0, 1], [Term((1,), (), 0, True, True, (4,))]),
    "scaled_ternary": ([-8, 0, 8], [Term((1,), (), 0, True, True, (4,))]),
    "binary": ([-1, 1], [Term((1,), (), 0, False, True, (4,))]),
    "powers": ([1, 2, 4, 8], [Term((1,), ((0, 1), (0, 2)), 0, False, False, (4, 5, 7))]),
    "far_powers": ([1, -256], [Term((1,), ((0, 8),), 0, False, True, (4, 12))]),
    "root": ([128, 181, 256, 362], [Term((128, 181), ((0, 1),), 0, False, False, (12, 13))]),
}


@pytest.mark.parametrize("name", LEVELS)
def test_the_number_system_is_read_off_the_weights(name: str) -> None:
    """Common powers of two are wires; multiples are shifted by wires so that few shifts are left."""
    levels, terms = LEVELS[name]
    matrix = np.array([levels], dtype=np.int64)

    assert fold(matrix, [0], WORD, 1, 1).terms == tuple(terms)


def weights(rng: np.random.Generator) -> NDArray[np.int64]:
    """A random set of levels, of some kind, drawn to a matrix of 4 × 6."""
    kind = rng.integers(4)
    if kind == 0:
        levels = 1 << rng.integers(0, 12, rng.integers(1, 9))
    elif kind == 1:
        levels = (1 << rng.integers(0, 7, 6)) + rng.choice([-1, 1], 6) * (1 << rng.integers(0, 7, 6))
    elif kind == 2:
        levels = rng.integers(0, 300, rng.integers(1, 20))
    else:
        levels = rng.choice([3, 5, 181], 8) << rng.integers(0, 6, 8)
    signs = rng.choice([[1, 1], [1, -1], [-1, -1], [1, 0]])
    return np.asarray(rng.choice(levels, (4, 6)) * rng.choice(signs, (4, 6)), dtype=np.int64)


@pytest.mark.parametrize("seed", range(60))
def test_codes_of_any_weights_are_proved(seed: int) -> None:
    """Whatever levels a matrix has, for words of any range, and constants on and off the weights' grid."""
    rng = np.random.default_rng(seed)
    matrix = weights(rng)
    lo = int(rng.integers(-20, 10))
    word = lo, lo + int(rng.integers(0, 300))
    constants = (rng.integers(-500, 500, 4) * rng.choice([0, 1, 4])).tolist()

    prove_codes(fold(matrix, constants, word, 2, 3), matrix, constants, word)


@pytest.mark.parametrize(
    "amounts", [[0], [3], [0, 1], [0, 5], [0, 1, 2], [0, 3, 7], [0, 1, 5, 7], list(range(8)), [1, 2]]
)
def test_shifters_reach_every_amount(amounts: list[int]) -> None:
    """By bits, by one multiplexer, by sums of the fewest steps."""
    for stages in stage_lists(amounts):
        sums = {0}
        for stage in stages:
            sums = {already + amount for already in sums for amount in stage}
        assert sums.issuperset(amounts)
    assert len(stage_lists([0, 5])[-1]) == 1
