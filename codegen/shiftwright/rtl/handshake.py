"""The timing contract of every component: a software model of its valid and ready, exact to the cycle.

The hardware obeys the same rule as the model: `o.valid` is a function of registers only, `i.ready` of registers and
`o.ready`. Links of such components never form a combinational loop, and models chained in the same order predict
latency and interval without a simulator."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence


class Handshake(ABC):
    """One component's valid and ready, cycle by cycle, from reset."""

    @abstractmethod
    def valid(self) -> bool:
        """Whether a word is offered at the output; from state alone."""

    @abstractmethod
    def ready(self, downstream: bool) -> bool:
        """Whether a word would be taken at the input, given that the output is (not) ready."""

    @abstractmethod
    def clock(self, arriving: bool, downstream: bool) -> None:
        """One clock edge: `arriving` is i.valid (taken only if ready), `downstream` is o.ready."""


class Stages(Handshake):
    """A pipeline of `depth` registers that advance together and stall with the output."""

    def __init__(self, depth: int) -> None:
        assert depth >= 1
        self._occupied = deque([False] * depth, maxlen=depth)

    def valid(self) -> bool:
        return self._occupied[-1]

    def ready(self, downstream: bool) -> bool:
        return downstream or not self.valid()

    def clock(self, arriving: bool, downstream: bool) -> None:
        if self.ready(downstream):
            self._occupied.appendleft(arriving)


class Gather(Handshake):
    """Takes `positions` words, then offers one made of them; the next frame fills while that one waits."""

    def __init__(self, positions: int) -> None:
        assert positions >= 1
        self._positions = positions
        self._taken = 0
        self._offered = False

    def valid(self) -> bool:
        return self._offered

    def ready(self, downstream: bool) -> bool:
        return self._taken < self._positions - 1 or downstream or not self._offered

    def clock(self, arriving: bool, downstream: bool) -> None:
        taking = arriving and self.ready(downstream)
        if downstream:
            self._offered = False
        if taking:
            self._taken += 1
        if self._taken == self._positions:
            self._taken, self._offered = 0, True


class Chain(Handshake):
    """Components joined output to input, first one first; itself a component's model."""

    def __init__(self, links: Sequence[Handshake]) -> None:
        assert links
        self._links = tuple(links)

    def valid(self) -> bool:
        return self._links[-1].valid()

    def ready(self, downstream: bool) -> bool:
        for link in reversed(self._links):
            downstream = link.ready(downstream)
        return downstream

    def clock(self, arriving: bool, downstream: bool) -> None:
        arrivals = [arriving, *(link.valid() for link in self._links[:-1])]
        readies = [downstream]
        for link in reversed(self._links[1:]):
            readies.append(link.ready(readies[-1]))
        for link, comes, goes in zip(self._links, arrivals, reversed(readies), strict=True):
            link.clock(comes, goes)
