"""How a value is clamped to codes: which tests it takes, and the constants in the bits they are compared in."""

from dataclasses import dataclass
from typing import Literal

from shiftwright.rtl.format import Lane

Test = Literal["never", "sign", "bits", "compare"]


@dataclass(frozen=True, slots=True)
class Saturation:
    """Clamps a value to codes. `under` and `over` say how the value is seen to lie outside them.

    never: it cannot. sign: by its sign alone. bits: a bit from `low_bit` (`high_bit`) up differs from the sign.
    compare: with the bound. `lo` and `hi` are the bounds as bits of the value, the codes' as bits of a code."""

    value: Lane
    code_width: int
    under: Test
    over: Test
    low_bit: int
    high_bit: int
    lo: int
    hi: int
    lo_code: int
    hi_code: int

    @classmethod
    def between(cls, value: Lane, reach: tuple[int, int], lo: int, hi: int, code: Lane) -> "Saturation":
        """For values of a lane that lie within `reach`, clamped to lo … hi, which must overlap it."""
        under, over = reach[0] < lo, reach[1] > hi
        assert lo <= reach[1], "every value is under"
        assert hi >= reach[0], "every value is over"
        return cls(
            value,
            code.width,
            _under(lo) if under else "never",
            _over(hi) if over else "never",
            low_bit=(-lo).bit_length() - 1,
            high_bit=hi.bit_length(),
            lo=value.encode(lo) if under else 0,
            hi=value.encode(hi) if over else 0,
            lo_code=code.encode(lo) if under else 0,
            hi_code=code.encode(hi) if over else 0,
        )

    @property
    def taken(self) -> int:
        """Bits of the value that a code keeps."""
        return min(self.value.width, self.code_width)

    @property
    def extension(self) -> int:
        """Bits that a code has beyond the value's."""
        return self.code_width - self.taken


def _under(lo: int) -> Test:
    if lo == 0:
        return "sign"
    return "bits" if lo < 0 and -lo & -lo - 1 == 0 else "compare"


def _over(hi: int) -> Test:
    return "bits" if hi >= 0 and hi & hi + 1 == 0 else "compare"
