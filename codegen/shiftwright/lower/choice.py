"""Which engine a layer gets: what a user may ask for, by layer name.

The parallel engine finishes a position every cycle. The serial one is the same adder graph with words sent `digit` bits
a cycle; the folded one takes `pe` outputs and `simd` inputs at a time."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from shiftwright.arith.serial.word import DIGITS
from shiftwright.errors import HardwareError


@dataclass(frozen=True, slots=True)
class Parallel:
    """A position a cycle."""

    kind = "parallel"

    @property
    def fold(self) -> str:
        """Nothing is folded."""
        return ""


@dataclass(frozen=True, slots=True)
class Serial:
    """`digit` bits a cycle."""

    digit: int = 1
    kind = "serial"

    @property
    def fold(self) -> str:
        """As a user writes it."""
        return f"d={self.digit}"


@dataclass(frozen=True, slots=True)
class Folded:
    """`pe` outputs at a time, of `simd` inputs a cycle."""

    pe: int = 1
    simd: int = 1
    kind = "folded"

    @property
    def fold(self) -> str:
        """As a user writes it."""
        return f"pe={self.pe},simd={self.simd}"


EngineChoice = Parallel | Serial | Folded
OPTIONS: dict[str, tuple[str, ...]] = {"parallel": (), "serial": ("d",), "folded": ("pe", "simd")}
FORMS = "parallel, serial:d=1, folded:pe=4,simd=8"
PARALLEL = Parallel()


@dataclass(frozen=True, slots=True)
class Choices:
    """Patterns of layer names with their engines; the last pattern that fits a name decides, parallel if none does."""

    rules: tuple[tuple[str, EngineChoice], ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Choices":
        """Of texts such as `conv*=serial:d=1`; HardwareError for one that is none."""
        rules = []
        for text in texts:
            pattern, separator, engine = text.partition("=")
            if not separator or not pattern:
                raise HardwareError(
                    f"--engine {text!r} names no layers; write PATTERN=ENGINE, such as '*=serial:d=1' ({FORMS})"
                )
            rules.append((pattern, parse_engine(engine)))
        return cls(tuple(rules))

    def engine(self, layer: str) -> EngineChoice:
        """The engine of a layer."""
        fitting = [choice for pattern, choice in self.rules if fnmatchcase(layer, pattern)]
        return fitting[-1] if fitting else PARALLEL

    def check(self, layers: list[str]) -> None:
        """HardwareError for a pattern that fits none of the layers."""
        for pattern, _ in self.rules:
            if not any(fnmatchcase(layer, pattern) for layer in layers):
                near = get_close_matches(pattern, layers, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise HardwareError(
                    f"no layer is called {pattern!r}; {hint}layers that have an engine: {', '.join(layers)}"
                )


def parse_engine(text: str) -> EngineChoice:
    """`parallel`, `serial:d=2`, `folded:pe=4,simd=8`; HardwareError for anything else."""
    kind, _, rest = text.partition(":")
    if kind not in OPTIONS:
        near = get_close_matches(kind, OPTIONS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise HardwareError(f"there is no engine {kind!r}; {hint}choose from {FORMS}")
    given: dict[str, int] = {}
    for part in filter(None, rest.split(",")):
        match = re.fullmatch(r"([a-z]+)=([0-9]{1,9})", part)
        if match is None or match[1] not in OPTIONS[kind]:
            known = " and ".join(f"{name}=N" for name in OPTIONS[kind]) or "nothing"
            raise HardwareError(f"{part!r} is no setting of the {kind} engine, which takes {known} ({FORMS})")
        given[match[1]] = int(match[2])
    if kind == "serial":
        digit = given.get("d", 1)
        if digit not in DIGITS:
            raise HardwareError(f"serial:d={digit} sends no digits that exist; d is {', '.join(map(str, DIGITS))}")
        return Serial(digit)
    if kind == "folded":
        if 0 in given.values():
            raise HardwareError(f"{text} folds to nothing; pe and simd are 1 or more")
        return Folded(given.get("pe", 1), given.get("simd", 1))
    return PARALLEL
