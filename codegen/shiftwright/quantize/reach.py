"""How far a layer's weights reach, result by result and by what they multiply: all that equalizing has to look at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.channels import Channels


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """A layer's largest weight magnitudes (channels, m), by its result and by the identity that is read.

    `results` (channels,) and `reads` (channels or 1, m) are identities of `Channels`."""

    magnitudes: NDArray[np.float64]
    results: NDArray[np.int64]
    reads: NDArray[np.int64]

    @classmethod
    def of(cls, weights: NDArray[np.float64], channels: Channels, name: str) -> "Reach":
        """From weights (channels, n); where all rows read the same, what multiplies one identity is put together."""
        magnitudes, reads = np.abs(weights), channels.inputs[name]
        if len(reads) == 1:
            order = np.argsort(reads[0], kind="stable")
            identities, starts = np.unique(reads[0][order], return_index=True)
            magnitudes, reads = np.maximum.reduceat(magnitudes[:, order], starts, axis=1), identities[None]
        return cls(magnitudes, channels.outputs[name], reads)

    def scaled(self, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """The magnitudes that `rescale` by factors (count,) would leave, (channels, m)."""
        return self.magnitudes * factors[self.results][:, None] / factors[self.reads]

    def by_read(self, scaled: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """The largest of scaled magnitudes (channels, m) for each identity, (count,); 0 for what is not read."""
        found = np.zeros(count)
        np.maximum.at(found, np.broadcast_to(self.reads, scaled.shape), scaled)
        return found
