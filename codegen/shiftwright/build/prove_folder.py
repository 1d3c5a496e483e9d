"""Proves a build folder from its files alone: its Verilog computes its model.onnx, and its manifest says so.

model.onnx is imported again. From it follow, without the solver that compiled the folder, what each adder leaf must
compute and the text of every other Verilog file. Leaves are read and proved; the other files must equal their text. For
that the design is built once more with the plainest solver, whose graphs give way to the leaves that were found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from shiftwright import __version__
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.build import manifest as manifests
from shiftwright.build.folder import MADE_LATER
from shiftwright.build.module_name import checked_module_name
from shiftwright.build.prove_leaf import LeafProof, prove_leaf
from shiftwright.build.prove_manifest import listed_files, stated_latency, wrong_statements
from shiftwright.build.prove_statement import stated
from shiftwright.errors import BuildError, ProofError, ShiftwrightError
from shiftwright.frontend.convert import Network
from shiftwright.lower.design import Lowered, lower
from shiftwright.lower.plan import Plan
from shiftwright.lower.stages import Stage
from shiftwright.rtl import add3
from shiftwright.rtl.leaf import Leaf, Pipeline

READ = "parsed, proved"
EMITTED = "re-emitted, equal"
PLAINEST = Plan(SolverSettings(solver="csd"))
LARGEST = 1 << 31  # bytes of a file that compile writes
LARGEST_TEXT = 1 << 28  # of them, in Verilog
SHOWN = 60  # characters of a line in a message


@dataclass(frozen=True, slots=True)
class FileProof:
    """What was found of one Verilog file; `complaint` is empty where it is proved.

    `layer` is empty for what belongs to the whole design. An adder leaf comes with the hash of the coefficients that it
    has to compute, and with counts where it is proved."""

    file: str
    layer: str
    how: str
    complaint: str
    counts: LeafProof | None = None
    coefficients: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "file": self.file,
            "layer": self.layer,
            "how": self.how,
            "proved": not self.complaint,
            "message": self.complaint,
            "counts": None if self.counts is None else asdict(self.counts),
            "coefficients": self.coefficients or None,
        }


@dataclass(frozen=True, slots=True)
class FolderProof:
    """What was found of a build folder.

    `files` are its Verilog, one by one. `changed` and `missing` are files that are not as compiled, `extra` those that
    nobody listed, `manifest` says in a line each what the manifest states wrongly."""

    folder: Path
    name: str
    files: tuple[FileProof, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    manifest: tuple[str, ...]

    @property
    def proved(self) -> bool:
        """Whether all is proved and all is as compiled; extra files matter among the Verilog only."""
        complaints = [found.complaint for found in self.files if found.complaint]
        stray = [file for file in self.extra if file.startswith("rtl/")]
        return not (complaints or self.changed or self.missing or stray or self.manifest)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "folder": str(self.folder),
            "name": self.name,
            "proved": self.proved,
            "files": [found.as_dict() for found in self.files],
            "changed": list(self.changed),
            "missing": list(self.missing),
            "extra": list(self.extra),
            "manifest": list(self.manifest),
        }


class WrittenLeaf(Leaf):
    """An adder leaf as found in a folder: it stands where the fresh one stood, with a latency of its own."""

    def __init__(self, fresh: Leaf, text: str, latency: int) -> None:
        super().__init__(fresh.name, fresh.words, fresh.results, latency)
        self._text = text

    def context(self) -> Mapping[str, object]:
        """Nothing is left to render."""
        return {}

    def render(self) -> str:
        """The text as found."""
        return self._text

    def files(self) -> dict[str, str]:
        """With the module of three-operand adders, if the text asks for it."""
        return super().files() | (add3.file() if add3.NAME in self._text else {})


def prove_folder(folder: Path, network: Network) -> FolderProof:
    """Proves the folder whose model.onnx is `network`; BuildError where it is no build folder of this version."""
    manifest = manifests.read(folder)
    listed = listed_files(folder, manifest)
    missing = sorted(file for file in listed if not (folder / file).is_file())
    hashes = {file: _hash(folder / file) for file in sorted(set(listed) - set(missing))}
    changed = [file for file, digest in hashes.items() if digest != listed[file]]
    fresh = _fresh_design(folder, network, manifest.get("name"), changed)

    leaves: dict[str, FileProof] = {}
    stages: list[Stage] = []
    for number, stage in enumerate(fresh.stages):
        if stage.engine is None:
            stages.append(stage)
            continue
        latency = stated_latency(manifest, number)
        text, found = _prove_leaf(folder, stage, latency)
        leaves[found.file] = found
        stages.append(_with_leaf(stage, text, latency))
    design = replace(fresh, stages=tuple(stages))

    rtl = {f"rtl/{name}": text for name, text in design.verilog().items()}
    owners = {
        f"rtl/{leaf.name}.v": stage.name for stage in stages if stage.engine for leaf in stage.engine.pipeline.leaves
    }
    files = [
        leaves.get(file)
        or FileProof(file, owners.get(file, ""), EMITTED, _difference(folder / file, text, manifest.get("version")))
        for file, text in rtl.items()
    ]
    counts = {found.layer: found.counts for found in leaves.values() if found.counts is not None}
    wrong = wrong_statements(manifest, design, network, _hash(folder / "model.onnx"), rtl, counts)
    extra = _extra(folder, listed, rtl)
    return FolderProof(folder, design.name, tuple(files), tuple(changed), tuple(missing), tuple(extra), tuple(wrong))


def _fresh_design(folder: Path, network: Network, name: object, changed: list[str]) -> Lowered:
    if not isinstance(name, str):
        raise BuildError(f"{folder / manifests.NAME} gives no module name; compile the model again with --force")
    top = checked_module_name(name)
    try:
        return lower(network.graph, top, PLAINEST)
    except ShiftwrightError as error:
        swapped = "it is not the file that was compiled; " if "model.onnx" in changed else ""
        raise BuildError(f"{folder / 'model.onnx'} does not compile: {swapped}{error}") from error


def _prove_leaf(folder: Path, stage: Stage, latency: int) -> tuple[str, FileProof]:
    """The text of a stage's adder leaf, and what was found of it."""
    assert stage.engine is not None
    leaf, wanted = stage.engine.pipeline.leaves[0], stated(stage)
    file, text = f"rtl/{leaf.name}.v", ""
    try:
        text = _text(folder / file)
        counts = prove_leaf(text, wanted.matrix, wanted.constants, wanted.ranges, latency, leaf.name)
    except ProofError as error:
        return text, FileProof(file, stage.name, READ, str(error), None, wanted.digest)
    return text, FileProof(file, stage.name, READ, "", counts, wanted.digest)


