"""Requantizers on digits alone, in Icarus and in integers: many clamps side by side, each on every word it can meet."""

from dataclasses import replace
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from rtl_tests.rtl.streams import Case, simulate
from rtl_tests.rtl.test_serial import scale
from shiftwright.arith.requantize import Requantizer
from shiftwright.arith.serial.word import DIGITS, cycles_of
from shiftwright.errors import ProofError
from shiftwright.rtl.format import Format
from shiftwright.rtl.requantize_leaf import code_range
from shiftwright.rtl.serial.clamp import SerialClamp
from shiftwright.rtl.serial.deserialiser import Deserialiser
from shiftwright.rtl.serial.engine import SerialEngine
from shiftwright.rtl.serial.prove_clamp import clamped, prove_clamp
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


@st.composite
def cases(draw: st.DrawFn) -> tuple[SerialClamp, Requantizer, int, int]:
    """A requantizer that works on digits, its clamp, and the bounds of its words."""
    lo, hi = sorted((draw(NUMBERS), draw(NUMBERS)))
    most = (1 << draw(st.integers(0, 9))) - 1
    tail = scale(draw(st.sampled_from([0, -most - 1, -300])), most, draw(st.integers(0, 10)))
    clamp = SerialClamp.of(tail, lo, hi)
    assume(clamp is not None)
    assert clamp is not None
    return clamp, tail, lo, hi


@given(cases())
def test_a_clamp_is_its_requantizer(case: tuple[SerialClamp, Requantizer, int, int]) -> None:
    """For every word; and a clamp that may saturate has a bit of the word left to see it by."""
    clamp, tail, lo, hi = case
    bits = Format.spanning([(lo, hi)]).bits

    bottom, top = -(1 << clamp.bits) if clamp.signed else 0, (1 << clamp.bits) - 1
    for word in range(lo, hi + 1):
        code = word >> clamp.shift
        assert min(max(code, bottom), top) == min(max(word >> tail.shift, tail.lo), tail.hi)
        assert clamped(clamp, word, bits) == min(max(word >> tail.shift, tail.lo), tail.hi)
        assert clamp.clamps or bottom <= code <= top
    assert clamp.shift + clamp.bits + clamp.clamps <= bits


@given(cases(), st.integers(0, 12))
def test_the_proof_is_right_either_way(case: tuple[SerialClamp, Requantizer, int, int], field: int) -> None:
    """It holds of every clamp that there is; of one with a field that is not as it should be, only if no word tells.

    Bits cut off are refused even where a code of 0 bits makes them harmless."""
    clamp, tail, lo, hi = case
    bits = Format.spanning([(lo, hi)]).bits
    prove_clamp(clamp, tail, lo, hi, bits)

    others = [replace(clamp, bits=fewer) for fewer in range(bits - clamp.shift)]
    others += [replace(clamp, signed=not clamp.signed), replace(clamp, clamps=not clamp.clamps)]
    others += [replace(clamp, below_zero=not clamp.below_zero)]
    other = others[field % len(others)]
    wrong = any(clamped(other, word, bits) != clamped(clamp, word, bits) for word in range(lo, hi + 1))
    try:
        prove_clamp(other, tail, lo, hi, bits)
    except ProofError:
        assert wrong or not other.clamps
    else:
        assert not wrong


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
