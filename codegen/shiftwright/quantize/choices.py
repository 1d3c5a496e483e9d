"""What each setting may be, by itself: names of methods, bits, numbers of samples."""

from collections.abc import Callable, Mapping
from typing import Any

from shiftwright.errors import QuantizeError
from shiftwright.quantize.formats import RangeRule
from shiftwright.quantize.grids.options import nearest_name
from shiftwright.quantize.grids.spec import parse_grid
from shiftwright.quantize.log_format import ActivationRule
from shiftwright.quantize.methods import CORRECTIONS, EQUALIZATIONS

REAL = ":real"  # behind an equalization: its factors are not rounded to powers of two


def check(key: str, value: Any) -> None:
    """QuantizeError if the setting `key` cannot have that value, whatever the others are; None is never wrong.

    Bits of weights are judged with their grid."""
    if value is not None and key in CHECKS:
        CHECKS[key](value)


def _check_weights(spec: str) -> None:
    """A grid that no number of bits suits is wrong in itself."""
    failures = []
    for bits in (4, 1, 2, 3, 5, 6, 7, 8):  # the usual one first, for its message
        try:
            parse_grid(spec, bits)
        except QuantizeError as error:
            failures.append(error)
        else:
            return
    raise failures[0]


def _check_bits(what: str) -> Callable[[int], None]:
    def check_bits(bits: int) -> None:
        if not 2 <= bits <= 8:
            raise QuantizeError(f"{bits} {what} bits are outside 2 … 8; 6 is usual")

    return check_bits


def _check_equalize(method: str) -> None:
    name = method.removesuffix(REAL)
    if name not in EQUALIZATIONS:
        raise QuantizeError(
            f"no equalization is called {name!r}; {nearest_name(name, list(EQUALIZATIONS), 'equalizations')}"
        )
    if method == "none" + REAL:
        raise QuantizeError(f"equalization {method!r} has no factors that could be real; write none")


def _check_correction(correction: str) -> None:
    if correction not in CORRECTIONS:
        raise QuantizeError(f"correction {correction!r} is unknown; use one of {' | '.join(CORRECTIONS)}")


def _check_samples(samples: int) -> None:
    if samples < 1:
        raise QuantizeError(f"calibration on {samples} samples is impossible; allow at least one")


CHECKS: Mapping[str, Callable[[Any], object]] = {
    "weights": _check_weights,
    "activations": ActivationRule.parse,
    "activation_bits": _check_bits("activation"),
    "input_bits": _check_bits("input"),
    "activation_range": RangeRule.parse,
    "equalize": _check_equalize,
    "correct": _check_correction,
    "samples": _check_samples,
}
