"""What a user chooses about a quantization."""

from dataclasses import dataclass

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import Grid
from shiftwright.quantize.grids.spec import parse_grid

CORRECTIONS = ("none", "bias", "bias,hessian")


@dataclass(frozen=True, slots=True)
class Settings:
    """Number systems and methods; QuantizeError where one is unusable."""

    weights: str = "pot"  # a grid, as name:key=value:…
    weight_bits: int = 4  # stored, the sign included
    activation_bits: int = 6
    input_bits: int | None = None  # of the network's input; None for activation_bits
    correction: str = "bias,hessian"  # one of CORRECTIONS
    samples: int = 1024  # calibration samples used at most, taken evenly from those given

    def __post_init__(self) -> None:
        for name, bits in (("activation", self.activation_bits), ("input", self.input_bits)):
            if bits is not None and not 2 <= bits <= 8:
                raise QuantizeError(f"{bits} {name} bits are outside 2 … 8; 6 is usual")
        if self.correction not in CORRECTIONS:
            raise QuantizeError(f"correction {self.correction!r} is unknown; use one of {' | '.join(CORRECTIONS)}")
        if self.samples < 1:
            raise QuantizeError(f"calibration on {self.samples} samples is impossible; allow at least one")
        self.grid()

    @property
    def corrections(self) -> frozenset[str]:
        """The corrections asked for, one by one."""
        return frozenset(self.correction.split(","))

    def grid(self) -> Grid:
        """The number system of the weights."""
        return parse_grid(self.weights, self.weight_bits)
