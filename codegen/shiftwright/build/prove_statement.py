"""What an engine's adder leaf has to compute, stated without solving anything: one linear map from x to y.

The matrix comes from the layer's operator. Where the layer ends in requantizers, each row is multiplied by its
requantizer's constant multiplier, and the biases and rounding constants are summed."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.lower.stages import Stage
from shiftwright.ops.stage import MatrixOperator
from shiftwright.rtl.requantize_leaf import RequantizeLeaf


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


def stated(stage: Stage) -> LinearMap:
    """The linear map of a stage that has an engine."""
    assert stage.engine is not None
    operator, source = stage.main.operator, stage.main.inputs[0]
    if isinstance(operator, MatrixOperator):
        product = operator.product(source)
        matrix, biases, words = product.matrix, product.constants, product.words
    else:
        matrix, biases = np.eye(source.channels, dtype=np.int64), (0,) * source.channels
        words = source.interval
    ranges = tuple(words.pairs())
    tail = stage.engine.pipeline.leaves[-1]
    if not isinstance(tail, RequantizeLeaf):
        return LinearMap(matrix, tuple(biases), ranges)
    # A search reads the accumulator as it is; y·0 + a constant is a code that never changes.
    factors = [1 if tail.form == "search" else tail.multiplier for tail in tail.requantizers]
    added = [0 if tail.form == "search" else tail.constant for tail in tail.requantizers]
    constants = tuple(bias * factor + more for bias, factor, more in zip(biases, factors, added, strict=True))
    return LinearMap(matrix * np.array(factors, dtype=np.int64)[:, np.newaxis], constants, ranges)
