"""Runs components with a stream in and a stream out in Icarus, many at a time, and reports each one's failure.

All components of a test file become submodules of one top, so that Yosys and the simulator start once. What a component
must do is told by vectors made beforehand, and by its own timing model."""

import os
import pickle
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from amaranth import Cat, DomainRenamer, Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from cocotb_tools.runner import get_runner

from shiftwright.rtl.axis import AxisSink, AxisSource
from shiftwright.rtl.emit import to_verilog
from shiftwright.rtl.leaf import Leaf
from shiftwright.rtl.serial.leaf import SerialLeaf


@dataclass(frozen=True)
class Case:
    """A component, the flat payloads it is given and those it must give, for `frames` frames.

    `latency` is from the first word taken to the first word offered, `interval` from a frame's first word offered to
    the next frame's, both in cycles without stalls."""

    name: str
    component: Any
    words: Sequence[int]
    expected: Sequence[int]
    frames: int
    latency: int
    interval: int
    leaves: Sequence[Leaf | SerialLeaf] = ()


def simulate(
    folder: Path, cases: Sequence[Case], macros: Sequence[str] = (), models: Sequence[Path] = ()
) -> dict[str, str]:
    """The complaint for each case by name, empty where it passed; all files go to `folder`.

    `macros` are defined to be 1, `models` are Verilog files that are read too. Without Icarus the test is skipped, or
    fails where CI is set."""
    if shutil.which("iverilog") is None:
        missing = "Icarus Verilog is missing; on Debian: apt-get install iverilog"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"rack.v": to_verilog(Rack(cases), "rack")}
    for case in cases:
        for leaf in case.leaves:
            texts |= leaf.files()
    for name, text in texts.items():
        (folder / name).write_text(text)
    vectors = folder / "cases.pickle"
    vectors.write_bytes(pickle.dumps({case.name: _vectors(case) for case in cases}))
    runner = get_runner("icarus")
    runner.build(
        sources=[*(folder / name for name in texts), *models],
        defines=dict.fromkeys(macros, 1),
        hdl_toplevel="rack",
        build_dir=folder / "build",
        timescale=("1ns", "1ps"),
        log_file=folder / "build.log",
    )
    with suppress(SystemExit):  # the runner's way to say that a case failed; the results say which
        runner.test(
            test_module="rtl_tests.rtl.stream_bench",
            hdl_toplevel="rack",
            build_dir=folder / "build",
            test_dir=folder,
            results_xml=str(folder / "results.xml"),
            extra_env={"STREAM_CASES": str(vectors), "COCOTB_LOG_LEVEL": "WARNING"},
            log_file=folder / "simulation.log",
        )
    complaints = _complaints(folder / "results.xml")
    assert len(complaints) == len(cases), f"not every case ran; see {folder}/simulation.log"
    return dict(zip((case.name for case in cases), complaints, strict=True))


class Rack(wiring.Component):
    """The cases' components side by side, each with ports and a clock of its own: only one is clocked at a time."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        super().__init__(
            {f"{case.name}_i": In(stream.Signature(len(_source(case.component)[0]))) for case in cases}
            | {f"{case.name}_o": Out(stream.Signature(len(_sink(case.component)[0]))) for case in cases}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for case in self.cases:
            m.submodules[case.name] = DomainRenamer(case.name)(case.component)
            entry, leave = getattr(self, f"{case.name}_i"), getattr(self, f"{case.name}_o")
            payload, valid, ready = _source(case.component)
            m.d.comb += [payload.eq(entry.payload), valid.eq(entry.valid), entry.ready.eq(ready)]
            payload, valid, ready = _sink(case.component)
            m.d.comb += [leave.payload.eq(payload), leave.valid.eq(valid), ready.eq(leave.ready)]
        return m


def _source(component: Any) -> tuple[Value, Value, Value]:
    if isinstance(component, AxisSource):
        return component.axis.tdata, component.axis.tvalid, component.axis.tready
    return component.i.payload, component.i.valid, component.i.ready


def _sink(component: Any) -> tuple[Value, Value, Value]:
    """Tlast travels as the payload's top bit."""
    if isinstance(component, AxisSink):
        axis = component.axis
        return Cat(axis.tdata, axis.tlast), axis.tvalid, axis.tready
    return component.o.payload, component.o.valid, component.o.ready


def _vectors(case: Case) -> dict[str, object]:
    return {
        "handshake": case.component.handshake(),
        "words": [int(word) for word in case.words],
        "expected": [int(word) for word in case.expected],
        "frames": case.frames,
        "latency": case.latency,
        "interval": case.interval,
    }


def _complaints(results: Path) -> list[str]:
    """One text a case, in order, empty where it passed."""
    complaints = []
    for outcome in ElementTree.parse(results).iter("testcase"):
        failures = [*outcome.iter("failure"), *outcome.iter("error")]
        complaints.append(failures[0].attrib.get("message", "failed without a word") if failures else "")
    return complaints
