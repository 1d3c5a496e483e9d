"""Calibration data from files: an archive, a bare array, or a folder of either; and which samples are taken of it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwright.errors import QuantizeError
from shiftwright.quantize.data import check_data, check_labels, check_values, evenly, load_data, take

X = np.arange(12, dtype=np.float32).reshape(6, 2)
LABELS = np.arange(6)


def refusal(path: Path, names: list[str] | None = None, shapes: dict[str, tuple[int, ...]] | None = None) -> str:
    """The message about unusable data, without the folder it lies in."""
    with pytest.raises(QuantizeError) as caught:
        load_data(path, names or ["x"], shapes)
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


def test_labels_stay_with_their_samples(tmp_path: Path) -> None:
    """One too many in a file and one too few in the next are as many in all, and each a sample further."""
    home = archives(tmp_path, a={"x": X[:3], "labels": LABELS[:4]}, b={"x": X[3:], "labels": LABELS[4:]})

    assert refusal(home) == "data/a.npz holds different numbers of samples, 3 of 'x', 4 of 'labels'; give one a sample"


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    """In a folder as alone; so is one that is not there, a folder that is called like a file, and a name too long."""
    home = archives(tmp_path, a={"x": X})
    (home / "b.npz").write_text("no archive")
    (tmp_path / "d.npz").mkdir()
    (tmp_path / "d.npz" / "e.npy").mkdir()
    save = "save the calibration data with numpy.savez(FILE, x=…)"

    assert refusal(home) == f"data/b.npz is not an .npz archive of plain arrays, or is damaged; {save}"
    assert refusal(tmp_path / "c.npz") == f"c.npz: no such file; {save}"
    assert refusal(tmp_path / "d.npz").startswith("d.npz/e.npy cannot be read (")
    assert refusal(home / "a.npz" / "x.npz").startswith("x.npz cannot be read (")
    assert "cannot be read (" in refusal(tmp_path / ("long" * 100))


def test_a_sample_without_an_axis_of_samples_is_told_apart(tmp_path: Path) -> None:
    """A folder of such files would join to one long sample; each file is held against the model."""
    home = tmp_path / "data"
    home.mkdir()
    for name, row in enumerate(X):
        np.save(home / f"{name}.npy", row)
    np.save(tmp_path / "turned.npy", np.zeros((6, 3, 2)))

    assert refusal(home, shapes={"x": (2,)}) == (
        "data/0.npy: 'x' has shape (2,), the model takes n×2; "
        "it is one sample without an axis for them, save array[None]"
    )
    assert refusal(tmp_path / "turned.npy", shapes={"x": (2, 3)}) == (
        "turned.npy: 'x' has shape (6, 3, 2), the model takes n×2×3; transpose it"
    )


def taking(*shape: int, name: str = "x") -> list[onnx_ir.Value]:
    """The inputs of a model that takes samples of such a shape."""
    return [onnx_ir.val(name, onnx_ir.DataType.FLOAT, ["n", *shape])]


def test_data_is_checked_as_it_is() -> None:
    """Without a copy: what is not chosen never becomes float32."""
    pixels = np.arange(12, dtype=np.uint8).reshape(6, 2)

    assert check_data({"x": pixels, "more": X}, taking(2)) == {"x": pixels}
    assert check_data({"x": pixels}, taking(2))["x"] is pixels


def test_samples_are_taken_in_float32() -> None:
    """Those asked for, in order."""
    found = take({"x": np.arange(12, dtype=np.uint8).reshape(6, 2)}, np.array([0, 3, 5]))

    assert {name: array.dtype.name for name, array in found.items()} == {"x": "float32"}
    assert listed(found) == {"x": [[0, 1], [6, 7], [10, 11]]}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param(np.nan, "holds NaN or infinity, first in sample 700; clean it", id="nan"),
        pytest.param(-np.inf, "holds NaN or infinity, first in sample 700; clean it", id="infinity"),
        pytest.param(-1e300, "reaches 1e+300 in sample 700, beyond float32; scale it down", id="beyond-float32"),
    ],
)
def test_a_value_that_is_no_float32_is_refused_with_its_sample(wrong: float, message: str) -> None:
    """Counted among all samples, and found where only some are taken as where all are looked at."""
    x = np.zeros((1000, 2))
    x[700:, 1] = wrong
    chosen = np.array([1, 700, 900])

    take({"x": x}, np.arange(700))
    for look in (lambda: take({"x": x}, chosen), lambda: check_values({"x": x})):
        with pytest.raises(QuantizeError) as caught:
            look()
        assert str(caught.value) == f"calibration data 'x' {message}"


@given(count=st.integers(1, 5000), most=st.integers(1, 2000), batch=st.none() | st.integers(1, 64))
def test_samples_lie_evenly_apart(count: int, most: int, batch: int | None) -> None:
    """From the first to the last, no two alike; with a fixed batch they fill it without a rest, if they fill one."""
    places = evenly(count, most, batch)
    gaps = np.diff(places)

    assert places[0] == 0
    assert len(places) == 1 or (places[-1] == count - 1 and gaps.min() >= 1 and np.ptp(gaps) <= 1)
    assert len(places) <= min(count, most)
    if batch is None or len(places) < batch:
        assert len(places) == min(count, most)
    else:
        assert (len(places) % batch, len(places) > min(count, most) - batch) == (0, True)


def test_an_input_called_labels_leaves_no_key_for_them(tmp_path: Path) -> None:
    """Its array is no classes, in a file as in a dict."""
    np.savez(tmp_path / "a.npz", labels=X)

    assert listed(load_data(tmp_path / "a.npz", ["labels"])) == {"labels": X.tolist()}
    assert check_labels({"labels": X}, taking(2, name="labels")) is None
