"""One contract for all engines: each, on each shape, in each number system, equals golden word for word.

Both sides of every bench stall, frames follow each other without a gap, and what is stated of latency and interval is
what is measured, to the cycle. The last dimension, the simulator, is crossed with engines and number systems on a
network that has all shapes in a row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from rtl_tests.conformance.engine_networks import SHAPES, SYSTEMS, all_in_a_row
from rtl_tests.e2e.simulators import need
from rtl_tests.oracle.network import Network
from shiftwright import flow
from shiftwright.errors import HardwareError
from shiftwright.lower.choice import OPTIONS

FRAMES = 3
ENGINES = ("parallel", "serial:d=1", "serial:d=2", "serial:d=4", "folded:pe=2,simd=2")
FOLDS = ("folded:pe=1,simd=1", "folded:pe=3,simd=3", "folded:pe=64,simd=64")
WEIGHTS = np.array([[[[1, -2]], [[0, 4]]], [[[-1, 0]], [[2, -2]]]])  # (outputs, inputs, rows, columns)
MIXED = ["*=serial:d=1", "Conv*=folded:pe=2,simd=2", "Conv_4*=parallel"]


def simulate_exactly(model: onnx.ModelProto, engines: list[str], folder: Path, simulator: str) -> dict[str, Any]:
    """Builds and simulates; holds every claim of the manifest against what was measured."""
    onnx.save(model, folder / "model.onnx")
    manifest = flow.load(folder / "model.onnx").compile(effort="fast", engines=engines).build(folder / "build")
    found = flow.verify(folder / "build", frames=FRAMES, simulators=[need(simulator)], seed=1)
    (simulation,) = found.simulations

    assert simulation.message == ""
    assert found.equal
    assert simulation.result["links"] == {link["name"]: link["first"] for link in manifest["links"]}
    assert {key: simulation.result[key] for key in ("latency", "interval")} == manifest["timing"]
    assert manifest["multipliers"] == 0
    return manifest


def padding_beyond_codes() -> onnx.ModelProto:
    """Codes 0 … 7 that are bits of the sums, before windows that are padded with 8."""
    chain = Network(["N", 2, 3, 3])
    product = chain.node("Conv", [chain.activation("x", 0.25, clip=(-8, 7)), chain.weights(WEIGHTS, 0.125)])
    codes = chain.activation(product, 0.03125, 8, "uint8", clip=(0, 7))
    return chain.model(chain.node("Conv", [codes, chain.weights(WEIGHTS, 0.125)], pads=[1, 0, 0, 1]))


def padding_beyond_levels() -> onnx.ModelProto:
    """Codes for 1, 2, 4 and 8, before windows that are padded with 0."""
    chain = Network(["N", 2, 3, 3])
    product = chain.node("Conv", [chain.activation("x", 0.25, clip=(-8, 7)), chain.weights(WEIGHTS, 0.125)])
    numbers = chain.look_up(chain.count(product, [-1, 0.5, 3]), [1, 2, 4, 8])
    return chain.model(chain.node("Conv", [numbers, chain.weights(WEIGHTS, 0.125)], pads=[1, 0, 0, 1]))


@pytest.mark.parametrize("build", [padding_beyond_codes, padding_beyond_levels])
def test_folded_layers_meet_padding_that_no_code_means(build: Callable[[], onnx.ModelProto], tmp_path: Path) -> None:
    """The link is as wide as the padding asks, or carries numbers in place of codes."""
    simulate_exactly(build(), ["Conv*=folded:pe=2,simd=2"], tmp_path, "icarus")


def test_every_engine_is_tried() -> None:
    """A new engine is not conforming until it stands here."""
    assert {engine.partition(":")[0] for engine in ENGINES} == set(OPTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_engine_is_exact(shape: str, system: str, engine: str, tmp_path: Path) -> None:
    """In Icarus, where an unknown bit would show."""
    manifest = simulate_exactly(SHAPES[shape](SYSTEMS[system]), [f"*={engine}"], tmp_path, "icarus")

    kind, _, fold = engine.partition(":")
    (layer,) = manifest["layers"]
    assert layer["engine"] == kind
    assert layer["fold"] == (fold or None) or kind == "folded"
    assert manifest["timing"]["interval"] >= layer["cycles"]


@pytest.mark.slow
@pytest.mark.parametrize("engine", FOLDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_fold_is_exact(shape: str, engine: str, tmp_path: Path) -> None:
    """Nothing at a time, all at once, and folds that divide neither outputs nor channels."""
    simulate_exactly(SHAPES[shape](SYSTEMS["powers_of_two"]), [f"*={engine}"], tmp_path, "icarus")


@pytest.mark.slow
@pytest.mark.parametrize("simulator", ["icarus", "verilator"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_layers_in_a_row_are_exact(system: str, engine: str, simulator: str, tmp_path: Path) -> None:
    """Every shape behind every other, in both simulators, and proved again from the files."""
    simulate_exactly(all_in_a_row(SYSTEMS[system]), [f"*={engine}"], tmp_path, simulator)

    assert simulator == "verilator" or flow.prove(tmp_path / "build").proved


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_engines_mix(system: str, tmp_path: Path) -> None:
    """Serial, folded and parallel layers in one design."""
    manifest = simulate_exactly(all_in_a_row(SYSTEMS[system]), MIXED, tmp_path, "icarus")

    assert {layer["engine"] for layer in manifest["layers"]} == {"parallel", "serial", "folded"}


def test_serial_layers_join_without_words_between(tmp_path: Path) -> None:
    """Two dense layers are one engine: one link, and the second layer begins before the first one's word is whole."""
    onnx.save(all_in_a_row(SYSTEMS["ternary"]), tmp_path / "model.onnx")
    lowered = flow.load(tmp_path / "model.onnx").compile(effort="fast", engines=["*=serial:d=1"]).lowered

    assert [len(stage.layers) for stage in lowered.stages] == [1, 1, 2, 2]


