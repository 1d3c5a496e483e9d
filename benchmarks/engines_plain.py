"""A folded engine that multiplies with `*`, for comparison: the rest (memory, trees, accumulators) is the engine's.

Yosys makes rows of adders of each multiplication, or takes a DSP block for it."""

from collections.abc import Sequence

from amaranth import Shape, Value

from shiftwright.rtl.folded.adders import Addend
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.folded.lanes import Lanes
from shiftwright.rtl.folded.pipe import Pipe
from shiftwright.rtl.format import Lane


class ProductLanes:
    """Products by weights of `bits` in two's complement: a multiplication, and a register behind it."""

    entry = 2
    latency = 1
    terms = 1

    def __init__(self, word: Lane, bits: int) -> None:
        self._word = word
        self.bits = bits

    def operands(self, pipe: Pipe, word: Value, name: str) -> Value:
        """The word itself, two cycles later."""
        taken = pipe.register(word, name, Shape(self._word.width, self._word.signed))
        return pipe.delay(taken, 1, name)

    def products(self, pipe: Pipe, operands: Value, code: Value, name: str) -> list[Addend]:
        """The product."""
        shape = Shape(self._word.width + self.bits, True)
        return [Addend(pipe.register(operands * code.as_signed(), f"{name}_product", shape), None)]


class ProductEngine(FoldedEngine):
    """Weights as words of `weight_bits`."""

    weight_bits = 8

    def _lanes(self, by_exponent: bool) -> Lanes:
        assert not by_exponent
        return ProductLanes(Lane.spanning(*self.codes.word), self.weight_bits)

    def _contents(self) -> Sequence[int]:
        codes, bits = self.codes, self.weight_bits
        words = []
        for row in range(0, codes.runs * codes.pe, codes.pe):
            for column in range(0, codes.chunks * codes.simd, codes.simd):
                weights = self.matrix[row : row + codes.pe, column : column + codes.simd].ravel().tolist()
                words.append(sum((weight & (1 << bits) - 1) << bits * lane for lane, weight in enumerate(weights)))
        return words


class ProductEngine4(ProductEngine):
    """Weights as words of 4 bits."""

    weight_bits = 4
