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
        texts = [texts] if isinstance(texts, str) else list(texts)
        for text in texts:
            if not isinstance(text, str):
                raise HardwareError(f"{text!r} is no text; write PATTERN=ENGINE, such as '*=serial:d=1' ({FORMS})")
            before, colon, settings = text.partition(":")
            pattern, _, kind = before.rpartition("=")
            if not pattern.strip():
                raise HardwareError(
                    f"{text!r} names no layers; write PATTERN=ENGINE, such as '*=serial:d=1' ({FORMS}; * for all)"
                )
            rules.append((pattern.strip(), parse_engine(kind + colon + settings)))
        return cls(tuple(rules))

    def engine(self, layer: str) -> EngineChoice:
        """The engine of a layer."""
        fitting = [choice for pattern, choice in self.rules if fnmatchcase(layer, pattern)]
        return fitting[-1] if fitting else PARALLEL

    def check(self, layers: list[str], others: list[str]) -> None:
        """HardwareError for a pattern that fits none of the layers; `others` have no matrix, and one hardware only."""
        for pattern, _ in self.rules:
            if not any(fnmatchcase(layer, pattern) for layer in layers):
                if pattern in others:
                    raise HardwareError(
                        f"{pattern} has no matrix and no engine to choose; layers that have: {', '.join(layers)}"
                    )
                near = get_close_matches(pattern, layers, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise HardwareError(
                    f"no layer is called {pattern!r}; {hint}layers that have an engine: {', '.join(layers)}"
                )


def parse_engine(text: str) -> EngineChoice:
    """`parallel`, `serial:d=2`, `folded:pe=4,simd=8`; HardwareError for anything else."""
    kind, _, rest = (part.strip() for part in text.partition(":"))
    if kind not in OPTIONS:
        near = get_close_matches(kind, OPTIONS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise HardwareError(f"there is no engine {kind!r}; {hint}choose from {FORMS}")
    given: dict[str, int] = {}
    for part in rest.split(",") if rest else ():
        name, _, number = (word.strip() for word in part.partition("="))
        if name not in OPTIONS[kind]:
            known = " and ".join(f"{option}=N" for option in OPTIONS[kind]) or "nothing"
            raise HardwareError(f"{part.strip()!r} is no setting of the {kind} engine, which takes {known} ({FORMS})")
        if not re.fullmatch(r"[0-9]{1,9}", number):
            raise HardwareError(f"{part.strip()!r}: {name} is a whole number from 1 to 999,999,999 ({FORMS})")
        if name in given:
            raise HardwareError(f"{text!r} gives {name} twice; give one number")
        given[name] = int(number)
    if kind == "serial":
        digit = given.get("d", 1)
        if digit not in DIGITS:
            raise HardwareError(f"serial:d={digit}: d is the bits sent a cycle, {', '.join(map(str, DIGITS))}")
        return Serial(digit)
    if kind == "folded":
        if 0 in given.values():
            raise HardwareError(f"{text} folds to nothing; pe and simd are 1 or more")
        return Folded(given.get("pe", 1), given.get("simd", 1))
    return PARALLEL
