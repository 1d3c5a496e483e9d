"""What an engine's adder leaf has to compute, stated without solving anything: one linear map from x to y.

The matrix comes from the layer's operator. Where the layer ends in requantizers, each row is multiplied by its
requantizer's constant multiplier, and the biases and rounding constants are summed."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.lower.layer import Layer
from shiftwright.ops.stage import MatrixOperator, TailOperator


@dataclass(frozen=True, slots=True, eq=False)
class LinearMap:
    """y = matrix (outputs, inputs)·x + constants, for every x within `ranges`, one (lo, hi) an input."""

    matrix: NDArray[np.int64]
    constants: tuple[int, ...]
    ranges: tuple[tuple[int, int], ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the numbers as JSON without spaces: [matrix, constants, ranges]."""
        numbers = [self.matrix.tolist(), list(self.constants), [list(pair) for pair in self.ranges]]
        return hashlib.sha256(json.dumps(numbers, separators=(",", ":")).encode()).hexdigest()

    @property
    def lanes(self) -> list[list[int]]:
        """The inputs' intervals in order, as [lo, hi, how many lanes in a row have it]."""
        runs: list[list[int]] = []
        for lo, hi in self.ranges:
            if runs and runs[-1][:2] == [lo, hi]:
                runs[-1][2] += 1
            else:
                runs.append([lo, hi, 1])
        return runs


def stated(layer: Layer) -> LinearMap:
    """The linear map of a layer that has an engine."""
    operator = layer.main.operator
    if isinstance(operator, MatrixOperator):
        product = operator.product(layer.source)
        matrix, biases, words = product.matrix, product.constants, product.words
    else:
        matrix, biases = np.eye(layer.source.channels, dtype=np.int64), (0,) * layer.source.channels
        words = layer.source.interval
    ranges = tuple(words.pairs())
    last = layer.nodes[-1]
    if not isinstance(last.operator, TailOperator):
        return LinearMap(matrix, tuple(biases), ranges)
    tails = last.operator.tails(last.inputs[0])
    # A search reads the accumulator as it is; y·0 + a constant is a code that never changes.
    factors = [1 if tail.form == "search" else tail.multiplier for tail in tails]
    added = [0 if tail.form == "search" else tail.constant for tail in tails]
    constants = tuple(bias * factor + more for bias, factor, more in zip(biases, factors, added, strict=True))
    return LinearMap(matrix * np.array(factors, dtype=np.int64)[:, np.newaxis], constants, ranges)
