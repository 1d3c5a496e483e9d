"""The comparison of engines: its rows, what is read from nextpnr, rates, ratios. Its figures are no tests."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks import engines
from benchmarks.cmvm_matrices import random_matrix
from benchmarks.engines_built import Built, sums
from benchmarks.engines_cases import FOLDED, GROUPS, KINDS, NARROW, ROW_TREES, ROWS, Case, cases
from benchmarks.engines_folded import folded
from benchmarks.engines_goals import Goal, goals, show_goals
from benchmarks.engines_layers import LAYERS, SYSTEMS, product
from benchmarks.engines_place import Design, Placed, read_report
from benchmarks.engines_plot import COLOURS, colour
from benchmarks.engines_rows import Row, cells_of, show
from shiftwright.errors import SynthesisError

PLACED = Placed(cells=1000, registers=2000, memory_blocks=0, dsp=0, fmax=200.0)
REPORT: dict[str, Any] = {
    "utilization": {
        kind: {"available": 9999, "used": used}
        for kind, used in {"TRELLIS_COMB": 1494, "TRELLIS_FF": 2683, "DP16KD": 3, "MULT18X18D": 2, "DCCA": 1}.items()
    },
    "fmax": {"clk": {"achieved": 272.5, "constraint": 300}},
}


def row(system: str, engine: str, cells: int, fmax: float, cycles: int, core: Placed | None = None) -> Row:
    """A row of the dense layer, made up."""
    return Row(Case("dense", system, engine), cycles, None, replace(PLACED, cells=cells, fmax=fmax), core, 1.0)


def printed(rows: list[Row]) -> str:
    """The tables as text."""
    console = Console(file=io.StringIO(), width=160)
    show(rows, console)
    show_goals(goals(rows), console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def run_command(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """The command line, in this process, with tools that answer at once."""
    monkeypatch.setattr(Case, "build", lambda case: Built(Design({}, case.name, 100.0), cycles=len(case.name)))
    monkeypatch.setattr(engines, "place", lambda design: PLACED)
    monkeypatch.setattr(sys, "argv", ["engines", *words])
    engines.main()


def test_matrices_are_those_of_the_comparison_of_solvers() -> None:
    """By the same names: what is said of one holds for the other."""
    dense = product(LAYERS["dense"], "ternary")

    assert np.array_equal(dense.matrix, random_matrix("ternary0.7-64x32"))
    assert np.array_equal(product(LAYERS["dense"], "pot4").matrix, random_matrix("pot4-64x32"))
    assert (product(LAYERS["conv"], "int8").matrix.shape, dense.words.pairs()[0]) == ((32, 288), (-128, 127))


@pytest.mark.parametrize(
    ("system", "levels"),
    [
        pytest.param("ternary", [0, 1], id="ternary"),
        pytest.param("pot3", [0, 1, 2, 4], id="two-bit-exponent"),
        pytest.param("pot4", [0, 1, 2, 4, 8, 16, 32, 64], id="three-bit-exponent"),
        pytest.param("int4", list(range(9)), id="int4"),
    ],
)
def test_a_number_system_has_its_levels(system: str, levels: list[int]) -> None:
    """Magnitudes that occur."""
    assert np.unique(np.abs(product(LAYERS["dense"], system).matrix)).tolist() == levels


def test_bounds_of_sums_are_reached() -> None:
    """By the inputs that are farthest out, row by row."""
    dense = product(LAYERS["dense"], "int8")
    ends = np.where(dense.matrix > 0, 127, -128), np.where(dense.matrix > 0, -128, 127)

    assert (dense.matrix * ends[0]).sum(axis=1).tolist() == sums(dense).hi.tolist()
    assert (dense.matrix * ends[1]).sum(axis=1).tolist() == sums(dense).lo.tolist()


def test_every_engine_has_its_rows() -> None:
    """Five engines in six systems, wide LUTs in one, plain ones where their weights are; what takes long is marked."""
    found = cases(["dense"], list(SYSTEMS), GROUPS, None)

    assert len(found) == len(set(found)) == 5 * len(SYSTEMS) + 2 + 6
    assert {case.engine for case in found} == set(KINDS)
    assert [case.name for case in found if case.is_large] == [
        "dense/ternary/serial:d=4",
        *(f"dense/{system}/parallel" for system in ("sqrt2", "int4", "int8")),
    ]
    assert all(colour(row(case.system, case.engine, 1, 1, 1)) in COLOURS for case in found)


def test_rows_are_chosen_by_pattern() -> None:
    """Layer, number system, engine; a pattern that fits nothing is told what there is."""
    names = [case.name for case in cases(["dense"], list(SYSTEMS), GROUPS, ["*/pot?/serial:d=1", "*/ternary/par*"])]

    assert names == ["dense/ternary/parallel", "dense/pot3/serial:d=1", "dense/pot4/serial:d=1"]
    with pytest.raises(SynthesisError, match=r"no row matches '\*pot9\*'; .* there are dense/pot3/parallel"):
        cases(["dense"], ["pot3"], GROUPS, ["*pot9*"])


@pytest.mark.parametrize(
    ("layer", "chunks"), [pytest.param("dense", 64, id="dense"), pytest.param("conv", 288, id="conv")]
)
def test_a_folded_engine_has_no_gaps_between_positions(layer: str, chunks: int) -> None:
    """Columns/8 chunks for each of 8 runs: what brings and gathers words costs no cycle."""
    assert folded(LAYERS[layer], "ternary", 4, 8).cycles == chunks


def test_the_report_is_read() -> None:
    """Cells, registers, blocks, DSPs, and the slowest clock."""
    both = REPORT | {"fmax": {"a": {"achieved": 272.5}, "b": {"achieved": 270.25}}}

    assert read_report(REPORT) == Placed(1494, 2683, 3, 2, 272.5)
    assert read_report(both).fmax == 270.25
    with pytest.raises(SynthesisError, match="no clock"):
        read_report(REPORT | {"fmax": {}})


def test_a_rate_is_positions_a_second_and_cell() -> None:
    """200 MHz in 8 cycles on 2,500 cells: 25 million a second, 10 million a second for 1,000 cells."""
    one = row("ternary", "serial:d=1", 2500, 200.0, 8, Placed(1250, 0, 0, 0, 250.0))

    assert (one.rate, one.rate_per_cell) == (25e6, 1e4)
    assert cells_of(one) == [*("serial:d=1", "2,500", "2,000", "0", "0", "200", "8"), "25.00", "10.00", "1,250", "250"]
    assert cells_of(replace(one, core=None))[-2:] == ["", ""]
    assert Row.from_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_ratios_are_of_rows_that_are_there() -> None:
    """A serial engine that does 4 times as much a cell as the folded one, and 5/3 times as much as its core."""
    serial = row("ternary", "serial:d=1", 1000, 280.0, 14, Placed(900, 0, 0, 0, 400.0))
    fold = row("ternary", FOLDED, 1000, 320.0, 64, Placed(500, 0, 0, 0, 384.0))
    found = {goal.words: goal for goal in goals([serial, fold])}
    begin = "serial d=1, ternary: rate per cell to that of the"

    assert (found[f"{begin} folded one"].found, found[f"{begin} folded one"].holds) == (4, True)
    assert found[f"{begin} folded one's core"].found == pytest.approx(20 / 12)
    assert found[f"{begin} folded one's core"].holds is False
    assert found[f"{begin} parallel reference"].found == pytest.approx(20e6 / 1000 / (228e6 / 10084))
    assert found["serial d=1, ternary: cells to those of the parallel reference"].found == pytest.approx(1000 / 10084)
    assert not any("plain" in words or "parallel one" in words or "d=2" in words for words in found)
    assert goals([]) == []


def test_other_layers_decide_nothing() -> None:
    """What is asked is asked of the dense layer."""
    window = replace(row("ternary", "serial:d=1", 1000, 280.0, 14), case=Case("conv", "ternary", "serial:d=1"))

    assert goals([window]) == []


def test_the_folded_core_is_compared_with_plain_rows() -> None:
    """A bound holds against rows added in the lane; row trees stand beside it."""
    core = Placed(930, 0, 0, 0, 120.0)
    rows = [
        row("ternary", FOLDED, 1200, 99.0, 64, core),
        row("int4", ROWS, 3300, 100.0, 64, replace(core, cells=3000)),
        row("int4", ROW_TREES, 3100, 100.0, 64, replace(core, cells=2500)),
    ]
    found = [(goal.found, goal.asked, goal.holds) for goal in goals(rows)]

    assert found == [(0.31, 0.31, True), (0.372, None, None), (99.0, 100, False)]


def test_tables_show_what_is_missed() -> None:
    """Bounds, the aim and a verdict."""
    text = printed(
        [row("ternary", "serial:d=1", 2500, 240.0, 14), row("ternary", f"serial:d=2 {NARROW}", 2500, 240.0, 8)]
    )

    assert "dense, 64 inputs, 32 outputs; ternary, 70 % not 0" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "serial d=1, ternary: cells of the engine 2,500 ≤ 2,400 MISSED" in lines
    assert "serial, ternary: cycles of d=2 to those of d=1 0.571 ≤ 0.550 MISSED" in lines
    assert "serial d=1, ternary: rate per cell to that of the parallel reference 0.303 ≥ 0.300 ≥ 0.450 holds" in lines
    assert Goal("", 1.0).holds is None


def test_what_takes_long_is_named_and_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Rows go to the file; with --keep only those that it has not are measured."""
    path, picture = tmp_path / "rows.json", tmp_path / "rows.svg"
    run_command(monkeypatch, "--engines", "parallel", "--systems", "ternary", "int8", "--json", str(path))
    out, told = capsys.readouterr()

    assert "not run (--large): dense/int8/parallel" in out
    assert told.startswith("1/1 dense/ternary/parallel: 1,000 cells, 200 MHz, ")
    run_command(monkeypatch, "--engines", "serial", "--keep", "--json", str(path), "--plot", str(picture))
    assert [one["case"]["engine"] for one in json.loads(path.read_text())][:2] == ["parallel", "serial:d=1"]
    assert "/19 " in capsys.readouterr().err
    assert "positions a second" in picture.read_text()


