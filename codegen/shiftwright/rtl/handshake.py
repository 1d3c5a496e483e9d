"""The timing contract of every component: a software model of its valid and ready, exact to the cycle.

The hardware obeys the same rule as the model: `o.valid` is a function of registers only, `i.ready` of registers and
`o.ready`. Links of such components never form a combinational loop, and models chained in the same order predict
latency and interval without a simulator."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shiftwright.rtl.timing import CHUNKS, GATHER, PIPE, RING, SERIAL, SKID, WINDOW, Words, clock, ready


@dataclass(frozen=True, slots=True)
class Model:
    """One of the kinds in `timing`, its constants, and its state from reset."""

    kind: int
    words: tuple[int, ...]
    state: tuple[int, ...]


class Handshake:
    """Valid and ready of models joined output to input, first one first, cycle by cycle from reset."""

    def __init__(self, models: Sequence[Model]) -> None:
        assert models
        self.models = tuple(models)
        self.kinds = _array([model.kind for model in models])
        self.words = _array([word for model in models for word in model.words])
        self.state = _array([word for model in models for word in model.state])
        self.at = _places([len(model.words) for model in models])
        self.kept = _places([len(model.state) for model in models])
        self.goes = np.zeros(len(models) + 1, dtype=np.int64)

    def valid(self) -> bool:
        """Whether a word is offered at the output; from state alone."""
        return bool(self.state[self.kept[-1]])

    def ready(self, downstream: bool) -> bool:
        """Whether a word would be taken at the input, given that the output is (not) ready."""
        self.goes[-1] = downstream
        ready(self.kinds, self.words, self.at, self.state, self.kept, self.goes)
        return bool(self.goes[0])

    def clock(self, arriving: bool, downstream: bool) -> None:
        """One clock edge: `arriving` is i.valid (taken only if ready), `downstream` is o.ready."""
        self.ready(downstream)
        clock(self.kinds, self.words, self.at, self.state, self.kept, self.goes, arriving)


def pipe(depth: int, words: int = 1) -> Handshake:
    """A pipeline of `depth` registers that advance together and stall with the output.

    Of `words` words the last one alone is offered when it comes to the end."""
    assert depth >= 1 and words >= 1
    return Handshake([Model(PIPE, (depth, words), (0,) * (depth + 2))])


def gather(positions: int) -> Handshake:
    """Takes `positions` words, then offers one made of them; the next frame fills while that one waits."""
    assert positions >= 1
    return Handshake([Model(GATHER, (positions,), (0, 0))])


def skid() -> Handshake:
    """Two entries; ready says whether the spare one is free."""
    return Handshake([Model(SKID, (), (0, 0))])


def chunks(count: int) -> Handshake:
    """Offers `count` chunks of each word from a register, and takes the word with the last one."""
    assert count >= 1
    return Handshake([Model(CHUNKS, (count,), (0, 0))])


def window(flags: Sequence[int]) -> Handshake:
    """Walks the positions of a padded grid, `flags` of timing.REAL, COMPLETE and WAITS for each."""
    return Handshake([Model(WINDOW, (len(flags), *flags), (0, 0))])


def ring(needs: Sequence[int], keeps: Sequence[int], chunks: int, steps: int, places: int) -> Handshake:
    """A memory of `places` positions of `chunks` chunks, and windows of `steps` chunks read from it; a frame's tables:
    how many chunks must be written before each window is read, how many windows be over before each position is
    written anew."""
    constants = (len(needs), len(keeps), chunks, steps, places, *needs, *keeps)
    return Handshake([Model(RING, constants, (0,) * 9 + (1,))])


def serial(cycles: int, latency: int) -> Handshake:
    """Words of `cycles` digits, the last of which is out `latency` + `cycles` cycles after the word came in sight."""
    way = latency + cycles
    capacity = way // cycles + 2
    return Handshake([Model(SERIAL, (cycles, way, capacity), (0, 1, *[0] * (capacity + 4)))])


def chain(links: Sequence[Handshake]) -> Handshake:
    """Components joined output to input, first one first; itself a component's model."""
    return Handshake([model for link in links for model in link.models])


def _array(numbers: Sequence[int]) -> Words:
    return np.array(numbers, dtype=np.int64)


def _places(sizes: Sequence[int]) -> Words:
    return np.cumsum([0, *sizes[:-1]], dtype=np.int64)
