"""Files of arrays that are damaged, encrypted, or of another kind: each one clear line, in quantize as in verify."""

import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shiftwright.cli.verify import read_frames
from shiftwright.errors import ImportModelError, QuantizeError
from shiftwright.quantize.data import load_data

X = np.arange(12, dtype=np.float32).reshape(6, 2)


def compressed() -> bytes:
    """An archive of random numbers, compressed."""
    file = BytesIO()
    np.savez_compressed(file, x=np.random.default_rng(0).normal(size=(50, 2)))
    return file.getvalue()


def with_member(name: str, content: bytes, kind: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of one member."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def header(text: str) -> bytes:
    """What an .npy file with this header begins with."""
    return b"\x93NUMPY\x01\x00v\x00" + text.encode().ljust(117) + b"\n"


def encrypted() -> bytes:
    """An archive that says of its member that it has a password."""
    content = bytearray(with_member("x.npy", b"secret"))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    return bytes(content)


def flipped(content: bytes, places: list[int]) -> bytes:
    """Content with some of its bytes changed."""
    return bytes(byte ^ 0x5A if place in places else byte for place, byte in enumerate(content))


def saved(array: NDArray[Any]) -> bytes:
    """An .npy file."""
    file = BytesIO()
    np.save(file, array)
    return file.getvalue()


HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000000, 2), }"
ARCHIVE, ARRAY = "an .npz archive of plain arrays", "an .npy file of one plain array"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("a.npz", lambda: b"", f"is not {ARCHIVE}, or is damaged", id="empty"),
        pytest.param("a.npy", lambda: b"no array", f"is not {ARRAY}, or is damaged", id="text"),
        pytest.param("a.npy", lambda: saved(X)[:-20], f"is not {ARRAY}, or is damaged", id="truncated"),
        pytest.param("a.npz", lambda: compressed()[:300], f"is not {ARCHIVE}, or is damaged", id="half-an-archive"),
        pytest.param(
            "a.npz",
            lambda: flipped(compressed(), list(range(60, 90))),
            f"is not {ARCHIVE}, or is damaged",
            id="compressed-bytes",
        ),
        pytest.param("a.npz", encrypted, f"is not {ARCHIVE}, or is damaged", id="password"),
        pytest.param(
            "a.npy", lambda: header("{'descr': '<f4', ((("), f"is not {ARRAY}, or is damaged", id="header-of-no-sense"
        ),
        pytest.param(
            "a.npy",
            lambda: header(HUGE),
            "does not fit into memory, or is damaged; save fewer samples",
            id="header-of-terabytes",
        ),
        pytest.param(
            "a.npz",
            lambda: with_member("x", b"1 2 3"),
            "holds no array under 'x'; save it with numpy.savez(FILE, x=…)",
            id="member-that-is-no-array",
        ),
    ],
)
def test_a_damaged_file_is_named(name: str, content: Callable[[], bytes], message: str, tmp_path: Path) -> None:
    """Whatever decompressors and parsers make of it."""
    (tmp_path / name).write_bytes(content())

    with pytest.raises(QuantizeError) as caught:
        load_data(tmp_path / name, ["x"])
    assert str(caught.value).startswith(f"{tmp_path / name} {message}")
    assert "\n" not in str(caught.value)


@given(
    name=st.sampled_from(["a.npz", "a.npy"]),
    places=st.lists(st.integers(0, 800), min_size=1, max_size=4),
    kept=st.integers(1, 2000),
)
def test_no_damage_leads_to_anything_but_a_message(name: str, places: list[int], kept: int) -> None:
    """Or to arrays, where it has hit their numbers alone or a checksum that nobody reads."""
    content = compressed() if name == "a.npz" else saved(X)
    with TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        path = Path(folder) / name
        path.write_bytes(flipped(content, places)[:kept])
        message, found = "", {}
        try:
            found = load_data(path, ["x"])
        except QuantizeError as error:
            message = str(error)

    assert list(found) == ([] if message else ["x"])
    assert "\n" not in message


def test_frames_to_verify_are_read_alike(tmp_path: Path) -> None:
    """What is no array is left, for the key that is missed says enough; damage is named."""
    with zipfile.ZipFile(tmp_path / "mixed.npz", "w") as archive:
        archive.writestr("note.txt", b"frames")
        archive.writestr("labels.npy", labels := saved(np.arange(6)))
        archive.writestr("x.npy", saved(X))
    (tmp_path / "damaged.npz").write_bytes(flipped(compressed(), list(range(60, 90))))
    (tmp_path / "bare.npy").write_bytes(labels)
    frames, classes = read_frames(tmp_path / "mixed.npz")
    bare, none = read_frames(tmp_path / "bare.npy")

    assert {name: array.tolist() for name, array in frames.items()} == {"x": X.tolist()}
    assert classes is not None and classes.tolist() == bare.tolist() == [*range(6)]
    assert none is None
    with pytest.raises(ImportModelError, match="is damaged; save frames with "):
        read_frames(tmp_path / "damaged.npz")
