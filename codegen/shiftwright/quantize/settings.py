"""What a user chooses about a quantization: number systems, bits and methods, for all layers and for some.

Everything is checked when it is given, before a file is read."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shiftwright.errors import QuantizeError
from shiftwright.quantize.choices import CHECKS, REAL, check
from shiftwright.quantize.formats import RangeRule
from shiftwright.quantize.grids.base import Grid
from shiftwright.quantize.grids.options import nearest_name
from shiftwright.quantize.grids.spec import parse_grid
from shiftwright.quantize.log_format import ActivationRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is chosen for some layers only; None leaves what was chosen before."""

    weights: str | None = None
    weight_bits: int | None = None
    activation_bits: int | None = None
    origin: str = field(default="", compare=False)  # where it was written; begins messages about it

    def __post_init__(self) -> None:
        check("weights", self.weights)
        check("activation_bits", self.activation_bits)

    def over(self, other: "Override") -> "Override":
        """These choices, and the other's where there is none; the origin is that of the weights' number system."""
        silent = self.weights is None and self.weight_bits is None
        return Override(
            weights=other.weights if self.weights is None else self.weights,
            weight_bits=other.weight_bits if self.weight_bits is None else self.weight_bits,
            activation_bits=other.activation_bits if self.activation_bits is None else self.activation_bits,
            origin=other.origin if silent else self.origin,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRule(Override):
    """Choices for the layers whose names match a pattern, in which * stands for any text and ? for any letter."""

    match: str

    def holds_for(self, name: str) -> bool:
        """Whether the pattern matches a layer's whole name; every other sign, a bracket too, stands for itself."""
        signs = {"*": ".*", "?": "."}
        pattern = "".join(signs.get(sign) or re.escape(sign) for sign in self.match)
        return re.fullmatch(pattern, name, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What holds for one layer when all rules have been looked at."""

    grid: Grid
    weights: str  # the grid as the user wrote it
    activation_bits: int | None  # of its results, where a rule is for this layer; None for those of all


@dataclass(frozen=True, slots=True)
class Settings:
    """Number systems and methods; QuantizeError where one is unusable.

    Rules hold for the layers they match, a later one over an earlier one key by key; `first` and `last`, for the
    network's first and last layer, are over all of them."""

    weights: str = "pot"  # a grid, as name:key=value:…
    weight_bits: int = 4  # stored, the sign included
    activations: str = "uniform"  # or log, or log:powers=n, for what passes between layers
    activation_bits: int = 6
    input_bits: int | None = None  # of the network's input; None for activation_bits
    activation_range: str = "mse"  # mse, max, percentile or percentile=99.9
    equalize: str = "none"  # one of choices.EQUALIZATIONS, with REAL behind it or without
    correct: str = "bias,hessian"  # one of choices.CORRECTIONS
    samples: int = 1024  # calibration samples used at most, taken evenly from those given
    rules: tuple[LayerRule, ...] = ()
    first: Override = field(default_factory=Override)
    last: Override = field(default_factory=Override)

    def __post_init__(self) -> None:
        for key in CHECKS:
            check(key, getattr(self, key))
        parse_grid(self.weights, self.weight_bits)
        for override in self.overrides:
            check_grid(override, self.everywhere, self.overrides)

    @property
    def everywhere(self) -> Override:
        """What holds for a layer that no rule is for."""
        return Override(weights=self.weights, weight_bits=self.weight_bits, activation_bits=self.activation_bits)

    @property
    def overrides(self) -> tuple[Override, ...]:
        """All that is for some layers only, the strongest at the end."""
        return (*self.rules, self.first, self.last)

    @property
    def corrections(self) -> frozenset[str]:
        """The corrections asked for, one by one."""
        return frozenset(self.correct.split(","))

    @property
    def equalization(self) -> tuple[str, bool]:
        """The method, and whether its factors may be any real number."""
        return self.equalize.removesuffix(REAL), self.equalize.endswith(REAL)

    @property
    def activation_rule(self) -> ActivationRule:
        """Which numbers activations may be."""
        return ActivationRule.parse(self.activations)

    @property
    def range_rule(self) -> RangeRule:
        """How far activations reach."""
        return RangeRule.parse(self.activation_range)

    def resolve(self, names: Sequence[str]) -> dict[str, Chosen]:
        """What holds for each of a network's layers, by name, given in their order.

        QuantizeError for a rule that is for none of them, and for a layer whose choices clash."""
        for rule in self.rules:
            if not any(rule.holds_for(name) for name in names):
                raise QuantizeError(
                    f"{rule.origin}no layer matches {rule.match!r}; {nearest_name(rule.match, list(names), 'layers')}"
                )
        return {name: self._chosen(name, place == 0, place == len(names) - 1) for place, name in enumerate(names)}

    def _chosen(self, name: str, is_first: bool, is_last: bool) -> Chosen:
        special = Override()
        for rule in self.rules:
            if rule.holds_for(name):
                special = rule.over(special)
        if is_first:
            special = self.first.over(special)
        if is_last:
            special = self.last.over(special)
        choice = special.over(self.everywhere)
        try:
            grid = _grid(choice)
        except QuantizeError as error:
            raise QuantizeError(f"{choice.origin}layer {name!r}: {error}") from None
        assert choice.weights is not None
        return Chosen(grid, choice.weights, special.activation_bits)


def check_grid(choice: Override, usual: Override, others: Iterable[Override]) -> None:
    """QuantizeError if an override's weights or bits give a grid with nothing that may stand beside them.

    That is the usual choice or any other override's: of two rules for a layer one may name the grid, one the bits."""
    if choice.weights is None and choice.weight_bits is None:
        return
    candidates = [choice.over(usual), *(choice.over(other.over(usual)) for other in others)]
    problems = [_problem(candidate) for candidate in candidates]
    if None not in problems:
        raise QuantizeError(problems[0])


def _problem(choice: Override) -> str | None:
    try:
        _grid(choice)
    except QuantizeError as error:
        return str(error)
    return None


def _grid(choice: Override) -> Grid:
    assert choice.weights is not None
    assert choice.weight_bits is not None
    return parse_grid(choice.weights, choice.weight_bits)
