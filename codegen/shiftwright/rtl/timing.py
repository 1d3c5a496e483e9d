"""The rules of all timing models, on flat arrays of integers: plain Python for one cycle, compiled for millions.

A model is a kind, its constants at `at[k]` of `words`, and its state at `kept[k]` of `state`, whose first number is
whether a word is offered. What the constants and the state are, stands at each kind. Models stand in the order in which
words pass them. `goes` has one entry more than there are models: entry k is whether model k would take a word, and the
last one whether the sink would."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.int64]
PIPE, GATHER, SKID, CHUNKS, WINDOW, RING, SERIAL = range(7)
REAL, COMPLETE, WAITS = (
    1,
    2,
    4,
)  # of a window's position: a word of the image, a window's last, and whether it is awaited
# Places in the account of `play`.
CYCLE, QUIET, BEGAN, GIVEN, STARTED, LAST, LAST_BUT_ONE = range(7)
ACCOUNT = 7


def ready(kinds: Words, words: Words, at: Words, state: Words, kept: Words, goes: Words) -> None:
    """Fills `goes` from the sink's entry towards the source."""
    for k in range(len(kinds) - 1, -1, -1):
        kind, p, s = kinds[k], at[k], kept[k]
        passes = goes[k + 1] == 1 or state[s] == 0
        if kind == GATHER:
            passes = passes or state[s + 1] < words[p] - 1
        elif kind == SKID:
            passes = state[s + 1] == 0
        elif kind == CHUNKS:
            passes = passes and state[s + 1] == words[p] - 1
        elif kind == WINDOW:
            passes = passes and words[p + 1 + state[s + 1]] & REAL != 0
        elif kind == RING:
            passes = state[s + 9] == 1 and state[s + 5] == words[p + 2] - 1
        elif kind == SERIAL:
            passes = state[s + 1] == 1 and state[s + 2] == words[p] - 1
        goes[k] = passes


