"""The layers that engines are compared on, and the number systems of their weights: seeded matrices, 8-bit inputs.

Matrices are those of the comparison of solvers, by the same names: the dense layer in ternary weights is
ternary0.7-64x32. Inputs are -128 … 127, constants 0."""

from dataclasses import dataclass
from functools import cache

from benchmarks.cmvm_matrices import RANGE, random_matrix
from shiftwright.arith.interval import Interval
from shiftwright.ops.stage import MatrixProduct

SYSTEMS = {
    "ternary": "ternary0.7",
    "pot3": "pot3",
    "pot4": "pot4",
    "sqrt2": "sqrt2",
    "int4": "int4",
    "int8": "int8",
}
TITLES = {
    "ternary": "ternary, 70 % not 0",
    "pot3": "power of two, 2-bit exponent",
    "pot4": "power of two, 3-bit exponent",
    "sqrt2": "base √2, 4 bits",
    "int4": "uniform, 4 bits",
    "int8": "uniform, 8 bits",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A matrix of inputs × outputs; a `window` comes from a generator that is not part of what is measured."""

    name: str
    title: str
    inputs: int
    outputs: int
    window: bool


LAYERS = {
    "dense": Layer("dense", "dense, 64 inputs, 32 outputs", 64, 32, window=False),
    "conv": Layer("conv", "convolution, 3×3 over 32 channels, 32 outputs", 288, 32, window=True),
}


@cache
def product(layer: Layer, system: str) -> MatrixProduct:
    """The layer's product in a number system."""
    matrix = random_matrix(f"{SYSTEMS[system]}-{layer.inputs}x{layer.outputs}")
    return MatrixProduct(matrix, (0,) * layer.outputs, Interval.uniform(*RANGE, layer.inputs))
