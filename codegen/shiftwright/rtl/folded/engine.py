"""A constant matrix product folded over time: pe × simd lanes, weight codes from a memory, a chunk of words a cycle.

Chunks run through lanes and adder trees without looking back; only the accumulators at the end know of runs."""

from collections.abc import Sequence

import numpy as np
from amaranth import Const, EnableInserter, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from shiftwright.arith.folded.codes import fold, is_power_coded
from shiftwright.arith.folded.cost import engine_luts
from shiftwright.rtl.folded.accumulators import Accumulators
from shiftwright.rtl.folded.adders import Addend, levels, tree
from shiftwright.rtl.folded.lanes import Lanes
from shiftwright.rtl.folded.log_lanes import LogLanes
from shiftwright.rtl.folded.pipe import Pipe
from shiftwright.rtl.folded.shift_lanes import ShiftLanes
from shiftwright.rtl.folded.weight_memory import WeightMemory
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.handshake import Handshake, pipe


class FoldedEngine(wiring.Component):
    """matrix (rows, columns) times words within lo … hi, plus constants; rows/pe runs of columns/simd chunks.

    A chunk is `simd` words in lanes like `words`, lane 0 lowest; each run brings every column once, in order, and gives
    one payload of `pe` results, those of the next pe rows, in one common lane. With `decode` the words are codes that
    stand for decode[code], each 0 or ± a power of two and within lo … hi; there is one for every code. With `groups`
    as many vectors come side by side, `simd` words of each, and the PEs are as many equal parts, one for each vector.

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
        groups: int = 1,
    ) -> None:
        assert pe % groups == 0, f"{pe} PEs do not divide into {groups} groups"
        if decode is None:
            assert words.lo <= lo <= hi <= words.hi, f"{lo} … {hi} does not fit {words}"
        else:
            assert len(decode) == 1 << words.width and lo <= min(decode) and max(decode) <= hi
            assert not any(abs(number) & abs(number) - 1 for number in decode), "a code stands for no power of two"
        self.matrix = matrix
        self.decode = None if decode is None else tuple(decode)
        self.groups = groups
        by_exponent = decode is not None and is_power_coded(matrix)
        self.codes = fold(matrix, constants, (lo, hi), pe, simd, by_exponent)
        self.lanes = self._lanes(by_exponent)
        codes = self.codes
        self.words = Format((words,) * (groups * simd))
        result = Lane(codes.accumulator_bits + codes.unit, codes.results[0] < 0)
        self.results = Format((result,) * pe)
        self.summed = self.lanes.entry + self.lanes.latency + levels(simd) + levels(self.lanes.terms)
        self.depth = self.summed + 1
        self.latency = codes.chunks - 1 + self.depth
        self.interval = codes.runs * codes.chunks
        super().__init__({"i": In(self.words.signature), "o": Out(self.results.signature)})

    def handshake(self) -> Handshake:
        """The timing model."""
        return pipe(self.depth, self.codes.chunks)

    @property
    def estimated_luts(self) -> int:
        """What Yosys is expected to make of the engine; `engine_luts` says how."""
        return engine_luts(self.codes, self.groups)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()
        datapath = Module()
        arrived: list[Value] = [self.i.valid]
        for cycle in range(1, self.summed + 1):
            occupied = Signal(name=f"occupied_{cycle}")
            datapath.d.sync += occupied.eq(arrived[-1])
            arrived.append(occupied)
        sums = self._sums(datapath, arrived[self.lanes.entry - WeightMemory.latency])
        m.submodules.datapath = EnableInserter(enable)(datapath)
        accumulators = Accumulators(m, self.codes, enable, arrived[-2], arrived[-1])
        accumulators.add(sums)
        m.d.comb += [
            self.o.valid.eq(accumulators.done),
            self.o.payload.eq(accumulators.payload()),
            enable.eq(~accumulators.done | self.o.ready),
            self.i.ready.eq(enable),
        ]
        return m

    def _lanes(self, by_exponent: bool) -> Lanes:
        if by_exponent:
            assert self.decode is not None
            return LogLanes(self.codes, self.decode)
        return ShiftLanes(self.codes, self.decode)

    def _contents(self) -> Sequence[int]:
        return self.codes.memory

    def _sums(self, m: Module, step: Value) -> list[Addend]:
        """Every PE's sum over a chunk, `summed` cycles after the chunk was at the input; to be enabled as a whole."""
        pipe = Pipe(m)
        weights = self._weights(m, step)
        operands = [
            self.lanes.operands(pipe, self.words.slice(self.i.payload, lane), f"word{lane}")
            for lane in range(len(self.words.lanes))
        ]
        vectors = [operands[first : first + self.codes.simd] for first in range(0, len(operands), self.codes.simd)]
        share = self.codes.pe // self.groups
        return [self._sum(pipe, vectors[number // share], weights, number) for number in range(self.codes.pe)]

    def _weights(self, m: Module, step: Value) -> Value:
        """The memory's word, for the chunk for which `step` was high two cycles ago."""
        if not self.lanes.bits:
            return Const(0, 0)
        m.submodules.weights = memory = WeightMemory(
            self.lanes.bits * self.codes.pe * self.codes.simd, self._contents()
        )
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
        return tree(pipe, trees, codes.accumulator_bits, f"pe{number}_terms")
