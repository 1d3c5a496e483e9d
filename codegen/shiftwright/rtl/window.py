"""Sliding windows over a grid that arrives row by row: one line memory and a few columns of registers.

The padded grid is walked one position a cycle, so that a frame takes exactly its padded size and frames follow each
other without a gap. Only counters keep the place: no multiplier, no division."""

from itertools import pairwise

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.handshake import Handshake, window
from shiftwright.rtl.timing import COMPLETE, REAL, WAITS


class Window(wiring.Component):
    """Turns `height`·`width` words of `bits`, row-major, into windows of kernel[0]·kernel[1] words each.

    Taps are row-major, tap (0, 0) lowest. `padding` is (top, left, bottom, right) in positions, each holding
    `pad_word`; `stride` and `dilation` are (row, column). A frame takes `interval` cycles. The first window is offered
    `latency` cycles after the first word was taken; where a margin larger than the kernel makes windows of padding
    alone, that is before it, and the number is not positive. A frame begins when its first word is at the door."""

    def __init__(
        self,
        height: int,
        width: int,
        bits: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
        dilation: tuple[int, int] = (1, 1),
        pad_word: int = 0,
    ) -> None:
        self.height, self.width, self.bits = height, width, bits
        self.kernel, self.stride, self.padding, self.dilation = kernel, stride, padding, dilation
        self.pad_word = pad_word
        top, left, bottom, right = padding
        self.rows, self.columns = height + top + bottom, width + left + right
        self.reach = (kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1
        assert min(height, width, bits, *kernel, *stride, *dilation) >= 1
        assert min(padding) >= 0
        assert self.reach[0] <= self.rows, "the kernel is taller than the padded grid"
        assert self.reach[1] <= self.columns, "the kernel is wider than the padded grid"
        assert 0 <= pad_word < 1 << bits
        taps = kernel[0] * kernel[1]
        super().__init__({"i": In(stream.Signature(bits)), "o": Out(stream.Signature(taps * bits))})

    @property
    def out_height(self) -> int:
        """Rows of windows in a frame."""
        return (self.rows - self.reach[0]) // self.stride[0] + 1

    @property
    def out_width(self) -> int:
        """Windows in a row."""
        return (self.columns - self.reach[1]) // self.stride[1] + 1

    @property
    def interval(self) -> int:
        """Cycles a frame: the size of the padded grid."""
        return self.rows * self.columns

    @property
    def latency(self) -> int:
        """Cycles from a frame's first word taken to its first window offered, when neither side stalls."""
        first_window = (self.reach[0] - 1) * self.columns + self.reach[1] - 1
        first_word = self.padding[0] * self.columns + self.padding[1]
        return first_window - first_word + 1

    def handshake(self) -> Handshake:
        """The timing model."""
        return window(_flags(self))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()  # the output register is free
        advance = Signal()  # one position of the padded grid is walked
        column = _Walk(m, "column", self.columns, self.reach[1], self.stride[1], advance)
        row = _Walk(m, "row", self.rows, self.reach[0], self.stride[0], advance & column.last)
        complete = row.complete & column.complete
        real = row.inside(self.padding[0], self.height) & column.inside(self.padding[1], self.width)
        waits = real
        if self.latency <= 0:
            # A window of nothing but padding must not run ahead of the frame that it belongs to.
            early = (row.place < self.padding[0]) | (row.place == self.padding[0]) & (column.place < self.padding[1])
            waits = real | (complete & early)
        m.d.comb += [
            enable.eq(~self.o.valid | self.o.ready),
            advance.eq(enable & (~waits | self.i.valid)),
            self.i.ready.eq(enable & real),
        ]
        with m.If(enable):
            m.d.sync += self.o.valid.eq(advance & complete)

        word = Mux(real, self.i.payload, Const(self.pad_word, self.bits))
        strip = Cat(self._lines_above(m, column.place, advance, word), word)
        strips = [
            Signal(self.kernel[0] * self.bits, name=f"strip_{index}", reset_less=True) for index in range(self.reach[1])
        ]
        with m.If(advance):
            rows = range(0, self.reach[0], self.dilation[0])
            m.d.sync += strips[-1].eq(Cat(strip.word_select(row_above, self.bits) for row_above in rows))
            m.d.sync += [older.eq(newer) for older, newer in pairwise(strips)]
        m.d.comb += self.o.payload.eq(
            Cat(
                strip.word_select(tap, self.bits)
                for tap in range(self.kernel[0])
                for strip in strips[:: self.dilation[1]]
            )
        )
        return m

    def _lines_above(self, m: Module, place: Signal, advance: Signal, word: Value) -> Value:
        """The words of this column in the rows before, oldest lowest; what keeps them is written here too."""
        lines = self.reach[0] - 1
        if lines == 0:
            return Const(0, 0)
        if self.columns == 1:  # the column read next is the one written now: a memory would answer too late
            above = Signal(lines * self.bits, reset_less=True)
            with m.If(advance):
                m.d.sync += above.eq(Cat(above, word)[self.bits :])
            return above
        m.submodules.lines = memory = Memory(shape=lines * self.bits, depth=self.columns, init=[])
        ahead = Signal(range(self.columns), init=1)
        write, read = memory.write_port(), memory.read_port()
        with m.If(advance):
            m.d.sync += ahead.eq(Mux(ahead == self.columns - 1, 0, ahead + 1))
        m.d.comb += [
            read.addr.eq(ahead),
            read.en.eq(advance),
            write.addr.eq(place),
            write.en.eq(advance),
            write.data.eq(Cat(read.data, word)[self.bits :]),
        ]
        return read.data


class _Walk:
    """A place along one side of the padded grid, and whether windows end there; moves at each `step`."""

    def __init__(self, m: Module, name: str, length: int, reach: int, stride: int, step: Value) -> None:
        self._length = length
        self.place = Signal(range(length), name=name)
        self.last = self.place == length - 1
        wait = Signal(range(max(reach, stride)), init=reach - 1, name=f"{name}_wait")
        self.complete = wait == 0
        with m.If(step):
            m.d.sync += self.place.eq(Mux(self.last, 0, self.place + 1))
            m.d.sync += wait.eq(Mux(self.last, reach - 1, Mux(self.complete, stride - 1, wait - 1)))

    def inside(self, margin: int, size: int) -> Value:
        """Whether the place lies on the grid itself, which begins after `margin` places."""
        begun = self.place >= margin if margin else Const(1)
        return begun & (self.place < margin + size) if margin + size < self._length else begun


def _flags(window: Window) -> list[int]:
    """What the timing model looks up for each position of the padded grid, instead of counting as the hardware does."""
    top, left, _, _ = window.padding
    grid = [(row, column) for row in range(window.rows) for column in range(window.columns)]
    real = [top <= row < top + window.height and left <= column < left + window.width for row, column in grid]
    ends = {
        (window.reach[0] - 1 + row * window.stride[0], window.reach[1] - 1 + column * window.stride[1])
        for row in range(window.out_height)
        for column in range(window.out_width)
    }
    complete = [place in ends for place in grid]
    first = real.index(True)
    waits = [is_real or (index < first and complete[index]) for index, is_real in enumerate(real)]
    return [REAL * a + COMPLETE * b + WAITS * c for a, b, c in zip(real, complete, waits, strict=True)]
