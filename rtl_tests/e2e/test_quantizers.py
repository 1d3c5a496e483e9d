"""Every number system from the float file to simulated hardware, on both digits networks, and several in one network.

Building a Verilator model is where the time goes: twenty seconds of a processor, whatever is played. So a grid's first
spelling goes through both simulators, the others through Icarus, which starts at once, and on the MLP alone."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from rtl_tests.e2e.digits_on_grids import FRAMES, NETWORKS, SPELLINGS, Journey, bits_of, travel
from rtl_tests.e2e.simulators import need
from rtl_tests.unit.quantize_networks import Draft, frames
from shiftwright import flow
from shiftwright.quantize.config import read_settings
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.grids.spec import grid_types
from shiftwright.quantize.settings import Settings

pytestmark = pytest.mark.slow

LEADING = {grid.examples[0] for grid in grid_types().values()}

# Ten classes at random are right one time in ten; the networks are right 97 times in 100 and more.
STILL_READS = {"binary": 0.85}
USUALLY_READS = 0.95

MIXED = """
weights = "ternary"
weight_bits = 2
activation_bits = 6

[first]
weights = "uniform"
weight_bits = 8

[last]
weights = "uniform"
weight_bits = 8
"""


BOTH = ("verilator", "icarus")
CASES = [
    pytest.param(network, spec, BOTH if spec in LEADING else BOTH[1:], id=f"{network}-{spec}")
    for network in NETWORKS
    for spec in SPELLINGS
    if network == "mlp" or spec in LEADING
]


def assert_arrived(network: str, journey: Journey) -> None:
    """No multiplier, no adder in a requantizer, and every word of every simulator is golden's and onnxruntime's."""
    assert (journey.manifest["multipliers"], journey.requantize_adders) == (0, 0)
    assert {simulator: 10 * FRAMES[network][simulator] for simulator in journey.found} == journey.words
    for found in journey.found.values():
        assert [simulation.message for simulation in found.simulations] == [""]
        assert [layer.tensor for layer in found.layers if not layer.explained] == []
        assert found.equal
        assert len(set(found.accuracy.values())) == 1  # golden's, onnxruntime's, the hardware's


@pytest.mark.parametrize(("network", "spec", "simulators"), CASES)
def test_every_grid_reaches_hardware_unchanged(
    network: str, spec: str, simulators: tuple[str, ...], tmp_path: Path
) -> None:
    """40 images of the MLP and 20 of the CNN in Verilator, one in ten in Icarus; the network still knows its digits."""
    journey = travel(network, Settings(weights=spec, weight_bits=bits_of(spec)), tmp_path, simulators)

    assert_arrived(network, journey)
    assert set(simulators) == set(journey.found)
    assert {row.grid for row in journey.report.layers} == {spec}
    assert [row.absorbed for row in journey.report.layers[:-1]] == [True] * (len(journey.report.layers) - 1)
    assert journey.accuracy >= STILL_READS.get(spec, USUALLY_READS)


@pytest.mark.parametrize("network", NETWORKS)
def test_several_grids_share_a_network(network: str, tmp_path: Path) -> None:
    """First and last layer in eight uniform bits, ternary between, from a settings file."""
    (tmp_path / "q.toml").write_text(MIXED)
    journey = travel(network, read_settings(tmp_path / "q.toml", {}), tmp_path, BOTH)
    grids = [(row.grid, row.bits) for row in journey.report.layers]

    assert_arrived(network, journey)
    assert grids == [("uniform", 8), *[("ternary", 2)] * (len(grids) - 2), ("uniform", 8)]
    assert journey.accuracy >= USUALLY_READS


def averaging(size: int) -> Draft:
    """Two convolutions and the mean of size·size words of each channel, in front of a fully connected layer."""
    draft = Draft((1, size, size))
    draft.node("Conv", ["x", draft.weights("w0", 3, 1, 3, 3), draft.weights("b0", 3)], "c0", pads=[1, 1, 1, 1])
    draft.node("Relu", ["c0"], "r0")
    draft.node("Conv", ["r0", draft.weights("w1", 4, 3, 3, 3), draft.weights("b1", 4)], "c1", pads=[1, 1, 1, 1])
    draft.node("Relu", ["c1"], "r1")
    draft.node("GlobalAveragePool", ["r1"], "g")
    draft.node("Flatten", ["g"], "f")
    draft.node("Gemm", ["f", draft.weights("w2", 6, 4), draft.weights("b2", 6)], "d", transB=1)
    draft.node("Relu", ["d"], "r2")
    draft.node("Gemm", ["r2", draft.weights("w3", 3, 6), draft.weights("b3", 3)], "y", transB=1)
    return draft


@pytest.mark.parametrize("size", [4, 7])
@pytest.mark.parametrize("spec", ["pot", "log", "ternary", "uniform"])
def test_means_need_no_adder_behind_them(spec: str, size: int, tmp_path: Path) -> None:
    """Over 16 and over 49 words: the 1/49 goes into the next layer's scale, and its requantizer stays a wire."""
    draft, path = averaging(size), tmp_path / "q.onnx"
    settings = Settings(weights=spec, weight_bits=bits_of(spec))
    quantize(draft.save(tmp_path / "float.onnx"), {"x": frames(draft)}, settings, path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    design = flow.load(path).compile(effort="fast")
    found = design.verify(frames(draft), 8, [need("icarus")])
    engines = [layer.engine for layer in design.lowered.layers if layer.engine is not None]

    assert {engine.requantize_adders for engine in engines} == {0}
    assert [simulation.message for simulation in found.simulations] == [""]
    assert found.equal
    assert np.asarray(design.model.golden(frames(draft))).std(axis=0).min() > 0  # the images make a difference
