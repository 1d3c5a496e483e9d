"""Numbers that turn out to mean the same thing: a union-find over arrays."""

import numpy as np
from numpy.typing import NDArray


class Identities:
    """Groups of whole numbers, each led by its least member. 0 is there from the beginning."""

    def __init__(self) -> None:
        self._leaders = [0]

    def new(self, count: int) -> NDArray[np.int64]:
        """The next `count` numbers, each a group of its own, (count,)."""
        first = len(self._leaders)
        self._leaders.extend(range(first, first + count))
        return np.arange(first, first + count)

    def unite(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
        """Puts what stands at the same place of both arrays, which broadcast, into one group."""
        pairs = np.unique((left * len(self._leaders) + right).ravel())
        for pair in pairs.tolist():
            a, b = (self._leader(member) for member in divmod(pair, len(self._leaders)))
            self._leaders[max(a, b)] = min(a, b)

    def labels(self) -> tuple[int, NDArray[np.int64]]:
        """The number of groups, and for every number that of its group; 0's is 0."""
        leaders = [self._leader(member) for member in range(len(self._leaders))]
        found, labels = np.unique(leaders, return_inverse=True)
        return len(found), labels.astype(np.int64)

    def _leader(self, member: int) -> int:
        while self._leaders[member] != member:
            self._leaders[member] = self._leaders[self._leaders[member]]
            member = self._leaders[member]
        return member
