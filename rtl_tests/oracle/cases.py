"""What the collections of readable networks share: a case builds one model and a batch that shows one feature."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from rtl_tests.oracle.random_models import Example

Case = Callable[[], Example]
"""The function's name is the test's; its docstring says what to expect."""

WEIGHTS = np.array([[3, -5, 0, 7], [-128, 1, 64, 2], [127, -1, -9, 33]])
"""Three inputs by four outputs, the extremes of int8 among them."""


def registrar(cases: list[Case]) -> Callable[[Case], Case]:
    """A decorator that appends to a collection."""

    def case(build: Case) -> Case:
        cases.append(build)
        return build

    return case


def column(numbers: Iterable[float]) -> NDArray[np.generic]:
    """A batch of one-number frames."""
    return np.array(list(numbers), dtype=np.float32).reshape(-1, 1)


def spread(features: int, reach: float, batch: int = 24) -> NDArray[np.generic]:
    """Random frames, some beyond ±reach."""
    return np.random.default_rng(features).uniform(-1.2 * reach, 1.2 * reach, (batch, features)).astype(np.float32)
