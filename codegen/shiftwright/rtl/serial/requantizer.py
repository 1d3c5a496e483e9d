"""Requantizers on serial words: low bits are dropped by timing, and saturation looks at a word while it waits.

A word waits until its last digit has come. Two flags a channel tell by then whether the code saturates, and to which
side; the code leaves as the next word comes in. No parallel form stands between two serial layers."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from shiftwright.rtl.serial.clamp import SerialClamp
from shiftwright.rtl.serial.link import serial_link
from shiftwright.rtl.serial.markers import markers, moving


class SerialRequantizer(wiring.Component):
    """Words of `cycles` digits in, the digits of their codes out, extended to as many; `latency` is cycles + 1.

    The lowest zeros[j] bits of word j are 0, whatever comes."""

    def __init__(self, clamps: Sequence[SerialClamp], zeros: Sequence[int], digit: int, cycles: int) -> None:
        assert all(clamp.shift + clamp.bits + clamp.clamps <= digit * cycles for clamp in clamps)
        self.clamps, self.zeros, self.digit, self.cycles = tuple(clamps), tuple(zeros), digit, cycles
        self.latency = cycles + 1
        super().__init__({"i": In(serial_link(len(clamps), digit)), "o": Out(serial_link(len(clamps), digit))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = self.o.enable
        row = markers(m, "place", self.i.start, enable, self.latency + 1 + self.cycles)
        m.d.comb += [
            self.i.enable.eq(enable),
            self.i.ahead.eq(self.o.ahead),
            self.o.start.eq(moving(m, "moving", row[self.latency - 1 : self.latency + 1], enable, self.o.ahead)),
        ]
        whole = row[self.cycles]  # high with a word's last digits
        codes = {clamp.bits for clamp in self.clamps}
        windows = {bits: self._window(m, f"window_{bits}", row[self.cycles :], enable, bits) for bits in sorted(codes)}
        # Bits that are dropped anyway may be anything.
        zeros = [bits if bits > clamp.shift else 0 for bits, clamp in zip(self.zeros, self.clamps, strict=True)]
        lows = {bits: self._window(m, f"low_{bits}", row, enable, bits) for bits in sorted({*zeros} - {0})}
        digits = []
        for index, clamp in enumerate(self.clamps):
            come = self.i.digits.word_select(index, self.digit)
            if zeros[index]:
                come = come & ~lows[zeros[index]]
            beyond, negative = self._flags(m, index, clamp, come, row, enable, whole)
            kept = self._waiting(m, index, clamp, come, enable)
            window = windows[clamp.bits]
            code = Signal(self.digit, name=f"code_{index}", reset_less=True)
            above = negative if clamp.signed else Const(0, 1)
            with m.If(enable):
                m.d.sync += code.eq(
                    Cat(Mux(window[lane], Mux(beyond, ~negative, kept[lane]), above) for lane in range(self.digit))
                )
            digits.append(code)
        m.d.comb += self.o.digits.eq(Cat(digits))
        return m

    def _window(self, m: Module, name: str, row: Value, enable: Value, bits: int) -> Signal:
        """For each bit of a digit: high while it carries one of a word's lowest `bits` bits. row[0] is high before."""
        window = Signal(self.digit, name=name)
        for lane in range(self.digit):
            cycles = max(0, -(-(bits - lane) // self.digit))
            # A register, so that it looks at the markers a cycle ahead.
            with m.If(enable):
                m.d.sync += window[lane].eq(row[: min(cycles, self.cycles)].any() if cycles else 0)
        return window

    def _flags(
        self, m: Module, index: int, clamp: SerialClamp, come: Value, row: Value, enable: Value, whole: Value
    ) -> tuple[Value, Value]:
        """Whether the word before lies beyond its code's bounds, and whether it is negative."""
        negative: Value = Const(0, 1)
        # The top bit of the longest word is no sign where the word has none.
        if clamp.below_zero:
            negative = Signal(name=f"negative_{index}", reset_less=True)
            with m.If(enable & whole):
                m.d.sync += negative.eq(come[self.digit - 1])
        if not clamp.clamps:
            return Const(0, 1), negative
        # Bits of the word from `first` on are its sign, or the code saturates.
        first = clamp.shift + clamp.bits
        cycle, part = divmod(first, self.digit)
        begins = row[cycle + 1]  # high with the digits that hold bit `first`
        checked = [come[lane] if lane >= part else come[lane] & ~begins for lane in range(self.digit)]
        ones = [self._seen(m, f"one_{index}", checked, begins, enable)]
        if clamp.signed:
            checked = [~come[lane] if lane >= part else ~come[lane] & ~begins for lane in range(self.digit)]
            ones.append(self._seen(m, f"zero_{index}", checked, begins, enable))
        beyond = Signal(name=f"beyond_{index}", reset_less=True)
        with m.If(enable & whole):
            m.d.sync += beyond.eq(ones[0] & ones[1] if clamp.signed else ones[0])
        return beyond, negative

    def _seen(self, m: Module, name: str, bits: list[Value], begins: Value, enable: Value) -> Value:
        """Whether any of the bits has been high since `begins` was, now included."""
        before = Signal(name=name, reset_less=True)
        now = Mux(begins, 0, before) | reduce(or_, bits)
        with m.If(enable):
            m.d.sync += before.eq(now)
        return now

    def _waiting(self, m: Module, index: int, clamp: SerialClamp, come: Value, enable: Value) -> list[Value]:
        """The code's digits as they were to come, `cycles` cycles later."""
        lanes: dict[int, list[Signal]] = {}
        kept = []
        for lane in range(self.digit):
            early, source = divmod(lane + clamp.shift, self.digit)
            wait = self.cycles - early
            row: list[Value] = [come[source], *lanes.setdefault(source, [])]
            for place in range(len(row), wait + 1):
                later = Signal(name=f"wait_{index}_{source}_{place}", reset_less=True)
                with m.If(enable):
                    m.d.sync += later.eq(row[-1])
                row.append(later)
                lanes[source].append(later)
            kept.append(row[wait])
        return kept