def test_a_row_that_fails_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told, and the exit code says so."""

    def refuse(design: Design) -> Placed:
        if "d=2" in design.top:
            raise SynthesisError("no room")
        return PLACED

    monkeypatch.setattr(engines, "place", refuse)
    monkeypatch.setattr(Case, "build", lambda case: Built(Design({}, case.name, 100.0), cycles=8))
    monkeypatch.setattr(sys, "argv", ["engines", "--systems", "ternary", "--engines", "serial"])
    with pytest.raises(SystemExit) as ended:
        engines.main()
    out, told = capsys.readouterr()

    assert ended.value.code == 1
    assert "dense/ternary/serial:d=2 -nowidelut: no room" in told
    assert "2 rows failed" in told
    assert "serial:d=4 -nowidelut" in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param(["--only", "nothing"], "no row matches 'nothing'", id="pattern"),
        pytest.param(["--keep"], "--keep has nothing to keep", id="keep-without-file"),
        pytest.param(["--json", "no/such/folder/rows.json"], "make it first", id="no-folder"),
        pytest.param(["--jobs", "0"], "no number of rows at a time", id="jobs"),
    ],
)
def test_wrong_words_are_refused_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    """A line says what to do."""
    with pytest.raises(SystemExit):
        run_command(monkeypatch, *words)

    assert complaint in capsys.readouterr().err


def test_a_file_of_something_else_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It is not written over either."""
    path = tmp_path / "other.json"
    path.write_text('{"rows": []}')
    with pytest.raises(SystemExit):
        run_command(monkeypatch, "--keep", "--json", str(path))

    assert "holds no rows of this benchmark" in capsys.readouterr().err
    assert path.read_text() == '{"rows": []}'
