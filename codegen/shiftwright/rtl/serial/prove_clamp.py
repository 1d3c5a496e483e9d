"""Proof that a requantizer on digits gives the codes of the requantizer that it stands for, for every word it meets."""

from shiftwright.arith.requantize import Requantizer
from shiftwright.errors import ProofError
from shiftwright.rtl.serial.clamp import SerialClamp


def clamped(clamp: SerialClamp, word: int, bits: int) -> int:
    """The code that the hardware makes of a word of `bits` bits, read off its flags and windows one by one."""
    first = clamp.shift + clamp.bits
    digits = word & ((1 << bits) - 1)
    negative = clamp.below_zero and digits >> (bits - 1) == 1
    above = digits >> first
    one, zero = above != 0, above != (1 << (bits - first)) - 1
    if clamp.clamps and one and (zero or not clamp.signed):
        low = 0 if negative else (1 << clamp.bits) - 1
    else:
        low = (digits >> clamp.shift) & ((1 << clamp.bits) - 1)
    return low - (negative << clamp.bits) if clamp.signed else low


def prove_clamp(clamp: SerialClamp, tail: Requantizer, lo: int, hi: int, bits: int) -> None:
    """Proves code = min(max(word >> shift, lo), hi) of a `tail` without a search, for every word within lo … hi.

    Both sides are word >> shift or a constant on each stretch between places where a flag of the hardware turns or a
    bound is reached, and are held against each other at both ends of each. What rises or stays and is equal at both
    ends is equal between them. Words have `bits` bits. ProofError gives the first mismatch."""
    edge = 1 << (clamp.shift + clamp.bits)
    # Unless they are watched, bits above the code's are cut off: the code would neither rise nor stay.
    if not clamp.clamps and not (-edge if clamp.signed else 0) <= lo <= hi < edge:
        raise ProofError(f"a requantizer on digits cuts off bits of {lo} … {hi}; please report this with the model")
    turns = {0, edge, -edge, tail.lo << tail.shift, (tail.hi + 1) << tail.shift}
    places = {lo, hi} | {place for turn in turns for place in (turn - 1, turn) if lo <= place <= hi}
    for word in sorted(places):
        have, want = clamped(clamp, word, bits), min(max(word >> tail.shift, tail.lo), tail.hi)
        if have != want:
            raise ProofError(
                f"a requantizer on digits makes {have} of {word}, which should be {want}; please report this with the "
                "model"
            )
