"""The `key=value` options of a grid, read one by one so that none is misspelt in silence."""

from dataclasses import dataclass, field
from difflib import get_close_matches

from shiftwright.errors import QuantizeError


@dataclass(slots=True)
class Options:
    """What stands after the name; whoever is named takes what it knows and `finish` refuses the rest."""

    spec: str
    given: dict[str, str]
    what: str = "grid"  # what messages call the thing named
    known: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, spec: str, what: str = "grid") -> tuple[str, "Options"]:
        """("name", options) of `name:key=value:…`; an option without a value holds the empty text."""
        name, *words = spec.split(":")
        given = {}
        for word in words:
            key, _, value = word.partition("=")
            if not key or key in given:
                raise QuantizeError(f"{what} {spec!r}: option {word!r} is empty or given twice; write name:key=value:…")
            given[key] = value
        return name, cls(spec, given, what)

    def flag(self, key: str) -> bool:
        """Whether a word without a value stands there, as `paper` does in `pot:paper`."""
        self.known.append(key)
        if self.given.get(key):
            raise QuantizeError(f"{self.what} {self.spec!r}: {key} takes no value; write :{key}")
        return key in self.given

    def choice(self, key: str, choices: tuple[str, ...], usual: str) -> str:
        """The value under a key, one of the choices; `usual` where it is not given."""
        self.known.append(key)
        value = self.given.get(key, usual)
        if value not in choices:
            raise QuantizeError(
                f"{self.what} {self.spec!r}: {key}={value!r} is unknown; use one of {' | '.join(choices)}"
            )
        return value

    def number(self, key: str) -> float | None:
        """The number under a key, or None where it is not given."""
        self.known.append(key)
        if key not in self.given:
            return None
        try:
            return float(self.given[key])
        except ValueError:
            raise QuantizeError(f"{self.what} {self.spec!r}: {key}={self.given[key]!r} is not a number") from None

    def integer(self, key: str, least: int, most: int, usual: int) -> int:
        """The whole number under a key, within least … most; `usual` where it is not given."""
        value = self.number(key)
        if value is None:
            return usual
        if not least <= value <= most or value != int(value):
            raise QuantizeError(
                f"{self.what} {self.spec!r}: {key}={value:g} is not a whole number within {least} … {most}"
            )
        return int(value)

    def finish(self) -> None:
        """QuantizeError if an option was given that the grid did not take."""
        for key in self.given:
            if key not in self.known:
                raise QuantizeError(
                    f"{self.what} {self.spec!r} has no option {key!r}; {nearest_name(key, self.known, 'options')}"
                )


def nearest_name(name: str, names: list[str], kind: str) -> str:
    """The end of a message about an unknown name: the nearest one, and all there are."""
    lowered = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), lowered, n=1)
    guess = f"did you mean {lowered[close[0]]!r}? " if close else ""
    return f"{guess}the {kind} are {', '.join(sorted(names))}"
