"""Random networks as hardware: each is simulated equal, word for word and cycle for cycle, or refused by name.

They are the networks on which golden is held against exact arithmetic. What has no hardware yet is listed here, so that
a network outside that list may not be refused."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis.strategies import sampled_from

from rtl_tests.e2e.simulators import need
from rtl_tests.oracle.random_models import Example, examples
from shiftwright import flow
from shiftwright.errors import HardwareError
from shiftwright.ir.core import Graph
from shiftwright.ops.reorder import Reorder
from shiftwright.ops.stage import MatrixOperator

ENGINES = ("parallel", "serial:d=1", "serial:d=2", "serial:d=4", "folded:pe=2,simd=3")
ANY_NETWORK = settings(
    deadline=None,
    database=None,
    # A simulation takes two seconds: finding a smaller network would take a quarter of an hour.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@settings(ANY_NETWORK, max_examples=20, derandomize=True)
@given(example=examples(), engine=sampled_from(ENGINES))
def test_random_networks_are_equal_in_hardware(example: Example, engine: str) -> None:
    """The same few networks each time, in one engine or another; about three in four have hardware."""
    assert_equal_or_refused(example, engine)


@pytest.mark.slow
@settings(ANY_NETWORK, max_examples=90)
@given(example=examples(), engine=sampled_from(ENGINES))
def test_many_random_networks_are_equal_in_hardware(example: Example, engine: str) -> None:
    """More of them; others each time with HYPOTHESIS_PROFILE=explore."""
    assert_equal_or_refused(example, engine)


def assert_equal_or_refused(example: Example, engine: str) -> None:
    """Compiles and simulates a network on its own batch, exact ties and values out of range included."""
    note(f"{onnx.printer.to_text(example.model)}\nx = {example.x!r}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        onnx.save(example.model, path)
        model = flow.load(path)
        missing = without_hardware(model.network.graph)
        if missing:
            with pytest.raises(HardwareError) as refusal:
                model.compile(effort="fast")
            assert any(name in str(refusal.value) for name in missing)
            return
        (edge,) = model.network.inputs
        x = np.concatenate([example.x, model.random_input(3, seed=1)[edge.name]])
        multiplies = any(isinstance(node.operator, MatrixOperator) for node in model.network.graph.nodes)
        design = model.compile(effort="fast", engines=[f"*={engine}"] if multiplies else [])
        found = design.verify(x, simulators=[need("icarus")], seed=int(abs(example.x).sum()))
        (simulation,) = found.simulations

        assert simulation.message == ""
        assert simulation.equal
        assert len(x) == simulation.result["frames"]
        assert [layer.tensor for layer in found.layers if not layer.explained] == []


def without_hardware(graph: Graph) -> list[str]:
    """The nodes and values that compile may name: joins, branches, other stream orders, and nothing at all."""
    joins = [node.name for node in graph.nodes if len(node.inputs) > 1]
    branches = [value.name for value in graph.values if len(graph.readers(value)) > 1]
    reorders = [node.name for node in graph.nodes if isinstance(node.operator, Reorder)]
    return joins + branches + reorders
