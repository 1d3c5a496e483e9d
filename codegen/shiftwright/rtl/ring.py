"""A ring of positions in memory: windows over a grid that arrives row by row, read in chunks, as often as needed.

Every place is a number in the padded grid, counted row by row: how far the frame was written, the far corner of the
window being read, the oldest word in the ring. A frame may be read while it is written and the next one written while
it is read, for two of these numbers, kept by adders, need only be compared."""

from collections.abc import Sequence
from functools import cached_property

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory, WritePort
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.handshake import Handshake
from shiftwright.rtl.loops import Loops, adder_luts, counter_luts
from shiftwright.rtl.packing import Packing
from shiftwright.rtl.ring_model import Traffic, ring_handshake, traffic
from shiftwright.rtl.select import Selector, selector_luts


class Ring(wiring.Component):
    """Turns `height`·`width` payloads of `link`, row-major, into chunks of `simd` words in the lane `words`.

    The channels are `groups` equal parts. For each window, row-major, come: each group · `repeats` times over · each
    tap, row-major · the chunks of the group's channels, lowest first. Lane 0 of a chunk is lowest. Padding is (top,
    left, bottom, right) in positions, each holding `pad_words`, one code a channel; stride and dilation are (row,
    column).

    A position is written in channels / simd cycles and taken with the last of them; a chunk is read in each cycle in
    which the output moves. From a window's last word taken to its first chunk offered, 4 cycles pass. A frame takes
    `traffic.interval` cycles at least, and no more where positions come evenly or sooner.

    The ring goes by positions, not by lines, in both directions: a window is read as soon as its far corner is written
    (for a corner in the margin: all positions before it in row-major order, so that what reaches below the image waits
    for its last word), and a word's place is free as soon as the window's near corner has passed it. Both are one
    comparison; by lines it would be the same comparison of rounded numbers, for more memory and latency. `places`
    positions fit: as many as keep both sides moving at the pace of the slower one, whatever the geometry; for a kernel
    as large as the image that is up to two frames. A frame's windows of padding alone wait for its first word.

    `storage_bits` is the memory: `places` · chunks a position · width of a packed chunk. Yosys takes blocks for it on
    ECP5, below about a hundred words 6 LUT4 for 16 words of 4 bits. `estimated_luts` are LUT4 beside the memory:
    counters 2 a bit; sums 2 a bit, addresses 4 for they wrap; comparisons 1 a bit; the writer's multiplexer as in
    `Chunks`; padding 1 a bit where channels differ in it. Yosys is within a quarter of it, but for the smallest."""

    def __init__(
        self,
        height: int,
        width: int,
        link: Format,
        words: Lane,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int, int, int],
        dilation: tuple[int, int],
        pad_words: Sequence[int],
        simd: int,
        groups: int = 1,
        repeats: int = 1,
    ) -> None:
        top, left, bottom, right = padding
        self.height, self.width = height, width
        self.kernel, self.stride, self.padding, self.dilation = kernel, stride, padding, dilation
        self.pad_words = tuple(pad_words)
        self.groups, self.repeats = groups, repeats
        self.rows, self.columns = height + top + bottom, width + left + right
        self.reach = (kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1
        assert min(height, width, simd, groups, repeats, *kernel, *stride, *dilation) >= 1
        assert min(padding) >= 0
        assert self.reach[0] <= self.rows, "the kernel is taller than the padded grid"
        assert self.reach[1] <= self.columns, "the kernel is wider than the padded grid"
        assert len(self.pad_words) == len(link.lanes)
        assert all(words.lo <= word <= words.hi for word in self.pad_words), f"padding does not fit {words}"
        assert len(link.lanes) % (groups * simd) == 0, f"{len(link.lanes)} channels, {groups} groups, chunks of {simd}"
        self.packing = Packing(link, words, simd)
        self.group_chunks = self.packing.count // groups
        super().__init__({"i": In(link.signature), "o": Out(stream.Signature(simd * words.width))})

    @property
    def _turns(self) -> tuple[int, ...]:
        """Turns of the reader's loops, the innermost first: chunks, tap columns and rows, repeats, groups, windows."""
        down = (self.rows - self.reach[0]) // self.stride[0] + 1
        across = (self.columns - self.reach[1]) // self.stride[1] + 1
        return (self.group_chunks, self.kernel[1], self.kernel[0], self.repeats, self.groups, across, down)

    @property
    def _grid(self) -> int:
        """Positions of the padded grid."""
        return self.rows * self.columns

    @property
    def _to_corner(self) -> int:
        """Positions of the padded grid from a window's near corner to its far one."""
        return sum(self._in_grid((self.reach[0] - 1, self.reach[1] - 1)))

    @property
    def _span(self) -> int:
        """A power of two more than twice as far as two places can be apart that are compared.

        Reader and writer are a ring apart at most; the window that waits may lie a frame ahead of both, and the ring
        begins and ends anywhere in a frame."""
        return 2 << (self._grid * (self.places // (self.height * self.width) + 3)).bit_length()

    @property
    def _same_padding(self) -> bool:
        """Whether all chunks have the same padding."""
        return self.pad_words == self.pad_words[: self.packing.simd] * self.packing.count

    @property
    def _depth(self) -> int:
        return self.places * self.packing.count

    @cached_property
    def traffic(self) -> Traffic:
        """What a window waits for and a position is kept for; cycles a frame."""
        steps = self.groups * self.repeats * self.kernel[0] * self.kernel[1] * self.group_chunks
        image = self.height, self.width
        return traffic(image, self.kernel, self.stride, self.padding, self.dilation, self.packing.count, steps)

    @cached_property
    def places(self) -> int:
        """Positions that the ring holds; two at least, for a memory of one word has no address."""
        return max(2, self.traffic.places())

    @property
    def storage_bits(self) -> int:
        """Bits of the memory."""
        return self.places * self.packing.count * self.packing.lanes.bits

    @property
    def estimated_luts(self) -> int:
        """LUT4 without the memory."""
        lines = self.width, self.height
        loops = counter_luts((*self._turns, self.packing.count, *lines, *lines))
        sums = 3 * adder_luts(self._span) + 2 * adder_luts(self._depth)
        comparisons = 2 * self._span.bit_length()
        margin = 0
        if any(self.padding):
            margin = sum(adder_luts(1 << size.bit_length()) for size in (self.rows, self.columns))
            margin += 0 if self._same_padding else len(self.o.payload)
        return loops + sums + comparisons + margin + selector_luts(self.packing.count, self.packing.lanes.bits)

    def handshake(self) -> Handshake:
        """The timing model."""
        return ring_handshake(self.traffic, self.places)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # A word read as it is written is padding, or belongs to no window: any answer will do.
        attributes = {"no_rw_check": 1}
        memory = Memory(shape=self.packing.lanes.bits, depth=self._depth, init=[], attrs=attributes)
        m.submodules.memory = memory
        write, read = memory.write_port(), memory.read_port()
        enable = Signal()  # the output register is free
        fetch = Signal()  # a chunk is read
        reader = Loops(m, "read", self._turns, fetch)
        corner = reader.total(
            "corner", self._strides(window=self._in_grid(self.stride)), self._grid, self._span, self._to_corner
        )
        written = self._write(m, write, corner)
        position = self.packing.count
        address = reader.total(
            "address",
            self._strides(
                chunk=1,
                tap=(self.dilation[0] * self.width * position, self.dilation[1] * position),
                group=self.group_chunks,
                window=(self.stride[0] * self.width * position, self.stride[1] * position),
            ),
            around=self.height * self.width * position,
            modulus=self._depth,
            start=-(self.padding[0] * self.width + self.padding[1]) * position,
        )
        m.d.comb += [
            enable.eq(~self.o.valid | self.o.ready),
            fetch.eq(enable & self._before(m, "complete", corner, written)),
            read.en.eq(enable),
            read.addr.eq(address),
        ]
        fetched, arrived = Signal(), Signal()
        stored = Signal(self.packing.lanes.bits, reset_less=True)
        held = Signal(self.o.payload.shape(), reset_less=True)
        outside, padding = self._margin(m, reader, enable)
        m.d.comb += self.o.payload.eq(held)
        with m.If(enable):
            m.d.sync += [fetched.eq(fetch), arrived.eq(fetched), self.o.valid.eq(arrived)]
            # Block memory answers late in its cycle: nothing stands between it and a register.
            m.d.sync += [stored.eq(read.data), held.eq(Mux(outside, padding, Cat(*self.packing.extend(stored))))]
        return m

    def _write(self, m: Module, write: WritePort, corner: Signal) -> Signal:
        """Writes what comes wherever no window needs what is there; how far the frame was written."""
        step = Signal()
        position = self.packing.count
        writer = Loops(m, "write", (position, self.width, self.height), step)
        first = self._in_grid(self.padding[:2])
        written = writer.total("written", (0, 1, self.columns), self._grid, self._span, after_first=sum(first))
        chunk = Selector(writer, "chunk", (1, 0, 0), self.packing.count)
        lines = position, self.width * position, self.height * self.width * position
        address = writer.total("address", (1, *lines[:2]), lines[2], self._depth)
        taken = Signal()
        frames, place = divmod(-self.places, self.height * self.width)
        row, column = divmod(place, self.width)
        oldest = Loops(m, "oldest", (self.width, self.height), taken, begun=place).total(
            # Where the far corner is when the near one is on the word that lies where the next one is to be written.
            "corner",
            (1, self.columns),
            self._grid,
            self._span,
            frames * self._grid + sum(first) + sum(self._in_grid((row, column))) + self._to_corner,
        )
        free = self._before(m, "free", oldest, corner)
        m.d.comb += [
            step.eq(self.i.valid & free),
            self.i.ready.eq(free & writer.ends(1)),
            taken.eq(self.i.valid & self.i.ready),
            write.en.eq(step),
            write.addr.eq(address),
            write.data.eq(chunk.pick(self.packing.chunks(self.i.payload))),
        ]
        return written

    def _margin(self, m: Module, reader: Loops, enable: Value) -> tuple[Value, Value]:
        """Whether a tap is outside the image, and the padding of its channels, as the word that was read is stored."""
        if not any(self.padding):
            return Const(0), Const(0, len(self.o.payload))
        beyond = Signal(2)
        outside = Signal()
        for axis, (size, whole) in enumerate(((self.height, self.rows), (self.width, self.columns))):
            tap, window = [0, 0], [0, 0]
            tap[axis], window[axis] = self.dilation[axis], self.stride[axis]
            place = reader.total(
                ("row", "column")[axis],
                self._strides(tap=(tap[0], tap[1]), window=(window[0], window[1])),
                around=0,
                modulus=1 << whole.bit_length(),
                start=-self.padding[axis],
            )
            with m.If(enable):
                # Modulo a power of two, a place before the image is one far behind it: one comparison tells.
                m.d.sync += beyond[axis].eq(place >= size)
        with m.If(enable):
            m.d.sync += outside.eq(beyond.any())
        return outside, self._padding_chunk(m, reader, enable)

    def _padding_chunk(self, m: Module, reader: Loops, enable: Value) -> Value:
        """The padding of the channels that were read."""
        codes = [Const(self.packing.words.encode(word), self.packing.words.width) for word in self.pad_words]
        simd = self.packing.simd
        chunks = [Cat(*codes[first : first + simd]) for first in range(0, len(codes), simd)]
        if self._same_padding:
            return chunks[0]
        selector = Selector(reader, "chunk", self._strides(chunk=1, group=self.group_chunks), len(chunks))
        early = Signal(len(chunks[0]), reset_less=True)
        padding = Signal.like(early)
        with m.If(enable):
            m.d.sync += [early.eq(selector.pick(chunks)), padding.eq(early)]
        return padding

    def _before(self, m: Module, name: str, place: Value, other: Value) -> Value:
        """Whether a place in the padded grid comes before another."""
        distance = Signal(range(self._span), name=name)
        m.d.comb += distance.eq(place - other)
        return distance[-1]

    def _strides(
        self, chunk: int = 0, tap: tuple[int, int] = (0, 0), group: int = 0, window: tuple[int, int] = (0, 0)
    ) -> tuple[int, ...]:
        """How far a number moves with each of the reader's loops, given (rows, columns) of taps and windows."""
        return (chunk, tap[1], tap[0], 0, group, window[1], window[0])

    def _in_grid(self, place: tuple[int, int]) -> tuple[int, int]:
        """(rows, columns) in positions of the padded grid."""
        return place[0] * self.columns, place[1]
