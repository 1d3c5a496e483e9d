"""Random networks as build folders: whatever compiles is proved from its files alone."""

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import pytest
from hypothesis import given, note, settings

from rtl_tests.conformance.test_random_hardware import ANY_NETWORK, without_hardware
from rtl_tests.oracle.random_models import Example, examples
from shiftwright import flow


@settings(ANY_NETWORK, max_examples=5, derandomize=True)
@given(example=examples())
def test_random_networks_are_proved(example: Example) -> None:
    """The same few networks each time."""
    assert_proved(example)


@pytest.mark.slow
@settings(ANY_NETWORK, max_examples=60)
@given(example=examples())
def test_many_random_networks_are_proved(example: Example) -> None:
    """More of them; others each time with HYPOTHESIS_PROFILE=explore."""
    assert_proved(example)


def assert_proved(example: Example) -> None:
    """Compiles a network that has hardware, with one and with more levels a stage, and proves its folder."""
    note(onnx.printer.to_text(example.model))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        onnx.save(example.model, path)
        model = flow.load(path)
        if without_hardware(model.network.graph):
            return
        levels = 1 + abs(int(example.x.sum())) % 3
        model.compile(levels_per_stage=levels, effort="fast").build(Path(folder) / "build")
        found = flow.prove(Path(folder) / "build")

        assert found.proved, [*(file.complaint for file in found.files), *found.manifest]
