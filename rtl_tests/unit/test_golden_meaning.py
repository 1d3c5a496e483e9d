"""Golden is the exact real-number meaning of the file: equal to an independent evaluator on every word.

The evaluator works in fractions and shares no code with the package. One named case shows each feature, so that a
failure says what broke; random networks then combine them all."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, note, settings

import shiftwright
from rtl_tests.oracle import (
    edge_cases,
    image_cases,
    layout_cases,
    matrix_cases,
    pointwise_cases,
    rounding_cases,
    table_cases,
)
from rtl_tests.oracle.cases import Case
from rtl_tests.oracle.evaluator import evaluate
from rtl_tests.oracle.random_models import Example, examples

CASES = [
    *rounding_cases.CASES,
    *matrix_cases.CASES,
    *pointwise_cases.CASES,
    *edge_cases.CASES,
    *image_cases.CASES,
    *layout_cases.CASES,
    *table_cases.CASES,
]
ANY_MODEL = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.__name__) for case in CASES])
def test_golden_is_exact(case: Case, tmp_path: Path) -> None:
    """One feature a network, every word."""
    assert_golden_is_exact(case(), tmp_path)


@settings(ANY_MODEL, max_examples=150)
@given(example=examples())
def test_golden_is_exact_for_random_networks(example: Example, tmp_path: Path) -> None:
    """Features in any combination, every word."""
    note(f"{onnx.printer.to_text(example.model)}\nx = {example.x!r}")
    assert_golden_is_exact(example, tmp_path)


@pytest.mark.slow
@settings(ANY_MODEL, max_examples=1500)
@given(example=examples())
def test_golden_is_exact_for_many_random_networks(example: Example, tmp_path: Path) -> None:
    """The same, for longer."""
    note(f"{onnx.printer.to_text(example.model)}\nx = {example.x!r}")
    assert_golden_is_exact(example, tmp_path)


def assert_golden_is_exact(example: Example, folder: Path) -> None:
    """Same type, same shape, same words as the evaluator."""
    path = folder / "model.onnx"
    onnx.save(example.model, path)

    expected = evaluate(example.model, example.x)
    actual = shiftwright.load(path).golden(example.x)

    assert isinstance(actual, np.ndarray)
    assert expected.dtype == actual.dtype
    np.testing.assert_array_equal(actual, expected)
