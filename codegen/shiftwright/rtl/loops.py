"""Nested loops as hardware: a counter a level, and numbers that are linear in the counters, kept by one adder each.

An address, a row of the image or a progress is a sum of counter · stride. No product is ever formed: whichever level
moves on, the number moves by a constant, and the constant of the next step waits in a register."""

from collections.abc import Sequence

from amaranth import Cat, Const, Module, Mux, Signal, Value


def adder_luts(modulus: int) -> int:
    """About how many LUT4 a total takes: sum and next move a bit, and to wrap where it does not by itself."""
    return (2 if modulus & modulus - 1 == 0 else 4) * (modulus - 1).bit_length()


def counter_luts(counts: Sequence[int]) -> int:
    """About how many LUT4 the counters take: two a bit."""
    return sum(2 * (count - 1).bit_length() for count in counts)


class Loops:
    """Loops of `counts` turns, the innermost first, one step in each cycle of `step`, that begin anew at the end.

    The counters start as `begun` steps leave them."""

    def __init__(self, m: Module, name: str, counts: Sequence[int], step: Value, begun: int = 0) -> None:
        assert min(counts) >= 1 and begun >= 0
        self._m, self._name, self._counts, self._step = m, name, tuple(counts), step
        self._levels = [level for level, count in enumerate(counts) if count > 1]
        self._start: dict[int, int] = {}
        self._ends: dict[int, Signal] = {}
        carry: Value = step
        for level in self._levels:
            count = counts[level]
            begun, self._start[level] = divmod(begun, count)
            place = Signal(range(count), init=self._start[level], name=f"{name}_place_{level}")
            # Found one step ahead, so that no comparison stands before what depends on it.
            self._ends[level] = end = Signal(init=self._start[level] == count - 1, name=f"{name}_end_{level}")
            if not self._ends.keys() - {level}:
                self._soon = place == count - 2
            with m.If(carry):
                m.d.sync += [place.eq(Mux(end, 0, place + 1)), end.eq(place == count - 2)]
            carry = carry & end

    def ends(self, levels: int) -> Value:
        """Whether each of the `levels` innermost loops is in its last turn."""
        ends = [end for level, end in self._ends.items() if level < levels]
        return Cat(ends).all() if ends else Const(1)

    def total(
        self, name: str, strides: Sequence[int], around: int, modulus: int, start: int = 0, after_first: int = 0
    ) -> Signal:
        """A register that holds `start` + Σ counter · stride, modulo `modulus`; a whole round moves it by `around`.

        Of `around`, the part `after_first` is made up with the first step of the next round."""
        return self._advancing(name, strides, around, modulus, start, after_first)[0]

    def one_hot(self, name: str, strides: Sequence[int], around: int, modulus: int) -> Signal:
        """`modulus` bits, of which only that of the number is set which `total` would hold."""
        chosen = Signal(modulus, init=1, name=f"{self._name}_{name}_chosen")
        _, coming = self._advancing(name, strides, around, modulus)
        with self._m.If(self._step):
            self._m.d.sync += chosen.eq(Cat(coming == number for number in range(modulus)))
        return chosen

    def _advancing(
        self, name: str, strides: Sequence[int], around: int, modulus: int, start: int = 0, after_first: int = 0
    ) -> tuple[Signal, Signal]:
        """The total, and what it is after a step."""
        total = Signal(range(modulus), init=start % modulus, name=f"{self._name}_{name}")
        coming = Signal.like(total, name=f"{self._name}_{name}_coming")
        moves = self._moves(strides, around - after_first)
        first = moves[0] + after_first
        at_start = first if not any(self._start.values()) else moves[self._level_at_start()]
        move = Signal(range(modulus), init=at_start % modulus, name=f"{self._name}_{name}_move")
        self._m.d.comb += coming.eq(_reduced(self._m, total + move, modulus, f"{self._name}_{name}_less"))
        following = Mux(self.ends(len(self._counts)), first % modulus, self._move_after_next(moves, modulus))
        with self._m.If(self._step):
            self._m.d.sync += [total.eq(coming), move.eq(following)]
        return total, coming

    def _moves(self, strides: Sequence[int], around: int) -> list[int]:
        """How far the total moves as each level steps on and those inside it return, innermost first; then between
        two rounds."""
        pairs = list(zip(self._counts, strides, strict=True))
        returned = [sum((count - 1) * stride for count, stride in pairs[:level]) for level in range(len(pairs) + 1)]
        return [*(strides[level] - returned[level] for level in self._levels), around - returned[-1]]

    def _level_at_start(self) -> int:
        """Which of the moves the very first step makes."""
        ends = [self._start[level] == self._counts[level] - 1 for level in self._levels]
        return [*ends, False].index(False)

    def _move_after_next(self, moves: Sequence[int], modulus: int) -> Value:
        """The move of the step after the one being made, where that does not end a round.

        An outer level moves only as the innermost ends, and its neighbours have been at rest since the innermost began
        at 0: their ends may be read now."""
        if not self._levels:
            return Const(moves[-1] % modulus, range(modulus))
        outer: Value = Const(moves[-1] % modulus, range(modulus))
        for level, move in reversed(list(zip(self._levels[1:], moves[1:-1], strict=True))):
            outer = Mux(self._ends[level], outer, Const(move % modulus, range(modulus)))
        return Mux(self._soon, outer, Const(moves[0] % modulus, range(modulus)))


def _reduced(m: Module, value: Value, modulus: int, name: str) -> Value:
    """`value`, less than twice the modulus, reduced to less than it."""
    if modulus & modulus - 1 == 0:
        return value
    less = Signal(len(value), name=name)  # the top bit says that it is negative
    m.d.comb += less.eq(value - modulus)
    return Mux(less[-1], value, less)
