"""A core as files: NAME.v, its description NAME.json, and NAME_bench, which simulates it without Shiftwright."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from shiftwright import __version__
from shiftwright.arith.pipeline import register_bits
from shiftwright.build.core import Core
from shiftwright.build.folder import MADE_LATER, simulator_files
from shiftwright.build.manifest import FORMAT, GENERATOR, Json, hash_bytes
from shiftwright.errors import BuildError
from shiftwright.rtl.format import Format
from shiftwright.rtl.leaf import templates

KIND = "core"
STATIC = {
    "run.py": "build/core_bench/run.py",
    "simulate.py": "build/bench/simulate.py",
    "test_core.py": "build/core_bench/test_core.py",
}


@dataclass(frozen=True, slots=True)
class CorePlaces:
    """Where a core's three parts lie."""

    verilog: Path

    @property
    def description(self) -> Path:
        """The file that says what the Verilog computes."""
        return self.verilog.with_suffix(".json")

    @property
    def bench(self) -> Path:
        """The folder that simulates it."""
        return self.verilog.with_name(f"{self.verilog.stem}_bench")

    @property
    def all(self) -> tuple[Path, Path, Path]:
        """All three."""
        return self.verilog, self.description, self.bench


def write_core(core: Core, verilog: Path, name: str, levels_per_stage: int, force: bool) -> Json:
    """Writes a core and returns its description; BuildError where its files may not be written."""
    places = CorePlaces(verilog)
    check_places(places, force)
    contents = {verilog.name: core.verilog(name, levels_per_stage).encode()}
    bench = {file: files("shiftwright").joinpath(place).read_bytes() for file, place in STATIC.items()}
    bench |= simulator_files()
    bench["Makefile"] = templates().get_template("core_makefile.j2").render(name=name).encode()
    contents |= {f"{places.bench.name}/{file}": content for file, content in bench.items()}
    description = describe(core, verilog.name, name, levels_per_stage)
    description["files"] = {file: hash_bytes(content) for file, content in sorted(contents.items())}
    contents[places.description.name] = dump(description).encode()
    _place(contents, places)
    return description


def describe(core: Core, file: str, name: str, levels_per_stage: int) -> Json:
    """What a core's description holds, but for the files' hashes."""
    leaf, linear = core.leaf(name, levels_per_stage), core.linear
    return {
        "generator": GENERATOR,
        "kind": KIND,
        "format": FORMAT,
        "version": __version__,
        "name": name,
        "verilog": file,
        "latency": leaf.latency,
        "levels_per_stage": levels_per_stage,
        "x": lanes_of(leaf.words),
        "y": lanes_of(leaf.results),
        "adders": core.adders,
        "bits": core.bits,
        "depth": core.depth,
        "registers": register_bits(core.graph, levels_per_stage),
        "estimated_luts": core.luts(levels_per_stage),
        "estimated_registers": core.registers(levels_per_stage),
        "solver": core.settings.as_dict(),
        "proof": {"result": "proved", "coefficients": linear.digest},
        "constants": list(linear.constants),
        "ranges": [list(pair) for pair in linear.ranges],
        "matrix": linear.matrix.tolist(),
    }


def lanes_of(words: Format) -> list[list[int]]:
    """[width, 1 if signed] of each lane, the lowest first."""
    return [[lane.width, int(lane.signed)] for lane in words.lanes]


def dump(description: Mapping[str, Any]) -> str:
    """The file's text: a line a key, and one a row of the matrix."""
    lines = []
    for key, value in description.items():
        if key in ("matrix", "files"):
            inner = (
                [json.dumps(row) for row in value]
                if key == "matrix"
                else [f"{json.dumps(file)}: {json.dumps(digest)}" for file, digest in value.items()]
            )
            start, end = "[]" if key == "matrix" else "{}"
            lines.append(f'"{key}": {start}\n  ' + ",\n  ".join(inner) + f"\n {end}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def read_core(description: Path) -> Json:
    """A core's description; BuildError if it is none that this version reads."""
    try:
        found = json.loads(description.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildError(
            f"{description} does not exist; name a core that `shiftwright cmvm` wrote, with its description beside it"
        ) from None
    except OSError as error:
        raise BuildError(f"{description} cannot be read ({error.strerror}); name another file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BuildError(f"{description} is damaged ({error}); write the core again with --force") from None
    if not isinstance(found, dict) or (found.get("generator"), found.get("kind")) != (GENERATOR, KIND):
        raise BuildError(f"{description} describes no core; name one that `shiftwright cmvm` wrote")
    if found.get("format") != FORMAT:
        raise BuildError(
            f"{description} has format {found.get('format')}; this version reads {FORMAT}, write the core again"
        )
    return found


def check_places(places: CorePlaces, force: bool) -> None:
    """BuildError unless a core may be written there."""
    if places.verilog.suffix != ".v":
        raise BuildError(f"{places.verilog} is no name for Verilog; let it end in .v (-o core.v)")
    taken = [place for place in places.all if place.exists() or place.is_symlink()]
    if not taken:
        return
    try:
        listed = read_core(places.description).get("files")
    except BuildError:
        listed = None
    if not isinstance(listed, dict):
        raise BuildError(
            f"{taken[0]} is there already, and Shiftwright did not write it; name another file (-o FILE.v)"
        )
    if not force:
        raise BuildError(f"{places.verilog} is there already; pass --force to replace it, or name another file (-o)")
    kinds = {places.verilog: Path.is_file, places.description: Path.is_file, places.bench: Path.is_dir}
    strangers = [place for place in taken if place.is_symlink() or not kinds[place](place)]
    known = {places.description.name, *listed}
    found = [path for place in taken for path in (place, *sorted(place.rglob("*"))) if path.is_file()]
    for path in found:
        inside = path.relative_to(places.verilog.parent)
        if inside.as_posix() not in known and not set(inside.parts) & set(MADE_LATER):
            strangers.append(path)
    if strangers:
        raise BuildError(f"{strangers[0]} is not of the core that is there; move it away before replacing the core")


def _place(contents: Mapping[str, bytes], places: CorePlaces) -> None:
    """Writes the files aside and moves all of them into place, or none."""
    home = places.verilog.parent
    aside: Path | None = None
    try:
        home.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{places.verilog.stem}.", dir=home))
        for file, content in contents.items():
            place = aside / "new" / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        (aside / "old").mkdir()
        _exchange(places.all, aside / "new", aside / "old")
    except OSError as error:
        raise BuildError(f"{places.verilog} cannot be written ({error.strerror}); name another file (-o)") from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _exchange(targets: Sequence[Path], new: Path, old: Path) -> None:
    """Moves what lies in `new` onto the targets; what was there goes to `old`, and comes back if a move fails."""
    moved: list[tuple[Path, Path]] = []
    try:
        for target in targets:
            if target.exists():
                os.replace(target, old / target.name)
                moved.append((old / target.name, target))  # where it is now, where it was
        for target in targets:
            os.replace(new / target.name, target)
            moved.append((target, new / target.name))
    except BaseException:
        for now, before in reversed(moved):
            os.replace(now, before)
        raise
