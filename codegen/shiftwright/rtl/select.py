"""One of several words, by a number that loops keep: the multiplexer, and the registers that steer it."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth import Mux, Value

from shiftwright.rtl.loops import Loops, adder_luts

# Up to here a tree steered by a binary number costs no more than words gated by a register each. Of 8 words of 64 bits
# Yosys makes 384 LUT4 in a tree and 325 with gates, of 16 words 1344 and 713, of 4 words 256 and 578 (synth_ecp5).
MOST_IN_A_TREE = 4


def selector_luts(count: int, bits: int) -> int:
    """About how many LUT4 pick one of `count` words of `bits`, with what steers them."""
    steering = adder_luts(1 << max(1, (count - 1).bit_length()))
    if count <= MOST_IN_A_TREE:
        return steering + (count - 1) * bits
    gates = (count + 1) // 2  # two words each, then four gates at a time
    return steering + count + (gates + (gates + 1) // 3) * bits


class Selector:
    """Picks one of `count` words, the one whose number is Σ counter · stride of the loops; every round is alike."""

    def __init__(self, loops: Loops, name: str, strides: Sequence[int], count: int) -> None:
        self._count = count
        self._is_tree = count <= MOST_IN_A_TREE
        keep = loops.total if self._is_tree else loops.one_hot
        self._number = keep(name, strides, around=0, modulus=1 << max(1, (count - 1).bit_length()))

    def pick(self, words: Sequence[Value]) -> Value:
        """The word; words are of one width."""
        assert len(words) == self._count
        if self._is_tree:
            return _tree(words, self._number)
        gated = [word & self._number[place].replicate(len(word)) for place, word in enumerate(words)]
        return reduce(or_, gated)


def _tree(words: Sequence[Value], number: Value) -> Value:
    level = list(words)
    for bit in range((len(words) - 1).bit_length()):
        pairs = [level[place : place + 2] for place in range(0, len(level), 2)]
        level = [Mux(number[bit], pair[1], pair[0]) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]
