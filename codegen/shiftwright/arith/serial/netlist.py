"""An adder graph as digit-serial hardware: the statements that schedule.py makes, templates print and prove.py checks.

A word is sent `digit` bits a cycle, least significant digit first. Cycle 0 of a word is the one in which x carries its
first digit; the marker start[k] is high in cycle k - 1. A net carries digits, one bit (a hold) or a count; each
statement names one net and reads nets of earlier statements. Delay, Hold, Count and Sum are registers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Input:
    """The digits of input `index`, from cycle 0 on."""

    name: str
    index: int


@dataclass(frozen=True, slots=True)
class Delay:
    """What `source` was a cycle ago; `bits` wide."""

    name: str
    bits: int
    source: str


@dataclass(frozen=True, slots=True)
class Slip:
    """Digits moved up by `bits`, less than a digit: the low bits of `source` above the high bits of `older`, which is
    `source` a cycle later."""

    name: str
    source: str
    older: str
    bits: int


@dataclass(frozen=True, slots=True)
class Hold:
    """High in the cycles `first` … `last` of a word: a register behind the markers of these cycles."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Count:
    """The number of cycles since cycle `start` of a word, modulo 2^bits."""

    name: str
    bits: int
    start: int


@dataclass(frozen=True, slots=True)
class Play:
    """The digits of a number of digit · 2^bits bits, as the count of `bits` bits says."""

    name: str
    number: int
    bits: int
    count: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Digits of a + b + carry, a cycle later, where cycle `start` brings the operands' first digits.

    `inverts` says which operands enter as their complement, which is -operand - 1; `holds` names, for each bit of b's
    digits, a net that makes the bit 0 before it is complemented. An operand without a name is 0."""

    name: str
    a: str
    b: str
    inverts: tuple[bool, bool]
    carry: bool
    start: int
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """Output `index` follows a net; without one it is 0."""

    index: int
    source: str


Statement = Input | Delay | Slip | Hold | Count | Play | Sum | Output


@dataclass(frozen=True, slots=True)
class Netlist:
    """Statements in order. Outputs carry their first digits in cycle `latency`; `markers` is the length of `start`."""

    digit: int
    inputs: int
    outputs: int
    markers: int
    latency: int
    statements: tuple[Statement, ...]

    @property
    def adders(self) -> int:
        """One-digit adders."""
        return sum(isinstance(statement, Sum) for statement in self.statements)

    @property
    def registers(self) -> int:
        """Bits of register: a digit and a carry for each adder, what waits, holds and counts."""
        waiting = (statement.bits for statement in self.statements if isinstance(statement, Delay | Count))
        holds = sum(isinstance(statement, Hold) for statement in self.statements)
        return self.adders * (self.digit + 1) + sum(waiting) + holds
