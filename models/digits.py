"""The digits data set as both networks see it: one fixed split, pixels as values 0 … 1.

The images are scikit-learn's `load_digits` (1 797 of 8×8 pixels, grey levels 0 … 16; UCI's optical recognition of
handwritten digits). Run as a script it writes the .npz files that quantizing and verifying take."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CLASSES = 10
HELD_BACK = 360
CALIBRATION = 400  # training images that a quantizer measures ranges on
SHAPES = {"mlp": (64,), "cnn": (1, 8, 8)}


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Images of shape (n, 64), float32 within 0 … 1 in steps of 1/16, and their digits (n,), int64."""

    x: NDArray[np.float32]
    labels: NDArray[np.int64]

    def write(self, path: Path, shape: tuple[int, ...]) -> None:
        """Saves x as (n, *shape) under the graph input's name `x`, and the labels beside it."""
        np.savez_compressed(path, x=self.x.reshape(-1, *shape), labels=self.labels)


def split() -> tuple[Images, Images]:
    """(training, held-back): stratified by digit, the same on every machine; no image is in both."""
    digits = load_digits()
    pixels = (digits.data / 16).astype(np.float32)
    labels = digits.target.astype(np.int64)
    train_x, held_x, train_labels, held_labels = train_test_split(
        pixels, labels, test_size=HELD_BACK, random_state=0, stratify=labels
    )
    return Images(train_x, train_labels), Images(held_x, held_labels)


def write_files(folder: Path) -> list[Path]:
    """Writes {mlp,cnn}_calibration.npz (training images only) and {mlp,cnn}_test.npz (all that were held back)."""
    train, held_back = split()
    calibration = Images(train.x[:CALIBRATION], train.labels[:CALIBRATION])
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, shape in SHAPES.items():
        for part, images in (("calibration", calibration), ("test", held_back)):
            path = folder / f"{name}_{part}.npz"
            images.write(path, shape)
            written.append(path)
    return written


def main() -> None:
    """Command line: where to write."""
    parser = argparse.ArgumentParser(description="Writes calibration and test images of the digits networks.")
    parser.add_argument("folder", type=Path, help="folder for the four .npz files; made if missing")
    for path in write_files(parser.parse_args().folder):
        print(path)


if __name__ == "__main__":
    main()
