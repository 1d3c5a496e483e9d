"""Random float networks in random settings: the file means what golden says; onnxruntime differs at near-ties only."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from rtl_tests.oracle.evaluator import evaluate
from rtl_tests.oracle.float_models import FloatNetwork
from rtl_tests.oracle.near_ties import compare
from rtl_tests.oracle.random_float_models import float_networks
from rtl_tests.unit.grid_measures import takes
from shiftwright import flow
from shiftwright.quantize.choices import REAL
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.grids.base import GRANULARITIES
from shiftwright.quantize.grids.spec import grid_types
from shiftwright.quantize.methods import CORRECTIONS, EQUALIZATIONS
from shiftwright.quantize.report import Report
from shiftwright.quantize.settings import Override, Settings

ANY_NETWORK = settings(
    deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
SPELLINGS = [example for grid in grid_types().values() for example in grid.examples]


@st.composite
def any_settings(draw: st.DrawFn) -> Settings:
    """Any grid at any bits that suit it, any method."""
    spec = f"{draw(st.sampled_from(SPELLINGS))}:granularity={draw(st.sampled_from(GRANULARITIES))}"
    equalize = draw(st.sampled_from([*EQUALIZATIONS]))
    if equalize != "none" and draw(st.booleans()):
        equalize += REAL
    return Settings(
        weights=spec,
        weight_bits=draw(st.sampled_from([bits for bits in range(1, 9) if takes(spec, bits)])),
        activations=draw(st.sampled_from(["uniform", "log", "log:powers=3"])),
        activation_bits=draw(st.integers(2, 8)),
        input_bits=draw(st.sampled_from([None, 2, 8])),
        activation_range=draw(st.sampled_from(["mse", "max", "percentile=99"])),
        equalize=equalize,
        correct=draw(st.sampled_from([*CORRECTIONS])),
        last=draw(st.sampled_from([Override(), Override(weights="uniform", weight_bits=8)])),
    )


@settings(ANY_NETWORK, max_examples=25)
@given(network=float_networks(), chosen=any_settings())
def test_a_random_networks_file_means_what_golden_says(network: FloatNetwork, chosen: Settings) -> None:
    """The same networks each time."""
    assert_exact(network, chosen)


@pytest.mark.slow
@settings(ANY_NETWORK, max_examples=120)
@given(network=float_networks(), chosen=any_settings())
def test_many_random_networks_files_mean_what_golden_says(network: FloatNetwork, chosen: Settings) -> None:
    """More of them; others each time with HYPOTHESIS_PROFILE=explore."""
    assert_exact(network, chosen)


def assert_exact(network: FloatNetwork, chosen: Settings) -> None:
    """Golden against exact arithmetic, onnxruntime against both; where all was absorbed, requantizers are wires."""
    model = network.model()
    note(f"{onnx.printer.to_text(model.graph)[:4000]}\n{chosen}")
    x = 1.3 * network.images(3, seed=1)
    with TemporaryDirectory() as folder:
        source, path = Path(folder) / "float.onnx", Path(folder) / "q.onnx"
        onnx.save(model, source)
        report = quantize(source, {"x": network.images(16)}, chosen, path)
        onnx.checker.check_model(onnx.load(path), full_check=True)
        read = flow.load(path)

        np.testing.assert_array_equal(read.golden(x), evaluate(path, x))
        assert compare(onnx.load(path), x).faults == []
        assert [layer.tensor for layer in read.trace(x) if not layer.explained] == []
        if flow.obstacle(path) is None:
            assert_free_where_absorbed(read, report)


def assert_free_where_absorbed(model: flow.Model, report: Report) -> None:
    """Compiles; no layer's requantizer has an adder if every layer but the last has handed on its scales.

    Thresholds are searched for. A mean that is quantized again with no layer between has no bias that could save the
    rounding."""
    names = [row.name for row in report.layers]
    layers = [layer for layer in model.compile(effort="fast").lowered.layers if layer.name in names]
    if all(row.absorbed for row in report.layers[:-1]) and report.settings.activations == "uniform":
        assert {layer.engine.requantize_adders for layer in layers if layer.engine is not None} == {0}
