"""The folded engine against plain integer products: kinds of lanes, odd folds, awkward rows, and log codes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.arith.folded.prove import prove_codes
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.folded.log_lanes import LogLanes
from shiftwright.rtl.format import Lane

POSITIONS = 3
SIGNED_BYTE = Lane(8, True)
Matrix = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """An engine to build; `groups` says how many groups of columns the rows take turns with, `together` at a time."""

    matrix: Matrix
    pe: int
    simd: int
    words: Lane = SIGNED_BYTE
    span: tuple[int, int] | None = None
    constants: Sequence[int] = ()
    groups: int = 1
    together: int = 1
    decode: Sequence[int] | None = field(default=None)

    @property
    def word_range(self) -> tuple[int, int]:
        """(lo, hi) of the numbers that words stand for."""
        if self.decode is not None:
            return min(self.decode), max(self.decode)
        return self.span or (self.words.lo, self.words.hi)

    @property
    def offsets(self) -> list[int]:
        """A constant a row."""
        return list(self.constants) or [0] * len(self.matrix)

    def engine(self) -> FoldedEngine:
        """The component."""
        span, fold = self.word_range, (self.pe, self.simd)
        return FoldedEngine(
            self.matrix, self.offsets, self.words, *span, *fold, decode=self.decode, groups=self.together
        )


def draw(shape: tuple[int, int], levels: Sequence[int], seed: int = 0) -> Matrix:
    """Weights drawn from levels, each of which occurs."""
    flat = np.resize(np.array(levels, dtype=np.int64), shape[0] * shape[1])
    return np.random.default_rng(seed).permutation(flat).reshape(shape)


def mirrored(levels: Sequence[int]) -> list[int]:
    """Levels of both signs."""
    return [sign * level for level in levels for sign in (1, -1)]


TERNARY = [0, 1, -1]
POT = [0, *mirrored([1, 2, 4, 8, 16, 32, 64, 128])]
ROOT = [0, *mirrored([base << shift for base in (128, 181) for shift in range(4)])]
INT4 = list(range(-7, 8))
APOT = [0, *mirrored([a + b for a in (0, 32, 8, 2) for b in (16, 4, 1)])]
CODES_4 = (0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64)

FOLDS = {
    "ternary": Fold(draw((6, 12), TERNARY), 2, 4),
    "binary": Fold(draw((4, 8), [1, -1]), 2, 2),
    "all_ones": Fold(np.ones((4, 6), dtype=np.int64), 2, 3),
    "one_level": Fold(np.full((2, 4), -12, dtype=np.int64), 1, 2, words=Lane(5, False)),
    "powers_of_two": Fold(draw((8, 12), POT), 4, 3),
    "two_shifts": Fold(draw((4, 6), [0, 1, -1, 32, -32]), 2, 3),
    "odd_set_of_shifts": Fold(draw((4, 10), [1, 2, -32, 128]), 2, 5),
    "positive_powers": Fold(draw((4, 8), [4, 8, 16, 32]), 4, 4, words=Lane(6, False)),
    "root_of_two": Fold(draw((4, 12), ROOT), 2, 3),
    "int4": Fold(draw((6, 10), INT4), 3, 5),
    "codebook": Fold(draw((4, 8), [0, 23, -23, 46, 57, -57, 92]), 2, 4),
    "additive_powers": Fold(draw((4, 12), APOT), 2, 6),
    "additive_positive": Fold(draw((4, 8), [1, 2, 3, 4, 5, 6, 7]), 2, 4, words=Lane(4, False)),
    "one_pe": Fold(draw((5, 6), TERNARY), 1, 3),
    "one_lane": Fold(draw((3, 5), POT), 1, 1),
    "every_row": Fold(draw((5, 6), TERNARY), 5, 2),
    "every_column": Fold(draw((6, 7), POT), 2, 7),
    "no_fold": Fold(draw((3, 4), INT4), 3, 4),
    "one_column": Fold(draw((6, 1), INT4), 2, 1),
    "one_weight": Fold(np.array([[-5]]), 1, 1),
    "rows_of_zeros": Fold(np.vstack([draw((2, 6), TERNARY), np.zeros((2, 6), dtype=np.int64)]), 2, 3),
    "all_zeros": Fold(np.zeros((2, 4), dtype=np.int64), 1, 2),
    "negative_rows": Fold(-draw((4, 6), [1, 2, 4]), 2, 3, words=Lane(8, False)),
    "unsigned_words": Fold(draw((4, 8), TERNARY), 2, 4, words=Lane(7, False)),
    "unsigned_root": Fold(draw((4, 6), ROOT), 2, 3, words=Lane(4, False)),
    "narrow_range": Fold(draw((4, 6), POT), 2, 3, span=(-3, 9)),
    "positive_range": Fold(draw((4, 6), TERNARY), 2, 3, span=(2, 9)),
    "one_word_value": Fold(draw((4, 6), [3, 5, -7]), 2, 3, span=(4, 4)),
    "words_of_zero": Fold(4 * draw((4, 6), TERNARY), 2, 3, span=(0, 0), constants=[1, 0, 1, 1]),
    "constants": Fold(draw((6, 8), TERNARY), 2, 4, constants=[5, -1000, 37, 0, 12345, -7]),
    "one_constant": Fold(draw((6, 8), POT), 2, 4, constants=[-77] * 6),
    "constants_of_each_pe": Fold(draw((6, 8), POT), 2, 4, constants=[-7, 9] * 3),
    "constants_finer_than_weights": Fold(8 * draw((4, 6), INT4), 2, 3, constants=[1, -3, 100, 8]),
    "constants_as_coarse_as_weights": Fold(8 * draw((4, 6), POT), 2, 3, constants=[16, -32, 800, 8]),
    "constants_each_cycle": Fold(draw((6, 4), TERNARY), 2, 4, constants=[1, 2, 3, 4, 5, 6]),
    "many_runs": Fold(draw((40, 3), TERNARY), 2, 3, constants=list(range(40))),
    "groups": Fold(draw((6, 4), POT), 1, 2, groups=3),
    "depthwise": Fold(draw((6, 4), POT), 3, 1, groups=6, together=3),
    "depthwise_multiplier": Fold(draw((8, 3), INT4), 4, 1, groups=4, together=2),
    "all_groups_at_once": Fold(draw((6, 4), TERNARY), 6, 2, groups=3, together=3, constants=[1, 2, 3, 4, 5, 6]),
    "log_codes_of_groups": Fold(draw((4, 6), POT), 2, 3, words=Lane(4, False), decode=CODES_4, groups=4, together=2),
    "log_codes": Fold(draw((4, 8), POT), 2, 4, words=Lane(4, False), decode=CODES_4),
    "log_codes_positive": Fold(
        draw((4, 8), [1, 2, 16]), 2, 4, words=Lane(3, False), decode=(0, 4, 8, 16, 32, 64, 0, 1)
    ),
    "log_codes_signed_lane": Fold(draw((4, 8), TERNARY), 2, 4, words=Lane(3, True), decode=(1, 2, 4, 8, -1, -2, -4, 0)),
    "log_codes_all_zero": Fold(draw((4, 8), TERNARY), 2, 4, words=Lane(2, False), decode=(0, 0, 0, 0)),
    "log_codes_of_large_numbers_and_zeros": Fold(
        np.zeros((4, 8), dtype=np.int64), 2, 4, words=Lane(1, False), decode=(16, 64), constants=[1, 0, 1, 1]
    ),
    "log_codes_that_cancel": Fold(np.array([[1, -1, 2, -2]]), 1, 4, words=Lane(1, False), decode=(-8, -8)),
    "log_codes_constants": Fold(
        draw((4, 6), POT), 2, 3, words=Lane(4, False), decode=CODES_4, constants=[1, -2, 300, 4]
    ),
    "log_codes_by_root": Fold(draw((4, 8), ROOT), 2, 4, words=Lane(4, False), decode=CODES_4),
}


@cache
def case(name: str) -> Case:
    """Random positions back to back, extremes among them."""
    fold = FOLDS[name]
    engine = fold.engine()
    rng = np.random.default_rng(len(name))
    rows, columns = fold.matrix.shape
    shape = POSITIONS, fold.groups, columns
    if fold.decode is None:
        lo, hi = fold.word_range
        numbers = rng.integers(lo, hi + 1, shape)
        numbers[1] = rng.choice([lo, hi], shape[1:])
        codes = numbers
    else:
        table = np.array(fold.decode, dtype=np.int64)
        bits = rng.integers(0, len(table), shape)
        numbers = table[bits]
        codes = np.where(bits > fold.words.hi, bits - len(table), bits)
    words, expected = [], []
    for position, position_codes in zip(numbers, codes, strict=True):
        for row in range(0, rows, fold.pe):
            own = np.arange(row, row + fold.pe) * fold.groups // rows
            vectors = position_codes[own[0] : own[0] + fold.together]
            for column in range(0, columns, fold.simd):
                words.append(engine.words.pack(vectors[:, column : column + fold.simd].ravel().tolist()))
            sums = (fold.matrix[row : row + fold.pe] * position[own]).sum(axis=1) + fold.offsets[row : row + fold.pe]
            expected.append(engine.results.pack(sums.tolist()))
    return Case(name, engine, words, expected, POSITIONS, engine.latency, engine.interval)


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all engines."""
    return simulate(tmp_path_factory.mktemp("folded"), [case(name) for name in FOLDS])


