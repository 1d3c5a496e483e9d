"""The methods there are, as plain texts and numbers: what a list of them shows, to people and to machines."""

from typing import Any

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import Grid
from shiftwright.quantize.grids.spec import grid_types, parse_grid

USUAL_BITS = 4  # that number systems are shown at, where they take them
MOST_BITS = 8

EQUALIZATIONS = {
    "none": ("The network is taken as it is.", ""),
    "one-step": (
        "Layer by layer: raises each channel's weights towards the layer's largest, as far as its activations allow.",
        "Meller, Finkelstein, Almog & Grobman 2019, arXiv:1902.01917",
    ),
    "two-step": (
        "The same, but weighs first how much of each channel the next layers use: quiet channels make room.",
        "Meller, Finkelstein, Almog & Grobman 2019, arXiv:1902.01917",
    ),
    "cross": (
        "Makes each channel's weights and those that read it equally large, repeated until nothing moves; no data.",
        "Nagel, van Baalen, Blankevoort & Welling 2019, arXiv:1906.04721",
    ),
    "auto": ("cross, then one-step.", "both, Nagel et al. 2019 and Meller et al. 2019"),
}
CORRECTIONS = {
    "none": ("Weights are put on the grid, biases on the accumulator's, and left there.", ""),
    "bias": (
        "Moves each channel's bias until its mean result on the data is the float network's.",
        "Nagel, van Baalen, Blankevoort & Welling 2019, arXiv:1906.04721",
    ),
    "bias,hessian": (
        "That, after choosing the weights so that their errors cancel in the layer's results on the data.",
        "Frantar, Ashkboos, Hoefler & Alistarh 2022, arXiv:2210.17323",
    ),
}
RANGES = {
    "mse": ("The power of two of the least squared error.", ""),
    "max": ("The largest value fits; nothing saturates.", ""),
    "percentile": ("The given percentile of the magnitudes fits, as percentile=99.9; what lies beyond saturates.", ""),
}


ACTIVATIONS = {
    "uniform": ("Even steps of a power of two.", "Jacob et al. 2018, arXiv:1712.05877"),
    "log": (
        "0 and powers of two between layers, nearest; 7 of a sign at most, or as many as log:powers=5 says.",
        "LogNet: Miyashita, Lee & Murmann 2016, arXiv:1603.01025",
    ),
}


def methods() -> dict[str, Any]:
    """Grids by name with their spellings at the usual bits, and every other choice with what it does and its source."""
    return {
        "grids": {
            name: {
                "summary": grid.summary,
                "paper": grid.paper,
                "spellings": [_spelling(spec) for spec in grid.examples],
            }
            for name, grid in grid_types().items()
        },
        "activations": _described(ACTIVATIONS),
        "equalizations": _described(EQUALIZATIONS),
        "corrections": _described(CORRECTIONS),
        "activation_ranges": _described(RANGES),
    }


def _described(texts: dict[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {"summary": summary, "paper": paper} for name, (summary, paper) in texts.items()}


def _spelling(spec: str) -> dict[str, Any]:
    """What one way to write a grid stands for: the bits it takes, and its numbers at USUAL_BITS or the nearest."""
    grids = _by_bits(spec)
    bits = min(grids, key=lambda each: abs(each - USUAL_BITS))
    numbers = grids[bits].numbers
    return {
        "spelling": spec,
        "bits": sorted(grids),
        "shown_at": bits,
        "granularity": grids[bits].granularity,
        "mantissas": numbers.mantissas,
        "shifts": numbers.shifts,
        "largest": numbers.largest,
        "levels": numbers.levels,
        "adders_per_input": numbers.adders,
    }


def _by_bits(spec: str) -> dict[int, Grid]:
    """The grid at every number of stored bits that it has."""
    found = {}
    for bits in range(1, MOST_BITS + 1):
        try:
            grid = parse_grid(spec, bits)
        except QuantizeError:
            continue
        found[grid.bits] = grid  # some have one number of bits, whatever is asked for
    return found
