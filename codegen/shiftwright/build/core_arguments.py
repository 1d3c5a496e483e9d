"""What users hand to `solve` and `shiftwright cmvm`, as exact integers; refused with the place and what to do."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shiftwright.errors import SolveError

LARGEST = 1 << 60  # of an entry, and of what an output can reach: sums on the way take two bits more
SHOWN = 40  # characters of what a file holds, in a message
Pairs = list[tuple[int, int]]


def matrix_of(given: ArrayLike, name: str = "the matrix") -> NDArray[np.int64]:
    """A matrix (outputs, inputs) of whole numbers; SolveError names the first entry that is none."""
    try:
        array = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise SolveError(f"{name} is no array; give rows of equal length") from error
    if array.ndim != 2:
        raise SolveError(f"{name} has shape {array.shape}; give one of two axes, (outputs, inputs)")
    return _integers(array, name)


def constants_of(given: ArrayLike | None, outputs: int) -> list[int]:
    """One whole number an output; none given means 0."""
    if given is None:
        return [0] * outputs
    try:
        array = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise SolveError(f"the constants are no array ({error}); give one whole number an output") from None
    if array.shape != (outputs,):
        raise SolveError(f"the constants have shape {array.shape}; give one for each of {outputs} outputs")
    return [int(number) for number in _integers(array, "the constants")]


def ranges_of(given: ArrayLike, inputs: int) -> Pairs:
    """(lo, hi) of each input, from one pair for all or from one pair each."""
    try:
        array = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise SolveError(f"the input range is no array ({error}); give (lo, hi), or one pair an input") from None
    if array.shape not in ((2,), (inputs, 2)):
        raise SolveError(f"the input range has shape {array.shape}; give (lo, hi), or one such pair an input")
    bounds = np.broadcast_to(_integers(array, "the input range"), (inputs, 2)).tolist()
    for number, (lo, hi) in enumerate(bounds):
        if lo > hi:
            where = "the input range" if array.ndim == 1 else f"the range of input {number}"
            raise SolveError(f"{where} is {lo} … {hi}, which holds nothing; give the least value first")
    return [(lo, hi) for lo, hi in bounds]


def check_reach(matrix: NDArray[np.int64], ranges: Pairs, constants: Sequence[int]) -> None:
    """SolveError where an output may leave the integers that graphs are worked out in."""
    sizes = np.array([max(abs(lo), abs(hi)) for lo, hi in ranges], dtype=object)
    for number, row in enumerate(np.abs(matrix).astype(object)):
        reach = int((row * sizes).sum()) + abs(constants[number])
        if reach > LARGEST:
            raise SolveError(f"output {number} may reach ±{reach}, beyond 2^60; split the matrix, or narrow its inputs")


def array_of(path: Path) -> NDArray[Any]:
    """What an .npy, .csv or .txt file holds; in a text a line is a row, numbers apart by commas or blanks."""
    if path.suffix not in (".npy", ".csv", ".txt"):
        raise SolveError(f"{path} is none of .npy, .csv and .txt; save the matrix with numpy.save({str(path)!r}, W)")
    try:
        if path.suffix != ".npy":
            return _text_rows(path)
        loaded = np.load(path, allow_pickle=False)
    except OSError as error:
        raise SolveError(f"{path} cannot be read ({error.strerror or error}); name another file") from None
    except (ValueError, EOFError) as error:
        raise SolveError(f"{path} is no .npy file of numbers; save it with numpy.save") from error
    if not isinstance(loaded, np.ndarray):
        raise SolveError(f"{path} is an archive; save the one matrix with numpy.save")
    return loaded


def _text_rows(path: Path) -> NDArray[Any]:
    rows: list[list[object]] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise SolveError(f"{path} is no text; save rows of whole numbers, apart by commas or blanks") from None
    for place, line in enumerate(lines, 1):
        cells = [cell for cell in re.split(r"[,;\s]+", line.partition("#")[0].strip()) if cell]
        if not cells:
            continue
        row: list[object] = [_number(cell) for cell in cells]
        if None in row:
            wrong = cells[row.index(None)]
            raise SolveError(f"{path}, line {place}: {wrong[:SHOWN]!r} is no number; give whole numbers alone")
        if rows and len(row) != len(rows[0]):
            raise SolveError(
                f"{path}, line {place}: {len(row)} numbers, the lines above have {len(rows[0])}; "
                "give rows of equal length"
            )
        rows.append(row)
    return np.array(rows, dtype=object).reshape(len(rows), len(rows[0]) if rows else 0)


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _integers(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    """The array as int64; whole floats, and Python's integers of any size, are taken as long as they fit."""
    if array.size == 0:
        return np.zeros(array.shape, dtype=np.int64)
    kind = array.dtype.kind
    if kind not in "biufO":
        raise SolveError(f"{name} holds {array.dtype}; give whole numbers")
    if kind in "fO":
        whole = np.vectorize(_is_whole, otypes=[bool])(array) if kind == "O" else array == np.rint(array)
        infinite = np.zeros_like(whole) if kind == "O" else np.isinf(array)
        for place in np.argwhere(~whole | infinite)[:1].tolist():
            raise SolveError(
                f"{_at(name, place)} is {str(array[tuple(place)])[:SHOWN]}; give whole numbers, scaled if need be"
            )
    if kind == "O":
        array = np.vectorize(int, otypes=[object])(array)
    for extreme in (np.argmin(array), np.argmax(array)):
        place = [int(index) for index in np.unravel_index(int(extreme), array.shape)]
        number = int(array[tuple(place)])
        if abs(number) > LARGEST:
            raise SolveError(f"{_at(name, place)} is {number}, beyond 2^60; scale the numbers down")
    return array.astype(np.int64)


def _is_whole(entry: object) -> bool:
    try:
        return bool(entry == int(entry))  # type: ignore[call-overload] # whatever an object array holds
    except (TypeError, ValueError, OverflowError):
        return False


def _at(name: str, place: Sequence[int]) -> str:
    return f"{name}, entry [{', '.join(map(str, place))}],"
