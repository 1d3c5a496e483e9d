"""Plain ways to multiply by 4-bit weights, for comparison with the folded engine's own lanes.

Each lane forms x · w as four rows, the word ANDed with each bit of the weight, and adds them; or a tree adds each row
over all lanes, and the four sums meet at the end. Everything else (memory, pipeline, trees, accumulators) is the
engine's."""

from collections.abc import Sequence

from amaranth import Const, Shape, Value

from shiftwright.rtl.folded.adders import Addend, add_pairs
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.folded.lanes import Lanes
from shiftwright.rtl.folded.pipe import Pipe
from shiftwright.rtl.format import Lane

BITS = 4


class RowLanes:
    """Products by weights of -8 … 7 in two's complement: four rows, if `summed` two sums of two rows and their sum."""

    bits = BITS
    entry = 2

    def __init__(self, word: Lane, summed: bool) -> None:
        self._word = word
        self._summed = summed
        self.latency = 3 if summed else 1
        self.terms = 1 if summed else BITS

    def operands(self, pipe: Pipe, word: Value, name: str) -> Value:
        """The word itself, two cycles later."""
        taken = pipe.register(word, name, Shape(self._word.width, self._word.signed))
        return pipe.delay(taken, 1, name)

    def products(self, pipe: Pipe, operands: Value, code: Value, name: str) -> list[Addend]:
        """The product, or its rows; the top one counts negative."""
        rows = []
        for bit in range(BITS):
            row = operands & code[bit].as_signed()
            top = bit == BITS - 1
            shape = Shape(self._word.width + (top and not self._word.signed), top or self._word.signed)
            held = pipe.register(~row if top else row, f"{name}_row{bit}", shape)
            rows.append(Addend(held, Const(1, 1) if top else None, bit))
        if not self._summed:
            return rows
        low, high = add_pairs(pipe, [(rows[0], rows[1]), (rows[2], rows[3])], 64, f"{name}_rows")
        return add_pairs(pipe, [(low, high)], 64, f"{name}_product")


class RowEngine(FoldedEngine):
    """A folded engine whose weights are 4-bit words, multiplied row by row in every lane."""

    summed = True

    def _lanes(self, by_exponent: bool) -> Lanes:
        assert not by_exponent
        return RowLanes(Lane.spanning(*self.codes.word), self.summed)

    def _contents(self) -> Sequence[int]:
        codes = self.codes
        words = []
        for row in range(0, codes.runs * codes.pe, codes.pe):
            for column in range(0, codes.chunks * codes.simd, codes.simd):
                weights = self.matrix[row : row + codes.pe, column : column + codes.simd].ravel().tolist()
                words.append(sum((weight & (1 << BITS) - 1) << BITS * lane for lane, weight in enumerate(weights)))
        return words


class RowTreeEngine(RowEngine):
    """The same with a tree a row, whose words are as narrow as the engine's input."""

    summed = False