def _with_leaf(stage: Stage, text: str, latency: int) -> Stage:
    """The stage, its solved leaf replaced by the one that was found."""
    assert stage.engine is not None
    solved = stage.engine.pipeline
    found = Pipeline([WrittenLeaf(solved.leaves[0], text, latency), *solved.leaves[1:]])
    components = tuple(found if component is solved else component for component in stage.components)
    return replace(stage, components=components, engine=replace(stage.engine, pipeline=found))


def _difference(place: Path, text: str, version: object) -> str:
    """Where a file first leaves its text; empty if nowhere. `version` is that of the Shiftwright that wrote it."""
    try:
        have = _text(place)
    except ProofError as error:
        return str(error)
    if have == text:
        return ""
    lines, wanted = [*have.split("\n"), ""], [*text.split("\n"), ""]
    pairs = enumerate(zip(lines, wanted, strict=False), 1)
    number, (line, want) = next(((number, pair) for number, pair in pairs if pair[0] != pair[1]))
    hint = "" if version == __version__ else f"; Shiftwright {version} wrote it, this is {__version__}"
    return f"line {number}: it is {line.strip()[:SHOWN]!r}, emitted again it is {want.strip()[:SHOWN]!r}{hint}"


def _extra(folder: Path, listed: Mapping[str, str], rtl: Mapping[str, str]) -> list[str]:
    """Files that the manifest does not list, and Verilog that belongs to no layer."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        file = inside.as_posix()
        if not path.is_file() or file == manifests.NAME or set(inside.parts) & set(MADE_LATER):
            continue
        if file not in listed or (file.startswith("rtl/") and file not in rtl):
            found.append(file)
    return found


def _text(place: Path) -> str:
    if not place.is_file():
        raise ProofError("it is missing")
    if place.stat().st_size > LARGEST_TEXT:
        raise ProofError(f"it has {place.stat().st_size:,} bytes, more than any leaf has")
    try:
        return _bytes(place).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ProofError(f"line {line}: byte {error.object[error.start]:#04x} is no text") from None


def _hash(place: Path) -> str:
    """A file's hash; empty, which no hash is, for one that is too large to be of a build."""
    return manifests.hash_bytes(_bytes(place)) if place.stat().st_size <= LARGEST else ""


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise BuildError(f"{place} cannot be read ({error.strerror}); mend its permissions") from None
