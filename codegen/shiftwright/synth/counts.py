"""How cells are counted: a device says what each type of cell is, and the cells of a netlist add up."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Counts:
    """Resources: `memory_bits` as written, whatever holds them; `other` are cells that nothing is known of."""

    luts: int = 0
    carry: int = 0
    registers: int = 0
    memory_bits: int = 0
    memory_blocks: int = 0
    dsp: int = 0
    other: int = 0

    def __add__(self, more: "Counts") -> "Counts":
        return Counts(*(getattr(self, field.name) + getattr(more, field.name) for field in fields(self)))

    def times(self, number: int) -> "Counts":
        """Of as many instances."""
        return Counts(*(getattr(self, field.name) * number for field in fields(self)))

    def as_dict(self) -> dict[str, Any]:
        """For tables and machines."""
        return asdict(self)


def count(cells: Mapping[str, int], meanings: Mapping[str, Counts]) -> Counts:
    """What cells (number by type) add up to; `meanings` are by pattern, of which the first that fits holds.

    Cells whose type begins with `$` are Yosys' notes and no hardware."""
    total = Counts()
    for kind, number in cells.items():
        if not kind.startswith("$"):
            meaning = next((one for pattern, one in meanings.items() if fnmatchcase(kind, pattern)), Counts(other=1))
            total += meaning.times(number)
    return total
