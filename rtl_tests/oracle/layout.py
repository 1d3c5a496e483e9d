"""Operators that rename or reorder elements and compute nothing."""

from math import prod

from rtl_tests.oracle.attributes import Attributes
from rtl_tests.oracle.tensor import Number, Tensor, indices


def reshape(attributes: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    """The same row-major values; 0 keeps a size (unless `allowzero`), -1 takes what is left."""
    wanted = [int(size) for size in shape.values]
    if not attributes.integer("allowzero", 0):
        wanted = [x.shape[axis] if size == 0 else size for axis, size in enumerate(wanted)]
    rest = prod(size for size in wanted if size != -1)
    return Tensor(tuple(len(x.values) // rest if size == -1 else size for size in wanted), x.values, x.kind)


def flatten(attributes: Attributes, x: Tensor) -> Tensor:
    """Two axes: everything before `axis`, everything from it on."""
    axis = attributes.integer("axis", 1)
    axis = axis if axis >= 0 else axis + len(x.shape)
    return Tensor((prod(x.shape[:axis]), prod(x.shape[axis:])), x.values, x.kind)


def unsqueeze(attributes: Attributes, x: Tensor, axes: Tensor) -> Tensor:
    """New axes of one at the places that `axes` have in the result."""
    rank = len(x.shape) + len(axes.values)
    new, rest = {int(axis) % rank for axis in axes.values}, iter(x.shape)
    return Tensor(tuple(1 if axis in new else next(rest) for axis in range(rank)), x.values, x.kind)


def transpose(attributes: Attributes, x: Tensor) -> Tensor:
    """Axis i of the result is axis `perm[i]` of the input; reversed without `perm`."""
    order = attributes.integers("perm", list(reversed(range(len(x.shape)))))
    shape = tuple(x.shape[axis] for axis in order)
    moved: list[Number] = []
    for index in indices(shape):
        source = [0] * len(order)
        for place, axis in zip(index, order, strict=True):
            source[axis] = place
        moved.append(x[tuple(source)])
    return Tensor(shape, moved, x.kind)
