"""A tensor of exact numbers: Fractions where ONNX says float, integers where it says codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ldexp, prod

import numpy as np
import onnx
from numpy.typing import NDArray

Number = Fraction | int
Shape = tuple[int, ...]
Index = tuple[int, ...]

FLOAT = onnx.TensorProto.FLOAT


@dataclass(frozen=True, slots=True)
class Tensor:
    """Row-major `values` of `shape`; `kind` is the ONNX element type (`TensorProto.DataType`)."""

    shape: Shape
    values: list[Number]
    kind: int

    def __post_init__(self) -> None:
        """One value an index."""
        assert len(self.values) == prod(self.shape)

    def __getitem__(self, index: Index) -> Number:
        """One element."""
        return self.values[position(index, self.shape)]

    def broadcast_at(self, index: Index) -> Number:
        """The element that numpy's broadcasting puts at `index` of a larger tensor."""
        own = index[len(index) - len(self.shape) :]
        return self[tuple(0 if size == 1 else place for place, size in zip(own, self.shape, strict=True))]

    def along(self, axis: int, index: Index) -> Number:
        """The parameter of a per-axis tensor for the element at `index`; a single parameter serves all."""
        return self.values[0] if len(self.values) == 1 else self.values[index[axis]]


def indices(shape: Shape) -> Iterator[Index]:
    """Every index of a tensor, row-major."""
    return product(*(range(size) for size in shape))


def position(index: Index, shape: Shape) -> int:
    """Where the element at `index` stands among row-major values."""
    place = 0
    for own, size in zip(index, shape, strict=True):
        assert 0 <= own < size
        place = place * size + own
    return place


def from_array(array: NDArray[np.generic]) -> Tensor:
    """Exact copy of a float or integer array, four-bit types included."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    if np.issubdtype(array.dtype, np.floating):
        return Tensor(array.shape, [Fraction(float(number)) for number in array.ravel()], kind)
    return Tensor(array.shape, [int(number) for number in array.ravel()], kind)


def to_array(tensor: Tensor) -> NDArray[np.generic]:
    """Codes as they are; real numbers each rounded once to float32."""
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.kind)
    if tensor.kind == FLOAT:
        return np.array([nearest_float32(Fraction(number)) for number in tensor.values], dtype).reshape(tensor.shape)
    return np.array(tensor.values, dtype=np.int64).astype(dtype).reshape(tensor.shape)


def nearest_float32(number: Fraction) -> float:
    """The closest float32, half to even, with no detour through a wider float: IEEE 754, 24 bits, least step 2^-149."""
    if number == 0:
        return 0.0
    exponent = -149
    while abs(number) >= Fraction(2) ** (exponent + 24):
        exponent += 1
    return ldexp(round(number / Fraction(2) ** exponent), exponent)
