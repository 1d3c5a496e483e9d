"""Calibration data: one array a graph input, first axis the samples, and optionally `labels`."""

import zipfile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError

LABELS = "labels"
SUFFIXES = (".npz", ".npy")

# Arrays by name, as onnxruntime takes and gives them.
Arrays: TypeAlias = dict[str, NDArray[Any]]


def load_data(path: Path, input_names: list[str]) -> Arrays:
    """The arrays of an .npz file under the graph inputs' names, and `labels` if the file has them.

    An .npy file holds the one input of a model that has but one. Of a folder all .npz and .npy files are read in the
    order of their names and joined; QuantizeError where one does not go with the first."""
    if not path.is_dir():
        return _read(path, input_names)
    try:
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and not file.name.startswith("."))
    except OSError as error:
        raise QuantizeError(f"{path} cannot be read ({error.strerror}); choose another folder") from None
    if not files:
        raise QuantizeError(f"{path} holds no .npz or .npy file; save the calibration data there with numpy.savez")
    parts = [_read(file, input_names) for file in files]
    for file, part in zip(files, parts, strict=True):
        _check_alike(file, part, files[0], parts[0])
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _read(path: Path, input_names: list[str]) -> Arrays:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray) and len(input_names) == 1:
            return {input_names[0]: loaded}
        if isinstance(loaded, np.ndarray):
            keys = ", ".join(f"{name}=…" for name in input_names)
            raise QuantizeError(f"{path} holds one array for several inputs; save them with numpy.savez(FILE, {keys})")
        with loaded as archive:
            arrays = {name: archive[name] for name in archive.files if name in (*input_names, LABELS)}
            held = ", ".join(repr(key) for key in archive.files) or "nothing"
    except FileNotFoundError:
        raise QuantizeError(f"{path}: no such file; save the calibration data with numpy.savez") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise QuantizeError(f"{path} is not an .npz archive of plain arrays; save it with numpy.savez") from None
    for name in input_names:
        if name not in arrays:
            raise QuantizeError(f"{path} holds {held} but no {name!r}, the model's input; rename the key to {name!r}")
    return {name: arrays[name] for name in [*input_names, LABELS] if name in arrays}


def _check_alike(file: Path, part: Arrays, first_file: Path, first: Arrays) -> None:
    """QuantizeError where the arrays of a file cannot be put behind those of the first."""
    if (LABELS in part) != (LABELS in first):
        with_labels, without = (file, first_file) if LABELS in part else (first_file, file)
        raise QuantizeError(f"{without} has no labels but {with_labels.name} has; give them in all files or in none")
    for name, array in part.items():
        if array.ndim == 0:
            raise QuantizeError(f"{file} holds a single number under {name!r}; the first axis is that of the samples")
        for what, here, there in (
            ("shape", array.shape[1:], first[name].shape[1:]),
            ("type", array.dtype, first[name].dtype),
        ):
            if here != there:
                raise QuantizeError(
                    f"{file} differs from {first_file.name}: a sample of {name!r} has {what} {here}, there {there}; "
                    "save all files alike"
                )


def check_data(data: Arrays, inputs: list[onnx_ir.Value], samples: int) -> Arrays:
    """The inputs' arrays in float32, at most `samples` of them taken evenly; QuantizeError for unusable data."""
    if not inputs:
        raise QuantizeError("the model has no input to calibrate; export it with its input")
    names = [value.name or "" for value in inputs]
    for name in names:
        if name not in data:
            keys = ", ".join(repr(key) for key in data) or "nothing"
            raise QuantizeError(
                f"the calibration data holds {keys} but no {name!r}, the model's input; name it {name!r}"
            )
    counts = {name: len(data[name]) if data[name].ndim else 0 for name in [*names, LABELS] if name in data}
    if len(set(counts.values())) != 1:
        raise QuantizeError(f"the calibration arrays have different numbers of samples, {counts}; give one a sample")
    count = counts[names[0]]
    if count == 0:
        raise QuantizeError(
            f"the calibration data {names[0]!r} is empty; give at least one sample, a hundred is better"
        )
    chosen = np.unique(np.linspace(0, count - 1, min(count, samples)).round().astype(np.int64))
    return {value.name or "": _checked(data[value.name or ""], value)[chosen] for value in inputs}


def check_labels(data: Arrays) -> NDArray[np.int64] | None:
    """The class of every sample, or None where the data has none; QuantizeError if they are not integers."""
    if LABELS not in data:
        return None
    labels = data[LABELS]
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise QuantizeError(
            f"labels have type {labels.dtype} and shape {labels.shape}; give one integer class a sample, or none at all"
        )
    return labels.astype(np.int64)


def _checked(array: NDArray[Any], value: onnx_ir.Value) -> NDArray[np.float32]:
    name = value.name
    assert value.shape is not None
    wanted = tuple(value.shape[1:])
    if array.shape[1:] != wanted:
        asked = "×".join(str(size) for size in ("n", *wanted))
        # The same sizes in another order are another layout, which a reshape would scramble.
        advice = "transpose it" if sorted(map(str, array.shape[1:])) == sorted(map(str, wanted)) else "reshape it"
        raise QuantizeError(f"calibration data {name!r} has shape {array.shape}, the model takes {asked}; {advice}")
    if not np.issubdtype(array.dtype, np.number) or np.issubdtype(array.dtype, np.complexfloating):
        raise QuantizeError(f"calibration data {name!r} is of type {array.dtype}; give real numbers")
    if not np.isfinite(array).all():
        sample = int(np.argmax(~np.isfinite(array).reshape(len(array), -1).all(axis=1)))
        raise QuantizeError(f"calibration data {name!r} holds NaN or infinity, first in sample {sample}; clean it")
    return array.astype(np.float32)
