"""A constant matrix product written as shifts and adds: the form that solvers make, proofs check and templates print.

Values are numbered: the inputs first, then the adds in order. An add sums up to three shifted, signed operands and a
constant; with one negated operand it is a negation, with no operand a constant. Outputs are shifted values, never
negated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.interval import bit_width


@dataclass(frozen=True, slots=True)
class Operand:
    """`± (value << shift)`; `value` numbers an input or an earlier add, `shift` is in bits and not negative."""

    value: int
    shift: int = 0
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Add:
    """Sum of the operands and the constant, within lo … hi; `level` is the longest count of adders up to here."""

    operands: tuple[Operand, ...]
    constant: int
    lo: int
    hi: int
    level: int

    @property
    def is_constant(self) -> bool:
        """Whether this is a number and no adder."""
        return not self.operands


@dataclass(frozen=True, slots=True)
class AdderGraph:
    """y = W·x + b for inputs within `inputs` (lo, hi); an output of None is the constant 0."""

    inputs: tuple[tuple[int, int], ...]
    adds: tuple[Add, ...]
    outputs: tuple[Operand | None, ...]

    def range_of(self, value: int) -> tuple[int, int]:
        """(lo, hi) of a numbered value."""
        if value < len(self.inputs):
            return self.inputs[value]
        add = self.adds[value - len(self.inputs)]
        return add.lo, add.hi

    def level_of(self, value: int) -> int:
        """Adders on the longest way to a numbered value; 0 for an input."""
        return 0 if value < len(self.inputs) else self.adds[value - len(self.inputs)].level

    @property
    def adders(self) -> int:
        """How many adders the graph takes; constants take none."""
        return sum(not add.is_constant for add in self.adds)

    @property
    def bits(self) -> int:
        """Full-adder bits: each adder counts its width less the low bits that only one operand reaches."""
        return sum(self._adder_bits(add) for add in self.adds if not add.is_constant)

    @property
    def depth(self) -> int:
        """Adders on the longest path."""
        return max((add.level for add in self.adds), default=0)

    def output_range(self, index: int) -> tuple[int, int]:
        """(lo, hi) of an output."""
        output = self.outputs[index]
        if output is None:
            return 0, 0
        lo, hi = self.range_of(output.value)
        return lo << output.shift, hi << output.shift

    def __call__(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Evaluates the graph on x of shape (batch, inputs); returns (batch, outputs). Bounds keep int64 exact."""
        values = list(np.asarray(x, dtype=np.int64).T)
        batch = x.shape[0]
        for add in self.adds:
            total = np.full(batch, add.constant, dtype=np.int64)
            for operand in add.operands:
                term = values[operand.value] << operand.shift
                total = total - term if operand.negative else total + term
            values.append(total)
        columns = [
            np.zeros(batch, dtype=np.int64) if output is None else values[output.value] << output.shift
            for output in self.outputs
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((batch, 0), dtype=np.int64)

    def _adder_bits(self, add: Add) -> int:
        width, _ = bit_width(add.lo, add.hi)
        shifts = sorted(operand.shift for operand in add.operands if not operand.negative)
        negative = [operand.shift for operand in add.operands if operand.negative]
        if add.constant:
            shifts = sorted([*shifts, (add.constant & -add.constant).bit_length() - 1])
        # Bits below every other term come straight from the lowest positive term; a negated term needs its borrow.
        others = [*shifts[1:], *negative]
        free = min(others) - shifts[0] if shifts and others and min(others) > shifts[0] else 0
        low = min([*shifts, *negative], default=0)
        return max(0, width - low - free)
