"""Proves a core from its files alone: its Verilog computes the matrix that its description states.

The file's first comment lines are for people; the leaf behind them is read and proved as those of build folders are, and
the module of three-operand adders, if it has one, must equal its text."""

import json
import re
from pathlib import Path
from typing import Any

from shiftwright.build.core_arguments import check_reach, constants_of, matrix_of, ranges_of
from shiftwright.build.core_files import CorePlaces, lanes_of, read_core
from shiftwright.build.folder import MADE_LATER
from shiftwright.build.manifest import Json
from shiftwright.build.prove_folder import (
    EMITTED,
    READ,
    FileProof,
    FolderProof,
    difference,
    hash_of,
    text_of,
)
from shiftwright.build.prove_leaf import LeafProof, prove_leaf
from shiftwright.build.prove_manifest import LONGEST, listed_files
from shiftwright.build.prove_statement import LinearMap
from shiftwright.errors import BuildError, ProofError, SolveError
from shiftwright.rtl import add3
from shiftwright.rtl.format import Format

SHOWN = 60  # characters of a value in a message
END = "endmodule\n"


def prove_core(path: Path) -> FolderProof:
    """Proves the core of a Verilog file or a description; BuildError where there is none of this version."""
    description = read_core(path if path.suffix == ".json" else path.with_suffix(".json"))
    places = CorePlaces(path.with_suffix(".v"))
    linear = _linear(description, places.description)
    listed = listed_files(places.description, description)
    home, file = places.verilog.parent, places.verilog.name
    missing = sorted(name for name in listed if not (home / name).is_file())
    changed = [name for name, digest in sorted(listed.items()) if name not in missing and hash_of(home / name) != digest]
    found = _prove_file(places.verilog, description, linear)
    counts = found[0].counts
    wrong = _wrong_statements(description, linear, file, counts)
    extra = _extra(places, listed)
    name = str(description.get("name"))
    return FolderProof(
        places.verilog, name, tuple(found), tuple(changed), tuple(missing), extra, tuple(wrong), places.description.name
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
    """The leaf first, then the module that it may need."""
    file, counts, complaint, rest = verilog.name, None, "", ""
    try:
        head, leaf, rest = _parts(text_of(verilog))
        latency = description.get("latency")
        if type(latency) is not int or not 1 <= latency <= LONGEST:
            latency = 1
        try:
            counts = prove_leaf(
                leaf, linear.matrix, linear.constants, linear.ranges, latency, str(description.get("name"))
            )
        except ProofError as error:
            raise ProofError(_moved(str(error), head.count("\n"))) from None
    except ProofError as error:
        complaint = str(error)
    proofs = [FileProof(file, "", READ, complaint, counts, linear.digest)]
    needed = f"{add3.NAME} #(" in leaf if counts is not None else bool(rest)
    if needed or rest:
        want = add3.file()[f"{add3.NAME}.v"] if needed else ""
        begin = (head + leaf).count("\n")
        proofs.append(
            FileProof(
                f"{file}: {add3.NAME}", "", EMITTED, _moved(difference(rest, want, description.get("version")), begin)
            )
        )
    return proofs
