"""What is synthesized: the Verilog of a build folder, or one file with a module in it."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from shiftwright.build import manifest as manifests
from shiftwright.errors import BuildError, SynthesisError

_MODULE = re.compile(r"^[ \t]*module\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sources:
    """Verilog files with their top module; `home` is where results go, `notes` are lines that a user should see."""

    top: str
    files: tuple[Path, ...]
    home: Path
    notes: tuple[str, ...] = ()


def find_sources(path: Path, top: str | None = None) -> Sources:
    """The sources of a build folder, whose manifest names the top, or of a .v file, whose top no other module holds.

    BuildError or SynthesisError where there are none."""
    try:
        found = _of_folder(path) if path.is_dir() else _of_file(path)
        texts = [_plain(file.read_bytes()) for file in found.files]
    except OSError as error:
        raise SynthesisError(f"{path} cannot be read ({error.strerror}); name a build folder or a .v file") from None
    modules = [name for text in texts for name in _MODULE.findall(text)]
    if not modules:
        raise SynthesisError(f"{path} holds no Verilog module; name a build folder or a .v file with one")
    wanted = top or found.top or _outermost(modules, " ".join(texts))
    if wanted is None:
        raise SynthesisError(f"{path} holds {len(modules)} modules; name the top one (--top {modules[-1]})")
    if wanted not in modules:
        near = get_close_matches(wanted, modules, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(modules[:8])}"
        raise SynthesisError(f"{path} holds no module {wanted!r}; {hint}")
    return Sources(wanted, found.files, found.home, found.notes)


def _of_folder(folder: Path) -> Sources:
    manifest = manifests.read(folder)
    hashes = manifest.get("files")
    if not isinstance(hashes, dict) or not isinstance(manifest.get("name"), str):
        raise BuildError(f"{folder / manifests.NAME} is damaged; compile the model again with --force")
    names = [name for name in sorted(hashes) if name.startswith("rtl/") and name.endswith(".v")]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise BuildError(f"{folder} lacks {missing[0]}; compile the model again with --force")
    changed = [name for name in names if manifests.hash_bytes((folder / name).read_bytes()) != hashes[name]]
    notes = tuple(f"{name} is not as compile wrote it; it is synthesized as it is" for name in changed)
    return Sources(manifest["name"], tuple(folder / name for name in names), folder / "synth", notes)


def _of_file(file: Path) -> Sources:
    if not file.exists():
        raise SynthesisError(f"{file} does not exist; name a build folder or a .v file")
    if file.suffix != ".v":
        raise SynthesisError(f"{file} is no Verilog file; name a build folder or a .v file")
    return Sources("", (file,), file.with_suffix(".synth"))


def _outermost(modules: list[str], text: str) -> str | None:
    """The only module that nothing names but its own declaration."""
    words = Counter(re.findall(r"\w+", text))
    alone = [name for name in modules if words[name] == 1]
    return alone[0] if len(alone) == 1 else None


def _plain(content: bytes) -> str:
    """Verilog without comments."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", content.decode("utf-8", errors="replace"), flags=re.DOTALL)
