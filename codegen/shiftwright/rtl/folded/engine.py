"""A constant matrix product folded over time: pe × simd lanes take weight codes from a memory, a chunk of words a cycle.

Chunks run through lanes and adder trees without looking back; only the accumulators at the end know of runs."""

from collections.abc import Sequence

import numpy as np
from amaranth import Cat, Const, EnableInserter, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from shiftwright.arith.folded.codes import FoldedCodes, fold, is_power_coded
from shiftwright.rtl.folded.adders import Addend, add_pairs, chained, levels, tree
from shiftwright.rtl.folded.handshake import FoldedHandshake
from shiftwright.rtl.folded.lanes import Lanes
from shiftwright.rtl.folded.log_lanes import LogLanes
from shiftwright.rtl.folded.pipe import Pipe
from shiftwright.rtl.folded.shift_lanes import ShiftLanes
from shiftwright.rtl.folded.weight_memory import WeightMemory
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.handshake import Handshake


class FoldedEngine(wiring.Component):
    """matrix (rows, columns) times words within lo … hi, plus constants; rows/pe runs of columns/simd chunks.

    A chunk is `simd` words in lanes like `words`, lane 0 lowest; each run brings every column once, in order, and gives
    one payload of `pe` results, those of the next pe rows, in one common lane. With `decode` the words are codes that
    stand for decode[code], each 0 or ± a power of two and within lo … hi; there is one for every code.

    A chunk a cycle. `depth` cycles lie between a run's last chunk and its results; `latency` is from a position's first
    chunk to its first results, `interval` its chunks. The last results come interval + depth - 1 cycles after the first
    chunk. All registers stall with the output."""

    def __init__(
        self,
        matrix: NDArray[np.int64],
        constants: Sequence[int],
        words: Lane,
        lo: int,
        hi: int,
        pe: int,
        simd: int,
        decode: Sequence[int] | None = None,
    ) -> None:
        if decode is None:
            assert words.lo <= lo <= hi <= words.hi, f"{lo} … {hi} does not fit {words}"
        else:
            assert len(decode) == 1 << words.width and lo <= min(decode) and max(decode) <= hi
            assert not any(abs(number) & abs(number) - 1 for number in decode), "a code stands for no power of two"
        self.matrix = matrix
        self.decode = None if decode is None else tuple(decode)
        by_exponent = decode is not None and is_power_coded(matrix)
        self.codes = fold(matrix, constants, (lo, hi), pe, simd, by_exponent)
        self.lanes = self._lanes(by_exponent)
        codes = self.codes
        self.words = Format((words,) * simd)
        result = Lane(codes.accumulator_bits + codes.unit, codes.results[0] < 0)
        self.results = Format((result,) * pe)
        self.summed = self.lanes.entry + self.lanes.latency + levels(simd) + self.lanes.terms - 1
        self.depth = self.summed + 1
        self.latency = codes.chunks - 1 + self.depth
        self.interval = codes.runs * codes.chunks
        super().__init__({"i": In(self.words.signature), "o": Out(self.results.signature)})

    def handshake(self) -> Handshake:
        """The timing model."""
        return FoldedHandshake(self.depth, self.codes.chunks)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        m.submodules.datapath = EnableInserter(enable)(self._datapath())
        return m

    def _lanes(self, by_exponent: bool) -> Lanes:
        if by_exponent:
            assert self.decode is not None
            return LogLanes(self.codes, self.decode)
        return ShiftLanes(self.codes, self.decode)

    def _contents(self) -> Sequence[int]:
        return self.codes.memory

    def _datapath(self) -> Module:
        """All registers, to be enabled together."""
        m = Module()
        pipe = Pipe(m)
        arrived: list[Value] = [self.i.valid]
        for cycle in range(1, self.summed + 1):
            occupied = Signal(name=f"occupied_{cycle}")
            m.d.sync += occupied.eq(arrived[-1])
            arrived.append(occupied)
        weights = self._weights(m, arrived[self.lanes.entry - WeightMemory.latency])
        operands = [
            self.lanes.operands(pipe, self.words.slice(self.i.payload, lane), f"word{lane}")
            for lane in range(self.codes.simd)
        ]
        sums = [self._sum(pipe, operands, weights, number) for number in range(self.codes.pe)]
        self._accumulate(m, pipe, sums, arrived[-2], arrived[-1])
        return m

    def _weights(self, m: Module, step: Value) -> Value:
        """The memory's word, for the chunk for which `step` was high two cycles ago."""
        if not self.lanes.bits:
            return Const(0, 0)
        m.submodules.weights = memory = WeightMemory(self.lanes.bits * self.codes.pe * self.codes.simd, self._contents())
        m.d.comb += memory.step.eq(step)
        return memory.data

    def _sum(self, pipe: Pipe, operands: Sequence[object], weights: Value, number: int) -> Addend:
        """One PE's sum over a chunk."""
        codes = self.codes
        products = []
        for lane, operand in enumerate(operands):
            code = weights.word_select(number * codes.simd + lane, self.lanes.bits)
            products.append(self.lanes.products(pipe, operand, code, f"pe{number}_lane{lane}"))
        trees = [
            tree(pipe, [product[term] for product in products], codes.accumulator_bits, f"pe{number}_term{term}")
            for term in range(self.lanes.terms)
        ]
        for term in range(1, len(trees)):
            trees[0] = add_pairs(pipe, [(trees[0], trees[term])], codes.accumulator_bits, f"pe{number}_terms")[0]
        return trees[0]

    def _accumulate(self, m: Module, pipe: Pipe, sums: Sequence[Addend], coming: Value, step: Value) -> None:
        """Adds up each run; `coming` says that a chunk's sum is there in the next cycle, `step` that one is."""
        codes = self.codes
        chunk = Signal(range(codes.chunks))
        last = Signal()
        ends = chunk == codes.chunks - 1
        m.d.sync += last.eq(ends)
        with m.If(coming):
            m.d.sync += chunk.eq(Mux(ends, 0, chunk + 1))
        m.d.sync += self.o.valid.eq(step & last)
        width = codes.accumulator_bits
        mask = (1 << width) - 1
        starts = self._starts(m, coming & ends)
        fields, accumulators, totals = [], [], []
        for number, one in enumerate(sums):
            accumulators.append(Signal(width, name=f"accumulator_{number}", init=codes.starts[0][number] & mask))
            totals.append(Signal(width, name=f"total_{number}"))
            fields.append((one.widened(0), accumulators[-1], one.pending, totals[-1]))
        m.d.comb += [total.eq(wanted) for total, wanted in chained(pipe, fields, "accumulate")]
        held = [Signal(width, name=f"result_{number}", reset_less=True) for number in range(codes.pe)]
        with m.If(step):
            m.d.sync += [one.eq(total) for one, total in zip(accumulators, totals, strict=True)]
            with m.If(last):
                m.d.sync += [one.eq(start) for one, start in zip(accumulators, starts, strict=True)]
                m.d.sync += [one.eq(total) for one, total in zip(held, totals, strict=True)]
        m.d.comb += self.o.payload.eq(Cat(Cat(Const(0, codes.unit), one) for one in held))

    def _starts(self, m: Module, ending: Value) -> list[Value]:
        """What the accumulators begin the next run with, there when a run's last sum is; `ending` comes a cycle before."""
        codes = self.codes
        width = codes.accumulator_bits
        mask = (1 << width) - 1
        if len(set(codes.starts)) == 1:
            return [Const(start & mask, width) for start in codes.starts[0]]
        words = [sum((start & mask) << number * width for number, start in enumerate(run)) for run in codes.starts]
        m.submodules.starts = memory = Memory(shape=width * codes.pe, depth=codes.runs, init=words)
        read = memory.read_port()
        following = Signal(range(codes.runs), init=1)
        with m.If(ending):
            m.d.sync += following.eq(Mux(following == codes.runs - 1, 0, following + 1))
        m.d.comb += [read.addr.eq(following), read.en.eq(1)]
        return [read.data[number * width : (number + 1) * width] for number in range(codes.pe)]


