"""What Yosys' statistics say of each module: its own cells, its memories, and how often it occurs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shiftwright.synth.counts import Counts, count


@dataclass(frozen=True, slots=True)
class ModuleCounts:
    """One module without those that it holds; `counts` is of one instance."""

    name: str
    instances: int
    counts: Counts

    def as_dict(self) -> dict[str, Any]:
        """For tables and machines."""
        return {"module": self.name, "instances": self.instances, **self.counts.as_dict()}


def modules(
    written: Mapping[str, Any], mapped: Mapping[str, Any], top: str, meanings: Mapping[str, Counts]
) -> list[ModuleCounts]:
    """Modules of a netlist from two `stat -json` of Yosys, before and after mapping, the top first.

    Memories are counted as written: bits that LUTs or blocks will hold, whatever they are mapped to."""
    cells = _cells(mapped)
    bits = {name.removeprefix("\\"): int(module["num_memory_bits"]) for name, module in written["modules"].items()}
    inside = _cells(written)

    def memory_bits(name: str) -> int:
        """Of a module and of the parts that were dissolved in it."""
        parts = {part: number for part, number in inside.get(name, {}).items() if part in inside and part not in cells}
        return bits.get(name, 0) + sum(memory_bits(part) * number for part, number in parts.items())

    instances: Counter[str] = Counter()

    def visit(name: str, number: int) -> None:
        instances[name] += number
        for part, times in cells[name].items():
            if part in cells:
                visit(part, number * times)

    visit(top, 1)
    return [
        ModuleCounts(
            name,
            number,
            replace(
                count({kind: amount for kind, amount in cells[name].items() if kind not in cells}, meanings),
                memory_bits=memory_bits(name),
            ),
        )
        for name, number in instances.items()
    ]


def _cells(statistics: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Cells by type of each module; names without the backslash that only some of them carry."""
    return {
        name.removeprefix("\\"): {
            kind.removeprefix("\\"): number for kind, number in module["num_cells_by_type"].items()
        }
        for name, module in statistics["modules"].items()
    }
