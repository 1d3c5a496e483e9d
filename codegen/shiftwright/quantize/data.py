"""Calibration data: one array a graph input, first axis the samples, and optionally `labels`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.arrays import opened

LABELS = "labels"
SUFFIXES = (".npz", ".npy")
PIECE = 256  # samples looked at together

# Arrays by name, as onnxruntime takes and gives them.
Arrays: TypeAlias = dict[str, NDArray[Any]]
# The shape of one sample of every input.
Shapes: TypeAlias = Mapping[str, tuple[Any, ...]]


def load_data(path: Path, input_names: list[str], shapes: Shapes | None = None) -> Arrays:
    """The arrays of an .npz file under the graph inputs' names, and `labels` if the file has them.

    An .npy file holds the one input of a model that has but one. Of a folder all .npz and .npy files are read in the
    order of their names and joined. QuantizeError where one does not go with the first, or, if the `shapes` of a
    sample are given, with the model."""
    try:
        files = [path]
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.name[0] != ".")
    except OSError as error:
        raise QuantizeError(f"{path} cannot be read ({error.strerror}); choose another file or folder") from None
    if not files:
        raise QuantizeError(f"{path} holds no .npz or .npy file; save the calibration data there with numpy.savez")
    parts = [_read(file, input_names) for file in files]
    for file, part in zip(files, parts, strict=True):
        for name, sample in (shapes or {}).items():
            _check_shape(f"{file}: {name!r}", part[name], sample)
        if len(files) > 1:
            _check_alike(file, part, files[0], parts[0])
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if len(parts) > 1 else parts[0]


def read_data(data: Arrays | Path | str, inputs: list[onnx_ir.Value]) -> Arrays:
    """The arrays themselves, or those of a file or a folder, for a model with these inputs."""
    shapes = sample_shapes(inputs)
    return load_data(Path(data), list(shapes), shapes) if isinstance(data, Path | str) else data


def _read(path: Path, input_names: list[str]) -> Arrays:
    keys = ", ".join(f"{name}=…" for name in input_names)
    save = "numpy.save" if path.suffix == ".npy" else f"numpy.savez(FILE, {keys})"
    with opened(path, QuantizeError, f"save the calibration data with {save}") as loaded:
        if isinstance(loaded, np.ndarray):
            if len(input_names) == 1:
                return {input_names[0]: loaded}
            raise QuantizeError(f"{path} holds one array for several inputs; save them with numpy.savez(FILE, {keys})")
        arrays = {name: loaded[name] for name in loaded.files if name in (*input_names, LABELS)}
        held = ", ".join(repr(key) for key in loaded.files) or "nothing"
    for name in input_names:
        if name not in arrays:
            raise QuantizeError(f"{path} holds {held} but no {name!r}, the model's input; rename the key to {name!r}")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # a member of the archive that numpy has not written
            raise QuantizeError(f"{path} holds no array under {name!r}; save it with numpy.savez(FILE, {keys})")
    return {name: arrays[name] for name in dict.fromkeys([*input_names, LABELS]) if name in arrays}


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
    _count(part, list(part), str(file))  # joined they might be as many again, and go with others' labels


def _count(data: Arrays, names: list[str], where: str) -> int:
    """The number of samples, which all of the arrays have; QuantizeError if they do not."""
    counts = {name: len(data[name]) if data[name].ndim else 0 for name in names}
    if len(set(counts.values())) != 1:
        each = ", ".join(f"{count} of {name!r}" for name, count in counts.items())
        raise QuantizeError(f"{where} holds different numbers of samples, {each}; give one a sample")
    return next(iter(counts.values()))


def sample_shapes(inputs: list[onnx_ir.Value]) -> dict[str, tuple[Any, ...]]:
    """The shape of one sample of every graph input."""
    return {value.name or "": tuple(value.shape[1:]) for value in inputs if value.shape is not None}


def check_data(data: Arrays, inputs: list[onnx_ir.Value]) -> Arrays:
    """The inputs' arrays as they are; QuantizeError for unusable data, but its values are not looked at yet."""
    if not inputs:
        raise QuantizeError("the model has no input to calibrate; export it with its input")
    shapes = sample_shapes(inputs)
    names = list(shapes)
    if not isinstance(data, Mapping):
        keys = ", ".join(f"{name!r}: array" for name in names)
        raise QuantizeError(f"the calibration data is a {type(data).__name__}; give a dict of arrays, {{{keys}}}")
    for name in names:
        if name not in data:
            held = ", ".join(repr(key) for key in data) or "nothing"
            raise QuantizeError(
                f"the calibration data holds {held} but no {name!r}, the model's input; name it {name!r}"
            )
    used = [name for name in dict.fromkeys([*names, LABELS]) if name in data]
    for name in used:
        if not isinstance(data[name], np.ndarray):
            kind = type(data[name]).__name__
            raise QuantizeError(f"calibration data {name!r} is a {kind}; make it an array with numpy.asarray")
    for name, sample in shapes.items():
        _check_shape(f"calibration data {name!r}", data[name], sample)
        numbers = data[name].dtype
        if not np.issubdtype(numbers, np.number) or np.issubdtype(numbers, np.complexfloating):
            raise QuantizeError(f"calibration data {name!r} is of type {numbers}; give real numbers")
    if _count(data, used, "the calibration data") == 0:
        raise QuantizeError(
            f"the calibration data {names[0]!r} is empty; give at least one sample, a hundred is better"
        )
    return {name: data[name] for name in names}


