"""Latency and interval of a design, from the components' timing models: what simulation must measure, to the cycle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shiftwright.rtl.handshake import Handshake

FRAMES = 3
IDLE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles of a design whose source and sink never stall, begun from rest.

    `first` is, for each link, the cycle of its first transfer after the first input transfer; `latency` is that of the
    output, `interval` the cycles from a frame's first output word to the next frame's. At rest means idle for a frame
    interval: windows have walked their leading padding by then. A stage alone may send windows of nothing but padding
    before it takes its first input; its latency is negative then."""

    first: tuple[int, ...]
    latency: int
    interval: int


def run(chain: Callable[[], Sequence[Handshake]], positions_out: int) -> Timing:
    """Plays the models of a chain of stages, made afresh by `chain`, until three frames have left."""
    hasty = _play(chain(), positions_out, rest=0)
    return _play(chain(), positions_out, rest=hasty.interval)


def _play(stages: Sequence[Handshake], positions_out: int, rest: int) -> Timing:
    links = len(stages)
    first: dict[int, int] = {}
    starts: list[int] = []
    began: int | None = None
    left, cycle, quiet = 0, -rest, 0
    while len(starts) < FRAMES:
        valid = [stage.valid() for stage in stages]
        ready = [True] * (links + 1)
        for place in range(links - 1, -1, -1):
            ready[place] = stages[place].ready(ready[place + 1])
        if began is None and cycle >= 0 and ready[0]:
            began = cycle
        for place in range(links):
            if valid[place] and ready[place + 1] and place not in first:
                first[place] = cycle
        if valid[-1]:
            if left % positions_out == 0:
                starts.append(cycle)
            left += 1
        quiet = 0 if valid[-1] else quiet + 1
        assert quiet < IDLE_LIMIT, "the timing models make no progress"
        for place, stage in enumerate(stages):
            stage.clock(valid[place - 1] if place else cycle >= 0, ready[place + 1])
        cycle += 1
    assert began is not None, "no word went in"
    after = tuple(first[place] - began for place in range(links))
    return Timing(after, after[-1], starts[-1] - starts[-2])