def clock(kinds: Words, words: Words, at: Words, state: Words, kept: Words, goes: Words, arriving: bool) -> None:
    """One clock edge of all models; `goes` as `ready` has filled it, `arriving` the source's valid."""
    for k in range(len(kinds) - 1, -1, -1):
        kind, p, s = kinds[k], at[k], kept[k]
        comes = state[kept[k - 1]] == 1 if k else arriving
        sinks = goes[k + 1] == 1
        free = sinks or state[s] == 0
        if kind == PIPE:
            # depth, words for each that is offered | offered, place, words taken of those, then depth - 1 registers
            # as a ring, the place the one to leave next.
            if free:
                offers = comes and state[s + 2] == words[p + 1] - 1
                if comes:
                    state[s + 2] = (state[s + 2] + 1) % words[p + 1]
                if words[p] == 1:
                    state[s] = offers
                else:
                    place = s + 3 + state[s + 1]
                    state[s] = state[place]
                    state[place] = offers
                    state[s + 1] = (state[s + 1] + 1) % (words[p] - 1)
        elif kind == GATHER:
            # positions | offered, taken
            takes = comes and goes[k] == 1
            if sinks:
                state[s] = 0
            if takes:
                state[s + 1] += 1
            if state[s + 1] == words[p]:
                state[s + 1] = 0
                state[s] = 1
        elif kind == SKID:
            # | offered, whether the spare register is occupied
            if free:
                state[s] = comes or state[s + 1] == 1
                state[s + 1] = 0
            elif comes:
                state[s + 1] = 1
        elif kind == CHUNKS:
            # chunks | offered, chunk
            if free:
                state[s] = comes
                if comes:
                    state[s + 1] = (state[s + 1] + 1) % words[p]
        elif kind == WINDOW:
            # positions, then the flags of each | offered, position
            if free:
                flags = words[p + 1 + state[s + 1]]
                steps = comes or flags & WAITS == 0
                state[s] = steps and flags & COMPLETE != 0
                if steps:
                    state[s + 1] = (state[s + 1] + 1) % words[p]
        elif kind == RING:
            # windows, positions, chunks, steps, places, then the chunks that each window needs and the windows that
            # each position is kept for | offered, stored, read, written frames, positions, chunks, read frames,
            # windows, steps, whether a chunk may be written
            windows, positions, chunks = words[p], words[p + 1], words[p + 2]
            there = state[s + 3] > state[s + 6] or (
                state[s + 3] == state[s + 6] and state[s + 4] * chunks + state[s + 5] >= words[p + 5 + state[s + 7]]
            )
            writes = comes and state[s + 9] == 1
            if free:
                state[s] = state[s + 1]
                state[s + 1] = state[s + 2]
                state[s + 2] = there
                if there:
                    state[s + 8] += 1
                    if state[s + 8] == words[p + 3]:
                        state[s + 8] = 0
                        state[s + 7] += 1
                    if state[s + 7] == windows:
                        state[s + 7] = 0
                        state[s + 6] += 1
            if writes:
                state[s + 5] += 1
                if state[s + 5] == chunks:
                    state[s + 5] = 0
                    state[s + 4] += 1
                if state[s + 4] == positions:
                    state[s + 4] = 0
                    state[s + 3] += 1
            # The position that is overwritten is in no window that is yet to be read.
            frame = state[s + 3] + (state[s + 4] - words[p + 4]) // positions
            keeps = words[p + 5 + windows + (state[s + 4] - words[p + 4]) % positions]
            state[s + 9] = frame < 0 or frame < state[s + 6] or (frame == state[s + 6] and keeps <= state[s + 7])
        else:
            # SERIAL: cycles, cycles from a word's first digits to its last at the other end, capacity | offered,
            # enabled, digits sent, enabled cycles so far, words under way, the first one's place, then a ring of the
            # cycles in which words are complete
            under_way, place = state[s + 4], s + 6 + state[s + 5]
            left = state[place] - state[s + 3] if under_way else -1
            waits, enabled = not free, state[s + 1] == 1
            if enabled:
                state[s + 3] += 1
                if left == 0:
                    state[s + 4] -= 1
                    state[s + 5] = (state[s + 5] + 1) % words[p + 2]
                if comes or state[s + 2] > 0:
                    if state[s + 2] == 0:
                        state[s + 6 + (state[s + 5] + state[s + 4]) % words[p + 2]] = state[s + 3] + words[p + 1] - 1
                        state[s + 4] += 1
                    state[s + 2] = (state[s + 2] + 1) % words[p]
            state[s] = waits or (enabled and left == 0)
            state[s + 1] = not (waits and (left == 1 or not enabled))


@cache
def player() -> Callable[..., None]:
    """play(kinds, words, at, state, kept, goes, first, account, positions, frames, cycles), compiled.

    Goes on until `frames` frames of `positions` words have begun to leave, for so many `cycles` at most; source and
    sink are always willing, the source from cycle 0 on. `first` is the cycle of the first word that leaves each model,
    or -1, `account` what else there is to know, and where to go on from."""
    import numba

    njit: Any = numba.njit

    # All that is compiled stands in this file, which is where numba's cache looks for changes.
    fill, move = njit(ready), njit(clock)

    def play(  # type: ignore[no-untyped-def]
        kinds, words, at, state, kept, goes, first, account, positions, frames, cycles
    ):
        for _ in range(cycles):
            if account[STARTED] == frames:
                break
            goes[-1] = 1
            fill(kinds, words, at, state, kept, goes)
            cycle, moves = account[CYCLE], False
            if account[BEGAN] < 0 and cycle >= 0 and goes[0] == 1:
                account[BEGAN] = cycle
            for k in range(len(kinds)):
                if state[kept[k]] == 1 and goes[k + 1] == 1:
                    moves = True
                    if first[k] < 0:
                        first[k] = cycle
            if state[kept[-1]] == 1:
                if account[GIVEN] % positions == 0:
                    account[STARTED] += 1
                    account[LAST_BUT_ONE] = account[LAST]
                    account[LAST] = cycle
                account[GIVEN] += 1
            account[QUIET] = 0 if moves else account[QUIET] + 1
            move(kinds, words, at, state, kept, goes, cycle >= 0)
            account[CYCLE] += 1

    try:
        return cast(Callable[..., None], njit(cache=True)(play))
    except RuntimeError:  # nowhere to keep it: compile each time
        return cast(Callable[..., None], njit(play))
