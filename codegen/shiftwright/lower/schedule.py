"""Latency and interval of a design, from the components' timing models: what simulation must measure, to the cycle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shiftwright.rtl.handshake import Handshake, chain
from shiftwright.rtl.timing import ACCOUNT, BEGAN, CYCLE, LAST, LAST_BUT_ONE, QUIET, STARTED, player

FRAMES = 3
IDLE_LIMIT = 1 << 24
CYCLES_AT_A_TIME = 1 << 22  # between two looks at Ctrl-C


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


def run(stages: Sequence[Handshake], positions_out: int) -> Timing:
    """Plays the models of a chain of stages until three frames have left."""
    hasty = _play(stages, positions_out, rest=0)
    return _play(stages, positions_out, rest=hasty.interval)


def _play(stages: Sequence[Handshake], positions_out: int, rest: int) -> Timing:
    whole = chain(stages)
    first = np.full(len(whole.models), -1, dtype=np.int64)
    account = np.zeros(ACCOUNT, dtype=np.int64)
    account[[CYCLE, BEGAN]] = -rest, -1
    play = player()
    while account[STARTED] < FRAMES:
        play(
            *(whole.kinds, whole.words, whole.at, whole.state, whole.kept, whole.goes),
            *(first, account, positions_out, FRAMES, CYCLES_AT_A_TIME),
        )
        assert account[QUIET] < IDLE_LIMIT, "the timing models make no progress"
    assert account[BEGAN] >= 0, "no word went in"
    ends = np.cumsum([len(stage.models) for stage in stages]) - 1
    after = tuple((first[ends] - account[BEGAN]).tolist())
    return Timing(after, after[-1], int(account[LAST] - account[LAST_BUT_ONE]))
