"""Opens .npz and .npy files of plain arrays, and tells in one line what is wrong with one that is of no use."""

import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from shiftwright.errors import ShiftwrightError

# What numpy, zipfile and the decompressors below them raise for files that are damaged, encrypted or of another kind.
_BROKEN = (ValueError, OSError, EOFError, RuntimeError, tokenize.TokenError, zipfile.BadZipFile, zlib.error)


@contextmanager
def opened(path: Path, problem: type[ShiftwrightError], advice: str) -> Iterator[Any]:
    """The array of an .npy file, or the archive of an .npz one, whose arrays are read by name while this lasts.

    What goes wrong before or meanwhile is raised as a `problem`, with the `advice` how to save such a file."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise problem(f"{path}: no such file; {advice}") from None
    except (OSError, ValueError) as error:
        raise problem(f"{path} cannot be read ({getattr(error, 'strerror', error)}); choose another file") from None
    kind = "an .npy file of one plain array" if path.suffix == ".npy" else "an .npz archive of plain arrays"
    with file:
        try:
            yield np.load(file, allow_pickle=False)
        except _BROKEN:
            raise problem(f"{path} is not {kind}, or is damaged; {advice}") from None
        except MemoryError:
            raise problem(f"{path} does not fit into memory, or is damaged; save fewer samples") from None
