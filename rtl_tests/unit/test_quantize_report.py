"""What a report counts, and how it looks on a terminal of 80 columns."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from shiftwright.cli import app
from shiftwright.lower.plan import Plan
from shiftwright.quantize.formats import Format
from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.grids.spec import parse_grid
from shiftwright.quantize.methods import methods
from shiftwright.quantize.network import Layer
from shiftwright.quantize.report import (
    LayerRow,
    Report,
    activation_row,
    entropy,
    layer_row,
    matrix_adders,
    odd_parts,
    sqnr_db,
)
from shiftwright.quantize.settings import Settings
from shiftwright.report.compiled import compiled_table
from shiftwright.report.doctor import doctor_table
from shiftwright.report.quantized import methods_table, quantized_table
from shiftwright.report.verified import verified_table

CODES = np.array([[1, 0, -3, 7], [0, 0, 0, 0], [2, 0, 0, 0]])
WEIGHTS = CODES * np.array([[0.5], [1.0], [0.25]])


def row(name: str = "layer", absorbed: bool = True) -> LayerRow:
    """The row of three channels of four weights: 1, -3 and 7, none, and 2."""
    layer = Layer(name, "Gemm", "in", "in", 1, "w", "b", "z", 1, 3, 4, (3, 4), ("out",))
    found = GridWeights(CODES, np.array([0.5, 1.0, 0.25]), np.arange(-7, 8)[None])
    return layer_row(layer, WEIGHTS, found, parse_grid("uniform", 4), "uniform", absorbed)


def report(*rows: LayerRow) -> dict[str, Any]:
    """A report of such rows, as the command line has it."""
    formats = (activation_row("x", Format(6, False, -5)),)
    notes = ("Softmax is dropped",)
    return Report(rows, formats, "m.onnx", "q.onnx", 21, 64, Settings(), False, 0.975, 0.96, notes).as_dict()


@pytest.mark.parametrize(
    ("codes", "adders"),
    [
        pytest.param([[0, 0]], 0, id="nothing"),
        pytest.param([[4, 0], [0, -1]], 0, id="one-digit-a-row"),
        pytest.param([[1, 1, -1]], 2, id="a-sum"),
        pytest.param([[7]], 1, id="8-1"),
        pytest.param([[11, 2], [3, 0]], 3 + 1, id="8+2+1-and-2"),
    ],
)
def test_adders_are_counted_by_signed_digits(codes: list[list[int]], adders: int) -> None:
    """A row of d digits takes d - 1; 11 is 8 + 4 - 1, three of them."""
    assert adders == matrix_adders(np.array(codes))


@pytest.mark.parametrize(
    ("codes", "bits"),
    [([[3, 3, 3]], 0.0), ([[0, 1], [1, 0]], 1.0), ([[0, 1, 2, 3]], 2.0), ([[0, 0, 0, 1]], 0.8113)],
)
def test_entropy_is_how_evenly_codes_are_used(codes: list[list[int]], bits: float) -> None:
    """In bits a weight: none where all are one code, k where 2^k occur equally often."""
    assert bits == round(entropy(np.array(codes)), 4)


def test_mantissas_are_odd_parts() -> None:
    """Once each, ascending."""
    assert odd_parts([0, 12, 3, 5, 10, 1]) == [1, 3, 5]


def test_sqnr_is_in_decibels() -> None:
    """A tenth of an error is 20 dB; without error, or without weights, there is no figure."""
    assert sqnr_db(np.array([[1.0, -1.0]]), np.array([[0.9, -1.1]])) == 20.0
    assert sqnr_db(np.ones((1, 2)), np.ones((1, 2))) is None
    assert sqnr_db(np.zeros((1, 2)), np.zeros((1, 2))) is None


def test_a_row_says_what_became_of_a_layer() -> None:
    """Exact here, a channel dead, three quarters of the codes zero."""
    assert row() == LayerRow(
        name="layer",
        op="Gemm",
        shape=(3, 4),
        grid="uniform",
        granularity="channel",
        bits=4,
        mantissas=(1, 3, 7),
        sqnr_db=None,
        zeros=round(8 / 12, 4),
        entropy=round(-(8 / 12 * np.log2(8 / 12) + 4 / 12 * np.log2(1 / 12)), 3),
        adders=4,  # 1, 4 - 1 and 8 - 1 have five digits
        scales=(0.25, 1.0),
        absorbed=True,
    )


def test_totals_are_of_all_layers() -> None:
    """The mean SQNR is that of layers which have one; everything goes through JSON."""
    found = report(row(), row())

    assert found["totals"] == {"weights": 24, "weight_bits": 96, "adders": 8, "sqnr_db": None}
    assert json.loads(json.dumps(found))["layers"][0]["mantissas"] == [1, 3, 7]
    assert json.loads(json.dumps(found))["settings"]["correct"] == "bias,hessian"


def test_mean_sqnr_leaves_exact_layers_out() -> None:
    """They would be infinite."""
    layer = Layer("l", "Gemm", "in", "in", 1, "w", "b", "z", 1, 1, 2, (1, 2), ())
    grid, found = parse_grid("binary", 1), GridWeights(np.array([[1, -1]]), np.array([1.0]), np.array([[-1, 1]]))
    noisy = layer_row(layer, np.array([[10.0, -10.0]]) / 9, found, grid, "binary", False)

    assert report(row(), noisy)["totals"]["sqnr_db"] == noisy.sqnr_db == 20.0


def printed(draw: Any, *arguments: Any, width: int = 80) -> str:
    """What a table looks like on a terminal of 80 columns."""
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        draw(console, *arguments)
    return captured.get()


def test_the_table_of_layers_fits_a_terminal() -> None:
    """Grids, scales, totals, accuracies and what comes next, within 80 columns."""
    shown = printed(quantized_table, report(row("fc1"), row("fc2", absorbed=False)), Path("q.onnx"), None)

    assert [line for line in shown.splitlines() if len(line) > 80] == []
    words = [line.split() for line in shown.splitlines()]
    assert ["fc1", "3×4", "uniform", "4", "exact", "67%", "1.58", "4"] in words
    assert ["fc1", "channel", "0.25", "1", "yes", "1,", "3,", "7"] in words
    assert ["fc2", "channel", "0.25", "1", "no", "1,", "3,", "7"] in words
    assert "24 weights in 96 bits, calibrated on 64 samples" in shown
    assert "note: Softmax is dropped" in shown
    assert "accuracy on the calibration data: float 97.50%, quantized 96.00%" in shown
    assert "Next: shiftwright compile q.onnx -o DIR" in shown


def test_the_table_says_what_keeps_a_file_from_hardware() -> None:
    """Instead of what comes next."""
    shown = printed(quantized_table, report(row()), Path("q.onnx"), "an obstacle")

    assert "note: compile does not take this file: an obstacle" in shown
    assert "Next" not in shown


# A closing tag that was never opened, a tag, a colour, an emoji's name, and the end of an escape.
HOSTILE = ("/head/[/x]", "branch[left]", "[red]", "a:dog:b", "back\\[slash]\\")


def hostile_tables(name: str) -> dict[str, str]:
    """Every table that shows what users have named, with one name everywhere."""
    layer = {"name": name, "does": name, "shape": [3], "numbers": name, "adders": 1, "estimated_luts": 2, "latency": 3}
    layer |= {"registers": 4, "levels_per_stage": 1, "proof": {"coefficients": "0123456789abcdef"}}
    layer |= {"engine": "serial", "fold": "d=1", "cycles": 15}
    totals = {"requantize_adders": 0}
    compiled = {
        "name": name,
        "folder": name,
        "layers": [layer | totals],
        "timing": {"latency": 3, "interval": 1},
        "multipliers": 0,
        "frames_per_second": 1.0,
        "clock_mhz": 1.0,
        "proofs": {"adder_graphs": 1, "weight_memories": 0},
        "solver": Plan().as_dict(),
    }
    simulation = {"simulator": name, "equal": False, "words": 1, "latency": 1, "interval": 1, "cycles": 1}
    different = {"tensor": name, "words": 1, "different": 1, "near_ties": 1}
    verified = {
        "folder": name,
        "frames": 1,
        "simulations": [simulation | {"message": name, "waves": [name]}],
        "layers": [different | {"explained": True}, different | {"explained": False}],
        "skipped": [name],
        "changed": [name],
        "accuracy": {name: 0.5},
    }
    tool = {"name": name, "purpose": name, "version": name, "found": True, "path": name, "remedy": ""}
    quantized = report(row(name)) | {"warnings": [name]}
    return {
        "compile": printed(compiled_table, compiled, width=200),
        "verify": printed(verified_table, verified, width=200),
        "doctor": printed(doctor_table, [tool], width=200),
        "quantize": printed(quantized_table, quantized, Path(name), name, width=200),
        "next": printed(quantized_table, quantized, Path(name), None, width=200),
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_they_are(name: str) -> None:
    """As often as an ordinary one: brackets, colons and backslashes of users are no markup, in cells, titles, lines."""
    ordinary = {table: shown.count("Zq") for table, shown in hostile_tables("Zq").items()}
    shown = {table: text.count(name) for table, text in hostile_tables(name).items()}

    assert shown == ordinary
    assert ordinary == {"compile": 6, "verify": 10, "doctor": 4, "quantize": 5, "next": 5}


@pytest.mark.parametrize("name", HOSTILE)
def test_progress_shows_names_as_they_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal: the file at first, then the layer too."""
    file = StringIO()
    monkeypatch.setattr(app, "notes", Console(file=file, force_terminal=True, width=200))
    with app.working(f"quantizing {name}") as progress:
        progress(f"layer {name}")
        app.notes.print("step")

    assert f"quantizing {name}: layer {name}" in file.getvalue()


def test_the_command_lines_consoles_take_nothing_for_markup() -> None:
    """Whatever is printed there, such as a note about a layer."""
    for console in (app.tables, app.notes):
        with console.capture() as captured:
            console.print(" ".join(HOSTILE), soft_wrap=True)

        assert captured.get() == " ".join(HOSTILE) + "\n"


def test_the_list_of_methods_fits_a_terminal() -> None:
    """Every grid with its source and every spelling, uncut."""
    found = methods()
    shown = printed(methods_table, found)

    assert [line for line in shown.splitlines() if len(line) > 80] == []
    for name, grid in found["grids"].items():
        assert any(line.split()[:1] == [name] for line in shown.splitlines())
        assert [entry["spelling"] for entry in grid["spellings"] if f" {entry['spelling']} " not in shown] == []
