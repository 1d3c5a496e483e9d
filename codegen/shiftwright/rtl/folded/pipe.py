"""Registers of a free-running datapath: every value one cycle later, or several, each made once.

Nothing here knows of stalls: whoever owns the datapath enables all of it or none."""

from amaranth import Module, Shape, Signal, Value


class Pipe:
    """Makes registers in a module; they have no reset, and equal requests share one."""

    def __init__(self, m: Module) -> None:
        self.m = m
        self._delayed: dict[tuple[int, int], tuple[Value, Value]] = {}

    def register(self, value: Value, name: str, shape: Shape | int | None = None) -> Signal:
        """The value one cycle later, cut or extended to `shape`."""
        held = Signal(value.shape() if shape is None else shape, name=name, reset_less=True)
        self.m.d.sync += held.eq(value)
        return held

    def delay(self, value: Value, cycles: int, name: str) -> Value:
        """The value so many cycles later."""
        if cycles == 0:
            return value
        key = id(value), cycles
        if key not in self._delayed:
            before = self.delay(value, cycles - 1, name)
            # The value is kept as well, so that its id stays its own.
            self._delayed[key] = value, self.register(before, f"{name}_after_{cycles}")
        return self._delayed[key][1]
