"""What the text of a sum shows of its terms' bits: what a row of three-operand adders may rely on, and the cost."""

from shiftwright.build.leaf_reader import Promise, Sum, Term, refuse


def check_promise(total: Sum, promise: Promise) -> None:
    """Refuses the line where the terms are not as its row of adders takes them to be."""
    if not promise.low <= promise.high < total.width:
        refuse(total.line, f"LOW {promise.low} and HIGH {promise.high} are no bits of {total.width} in this order")
    for port, term in zip("abc", total.terms, strict=True):
        if port != "a" and _low_zeros(term) < promise.low:
            refuse(total.line, f"LOW is {promise.low}, but {port} has bits from {_low_zeros(term)} up")
        if not _repeats_above(term, promise.high, promise.signed):
            above = "copies of it" if promise.signed else "zeros"
            refuse(total.line, f"HIGH is {promise.high}, but above that bit of {port} are not only {above}")


def _repeats_above(term: Term, high: int, signed: bool) -> bool:
    """Whether a term's text shows copies of bit `high` above it, or zeros if not `signed`."""
    if high == term.width - 1:
        return True
    if not term.name:
        rest = term.number >> high if signed else term.number >> high + 1
        return rest in ((0, (1 << term.width - high) - 1) if signed else (0,))
    top = term.zeros + term.high
    if not term.extension or term.signed > signed:
        return False
    return high >= top + (signed and not term.signed)


def adder_bits(total: Sum) -> int:
    """Full-adder bits of a sum: its width less the low bits that one added term alone reaches."""
    plus = sorted(_low_zeros(term) for term in total.terms if not term.negative)
    minus = [_low_zeros(term) for term in total.terms if term.negative]
    others = [*plus[1:], *minus]
    return max(0, total.width - min(others, default=total.width))


def _low_zeros(term: Term) -> int:
    """Low bits of a term that are zero in its text."""
    if term.name:
        return term.zeros
    return (term.number & -term.number).bit_length() - 1 if term.number else term.width
