"""The bits of a grid: its codes are never more than they hold, and messages name those that it takes.

Of every spelling among the grids' cases, with scales that are held up and with compensated errors."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtl_tests.conformance.grid_case import GridCase, grid_cases
from shiftwright.errors import QuantizeError
from shiftwright.quantize.compensate import compensate
from shiftwright.quantize.grids.base import GRANULARITIES
from shiftwright.quantize.grids.spec import parse_grid

CASES = grid_cases()
BITS = range(10)  # more than any grid takes, and fewer

every_spelling = pytest.mark.parametrize("spec", sorted({case.spec for case in CASES}))


def random_weights(seed: int) -> NDArray[np.float64]:
    """Six channels of a few weights, some exactly zero: from none to nearly all, in one channel all of them."""
    random = np.random.default_rng(seed)
    weights = random.normal(size=(6, random.integers(1, 30))) * 2.0 ** random.integers(-9, 9, size=(6, 1))
    weights[random.random(weights.shape) < random.choice([0, 0.1, 0.5, 0.9])] = 0
    weights[2] = 0
    return weights


def random_covariance(width: int, seed: int) -> NDArray[np.float64]:
    """Of two groups of inputs that share a few causes, (2, width, width)."""
    causes = np.random.default_rng(seed).normal(size=(2, max(1, width // 3), width))
    found: NDArray[np.float64] = causes.transpose(0, 2, 1) @ causes
    return found


def refusals(spec: str) -> dict[int, str]:
    """What is said of the bits that a spelling does not take."""
    found = {}
    for bits in BITS:
        try:
            parse_grid(spec, bits)
        except QuantizeError as error:
            found[bits] = str(error)
    return found


def usable(spec: str) -> list[int]:
    """The bits that a spelling takes."""
    refused = refusals(spec)
    return [bits for bits in BITS if bits not in refused]


@every_spelling
@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    granularity=st.sampled_from(GRANULARITIES),
    reach=st.sampled_from([0.0, 1.5, 8.0, 300.0]),
)
def test_codes_are_no_more_than_the_bits_hold(spec: str, granularity: str, reach: float, seed: int) -> None:
    """At every number of bits, with raised scales, compensated or not; a weight that is exactly zero may be flagged.

    No other becomes zero unless zero is a level. Floors let the largest level reach `reach` times the largest weight of
    a channel. Channels with one table share their codes, others have their own."""
    weights = random_weights(seed)
    covariance = random_covariance(weights.shape[1], seed)
    for bits in usable(spec):
        grid = parse_grid(f"{spec}:granularity={granularity}", bits)
        floor = reach * np.abs(weights).max(axis=1) / grid.numbers.largest
        start = grid.quantize(weights, floor)
        for found in (start, compensate(grid, weights, start, covariance, floor)):
            flagged = (weights == 0) & (found.codes == 0)
            for codes, table, flags in zip(
                found.codes, np.broadcast_to(found.tables, (6, found.tables.shape[1])), flagged, strict=True
            ):
                assert set(codes[~flags].tolist()) <= set(table.tolist())
                assert len(set(table.tolist())) <= 2**grid.bits
            assert len(found.tables) > 1 or len(set(found.codes[~flagged].tolist())) <= 2**grid.bits


@pytest.mark.parametrize("case", [case for case in CASES if case.zero_flag], ids=str)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_flagged_zeros_stay_when_errors_are_compensated(case: GridCase, seed: int) -> None:
    """They have no code to move to: the same zeros before and after, those of the weights."""
    weights = random_weights(seed)
    grid = parse_grid(case.spec, case.bits)
    found = compensate(
        grid, weights, grid.quantize(weights, np.zeros(len(weights))), random_covariance(weights.shape[1], seed)
    )

    np.testing.assert_array_equal(found.codes == 0, weights == 0)


@every_spelling
def test_what_is_said_of_bits_is_so(spec: str) -> None:
    """Messages about too few or too many bits name those that the spelling takes, which have no gap.

    Bits that would do with another option say so, and they do."""
    taken = usable(spec)
    span = f"{taken[0]} to {taken[-1]}" if len(taken) > 1 else f"{taken[0]}"

    assert taken == list(range(taken[0], taken[-1] + 1))
    for bits, message in refusals(spec).items():
        option = re.search(r" at \d bits; use (fraction=\d+) or more$", message)
        if option:
            assert parse_grid(f"{spec}:{option[1]}", bits).bits == bits
        elif "int16" in message:
            assert message.endswith(f"beyond int16; use {taken[-1]} weight bits or fewer")
            assert bits > taken[-1]
        else:
            assert message == f"{spec} weights take {span} bits, not {bits}; pick one of those"