def _check_shape(what: str, array: NDArray[Any], sample: tuple[Any, ...]) -> None:
    if array.ndim and array.shape[1:] == sample:
        return
    # The same sizes in another order are another layout, which a reshape would scramble.
    alike = sorted(map(str, array.shape[1:])) == sorted(map(str, sample))
    advice = "transpose it" if alike else "reshape it"
    if array.shape == sample:
        advice = "it is one sample without an axis for them, save array[None]"
    asked = "×".join(str(size) for size in ("n", *sample))
    raise QuantizeError(f"{what} has shape {array.shape}, the model takes {asked}; {advice}")


def check_labels(data: Arrays, inputs: list[onnx_ir.Value]) -> NDArray[np.int64] | None:
    """The class of every sample, or None where the data has none; QuantizeError if they are not integers.

    An input that is itself called `labels` leaves no key for them."""
    if LABELS not in data or any(value.name == LABELS for value in inputs):
        return None
    labels = data[LABELS]
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise QuantizeError(
            f"labels have type {labels.dtype} and shape {labels.shape}; give one integer class a sample, or none at all"
        )
    return labels.astype(np.int64)


def evenly(count: int, most: int, batch: int | None) -> NDArray[np.int64]:
    """Places of at most `most` samples of `count`, evenly apart.

    For a model with a fixed batch they fill whole batches, unless there are too few for one."""
    size = min(count, most)
    if batch is not None and size > batch:
        size -= size % batch
    places: NDArray[np.int64] = np.linspace(0, count - 1, size).round().astype(np.int64)
    return places


def golden_section(numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """A fraction within 0 … 1 for each number, spread evenly over any run of them: no two near ones are alike."""
    fractions: NDArray[np.float64] = numbers.astype(np.float64) * 0.6180339887 % 1
    return fractions


def take(arrays: Arrays, places: NDArray[np.int64]) -> Arrays:
    """The samples at these places in float32; QuantizeError where one holds what is no float32 number."""
    return {name: _float32(name, array[places], places) for name, array in arrays.items()}


def check_values(arrays: Arrays) -> None:
    """QuantizeError if any sample holds what is no float32 number."""
    count = len(next(iter(arrays.values())))
    for start in range(0, count, PIECE):
        take(arrays, np.arange(start, min(start + PIECE, count)))


def _float32(name: str, array: NDArray[Any], places: NDArray[np.int64]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # it becomes infinite, which is found below
        found = array.astype(np.float32)
    finite = np.isfinite(found).reshape(len(found), -1).all(axis=1)
    if finite.all():
        return found
    first = int(np.argmin(finite))
    if np.isfinite(array[first]).all():
        reach = np.abs(array[first]).max()
        raise QuantizeError(
            f"calibration data {name!r} reaches {reach:g} in sample {places[first]}, beyond float32; scale it down"
        )
    raise QuantizeError(f"calibration data {name!r} holds NaN or infinity, first in sample {places[first]}; clean it")
