"""Proves a core from its files alone: its Verilog computes the matrix that its description states.

The file's first comment lines are for people; the leaf behind them is read and proved as those of build folders are.
The module of three-operand adders, if there is one, must equal its text."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from shiftwright.build.core_arguments import check_reach, constants_of, matrix_of, ranges_of
from shiftwright.build.core_files import CorePlaces, lanes_of, read_core
from shiftwright.build.folder import MADE_LATER
from shiftwright.build.manifest import Json
from shiftwright.build.proofs import EMITTED, READ, FileProof, FolderProof, difference, hash_of, text_of
from shiftwright.build.prove_leaf import LeafProof, prove_leaf
from shiftwright.build.prove_manifest import LONGEST, listed_files
from shiftwright.build.prove_statement import LinearMap
from shiftwright.errors import BuildError, ProofError, SolveError
from shiftwright.rtl import add3
from shiftwright.rtl.format import Format

SHOWN = 60  # characters of a value in a message
END = "endmodule"
COUNTED = ("adders", "bits", "depth", "latency", "registers")


def prove_core(path: Path) -> FolderProof:
    """Proves the core of a Verilog file or a description; BuildError where there is none of this version."""
    description = read_core(path if path.suffix == ".json" else path.with_suffix(".json"))
    places = CorePlaces(path.with_suffix(".v"))
    stated_in, home = places.description.name, places.verilog.parent
    linear = _linear(description, places.description)
    listed = listed_files(places.description, description)
    if places.verilog.name not in listed:
        raise BuildError(
            f"{places.description} lists no hash of {places.verilog.name}; write the core again with --force"
        )
    missing = [file for file in sorted(listed) if not (home / file).is_file()]
    changed = [file for file in sorted(set(listed) - set(missing)) if hash_of(home / file) != listed[file]]
    files = _prove_file(places.verilog, description, linear)
    return FolderProof(
        places.verilog,
        str(description.get("name")),
        tuple(files),
        tuple(changed),
        tuple(missing),
        tuple(_extra(places, listed)),
        tuple(_wrong_statements(description, linear, places.verilog.name, files[0].counts)),
        stated_in,
        f"the matrix in {stated_in}",
    )


def _linear(description: Json, place: Path) -> LinearMap:
    """What the core has to compute."""
    try:
        matrix = matrix_of(description["matrix"] or [], "its matrix")
        ranges = ranges_of(description["ranges"], matrix.shape[1])
        constants = constants_of(description["constants"], matrix.shape[0])
        check_reach(matrix, ranges, constants)
    except KeyError as key:
        raise BuildError(f"{place} states no {key}; write the core again with --force") from None
    except SolveError as error:
        raise BuildError(f"{place}: {error}") from None
    return LinearMap(matrix, tuple(constants), tuple(ranges))


def _prove_file(verilog: Path, description: Json, linear: LinearMap) -> list[FileProof]:
    """The leaf first, then the module of three-operand adders that may follow it."""
    file, version = verilog.name, description.get("version")
    try:
        head, leaf, rest = _parts(text_of(verilog))
    except ProofError as error:
        return [FileProof(file, "", READ, str(error), None, linear.digest)]
    complaint, counts = "", None
    latency, name = _latency(description), str(description.get("name"))
    try:
        counts = prove_leaf(leaf, linear.matrix, linear.constants, linear.ranges, latency, name)
    except ProofError as error:
        complaint = _moved(str(error), head.count("\n"))
    found = [FileProof(file, "", READ, complaint, counts, linear.digest)]
    wanted = add3.file()[f"{add3.NAME}.v"] if f" {add3.NAME} #(" in leaf else ""
    if rest or wanted:
        different = _moved(difference(rest, wanted, version), (head + leaf).count("\n"))
        found.append(FileProof(f"{file}, {add3.NAME}", "", EMITTED, different))
    return found


def _parts(text: str) -> tuple[str, str, str]:
    """Comment lines in front, the first module, and what follows it."""
    head = re.match(r"(?://.*\n)*", text)
    assert head is not None
    leaf, end, rest = text[head.end() :].partition(f"\n{END}\n")
    return head[0], leaf + end, rest


def _moved(complaint: str, lines: int) -> str:
    """A complaint about a part of a file, its line counted from the top of the file."""
    return re.sub(r"^line (\d+)", lambda match: f"line {int(match[1]) + lines}", complaint)


def _latency(description: Json) -> int:
    latency = description.get("latency")
    return latency if type(latency) is int and 1 <= latency <= LONGEST else 1


def _wrong_statements(description: Json, linear: LinearMap, file: str, counts: LeafProof | None) -> Iterator[str]:
    """Where the description contradicts its own matrix or the Verilog."""
    rows = zip(linear.matrix.tolist(), linear.constants, strict=True)
    reach = [_reach(row, linear.ranges, constant) for row, constant in rows]
    wanted: dict[str, object] = {
        "verilog": file,
        "x": lanes_of(Format.spanning(linear.ranges)),
        "y": lanes_of(Format.spanning(reach)),
        "proof": {"result": "proved", "coefficients": linear.digest},
    }
    if counts is not None:
        wanted |= {key: getattr(counts, key) for key in COUNTED}
    for key, want in wanted.items():
        have = description.get(key)
        if json.dumps(have) == json.dumps(want):
            continue
        if key == "proof" and isinstance(have, dict) and have.get("result") == "proved":
            have, want = have.get("coefficients"), linear.digest
        yield f"{key} is {json.dumps(have)[:SHOWN]}, which should be {json.dumps(want)[:SHOWN]}"


def _reach(row: list[int], ranges: Sequence[tuple[int, int]], constant: int) -> tuple[int, int]:
    ends = [(weight * lo, weight * hi) for weight, (lo, hi) in zip(row, ranges, strict=True)]
    return constant + sum(map(min, ends)), constant + sum(map(max, ends))


def _extra(places: CorePlaces, listed: Mapping[str, str]) -> list[str]:
    """Files in the bench's folder that the description does not list."""
    home = places.verilog.parent
    inside = [path.relative_to(home) for path in sorted(places.bench.rglob("*")) if path.is_file()]
    ours = [path.as_posix() for path in inside if not set(path.parts) & set(MADE_LATER)]
    return [file for file in ours if file not in listed]
