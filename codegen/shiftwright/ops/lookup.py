"""Gather from a constant table: each code becomes the number it stands for.

An ascending table keeps the codes' order, so that pooling and saturating mean the same on either side of it. Where the
table holds powers of two, products with these numbers are shifts by the codes."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import Interval
from shiftwright.errors import GraphError
from shiftwright.ir.core import Operator, Value
from shiftwright.ir.meaning import Codes, Real, Tensor
from shiftwright.ops.onnx_node import Importer, OnnxNode, common_scale, increasing
from shiftwright.ops.stage import Component
from shiftwright.rtl.format import Format
from shiftwright.rtl.lookup import TableLookup

LARGEST = 1 << 31


@dataclass(frozen=True, slots=True, eq=False)
class Lookup(Operator):
    """table[code]; the table is one for all channels, and ascends."""

    table: tuple[int, ...]

    def infer(self, inputs: tuple[Value, ...]) -> tuple[tuple[int, ...], Interval]:
        (source,) = inputs
        least, most = int(source.interval.lo.min()), int(source.interval.hi.max())
        if least < 0 or most >= len(self.table):
            raise GraphError(f"codes {least} … {most} meet a table of {len(self.table)} numbers; give each code one")
        pairs = source.interval.pairs()
        return source.shape, Interval.of([self.table[lo] for lo, _ in pairs], [self.table[hi] for _, hi in pairs])

    def golden(self, *codes: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array(self.table, dtype=np.int64)[codes[0]]

    def describe(self) -> str:
        return f"lookup in {len(self.table)}"

    def components(self, source: Value, link: Format, result: Format) -> list[Component]:
        """A choice of constants, and a register."""
        return [TableLookup(self.table, link, result)]


def import_gather(node: OnnxNode, importer: Importer) -> Tensor:
    """Numbers of a constant list, chosen by codes."""
    codes = node.input(1)
    if not isinstance(codes, Codes):
        raise node.refuse(
            f"its indices {node.input_names[1]!r} are no integer codes; only a constant table that codes read compiles"
        )
    if node.integer("axis", 0) not in (0, -1):
        raise node.refuse("its table has no such axis; gather along axis 0")
    numbers = increasing(node, 0, "table")
    if codes.count is not None and codes.count != len(numbers):
        raise node.refuse(
            f"{codes.count - 1} thresholds give codes 0 … {codes.count - 1}, its table has {len(numbers)} numbers; "
            "give each code one"
        )
    step, table = common_scale(numbers)
    if max(map(abs, table)) >= LARGEST:
        raise node.refuse("the numbers of its table have no common step within 32 bits; use powers of two")
    value = importer.emit(Lookup(tuple(table)), (codes.value,), node)
    return Real(value, codes.layout, (step,) * value.channels, (Fraction(0),) * value.channels)


ONNX = {"Gather": import_gather}
