"""The accumulators of a folded engine: they add up the chunks of a run, and begin each run with the rows' constants."""

from collections.abc import Sequence

from amaranth import Cat, Const, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib.memory import Memory

from shiftwright.arith.folded.codes import FoldedCodes
from shiftwright.rtl.folded.adders import Addend, chained
from shiftwright.rtl.folded.pipe import Pipe


class Accumulators:
    """One a PE. `coming` says that a chunk's sums are there in the next enabled cycle, `step` that they are.

    `results` change, and `done` is high, in the enabled cycle after a run's last step."""

    def __init__(self, m: Module, codes: FoldedCodes, enable: Value, coming: Value, step: Value) -> None:
        self._m, self._codes = m, codes
        self._enable, self._step = enable, step
        width = codes.accumulator_bits
        chunk = Signal(range(codes.chunks))
        ends = chunk == codes.chunks - 1
        self._last = Signal()
        self.done = Signal()
        self.results = [Signal(width, name=f"result_{number}", reset_less=True) for number in range(codes.pe)]
        with m.If(enable):
            m.d.sync += [self._last.eq(ends), self.done.eq(step & self._last)]
            with m.If(coming):
                m.d.sync += chunk.eq(Mux(ends, 0, chunk + 1))
        self._starts = self._constants() if len(set(codes.starts)) == 1 else self._memory(enable, coming & ends)

    def add(self, sums: Sequence[Addend]) -> None:
        """Adds one chunk's sums, one a PE, in each step."""
        m, codes = self._m, self._codes
        width = codes.accumulator_bits
        totals = [Signal(width, name=f"total_{number}") for number in range(codes.pe)]
        # Where a start value is constant it is a register's reset, and reset itself must not claim that.
        constant = all(isinstance(start, Const) for start in self._starts)
        accumulators = [
            Signal(width, name=f"accumulator_{number}", init=self._bits(start), reset_less=constant)
            for number, start in enumerate(codes.starts[0])
        ]
        fields = [
            (one.widened(0), accumulator, one.pending, total)
            for one, accumulator, total in zip(sums, accumulators, totals, strict=True)
        ]
        m.d.comb += [total.eq(wanted) for total, wanted in chained(Pipe(m), fields, "accumulate")]
        advance, ends = self._enable & self._step, self._enable & self._step & self._last
        with m.If(ends):
            m.d.sync += [held.eq(total) for held, total in zip(self.results, totals, strict=True)]
        with m.If(ends | ResetSignal() if constant else ends):
            m.d.sync += [held.eq(start) for held, start in zip(accumulators, self._starts, strict=True)]
        with m.Elif(advance):
            m.d.sync += [held.eq(total) for held, total in zip(accumulators, totals, strict=True)]

    def _bits(self, start: int) -> int:
        return start & (1 << self._codes.accumulator_bits) - 1

    def _constants(self) -> list[Value]:
        return [Const(self._bits(start), self._codes.accumulator_bits) for start in self._codes.starts[0]]

    def _memory(self, enable: Value, ending: Value) -> list[Value]:
        """What the next run begins with, there in a run's last step; `ending` comes one enabled cycle before."""
        m, codes = self._m, self._codes
        width = codes.accumulator_bits
        words = [sum(self._bits(start) << number * width for number, start in enumerate(run)) for run in codes.starts]
        m.submodules.starts = memory = Memory(shape=width * codes.pe, depth=codes.runs, init=words)
        read = memory.read_port()
        following = Signal(range(codes.runs), init=1)
        with m.If(enable & ending):
            m.d.sync += following.eq(Mux(following == codes.runs - 1, 0, following + 1))
        m.d.comb += [read.addr.eq(following), read.en.eq(enable)]
        return [read.data[number * width : (number + 1) * width] for number in range(codes.pe)]

    def payload(self) -> Value:
        """All results, PE 0 lowest, in units of 1."""
        return Cat(Cat(Const(0, self._codes.unit), result) for result in self.results)