@pytest.mark.parametrize("name", FOLDS)
def test_results_are_those_of_the_matrix(name: str, complaints: dict[str, str]) -> None:
    """Every payload, in order, under stalls; latency, interval and handshake as stated."""
    assert complaints[name] == ""


@pytest.mark.parametrize("name", FOLDS)
def test_codes_are_proved(name: str) -> None:
    """The memory's contents decode to the matrix, and every width holds."""
    fold = FOLDS[name]

    prove_codes(case(name).component.codes, fold.matrix, fold.offsets, fold.word_range)


@pytest.mark.parametrize("name", FOLDS)
def test_results_lie_in_one_lane(name: str) -> None:
    """The narrowest that holds the least and the greatest result of any row."""
    fold = FOLDS[name]
    lo, hi = fold.word_range
    extremes = np.stack([fold.matrix * lo, fold.matrix * hi])
    least = int((extremes.min(axis=0).sum(axis=1) + fold.offsets).min())
    most = int((extremes.max(axis=0).sum(axis=1) + fold.offsets).max())

    assert set(case(name).component.results.lanes) == {Lane.spanning(least, most)}


@pytest.mark.parametrize(
    ("name", "terms", "bits"),
    [
        ("ternary", 1, 2),
        ("binary", 1, 1),
        ("all_ones", 1, 0),
        ("one_level", 2, 1),
        ("powers_of_two", 1, 5),
        ("positive_powers", 1, 2),
        ("two_shifts", 1, 3),
        ("root_of_two", 1, 5),
        ("additive_powers", 2, 8),
        ("additive_positive", 2, 5),
    ],
)
def test_codes_have_only_the_fields_that_weights_need(name: str, terms: int, bits: int) -> None:
    """A sign where some weight is negative, a flag where some is 0, an index where there is a choice."""
    codes = case(name).component.codes

    assert (len(codes.terms), codes.lane_bits) == (terms, bits)


def test_log_lanes_serve_powers_of_two_only() -> None:
    """Weights of another kind meet decoded words."""
    kinds = {name: type(case(name).component.lanes) for name in FOLDS}

    assert {name for name, kind in kinds.items() if kind is LogLanes} == {
        name for name in FOLDS if name.startswith("log_codes") and name != "log_codes_by_root"
    }


def test_total_cycles_are_those_of_the_chunks_and_the_depth() -> None:
    """A position's last results come interval + depth - 1 cycles after its first chunk."""
    engine = case("ternary").component

    assert engine.interval == 3 * 3
    assert engine.latency == 3 - 1 + engine.depth
