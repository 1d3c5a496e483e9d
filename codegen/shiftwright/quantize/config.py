"""Settings from a TOML file: the keys of the command line, a [[layer]] table for each rule, [first] and [last].

Every message names file, line and key. tomllib knows the lines of mistakes in the syntax only; where a key stands is
found by parsing the file's beginning, longer by a line each time, until it holds the key."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from shiftwright.errors import QuantizeError
from shiftwright.quantize.choices import check
from shiftwright.quantize.grids.options import nearest_name
from shiftwright.quantize.settings import LayerRule, Override, Settings, check_grid

_FORM = "write key = value, a text in quotes"
Place = tuple[int | str, ...]  # the way to a key: tables' names, their positions, its own name


class _Choice(BaseModel):
    """What every table may hold; values are checked as Settings checks them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    weights: str | None = None
    weight_bits: int | None = None
    activation_bits: int | None = None

    @field_validator("*")
    @classmethod
    def _usable(cls, value: Any, info: ValidationInfo) -> Any:
        key = info.field_name or ""
        try:
            check(key, value)
        except QuantizeError as error:
            raise ValueError(str(error)) from None
        return value


class _Layer(_Choice):
    match: str


class _File(_Choice):
    activations: str | None = None
    input_bits: int | None = None
    activation_range: str | None = None
    equalize: str | None = None
    correct: str | None = None
    samples: int | None = None
    layer: list[_Layer] = Field(default_factory=list)
    first: _Choice = Field(default_factory=_Choice)
    last: _Choice = Field(default_factory=_Choice)


def read_settings(path: Path, given: Mapping[str, Any]) -> Settings:
    """The settings of a file; what is `given`, by the names of Settings' fields, is over the file's top level.

    QuantizeError for a file that cannot be read, a key that is unknown and a value that cannot be."""
    text = _text(path)
    held = _parsed(path, text)
    try:
        file = _File.model_validate(held)
    except ValidationError as invalid:
        error = min(invalid.errors(), key=lambda each: _line(text, _placed(each)))
        raise QuantizeError(f"{_where(path, text, _placed(error))}{_advice(error)}") from None
    top = file.model_dump(exclude={"layer", "first", "last"}, exclude_none=True)
    top |= given
    rules = tuple(
        LayerRule(**layer.model_dump(), origin=_where(path, text, ("layer", index, "match")))
        for index, layer in enumerate(file.layer)
    )
    first, last = (
        Override(**table.model_dump(), origin=_where(path, text, (name,)) if name in held else "")
        for name, table in (("first", file.first), ("last", file.last))
    )

    usual = Override(weights=top.get("weights"), weight_bits=top.get("weight_bits")).over(Settings().everywhere)
    tables: list[tuple[Place, Mapping[str, Any], Override]] = [
        ((), {key: value for key, value in held.items() if key not in given}, usual),
        *((("layer", index), table, rules[index]) for index, table in enumerate(held.get("layer", []))),
        (("first",), held.get("first", {}), first),
        (("last",), held.get("last", {}), last),
    ]
    for place, table, override in tables:
        try:
            check_grid(override, usual, (*rules, first, last) if place else ())
        except QuantizeError as error:
            key = "weight_bits" if "weight_bits" in table else "weights"
            if key not in table or (not place and key == "weights" and "weight_bits" in given):
                raise  # not the file's doing
            raise QuantizeError(f"{_where(path, text, (*place, key))}{error}") from None
    return Settings(**top, rules=rules, first=first, last=last)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise QuantizeError(f'{path}: no such file; write the settings there, such as weights = "pot"') from None
    except UnicodeDecodeError:
        raise QuantizeError(f"{path} is not a text in UTF-8; save it as TOML") from None
    except OSError as error:
        raise QuantizeError(f"{path} cannot be read ({error.strerror}); name a TOML file") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rpartition(" (at ")
        found = re.match(r"line (\d+)", place)
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        repeated = any(word in reason for word in ("overwrite", "twice", "Duplicate", "redefine", "mutate"))
        advice = "write every key and table once" if repeated else _FORM
        raise QuantizeError(f"{path}, line {line}: {reason[:1].lower()}{reason[1:]}; {advice}") from None


def _where(path: Path, text: str, place: Place) -> str:
    """The head of a message about a key."""
    return f"{path}, line {_line(text, place)}, key `{_key(place)}`: "


def _key(place: Place) -> str:
    return next(part for part in reversed(place) if isinstance(part, str))


def _line(text: str, place: Place) -> int:
    """The line where what sets the key at `place` begins."""
    lines = [f"{line}\n" for line in text.split("\n")]
    begin = 1
    for number in range(1, len(lines) + 1):
        try:
            held = tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a value
        if _holds(held, place):
            inside = (line for line in range(begin, number) if _holds_if_closed(lines[:line], place))
            return next(inside, begin)
        begin = number + 1
    raise AssertionError(f"{place} is not in the file")


def _holds_if_closed(lines: list[str], place: Place) -> bool:
    """Whether a list of tables that goes on below these lines has the key in them."""
    try:
        return _holds(tomllib.loads("".join(lines) + "]"), place)
    except tomllib.TOMLDecodeError:
        return False


def _holds(held: Any, place: Place) -> bool:
    for part in place:
        there = part < len(held) if isinstance(part, int) else part in held
        if not there:
            return False
        held = held[part]
    return True


def _placed(error: ErrorDetails) -> Place:
    """Where to look: at the key, or at the table that lacks it."""
    return error["loc"][:-1] if error["type"] == "missing" else error["loc"]


def _advice(error: ErrorDetails) -> str:
    """What is wrong at the key, and what to do."""
    value = json.dumps(error["input"], default=str, ensure_ascii=False)
    match error["type"]:
        case "value_error":
            return str(error["ctx"]["error"])
        case "missing":
            return 'a rule for no layer; add match = "PATTERN", a layer\'s name, * for any text in it'
        case "extra_forbidden":
            *tables, key = error["loc"]
            kind = _Layer if "layer" in tables else _Choice if tables else _File
            return f"there is no such key; {nearest_name(str(key), list(kind.model_fields), 'keys')}"
        case "int_type":
            return f"{value} is not a whole number; write one, without quotes"
        case "string_type":
            return f"{value} is not a text; write it in quotes"
        case "list_type":
            return "rules are a list of tables; write [[layer]], with two brackets"
    header = "[[layer]]" if "layer" in error["loc"] else f"[{_key(error['loc'])}]"
    return f"{value} is not a table; write {header} on a line of its own, its keys below"