def test_a_fold_that_does_not_divide_is_said(tmp_path: Path) -> None:
    """Rounded to one that does."""
    onnx.save(SHAPES["dense"](SYSTEMS["ternary"]), tmp_path / "model.onnx")
    design = flow.load(tmp_path / "model.onnx").compile(effort="fast", engines=["*=folded:pe=3,simd=4"]).lowered

    assert design.notes == [
        f"{design.layers[0].name}: pe=3,simd=4 does not divide 4 outputs and 6 channels; pe=2,simd=3 is built"
    ]


@pytest.mark.parametrize(
    ("shape", "engine", "built"),
    [
        ("depthwise", "folded:pe=3,simd=1", ["pe=2,simd=1", 2 * 9]),
        ("depthwise", "folded:pe=4,simd=8", ["pe=4,simd=1", 9]),
        ("grouped", "folded:pe=6,simd=2", ["pe=6,simd=2", 4]),
        ("grouped", "folded:pe=6,simd=1", ["pe=3,simd=1", 2 * 4 * 2]),
    ],
)
def test_small_groups_are_taken_together(shape: str, engine: str, built: list[object], tmp_path: Path) -> None:
    """As many as there are PEs for, where a group's outputs and channels are all taken at once."""
    onnx.save(SHAPES[shape](SYSTEMS["ternary"]), tmp_path / "model.onnx")
    (layer,) = flow.load(tmp_path / "model.onnx").compile(effort="fast", engines=[f"*={engine}"]).lowered.layers

    assert layer.engine is not None
    assert [layer.engine.fold, layer.engine.cycles] == built


def test_groups_taken_together_are_exact(tmp_path: Path) -> None:
    """Two channels at a time, each with a kernel of its own."""
    simulate_exactly(SHAPES["depthwise"](SYSTEMS["powers_of_two"]), ["*=folded:pe=2,simd=1"], tmp_path, "icarus")


def test_sums_beyond_a_common_lane_are_refused(tmp_path: Path) -> None:
    """The folded engine's words share one lane: a large word may meet each weight, for all that is known of it."""
    chain = Network(["N", 2])
    flow_in = chain.activation("x", 0.25, clip=(-8, 7))
    for weights in ([[2**30, 0], [2**30, 1]], [[1, 0], [0, 2**30]]):
        flow_in = chain.node("MatMul", [flow_in, chain.weights(weights, 0.125, kind="int32")])
    onnx.save(chain.model(chain.activation(flow_in, 256.0, kind="int16")), tmp_path / "model.onnx")

    with pytest.raises(HardwareError, match=r"an accumulator reaches .*, beyond 61 bits"):
        flow.load(tmp_path / "model.onnx").compile(effort="fast", engines=["*=folded"])
