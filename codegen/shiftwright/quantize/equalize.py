"""Scales channels against each other so that one scale for a whole tensor loses less.

The results of a channel are multiplied by s > 0 and what its readers take from it is divided by s: the network computes
what it did, with powers of two to the last bit. The methods choose s:

- `one-step` raises every channel's weights towards the layer's largest, as far as its activations stay within the
  layer's largest; `two-step` looks first at how small its readers' weights for the channel are (weight factorization,
  Meller, Finkelstein, Almog & Grobman 2019, arXiv:1902.01917; the rule is reconstructed from its published behaviour);
- `cross` makes a channel's weights and its readers' weights for it equally large, without data (cross-layer
  equalization, Nagel et al. 2019, arXiv:1906.04721);
- `auto` is `cross`, then `one-step`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.channels import FIXED, Channels
from shiftwright.quantize.identities import Identities
from shiftwright.quantize.network import Network
from shiftwright.quantize.parameters import Parameters
from shiftwright.quantize.peaks import Peaks
from shiftwright.quantize.reach import Reach

MOST = 16.0  # that a step raises a channel by, however quiet the calibration data leave it
WIDEST = 2.0**20  # that a channel is scaled by in all; more gains nothing and wears out float32's range
SWEEPS = 500  # of `cross`, at most
SETTLED = 2.0**-7  # octaves that a sweep still moves a channel by


def equalize(
    method: str, real: bool, network: Network, parameters: Parameters, channels: Channels, peaks: dict[str, Peaks]
) -> NDArray[np.float64]:
    """The factors (count,) that `rescale` takes, by one of choices.EQUALIZATIONS; powers of two unless `real`.

    `peaks` are those of the network as it stands, by layer; only `one-step`, `two-step` and `auto` look at them."""
    reaches = {name: Reach.of(affine.weights, channels, name) for name, affine in parameters.items()}
    factors = np.ones(channels.count)
    if method in ("cross", "auto"):
        factors = _balance(reaches, factors)
        factors = factors if real else np.exp2(np.rint(np.log2(factors)))
    if method in ("one-step", "two-step", "auto"):
        step = _Step(reaches, peaks, _joined(network), look_ahead=method == "two-step")
        for names in _clusters(network, channels):
            factors = _limited(factors * step.raised(names, factors))
            factors = factors if real else _power_below(factors)
    return factors


def _balance(reaches: dict[str, Reach], factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moves channels until each one's weights and its readers' weights for it reach equally far.

    All move at once and half as far as each would alone, since neighbours answer one another's moves."""
    for _ in range(SWEEPS):
        made, read = np.zeros(len(factors)), np.zeros(len(factors))
        for reach in reaches.values():
            scaled = reach.scaled(factors)
            np.maximum.at(made, reach.results, scaled.max(axis=1, initial=0))
            read = np.maximum(read, reach.by_read(scaled, len(factors)))
        moves = np.ones(len(factors))
        uneven = (made > 0) & (read > 0)  # not a channel of zeros, nor one that nobody weighs
        uneven[FIXED] = False
        moves[uneven] = (read[uneven] / made[uneven]) ** 0.25
        factors = _limited(factors * moves)
        if np.abs(np.log2(moves)).max() < SETTLED:
            break
    return factors


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """The rule of `one-step`, or with `look_ahead` of `two-step`."""

    reaches: dict[str, Reach]
    peaks: dict[str, Peaks]
    joined: dict[str, set[str]]
    look_ahead: bool

    def raised(self, names: list[str], factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """What multiplies the identities that layers make, beside the factors (count,) they have; 1 for all others.

        Of what several layers allow an identity it is the least."""
        shares = self._shares(names, factors) if self.look_ahead else np.ones(len(factors))
        allowed = np.full(len(factors), np.inf)
        for name in names:
            np.minimum.at(allowed, self.reaches[name].results, self._allowed(name, factors, shares))
        allowed[FIXED] = 1
        # A layer of zeros, and one that nobody weighs, say nothing.
        return np.where((allowed > 0) & np.isfinite(allowed), allowed, 1.0)

    def _allowed(self, name: str, factors: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far a layer may raise its channels, (channels,).

        A channel that is never active is raised as far as any: not for its own weights, but since its readers' weights
        for it, which count as much as others in their tensor, become smaller."""
        reach, peaks = self.reaches[name], self.peaks[name]
        by, share = factors[reach.results], shares[reach.results]
        weights, active = reach.scaled(factors).max(axis=1, initial=0), peaks.active * by
        loudest = (active * share).max()
        by_weights = _quotient((weights * share).max(), weights)
        by_activations = np.minimum(_quotient(loudest, active), MOST)
        by_results = np.maximum(_quotient(loudest, -peaks.lowest * by), 1)
        allowed = np.minimum(by_weights, np.minimum(by_activations, by_results))
        if not self.joined[name]:
            return allowed
        # What is joined shares a format: a quiet branch is raised, as a whole, to the loudest.
        others = [self.peaks[other].active * factors[self.reaches[other].results] for other in self.joined[name]]
        loudest, reached = max(other.max() for other in others), (active * allowed).max()
        return allowed * max(loudest / reached, 1) if 0 < reached < np.inf else allowed

    def _shares(self, names: list[str], factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far readers' weights for an identity reach, of the farthest in their layer, (count,).

        1 for identities that these layers do not make."""
        made = np.zeros(len(factors), dtype=bool)
        for name in names:
            made[self.reaches[name].results] = True
        made[FIXED] = False
        shares = np.where(made, 0.0, 1.0)
        for reach in self.reaches.values():
            if made[reach.reads].any():
                scaled = reach.scaled(factors)
                if scaled.max(initial=0) > 0:
                    shares = np.maximum(shares, reach.by_read(scaled, len(factors)) / scaled.max())
        return shares


def _clusters(network: Network, channels: Channels) -> Iterator[list[str]]:
    """Layers in topological order, those that share identities together in the place of their first."""
    layers = Identities()
    numbers = layers.new(len(network.layers))
    first = np.zeros(channels.count, dtype=np.int64)
    for number, layer in zip(numbers, network.layers, strict=True):
        results = channels.outputs[layer.name]
        results = results[results != FIXED]
        first[results] = np.where(first[results] == 0, number, first[results])
        layers.unite(first[results], number)
    _, labels = layers.labels()
    for label in np.unique(labels[numbers]):
        yield [layer.name for number, layer in zip(numbers, network.layers, strict=True) if labels[number] == label]


def _joined(network: Network) -> dict[str, set[str]]:
    """For every layer the others that are quantized as one value with it."""
    by_point: dict[str, set[str]] = {}
    for layer in network.layers:
        for point in layer.followers:
            by_point.setdefault(point, set()).add(layer.name)
    return {
        layer.name: set().union(*(by_point[point] for point in layer.followers)) - {layer.name}
        for layer in network.layers
    }


def _limited(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(factors, 1 / WIDEST, WIDEST)


def _power_below(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The powers of two that pass no limit which the factors keep."""
    _, exponents = np.frexp(factors)
    powers: NDArray[np.float64] = np.ldexp(1.0, exponents - 1)
    return powers


def _quotient(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Infinite where there is nothing to divide by."""
    quotient: NDArray[np.float64] = np.divide(above, below, out=np.full(np.shape(below), np.inf), where=below > 0)
    return quotient
