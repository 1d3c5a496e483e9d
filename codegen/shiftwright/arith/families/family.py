"""What a family of FPGAs charges for adder graphs: the linear cost that solvers minimise, exact counts, and delays.

A family is one module of this package that declares `FAMILY`; shiftwright.registry finds it. The constants are fitted
to Yosys by `python -m benchmarks.cost_model`."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.families.sums import Sum, Sums


@dataclass(frozen=True, slots=True)
class Cells:
    """What one sum takes: LUTs, carry cells, and LUTs named by what they compute, of which equal ones are one."""

    luts: int = 0
    carry: int = 0
    shared: frozenset[Hashable] = frozenset()


def one_a_bit(adder: Sum) -> Cells:
    """A LUT a bit and nothing else, on no silicon in particular."""
    return Cells(luts=adder.width)


@dataclass(frozen=True, slots=True)
class Family:
    """`operands` is the most that one adder may sum, 2 or 3.

    An adder of b full-adder bits takes about bit2·b + fixed2 LUTs with two operands, bit3·b + fixed3 with three;
    `cells` counts one exactly. Registers in a row that nothing reads in between become a LUT each, from
    `shift_register` on; 0 for never. Delays are in nanoseconds: `level2` and `level3` of one level of logic with its
    routing and a share of the registers' own, `carry` of the carry from bit to bit."""

    name: str
    description: str
    operands: int = 2
    bit2: float = 1.0
    fixed2: float = 0.0
    bit3: float = 1.0
    fixed3: float = 0.0
    level2: float = 1.0
    level3: float = 1.0
    carry: float = 0.02
    cells: Callable[[Sum], Cells] = one_a_bit
    shift_register: int = 0

    def level_delay(self, width: int, operands: int = 2) -> float:
        """Nanoseconds from the words that an adder of `width` bits reads to its top bit, with routing."""
        return (self.level2 if operands <= 2 else self.level3) + self.carry * width

    def luts(self, graph: AdderGraph, levels_per_stage: int = 1) -> int:
        """LUTs of the whole leaf, those that serve as shift registers included."""
        cells = [self.cells(adder) for adder in Sums(graph, levels_per_stage).sums]
        shared: set[Hashable] = set()
        shared.update(*(one.shared for one in cells))
        return sum(one.luts for one in cells) + len(shared) + self.shift_registers(graph, levels_per_stage)

    def shift_registers(self, graph: AdderGraph, levels_per_stage: int = 1) -> int:
        """LUTs of the whole leaf that serve as shift registers, each of up to 16 bits."""
        return sum(-(-length // 16) for length in self._shifted(Sums(graph, levels_per_stage)))

    def carry_cells(self, graph: AdderGraph) -> int:
        """Carry cells of the whole leaf."""
        return sum(self.cells(adder).carry for adder in Sums(graph).sums)

    def registers(self, graph: AdderGraph, levels_per_stage: int = 1) -> int:
        """Register bits of the whole leaf, without those that shift registers replace."""
        sums = Sums(graph, levels_per_stage)
        return sums.registers - sum(self._shifted(sums))

    def _shifted(self, sums: Sums) -> list[int]:
        return [length for length in sums.chains() if self.shift_register and length >= self.shift_register]
