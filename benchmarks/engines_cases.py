"""What can be measured: every engine that takes a layer in a number system, by name, and how it is built."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from benchmarks.engines_built import Built, parallel, serial
from benchmarks.engines_folded import folded
from benchmarks.engines_layers import LAYERS, SYSTEMS, Layer, product
from benchmarks.engines_plain import ProductEngine, ProductEngine4
from benchmarks.folded_rows import RowEngine, RowTreeEngine
from shiftwright.arith.serial.word import DIGITS
from shiftwright.errors import SynthesisError
from shiftwright.rtl.folded.engine import FoldedEngine

Build = Callable[[Layer, str], Built]
PE, SIMD = 4, 8
FOLDED = f"folded:pe={PE},simd={SIMD}"
ROWS, ROW_TREES = "plain rows", "plain row trees"
NARROW = "-nowidelut"
GROUPS = ("parallel", "serial", "folded", "plain")


@dataclass(frozen=True, slots=True)
class Kind:
    """An engine that takes the number systems named, or all; `group` is one of GROUPS."""

    group: str
    build: Build
    systems: tuple[str, ...] = tuple(SYSTEMS)


def _serial(digit: int, systems: Sequence[str], *options: str) -> Kind:
    return Kind("serial", lambda layer, system: serial(product(layer, system), digit, options), tuple(systems))


def _folded(group: str, kind: type[FoldedEngine], system: str | None = None, *options: str) -> Kind:
    systems = tuple(SYSTEMS) if system is None else (system,)
    return Kind(group, lambda layer, own: folded(layer, own, PE, SIMD, kind, options), systems)


KINDS: dict[str, Kind] = {
    "parallel": Kind("parallel", lambda layer, system: parallel(product(layer, system))),
    # Left to itself, Yosys makes wide LUTs of the carries of several bits, which take many cells: shown on one system.
    **{f"serial:d={digit}": _serial(digit, list(SYSTEMS)[: 1 if digit > 1 else None]) for digit in DIGITS},
    **{f"serial:d={digit} {NARROW}": _serial(digit, list(SYSTEMS), NARROW) for digit in DIGITS if digit > 1},
    FOLDED: _folded("folded", FoldedEngine),
    ROWS: _folded("plain", RowEngine, "int4"),
    ROW_TREES: _folded("plain", RowTreeEngine, "int4"),
    "plain int4 *": _folded("plain", ProductEngine4, "int4", "-nodsp"),
    "plain int4 * in DSPs": _folded("plain", ProductEngine4, "int4"),
    "plain int8 *": _folded("plain", ProductEngine, "int8", "-nodsp"),
    "plain int8 * in DSPs": _folded("plain", ProductEngine, "int8"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the comparison, by the names of its layer, number system and engine."""

    layer: str
    system: str
    engine: str

    @property
    def name(self) -> str:
        """As patterns see it."""
        return f"{self.layer}/{self.system}/{self.engine}"

    @property
    def is_large(self) -> bool:
        """Whether place and route takes longer than about ten minutes: adder graphs registered at every level."""
        if self.layer == "conv":
            return self.engine == "parallel" or self.engine == "serial:d=4"
        return self.engine == "serial:d=4" or (self.engine == "parallel" and self.system in ("sqrt2", "int4", "int8"))

    def build(self) -> Built:
        """Solved, proved, and written as Verilog."""
        return KINDS[self.engine].build(LAYERS[self.layer], self.system)


def cases(
    layers: Sequence[str], systems: Sequence[str], groups: Sequence[str], patterns: Sequence[str] | None
) -> list[Case]:
    """All rows of these layers, systems and groups whose names match a pattern; SynthesisError if none does."""
    every = [
        Case(layer, system, engine)
        for layer in layers
        for system in systems
        for engine, kind in KINDS.items()
        if kind.group in groups and system in kind.systems
    ]
    found = [case for case in every if not patterns or any(fnmatchcase(case.name, one) for one in patterns)]
    if not found:
        names = ", ".join(case.name for case in every) or "none"
        raise SynthesisError(f"no row matches {' '.join(patterns or ())!r}; with these options there are {names}")
    return found
