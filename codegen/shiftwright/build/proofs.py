"""What proving files finds, one by one and together, and how files are read for it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shiftwright import __version__
from shiftwright.build import manifest as manifests
from shiftwright.build.prove_leaf import LeafProof
from shiftwright.errors import BuildError, ProofError

READ = "parsed, proved"
EMITTED = "re-emitted, equal"
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

    `files` are its Verilog, one by one. `changed` and `missing` are files that are not as written, `extra` those that
    nobody listed, `manifest` says in a line each what the file `stated_in` states wrongly. `against` names what the
    Verilog was to compute, `memories` counts those of folded layers, whose codes are proved before the file that holds
    them is emitted again. The same is found of a core, whose `folder` is its Verilog file."""

    folder: Path
    name: str
    files: tuple[FileProof, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    manifest: tuple[str, ...]
    stated_in: str = manifests.NAME
    against: str = "the weights of model.onnx"
    memories: int = 0

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
            "stated_in": self.stated_in,
            "against": self.against,
            "memories": self.memories,
        }


def difference_of(place: Path, text: str, version: object) -> str:
    """Where a file first leaves its text; empty if nowhere. `version` is that of the Shiftwright that wrote it."""
    try:
        return difference(text_of(place), text, version)
    except ProofError as error:
        return str(error)


def difference(have: str, text: str, version: object) -> str:
    """The first line that is not as in `text`; empty if there is none."""
    if have == text:
        return ""
    lines, wanted = [*have.split("\n"), ""], [*text.split("\n"), ""]
    pairs = enumerate(zip(lines, wanted, strict=False), 1)
    number, (line, want) = next(((number, pair) for number, pair in pairs if pair[0] != pair[1]))
    hint = "" if version == __version__ else f"; Shiftwright {version} wrote it, this is {__version__}"
    return f"line {number}: it is {line.strip()[:SHOWN]!r}, emitted again it is {want.strip()[:SHOWN]!r}{hint}"


def text_of(place: Path) -> str:
    """A file of Verilog; ProofError where there is none."""
    if not place.is_file():
        raise ProofError("it is missing")
    if place.stat().st_size > LARGEST_TEXT:
        raise ProofError(f"it has {place.stat().st_size:,} bytes, more than any leaf has")
    try:
        return _bytes(place).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ProofError(f"line {line}: byte {error.object[error.start]:#04x} is no text") from None


def hash_of(place: Path) -> str:
    """A file's hash; empty, which no hash is, for one that is too large to be of a build."""
    return manifests.hash_bytes(_bytes(place)) if place.stat().st_size <= LARGEST else ""


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise BuildError(f"{place} cannot be read ({error.strerror}); mend its permissions") from None
