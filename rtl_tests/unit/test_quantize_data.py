"""Calibration data from files: an archive, a bare array, or a folder of either."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftwright.errors import QuantizeError
from shiftwright.quantize.data import load_data

X = np.arange(12, dtype=np.float32).reshape(6, 2)
LABELS = np.arange(6)


def refusal(path: Path, names: list[str] | None = None) -> str:
    """The message about unusable data, without the folder it lies in."""
    with pytest.raises(QuantizeError) as caught:
        load_data(path, names or ["x"])
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "").replace(os.sep, "/")


def archives(folder: Path, **parts: dict[str, Any]) -> Path:
    """A folder with an .npz of each part, by name."""
    home = folder / "data"
    home.mkdir()
    for name, arrays in parts.items():
        np.savez(home / f"{name}.npz", **arrays)
    return home


def listed(found: dict[str, Any]) -> dict[str, Any]:
    """Arrays as lists."""
    return {name: array.tolist() for name, array in found.items()}


def test_an_archive_gives_inputs_and_labels(tmp_path: Path) -> None:
    """In the inputs' order; what the model does not know is left."""
    np.savez(tmp_path / "a.npz", labels=LABELS, more=X, x=X)

    assert list(load_data(tmp_path / "a.npz", ["x"])) == ["x", "labels"]


def test_a_bare_array_is_the_one_input(tmp_path: Path) -> None:
    """Two inputs need names."""
    np.save(tmp_path / "a.npy", X)

    assert listed(load_data(tmp_path / "a.npy", ["x"])) == {"x": X.tolist()}
    assert refusal(tmp_path / "a.npy", ["x", "z"]) == (
        "a.npy holds one array for several inputs; save them with numpy.savez(FILE, x=…, z=…)"
    )


def test_a_folders_archives_are_joined_in_order(tmp_path: Path) -> None:
    """By name; labels go with their samples, and files of other kinds are left."""
    home = archives(
        tmp_path, b={"x": X[3:], "labels": LABELS[3:]}, a={"x": X[:3], "labels": LABELS[:3], "note": np.zeros(1)}
    )
    (home / "README.md").write_text("images")
    (home / ".hidden.npz").write_text("half a download")

    assert listed(load_data(home, ["x"])) == {"x": X.tolist(), "labels": LABELS.tolist()}


def test_the_order_is_that_of_names(tmp_path: Path) -> None:
    """Whatever the order of writing."""
    written = [7, 2, 9, 0, 4, 8, 1, 6, 3, 5]
    home = archives(tmp_path, **{f"part{number}": {"x": np.array([[number]])} for number in written})

    assert load_data(home, ["x"])["x"].ravel().tolist() == sorted(written)


def test_a_folder_may_hold_bare_arrays(tmp_path: Path) -> None:
    """Beside archives without labels too."""
    home = archives(tmp_path, b={"x": X[4:]})
    np.save(home / "a.npy", X[:4])

    assert listed(load_data(home, ["x"])) == {"x": X.tolist()}


def test_a_folder_of_one_file_is_that_file(tmp_path: Path) -> None:
    """With all its inputs."""
    home = archives(tmp_path, only={"x": X, "z": X})

    assert listed(load_data(home, ["z", "x"])) == {"z": X.tolist(), "x": X.tolist()}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        pytest.param(
            {}, "data holds no .npz or .npy file; save the calibration data there with numpy.savez", id="empty"
        ),
        pytest.param(
            {"a": {"x": X}, "b": {"images": X, "n": X}},
            "data/b.npz holds 'images', 'n' but no 'x', the model's input; rename the key to 'x'",
            id="key",
        ),
        pytest.param(
            {"a": {"x": X, "labels": LABELS}, "b": {"x": X}},
            "data/b.npz has no labels but a.npz has; give them in all files or in none",
            id="labels-in-the-first",
        ),
        pytest.param(
            {"a": {"x": X}, "b": {"x": X, "labels": LABELS}},
            "data/a.npz has no labels but b.npz has; give them in all files or in none",
            id="labels-in-the-second",
        ),
        pytest.param(
            {"a": {"x": X}, "b": {"x": X[:, :1]}},
            "data/b.npz differs from a.npz: a sample of 'x' has shape (1,), there (2,); save all files alike",
            id="shape",
        ),
        pytest.param(
            {"a": {"x": X}, "b": {"x": X.astype(np.uint8)}},
            "data/b.npz differs from a.npz: a sample of 'x' has type uint8, there float32; save all files alike",
            id="type",
        ),
        pytest.param(
            {"a": {"x": np.float32(3)}, "b": {"x": X}},
            "data/a.npz holds a single number under 'x'; the first axis is that of the samples",
            id="number",
        ),
    ],
)
def test_a_file_that_does_not_go_with_the_others_is_named(
    parts: dict[str, dict[str, Any]], message: str, tmp_path: Path
) -> None:
    """And with what it differs."""
    assert message == refusal(archives(tmp_path, **parts))


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    """In a folder as alone; so is one that is not there."""
    home = archives(tmp_path, a={"x": X})
    (home / "b.npz").write_text("no archive")

    assert refusal(home) == "data/b.npz is not an .npz archive of plain arrays; save it with numpy.savez"
    assert refusal(tmp_path / "c.npz") == "c.npz: no such file; save the calibration data with numpy.savez"
