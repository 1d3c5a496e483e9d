"""Latency and interval of a design, from the components' own timing models: what simulation must measure, to the cycle."""

from collections.abc import Sequence
from dataclasses import dataclass

from shiftwright.rtl.handshake import Handshake

FRAMES = 3
IDLE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles of a design whose source and sink never stall.

    `first` is, for each link, the cycle of its first transfer after the first input transfer; `latency` is that of the
    output, `interval` the cycles from a frame's first output word to the next frame's."""

    first: tuple[int, ...]
    latency: int
    interval: int


def run(stages: Sequence[Handshake], positions_out: int) -> Timing:
    """Plays the models of a chain of stages until three frames have left; the first stage's input is always offered."""
    links = len(stages)
    first: list[int | None] = [None] * links
    starts: list[int] = []
    began: int | None = None
    left, cycle, idle = 0, 0, 0
    while len(starts) < FRAMES:
        valid = [stage.valid() for stage in stages]
        ready = [True] * (links + 1)
        for place in range(links - 1, -1, -1):
            ready[place] = stages[place].ready(ready[place + 1])
        if began is None and ready[0]:
            began = cycle
        for place in range(links):
            if valid[place] and ready[place + 1] and first[place] is None:
                assert began is not None
                first[place] = cycle - began
        if valid[-1]:
            if left % positions_out == 0:
                starts.append(cycle)
            left += 1
        idle = 0 if valid[-1] else idle + 1
        assert idle < IDLE_LIMIT, "the timing models make no progress"
        for place, stage in enumerate(stages):
            stage.clock(place == 0 or valid[place - 1], ready[place + 1])
        cycle += 1
    found = tuple(cycle for cycle in first if cycle is not None)
    return Timing(found, found[-1], starts[-1] - starts[-2])
