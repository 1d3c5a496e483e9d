"""The timing model of the folded engine: a pipeline of chunks, of which every so many brings out a payload."""

from collections import deque

from shiftwright.rtl.handshake import Handshake


class FoldedHandshake(Handshake):
    """`depth` registers that advance together; only a run's last chunk is offered when it comes to the end."""

    def __init__(self, depth: int, chunks: int) -> None:
        self._offers = deque([False] * depth, maxlen=depth)
        self._ends = deque([*[False] * (chunks - 1), True])  # turned by one for each chunk that is taken

    def valid(self) -> bool:
        return self._offers[-1]

    def ready(self, downstream: bool) -> bool:
        return downstream or not self.valid()

    def clock(self, arriving: bool, downstream: bool) -> None:
        if self.ready(downstream):
            self._offers.appendleft(arriving and self._ends[0])
            if arriving:
                self._ends.rotate(-1)
