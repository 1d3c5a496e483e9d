"""The share of samples that a network gets right, and which of its outputs tells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.data import Arrays
from shiftwright.quantize.execute import Session


@dataclass(frozen=True, slots=True)
class Scores:
    """An output that holds a score a class for every sample."""

    output: str
    classes: int

    def check(self, labels: NDArray[np.int64]) -> None:
        """QuantizeError unless every label is one of the classes."""
        least, greatest = int(labels.min()), int(labels.max())
        if least < 0 or greatest >= self.classes:
            raise QuantizeError(
                f"labels reach from {least} to {greatest} but output {self.output!r} has {self.classes} classes; "
                f"give 0 … {self.classes - 1}, or no labels"
            )

    def accuracy(self, session: Session, data: Arrays, labels: NDArray[np.int64]) -> float:
        """Share of samples whose largest score is their label's; of those that fill a batch, if the batch is fixed."""
        right = total = 0
        for batch in session.batches(data, [self.output]):
            found = batch[self.output].reshape(-1, self.classes).argmax(axis=1)
            expected = labels[total : total + len(found)]  # fewer where samples were repeated to fill the batch
            right += int((found[: len(expected)] == expected).sum())
            total += len(expected)
        return right / total


def find_scores(
    session: Session, outputs: list[str], data: Arrays, labels: NDArray[np.int64]
) -> tuple[Scores | None, list[str]]:
    """The only output of shape (samples, classes), two classes or more, or else a note why there is none.

    Axes of size one behind do no harm where no output is without them, as after a pool over the whole image.
    QuantizeError for labels that are none of the classes."""
    batch = next(session.batches(data, outputs))
    samples = len(batch[next(iter(data))])
    shapes = {name: batch[name].shape for name in outputs}
    found = {name: shape[1] for name, shape in shapes.items() if len(shape) == 2 and shape[0] == samples}
    if not any(size > 1 for size in found.values()):
        wide = {name: [size for size in shape[1:] if size > 1] for name, shape in shapes.items()}
        found = {name: sizes[0] for name, sizes in wide.items() if len(sizes) == 1 and shapes[name][0] == samples}
    found = {name: size for name, size in found.items() if size > 1}
    if len(found) == 1:
        scores = Scores(*found.popitem())
        scores.check(labels)
        return scores, []
    if found:
        names = " and ".join(map(repr, found))
        return None, [f"accuracy is not given: outputs {names} might each be the classes' scores; keep one of them"]
    each = ", ".join(f"{name!r} has " + "×".join(map(str, ("n", *shape[1:]))) for name, shape in shapes.items())
    return None, [f"accuracy is not given: it takes an output of n×classes, two classes or more, but {each}"]
