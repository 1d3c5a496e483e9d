"""Writing a build never costs its owner a file: it is all or nothing, and replaces only what Shiftwright wrote."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rtl_tests.e2e.subjects import contents
from shiftwright import flow
from shiftwright.errors import BuildError


def compiled(model: Path, target: Path, force: bool = False) -> None:
    """Compiles a model into a folder."""
    flow.load(model).compile(effort="fast").build(target, force)


def test_force_replaces_a_build(built: Path, copy: Path) -> None:
    """Also one that has been simulated since, and whose files were edited."""
    (copy / "sim_build" / "icarus").mkdir(parents=True)
    (copy / "sim_build" / "icarus" / "result.json").write_text("{}")
    (copy / "rtl" / "tiny.v").write_text("broken")
    compiled(copy / "model.onnx", copy, force=True)
    again = contents(copy)

    assert "sim_build/" not in again
    assert {Path(name).parts[0] for name in contents(built)} == {Path(name).parts[0] for name in again}


def test_an_empty_folder_is_as_good_as_none(built: Path, tmp_path: Path) -> None:
    """It is filled without --force."""
    (tmp_path / "empty").mkdir()
    compiled(built.parent / "tiny.onnx", tmp_path / "empty")

    assert contents(built) == contents(tmp_path / "empty")


def without_force(folder: Path) -> bool:
    """A build as it is, compiled over without --force."""
    return False


def with_a_note_in_it(folder: Path) -> bool:
    """A file of the user's in a build."""
    (folder / "rtl" / "my_notes.txt").write_text("weeks of work")
    return True


def without_its_manifest(folder: Path) -> bool:
    """A folder that might be anybody's."""
    (folder / "manifest.json").unlink()
    return True


def with_somebody_elses_manifest(folder: Path) -> bool:
    """manifest.json is a common name."""
    (folder / "manifest.json").write_text('{"generator": "another tool", "files": {}}')
    return True


def with_a_damaged_manifest(folder: Path) -> bool:
    """Cut short."""
    (folder / "manifest.json").write_text('{"generator": "shiftwright", "fi')
    return True


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (without_force, "holds a build; pass --force to replace it"),
        (with_a_note_in_it, "holds rtl/my_notes.txt, which Shiftwright did not write; move it away"),
        (without_its_manifest, "holds files that Shiftwright did not write; name a new or empty folder"),
        (with_somebody_elses_manifest, "holds files that Shiftwright did not write; name a new or empty folder"),
        (with_a_damaged_manifest, "holds files that Shiftwright did not write; name a new or empty folder"),
    ],
)
def test_nothing_is_replaced_that_is_not_ours(
    change: Callable[[Path], bool], complaint: str, built: Path, copy: Path
) -> None:
    """--force gives leave to replace a build of Shiftwright's, and no other file of anybody's."""
    force = change(copy)
    before = contents(copy)
    with pytest.raises(BuildError, match=complaint):
        compiled(built.parent / "tiny.onnx", copy, force)

    assert contents(copy) == before


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("written", [0, 5])
def test_an_interrupted_build_leaves_the_old_one(
    problem: BaseException, written: int, built: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or Ctrl-C, at the first file or later: the old build is whole and nothing lies beside it."""
    before, write_bytes, count = contents(copy.parent), Path.write_bytes, iter(range(100))

    def failing(path: Path, content: bytes) -> int:
        if next(count) == written:
            raise problem
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises((BuildError, KeyboardInterrupt)):
        compiled(built.parent / "tiny.onnx", copy, force=True)

    assert contents(copy.parent) == before


def test_a_build_that_cannot_be_moved_into_place_leaves_the_old_one(
    built: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old folder has stepped aside already: it comes back."""
    before, replace = contents(copy.parent), os.replace

    def failing(source: Path, target: Path) -> None:
        if target == copy and not str(source).endswith(".old"):
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(BuildError, match="cannot be written"):
        compiled(built.parent / "tiny.onnx", copy, force=True)

    assert contents(copy.parent) == before


def test_a_first_build_that_fails_leaves_nothing(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder that looks like a build and is none."""

    def failing(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(BuildError, match=r"build cannot be written \(No space left on device\)"):
        compiled(built.parent / "tiny.onnx", tmp_path / "build")

    assert contents(tmp_path) == {}
