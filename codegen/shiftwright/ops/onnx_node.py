"""What an operator's importer sees of the ONNX file, and the services it may ask for.

The frontend fills these in; operators never touch an ONNX library."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from typing import cast

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import UnsupportedOp
from shiftwright.ir.core import Graph, Node, Operator, Value
from shiftwright.ir.meaning import Codes, Constant, Reached, Real, ScaledConstant, Source, Tensor

Attribute = int | float | str | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OnnxNode:
    """One node of the file: attributes as plain Python, inputs as what they mean, None for an input left out."""

    name: str
    op_type: str
    opset: int
    attributes: dict[str, Attribute]
    inputs: tuple[Tensor | None, ...]
    input_names: tuple[str, ...]
    output_name: str

    def refuse(self, what: str) -> UnsupportedOp:
        """The error for a node that cannot be imported; `what` ends with what to do."""
        return UnsupportedOp(f"{self.name} ({self.op_type}): {what}")

    def integer(self, key: str, default: int) -> int:
        """An integer attribute."""
        return cast(int, self.attributes.get(key, default))

    def integers(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list-of-integers attribute."""
        return cast(tuple[int, ...], self.attributes.get(key, default))

    def pair(self, key: str) -> tuple[int, int]:
        """A list attribute of one integer for rows and one for columns; (1, 1) where it is left out."""
        found = self.integers(key, (1, 1))
        if len(found) != 2:
            raise self.refuse(f"its {key} are {list(found)}; an image takes one for rows and one for columns")
        return found[0], found[1]

    def number(self, key: str, default: float) -> Fraction:
        """A float attribute, exactly."""
        return Fraction(cast(float, self.attributes.get(key, default)))

    def text(self, key: str, default: str) -> str:
        """A string attribute."""
        return cast(str, self.attributes.get(key, default))

    def input(self, index: int) -> Tensor | None:
        """An input, or None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def constant(self, index: int, what: str) -> NDArray[np.generic] | None:
        """A constant input's array, None where it is left out."""
        found = self.input(index)
        if found is None or isinstance(found, Constant):
            return None if found is None else found.array
        raise self.refuse(f"its {what} is computed by the graph; export the model with a constant {what}")

    def real(self, index: int) -> Real:
        """An input that carries numbers with a scale."""
        found = self.input(index)
        if isinstance(found, Real):
            return found
        raise self.refuse(f"its input {self.input_names[index]!r} {_why_not_real(found)}")

    def weights(self, index: int) -> ScaledConstant:
        """Integer weights behind a DequantizeLinear."""
        found = self.input(index)
        if isinstance(found, ScaledConstant):
            return found
        if isinstance(found, Constant):
            raise self.refuse(
                f"its weights {self.input_names[index]!r} are plain floats; quantize the model first "
                "(shiftwright quantize MODEL --data DATA.npz)"
            )
        raise self.refuse(
            f"its weights {self.input_names[index]!r} are computed by the graph; only constant weights compile"
        )

    def bias(self, index: int) -> list[Fraction] | None:
        """A constant bias as exact rationals, flattened; None where it is left out."""
        found = self.input(index)
        if found is None:
            return None
        rationals = exact_rationals(found)
        if rationals is None:
            raise self.refuse(
                f"its bias {self.input_names[index]!r} is computed by the graph; only a constant bias compiles"
            )
        if any(size != 1 for size in rationals.shape[:-1]):
            raise self.refuse(f"its bias has shape {rationals.shape}; only one number an output is supported")
        return rationals.ravel().tolist()


@dataclass(slots=True)
class Importer:
    """The integer graph under construction."""

    encode: Callable[[Source, OnnxNode, Fraction, int, int, int], Value]
    graph: Graph = field(default_factory=Graph)
    warnings: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def unique_name(self, wanted: str) -> str:
        """A name of letters, digits and underscores that no other value has."""
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in wanted).strip("_")
        stem = plain if plain and not plain[0].isdigit() else f"n{plain}"
        name, count = stem, 1
        while name.lower() in self._names:
            count += 1
            name = f"{stem}_{count}"
        self._names.add(name.lower())
        return name

    def maker(self, value: Value) -> Node | None:
        """The node that makes a value; None for a graph input."""
        return next((node for node in reversed(self.graph.nodes) if node.output is value), None)

    def emit(self, operator: Operator, inputs: tuple[Value, ...], node: OnnxNode, suffix: str = "") -> Value:
        """Appends an integer operator and returns its output."""
        shape, interval = operator.infer(inputs)
        output = Value(self.unique_name(node.name + suffix), shape, interval)
        self.graph.nodes.append(Node(operator, inputs, output, node.output_name))
        return output


def increasing(node: OnnxNode, index: int, what: str) -> tuple[Fraction, ...]:
    """A constant list of float32 numbers, each above the one before; its leading axes, if any, are of size one."""
    array = node.constant(index, what)
    if array is None or array.dtype.kind != "f" or array.size == 0 or array.shape[-1:] != (array.size,):
        shape = "missing" if array is None else f"{array.dtype} of shape {array.shape}"
        raise node.refuse(f"its {what} is {shape}; give one list of float32 numbers for all elements")
    numbers = np.asarray(array, dtype=np.float64).ravel().tolist()
    for place, (before, after) in enumerate(pairwise(numbers), start=1):
        if not before < after:
            raise node.refuse(
                f"its {what} {node.input_names[index]!r} does not ascend: {after:g} at index {place} follows "
                f"{before:g}; sort the numbers, each once"
            )
    return tuple(Fraction(number) for number in numbers)


def exact_rationals(tensor: Tensor) -> NDArray[np.object_] | None:
    """A constant's elements as Fractions, in its own shape; None for anything that is not constant."""
    if isinstance(tensor, Constant):
        flat = [Fraction(float(number)) for number in tensor.array.ravel().tolist()]
        return np.array(flat, dtype=object).reshape(tensor.array.shape)
    if isinstance(tensor, ScaledConstant):
        integers = tensor.integers
        scales = np.array(tensor.scales, dtype=object)
        if tensor.axis is not None:
            scales = scales.reshape([-1 if axis == tensor.axis else 1 for axis in range(integers.ndim)])
        flat_product = integers.astype(object) * scales
        return np.asarray(flat_product, dtype=object).reshape(integers.shape)
    return None


def common_scale(scales: tuple[Fraction, ...]) -> tuple[Fraction, list[int]]:
    """The largest g with every scale an integer multiple of it, and the multiples; any g will do if all are 0."""
    denominator = lcm(*(scale.denominator for scale in scales))
    numerators = [scale.numerator * (denominator // scale.denominator) for scale in scales]
    divisor = gcd(*numerators) or 1
    return Fraction(divisor, denominator), [numerator // divisor for numerator in numerators]


def _why_not_real(tensor: Tensor | None) -> str:
    if tensor is None:
        return "is missing; the file is not valid ONNX"
    if isinstance(tensor, Source):
        return "is not quantized; put QuantizeLinear and DequantizeLinear after the graph input"
    if isinstance(tensor, Codes):
        return "holds integer codes; put a DequantizeLinear, or the Gather from their table, before it"
    if isinstance(tensor, Reached):
        return "compares with thresholds; sum them up along their own axis, Cast and ReduceSum, before it"
    return "is a constant; only operators on the network's own data compile"
