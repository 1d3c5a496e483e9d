"""The integer graph: values with exact intervals, and operators that are each exact on integers.

Shapes are in stream order, channel last and without the batch: (row, column, channel) or (channel,). An operator's
`golden` is the only definition of what it computes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """One integer tensor: shape in stream order, and the interval of each channel."""

    name: str
    shape: tuple[int, ...]
    interval: Interval

    @property
    def channels(self) -> int:
        """Words that travel side by side."""
        return self.shape[-1]

    @property
    def positions(self) -> int:
        """Words that travel one after the other in a frame."""
        return prod(self.shape[:-1])


class Operator(ABC):
    """What a node computes. Subclasses are frozen dataclasses that hold only integers and exact rationals."""

    @abstractmethod
    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        """Shape and interval of the output; GraphError where the inputs do not fit."""

    @abstractmethod
    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The output codes for input codes of shape (batch, *shape); exact."""

    @abstractmethod
    def describe(self) -> str:
        """A few words for tables: kind and the numbers that matter."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operator at work; `origin` is the ONNX tensor whose value `output` carries."""

    operator: Operator
    inputs: tuple[Value, ...]
    output: Value
    origin: str

    @property
    def name(self) -> str:
        """A node is named by what it makes."""
        return self.output.name


@dataclass(slots=True)
class Graph:
    """Nodes in topological order."""

    inputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    @property
    def values(self) -> list[Value]:
        """The inputs, and what each node makes."""
        return [*self.inputs, *(node.output for node in self.nodes)]

    def run(self, codes: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
        """Golden over the whole graph: codes of every value by name, from the inputs' codes (batch, *shape)."""
        known = dict(codes)
        for node in self.nodes:
            known[node.output.name] = node.operator.golden(*(known[value.name] for value in node.inputs))
        return known

    def readers(self, value: Value) -> list[Node]:
        """The nodes that read a value."""
        return [node for node in self.nodes if any(source is value for source in node.inputs)]
