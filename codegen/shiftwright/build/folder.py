"""Writes a build folder: aside first, then moved into place, so that a failure leaves what was there."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shiftwright.build import manifest as manifests
from shiftwright.errors import BuildError
from shiftwright.ir.edges import InputEdge, OutputEdge
from shiftwright.lower.design import Lowered
from shiftwright.rtl.leaf import templates

STATIC = {
    "host.py": "build/host.py",
    "bench/run.py": "build/bench/run.py",
    "bench/simulate.py": "build/bench/simulate.py",
    "bench/test_stream.py": "build/bench/test_stream.py",
}
MADE_LATER = ("sim_build", "results", "__pycache__", "waves", "synth")


def write_folder(
    design: Lowered,
    source: InputEdge,
    target: OutputEdge,
    model: bytes,
    integers: dict[str, NDArray[np.int64]],
    path: Path,
    force: bool,
) -> dict[str, object]:
    """Writes the build folder of a design to `path` and returns its manifest.

    `model` is the ONNX file as compiled; `integers` holds golden codes of every layer for the folder's own vectors.
    BuildError where `path` holds anything but a build folder that may be replaced."""
    check_target(path, force)
    rtl = design.verilog()
    contents: dict[str, bytes] = {f"rtl/{name}": text.encode() for name, text in rtl.items()}
    contents |= {name: _static(place) for name, place in STATIC.items()}
    contents |= {f"bench/{name}": content for name, content in simulator_files().items()}
    contents |= vectors(design, integers)
    contents["model.onnx"] = model
    manifest = manifests.describe(design, source, target, manifests.hash_bytes(model), count_multipliers(rtl.values()))
    for name, template in (("Makefile", "build_makefile.j2"), ("README.md", "build_readme.md.j2")):
        contents[name] = _render(template, manifest)
    manifest["files"] = {name: manifests.hash_bytes(contents[name]) for name in sorted(contents)}
    contents[manifests.NAME] = manifests.dump(manifest).encode()
    with replacing(path) as aside:
        for name, content in contents.items():
            place = aside / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return manifest


def vectors(design: Lowered, integers: dict[str, NDArray[np.int64]]) -> dict[str, bytes]:
    """Vector files by name: (frames, positions, lanes) of the input, the output and every link."""

    def words(name: str) -> NDArray[np.int64]:
        codes = integers[name]
        return codes.reshape(len(codes), -1, codes.shape[-1])

    names = {"vectors/input.npy": design.graph.inputs[0].name, "vectors/output.npy": design.graph.outputs[0].name}
    names |= {f"vectors/links/{stage.name}.npy": stage.output.name for stage in design.stages}
    return {file: npy(words(name)) for file, name in names.items()}


def npy(array: NDArray[np.int64]) -> bytes:
    """The bytes of an .npy file."""
    buffer = BytesIO()
    np.save(buffer, np.ascontiguousarray(array))
    return buffer.getvalue()


def count_multipliers(verilog: Iterable[str]) -> int:
    """The multiplications (and divisions) in Verilog text, comments, attributes and sensitivity lists aside."""
    plain = (
        re.sub(r"//[^\n]*|/\*.*?\*/|\(\*.*?\*\)|@\s*\*|@\s*\(\s*\*\s*\)", "", text, flags=re.DOTALL) for text in verilog
    )
    return sum(len(re.findall(r"[*/%]", text)) for text in plain)


def check_target(path: Path, force: bool) -> None:
    """BuildError unless a build folder may be written to `path`."""
    try:
        if path.is_symlink() or path.is_file():
            raise BuildError(f"{path} is a file or a link; name a new folder for the build (-o DIR)")
        if not path.is_dir() or not any(path.iterdir()):
            return
    except OSError as error:
        raise BuildError(f"{path} cannot be written ({error.strerror}); name another folder (-o DIR)") from None
    try:
        manifest = manifests.read(path)
    except BuildError:
        raise BuildError(
            f"{path} holds files that Shiftwright did not write; name a new or empty folder (-o DIR)"
        ) from None
    if not force:
        raise BuildError(f"{path} holds a build; pass --force to replace it, or name another folder (-o DIR)")
    known = set(manifest.get("files", {})) | {manifests.NAME}
    for found in sorted(path.rglob("*")):
        inside = found.relative_to(path)
        if found.is_file() and inside.as_posix() not in known and not set(inside.parts) & set(MADE_LATER):
            raise BuildError(
                f"{path} holds {inside}, which Shiftwright did not write; move it away before replacing the build"
            )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new folder beside `path` that takes its place when the block ends well, and vanishes when it does not."""
    made = [parent for parent in path.parents if not parent.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise BuildError(f"{path} cannot be written ({error.strerror}); name another folder (-o DIR)") from error
    try:
        yield aside
        aside.chmod(0o755)
        if path.exists():
            old = aside.with_name(aside.name + ".old")
            os.replace(path, old)
            try:
                os.replace(aside, path)
            except BaseException:
                os.replace(old, path)
                raise
            shutil.rmtree(old)
        else:
            os.replace(aside, path)
    except OSError as error:
        raise BuildError(f"{path} cannot be written ({error.strerror}); name another folder (-o DIR)") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        for parent in made:  # none of them where the result stands now
            with suppress(OSError):
                parent.rmdir()


def simulator_files() -> dict[str, bytes]:
    """The simulators' files for a bench, found by what they declare: build must not import sim."""
    places = files("shiftwright").joinpath("sim").iterdir()
    chosen = sorted(place.name for place in places if place.name.endswith(".py") and _stands_alone(place.read_text()))
    return {f"simulators/{name}": _static(f"sim/{name}") for name in chosen}


def _stands_alone(text: str) -> bool:
    return "SIMULATOR = " in text or "class Simulator:" in text


def _static(place: str) -> bytes:
    return files("shiftwright").joinpath(place).read_bytes()


def _render(template: str, manifest: dict[str, object]) -> bytes:
    return templates().get_template(template).render(manifest=manifest).encode()
