"""Requantizers on digits alone, in Icarus and in integers: many clamps side by side, each on every word it can meet."""

from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from rtl_tests.rtl.streams import Case, simulate
from rtl_tests.rtl.test_serial import scale
from shiftwright.arith.serial.word import DIGITS, cycles_of
from shiftwright.rtl.format import Format
from shiftwright.rtl.requantize_leaf import code_range
from shiftwright.rtl.serial.clamp import SerialClamp
from shiftwright.rtl.serial.deserialiser import Deserialiser
from shiftwright.rtl.serial.engine import SerialEngine
from shiftwright.rtl.serial.requantizer import SerialRequantizer
from shiftwright.rtl.serial.serialiser import Serialiser

NUMBERS = st.integers(-300, 300)
LANES = [
    # All bits of these are numbers: the top one is no sign.
    ((0, 15), scale(0, 7)),
    ((0, 15), scale(0, 3, 1)),
    ((12, 15), scale(0, 1)),
    ((12, 15), scale(-4, 3, 1)),
    ((0, 15), scale(0, 0, 2)),
    ((0, 15), scale(0, 3, 2)),
    # Nothing but the sign is left of these.
    ((-8, 7), scale(0, 15, 3)),
    ((-8, 7), scale(-1, 0, 3)),
    ((-8, 7), scale(-1, 0)),
    ((-8, 7), scale(-4, 3)),
    ((-8, 2), scale(-4, 3)),
    ((-8, 7), scale(-1, 0, 2)),
    ((-8, -1), scale(0, 3)),
    ((-8, -5), scale(-4, 3, 1)),
    ((0, 1), scale(0, 0)),
    ((-1, 0), scale(-2, 1)),
]


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 10))
def test_a_clamp_is_its_requantizer(lo: int, hi: int, least: int, most: int, shift: int) -> None:
    """For every word; and a clamp that may saturate has a bit of the word left to see it by."""
    assume(lo <= hi and least <= most)
    clamp = SerialClamp.of(scale(least, most, shift), lo, hi)
    assume(clamp is not None)
    assert clamp is not None

    bottom, top = -(1 << clamp.bits) if clamp.signed else 0, (1 << clamp.bits) - 1
    for word in range(lo, hi + 1):
        code = word >> clamp.shift
        assert min(max(code, bottom), top) == min(max(word >> shift, least), most)
        assert clamp.clamps or bottom <= code <= top
    assert clamp.shift + clamp.bits + clamp.clamps <= Format.spanning([(lo, hi)]).bits


def test_clamps_in_hardware(tmp_path: Path) -> None:
    """Each lane meets all its words; words of four bits fill their digits."""
    ranges = [words for words, _ in LANES]
    source, target = Format.spanning(ranges), Format.spanning([code_range(tail, *words) for words, tail in LANES])
    x = [[lo + turn % (hi - lo + 1) for lo, hi in ranges] for turn in range(16)]
    y = [
        [min(max(word >> tail.shift, tail.lo), tail.hi) for word, (_, tail) in zip(row, LANES, strict=True)]
        for row in x
    ]
    clamps = [clamp for words, tail in LANES if (clamp := SerialClamp.of(tail, *words))]
    nothing = (0,) * len(clamps)
    cases = []
    for digit in DIGITS:
        cycles = cycles_of([4], digit)
        ends = Serialiser(source, digit, cycles), Deserialiser(target, digit, cycles, nothing, nothing)
        engine = SerialEngine(ends[0], [SerialRequantizer(clamps, nothing, digit, cycles)], ends[1])
        words, codes = [source.pack(row) for row in x], [target.pack(row) for row in y]
        cases.append(Case(f"d{digit}", engine, words, codes, len(x), engine.latency, cycles))

    assert simulate(tmp_path, cases) == {"d1": "", "d2": "", "d4": ""}
