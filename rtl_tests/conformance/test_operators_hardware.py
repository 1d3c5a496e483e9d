"""Every operator that claims hardware has it: compiled, simulated with stalls, equal word for word and cycle for cycle.

The operators are found by what they offer (`front`, `components`, `tails`); one without a network here fails."""

import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

import onnx
import pytest
from amaranth.lib import wiring

import shiftwright.ops
import shiftwright.rtl
from rtl_tests.conformance.hardware_networks import (
    NETWORKS,
    Build,
    convolution_with_stride_and_padding,
    requantize_each_channel_its_own_way,
    two_convolutions_and_a_dense_layer,
)
from rtl_tests.e2e.simulators import need
from shiftwright import flow
from shiftwright.arith.requantize import Requantizer
from shiftwright.ir.core import Operator
from shiftwright.ops.stage import ComponentOperator, MatrixOperator, TailOperator
from shiftwright.rtl.axis import CONTAINERS

FRAMES = 6


@cache
def loaded(build: Build, folder: Path) -> flow.Model:
    """The network as integers, read from a file below `folder`."""
    path = folder / f"{build.__name__}.onnx"
    onnx.save(build(), path)
    return flow.load(path)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the models' files."""
    return tmp_path_factory.mktemp("models")


def simulate_exactly(model: flow.Model, folder: Path, simulator: str, levels_per_stage: int = 1) -> None:
    """Builds, simulates, and holds every claim of the manifest against what was measured."""
    manifest = model.compile(levels_per_stage=levels_per_stage, effort="fast").build(folder)
    found = flow.verify(folder, frames=FRAMES, simulators=[need(simulator)], seed=1)
    (simulation,) = found.simulations
    stated = {link["name"]: link["first"] for link in manifest["links"]}

    assert simulation.message == ""
    assert simulation.result["links"] == stated
    assert {key: simulation.result[key] for key in ("latency", "interval")} == manifest["timing"]
    assert simulation.result["frames"] == FRAMES
    assert manifest["multipliers"] == 0
    assert found.equal


@pytest.mark.parametrize("build", NETWORKS)
def test_hardware_is_exact(build: Build, shelf: Path, tmp_path: Path) -> None:
    """In Icarus, both sides stalling: every word, every link's first transfer, latency and interval."""
    simulate_exactly(loaded(build, shelf), tmp_path / "build", "icarus")


@pytest.mark.slow
@pytest.mark.parametrize(
    "build",
    [convolution_with_stride_and_padding, two_convolutions_and_a_dense_layer, requantize_each_channel_its_own_way],
)
def test_another_simulator_agrees(build: Build, shelf: Path, tmp_path: Path) -> None:
    """Verilator knows no X, and reads Verilog's rules of signs and widths for itself."""
    simulate_exactly(loaded(build, shelf), tmp_path / "build", "verilator")


@pytest.mark.parametrize("levels", [2, 3, 100])
def test_fewer_registers_keep_the_words(levels: int, shelf: Path, tmp_path: Path) -> None:
    """A register every so many adder levels: other cycles, stated anew, and the same words."""
    simulate_exactly(loaded(two_convolutions_and_a_dense_layer, shelf), tmp_path / "build", "icarus", levels)


def test_the_frame_interval_is_the_largest_padded_image(shelf: Path) -> None:
    """(H + 2P)·(W + 2P) of the first convolution: its window walks an 8×8 grid around 6×6 pixels."""
    assert loaded(two_convolutions_and_a_dense_layer, shelf).compile(effort="fast").lowered.timing.interval == 8 * 8


def operators_with_hardware() -> set[type[Operator]]:
    """Classes in shiftwright.ops that offer any way into hardware."""
    found = set()
    for module in pkgutil.iter_modules(shiftwright.ops.__path__):
        for _, kind in inspect.getmembers(importlib.import_module(f"shiftwright.ops.{module.name}"), inspect.isclass):
            offers = [issubclass(kind, way) for way in (MatrixOperator, TailOperator, ComponentOperator)]
            if issubclass(kind, Operator) and any(offers):
                found.add(kind)
    return found


def test_every_operator_with_hardware_has_a_network(shelf: Path) -> None:
    """A new operator is not conforming until a network here uses it."""
    used = {type(node.operator) for build in NETWORKS for node in loaded(build, shelf).network.graph.nodes}

    assert len(operators_with_hardware()) >= 6
    assert operators_with_hardware() <= used


def test_every_form_of_requantizer_has_a_network(shelf: Path) -> None:
    """Constant, half to even and search, and the wire that a constant can come down to."""
    tails = [
        tail
        for build in NETWORKS
        for node in loaded(build, shelf).network.graph.nodes
        if isinstance(node.operator, TailOperator)
        for tail in node.operator.tails(node.inputs[0])
    ]

    assert {tail.form for tail in tails} == set(get_args(get_type_hints(Requantizer)["form"]))
    assert any(tail.is_wire for tail in tails)
    assert any(tail.form == "scale" and not tail.is_wire for tail in tails)


def components() -> set[type]:
    """Every streaming component of rtl."""
    modules = [
        importlib.import_module(f"shiftwright.rtl.{module.name}")
        for module in pkgutil.iter_modules(shiftwright.rtl.__path__)
    ]
    kinds = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    ours = {kind for kind in kinds if kind.__module__.startswith("shiftwright.rtl.")}
    return {kind for kind in ours if issubclass(kind, wiring.Component)}


def test_every_component_has_a_network(shelf: Path) -> None:
    """Windows, rings, collectors, pools, pipelines, buffers, and both edges."""
    used: set[type] = set()
    for build in NETWORKS:
        for engines in ([], ["*=folded:pe=2,simd=2"]):
            design = loaded(build, shelf).compile(effort="fast", engines=engines if has_engine(build, shelf) else [])
            used |= {type(component) for stage in design.lowered.stages for component in stage.components}
            used |= {type(design.lowered.source), type(design.lowered.sink)}

    assert len(components()) >= 10
    assert components() <= used


def has_engine(build: Build, shelf: Path) -> bool:
    """Whether any layer multiplies by a matrix: others have no engine to choose."""
    return any(isinstance(node.operator, MatrixOperator) for node in loaded(build, shelf).network.graph.nodes)


def test_every_container_is_used(shelf: Path) -> None:
    """tdata holds words of 8, 16, 32 and 64 bits."""
    designs = [loaded(build, shelf).compile(effort="fast").lowered for build in NETWORKS]

    assert {edge.container for design in designs for edge in (design.source, design.sink)} == set(CONTAINERS)


def test_no_network_hides_another() -> None:
    """A function defined twice would be two entries of one name."""
    names = [build.__name__ for build in NETWORKS]

    assert sorted(set(names)) == sorted(names)
