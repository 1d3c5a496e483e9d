"""Sums of three words: one module for all, of LUTs and carry cells where a family has them, behavioural elsewhere.

Two operands and a carry are what a row of most FPGAs adds; a LUT with six inputs and two outputs compresses a third
operand on the way. On AMD parts the module is that row (7 series: UG474; UltraScale: UG574), and other tools see the
plain sum."""

from collections.abc import Sequence
from dataclasses import dataclass

from shiftwright.rtl.leaf import templates
from shiftwright.rtl.term import Term

NAME = "shiftwright_add3"


@dataclass(frozen=True, slots=True)
class Row:
    """The module's numbers: the last `negative` of its terms are subtracted, b and c end in `low` zeros, and above bit
    `high` every term repeats that bit (signed) or is 0."""

    low: int
    high: int
    signed: bool
    negative: int

    @classmethod
    def of(cls, terms: Sequence[Term]) -> "Row | None":
        """The row that sums three terms, None where there is none.

        Subtracted terms come last, two at most: a row has two places for the + 1 of a negation."""
        negative = sum(term.negative for term in terms)
        if len(terms) != 3 or negative > 2:
            return None
        width = terms[0].width
        low = min(width - 1, *(term.low_zeros for term in terms[1:]))
        signed = any(term.repeats_sign for term in terms)
        return cls(low, max(low, *(term.highest(signed) for term in terms)), signed, negative)


def file() -> dict[str, str]:
    """The module's file name and text."""
    return {f"{NAME}.v": templates().get_template("add3.v.j2").render(name=NAME)}
