"""How many levels of adders stand between two registers: as told, or as many as a family's delays allow."""

import numpy as np
import onnx
import pytest

from rtl_tests.e2e.subjects import tiny_cnn
from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.arith.pipeline import Schedule
from shiftwright.errors import HardwareError
from shiftwright.flow import Model, load
from shiftwright.lower.plan import Plan


@pytest.fixture(scope="module")
def graph() -> AdderGraph:
    """Several levels deep."""
    matrix = np.random.default_rng(0).integers(-128, 128, (4, 8))
    return SolverSettings(effort="fast", depth_limit=0).make().solve(matrix, [(-128, 127)] * 8, [0] * 4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The tiny network."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.onnx"
    onnx.save(tiny_cnn(), path)
    return load(path)


def test_a_register_follows_every_level_unless_told_otherwise(graph: AdderGraph) -> None:
    """A clock says nothing of a family that is none; a number of levels is over a clock."""
    ecp5 = SolverSettings(family="ecp5")

    assert [Plan().levels(graph), Plan(levels_per_stage=3).levels(graph), Plan(clock=50.0).levels(graph)] == [1, 3, 1]
    assert Plan(ecp5).levels(graph) == 1
    assert Plan(ecp5, 2, clock=20.0).levels(graph) == 2


def test_a_family_takes_as_many_levels_as_its_clock_allows(graph: AdderGraph) -> None:
    """The slowest stage meets the clock, and one level more would not."""
    plan = Plan(SolverSettings(family="ecp5"), clock=100.0)
    levels = plan.levels(graph)

    assert 1 < levels < graph.depth
    assert Schedule(graph, levels).delay(plan.family) <= 10.0 < Schedule(graph, levels + 1).delay(plan.family)
    assert plan.as_dict()["levels_per_stage"] is None
    assert plan.as_dict()["pipelined_for_mhz"] == 100.0


def test_layers_of_a_network_have_levels_of_their_own(model: Model) -> None:
    """Small sums are quicker; each layer's latency and registers follow."""
    compiled = model.compile(family="ecp5", clock=120.0, effort="fast")
    plan = compiled.lowered.plan
    levels = []
    for layer in compiled.lowered.layers:
        if layer.engine is not None:
            assert layer.engine.graph is not None and layer.engine.leaf is not None and layer.engine.levels is not None
            schedule = Schedule(layer.engine.graph, layer.engine.levels)
            assert layer.engine.levels == plan.levels(layer.engine.graph)
            assert (layer.engine.leaf.latency, layer.engine.registers) == (schedule.latency, schedule.register_bits)
            levels.append(layer.engine.levels)
    assert max(levels) > 1


def test_a_clock_that_is_too_fast_names_the_layer(model: Model) -> None:
    """And the clock that would do."""
    with pytest.raises(HardwareError, match=r"^Conv_5 \(\w+\): one adder .* ask for \d+ MHz or less"):
        model.compile(family="ecp5", clock=2000.0, effort="fast")


def test_no_levels_a_stage_are_refused() -> None:
    """Without a register there is no pipeline."""
    with pytest.raises(HardwareError, match="0 adder levels a register is too few; use 1 or more"):
        Plan(levels_per_stage=0)


def test_the_plain_solver_is_there_for_comparison(model: Model) -> None:
    """It shares nothing between rows."""
    plain, shared = (model.compile(solver=solver, effort="fast").lowered.layers for solver in ("csd", "cse"))

    assert sum(layer.engine.adders for layer in shared if layer.engine) < sum(
        layer.engine.adders for layer in plain if layer.engine
    )


def test_progress_hears_every_layer(model: Model) -> None:
    """Before it is solved."""
    heard: list[str] = []
    model.compile(effort="fast", progress=heard.append)

    assert heard[-2:] == ["Conv_5", "MatMul_12"]
