"""The comparison of solvers: its matrices, its counts and means, its tables, its messages. Its figures are no tests."""

import json
import sys
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks import cmvm, cmvm_matrices
from benchmarks.cmvm_rows import Measured, Row, geometric_mean, least_depth, published_table, row_of, summary
from benchmarks.cmvm_scaling import exponent
from shiftwright.errors import QuantizeError

TINY = {"tiny": np.array([[3, -5], [0, 6]], dtype=np.int64)}


def measured(adders: int, bits: int, depth: int = 2, seconds: float = 1.0) -> Measured:
    """A result made up."""
    return Measured(adders, bits, depth, negations=0, seconds=seconds)


def row(name: str, ours: Measured, theirs: Measured, size: int = 64, limit: int | None = 0) -> Row:
    """A row of two tools whose matrix needs two levels."""
    return Row(name, size, size, digits=9, least=2, limit=limit, results={"shiftwright": ours, "da4ml": theirs})


def run_command(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """The command line, in this process."""
    monkeypatch.setattr(sys, "argv", ["cmvm", *words])
    cmvm.main()


@pytest.mark.parametrize(
    ("name", "shape", "lo", "hi"),
    [
        pytest.param("ternary0.7-64x32", (32, 64), -1, 1, id="ternary"),
        pytest.param("pot4-32x32", (32, 32), -64, 64, id="power-of-two"),
        pytest.param("int4-32x32", (32, 32), -8, 7, id="int4"),
        pytest.param("int8-64x64", (64, 64), -128, 127, id="int8"),
        pytest.param("sqrt2-32x32", (32, 32), -1024, 1024, id="root-of-two"),
    ],
)
def test_a_matrix_is_what_its_name_says(name: str, shape: tuple[int, int], lo: int, hi: int) -> None:
    """Inputs × outputs in the name, (outputs, inputs) in the array, all levels used; the same every time."""
    matrix = cmvm_matrices.random_matrix(name)

    assert (shape, lo, hi) == (matrix.shape, matrix.min(), matrix.max())
    assert np.array_equal(matrix, cmvm_matrices.random_matrix(name))
    assert not np.array_equal(matrix, cmvm_matrices.random_matrix(name, seed=1))


def test_density_is_the_share_of_weights_that_are_not_zero() -> None:
    """0.7 within five standard deviations of 16 384 draws."""
    share = (cmvm_matrices.random_matrix("ternary0.7-128x128") != 0).mean()

    assert share == pytest.approx(0.7, abs=5 * (0.7 * 0.3 / 128**2) ** 0.5)


def test_the_small_set_is_of_all_kinds() -> None:
    """A hundred again, none larger than 24×24, the same for the same seed."""
    found = cmvm_matrices.small()

    assert len(found) == 100
    assert {name.split("-")[2] for name in found} == set(cmvm_matrices.KINDS)
    assert all(2 <= size <= 24 for matrix in found.values() for size in matrix.shape)
    assert all((matrix == cmvm_matrices.small()[name]).all() for name, matrix in found.items())


def test_the_published_set_is_a_hundred_different_matrices() -> None:
    """16×16 of 8-bit entries, as in print."""
    found = cmvm_matrices.published()

    assert (len(found), {matrix.shape for matrix in found.values()}) == (100, {(16, 16)})
    assert len({matrix.tobytes() for matrix in found.values()}) == 100
    assert all(matrix.min() > 128 and matrix.max() < 256 for matrix in found.values())


@pytest.mark.slow
def test_trained_layers_are_those_of_both_networks() -> None:
    """Power-of-two and ternary weights; a convolution's inputs are taps times channels."""
    mlp = cmvm_matrices.trained_layers("mlp", "pot")
    cnn = cmvm_matrices.trained_layers("cnn", "ternary")

    assert {"dense1": (32, 64), "dense2": (16, 32), "dense3": (10, 16)} == {
        name: matrix.shape for name, matrix in mlp.items()
    }
    assert (16, 9 * 8) == cmvm_matrices.matrix("cnn-ternary-conv2").shape
    assert {1} == {np.abs(matrix).max() for matrix in cnn.values()}
    assert [*mlp, *cnn] == [*cmvm_matrices.LAYERS["mlp"], *cmvm_matrices.LAYERS["cnn"]]


def test_the_default_set_leaves_out_what_takes_long() -> None:
    """Seven kinds at five sizes less three, and both networks with two methods."""
    assert (7 * 5 - 3 + (3 + 4) * 2, 7 * 5 + 1 + 14) == tuple(
        len(set(cmvm_matrices.default_names(large))) for large in (False, True)
    )
    assert set(cmvm_matrices.quick_names()) < set(cmvm_matrices.default_names())


@pytest.mark.parametrize(
    ("rows", "depth"),
    [
        pytest.param([[0, 0]], 0, id="zero"),
        pytest.param([[8, 0], [0, 1]], 0, id="one-digit"),
        pytest.param([[8, 0], [0, -1]], 1, id="negation"),
        pytest.param([[1, 1], [3, 0]], 1, id="two-digits"),
        pytest.param([[3, 5], [1, 0]], 2, id="four-digits"),
        pytest.param([[3, 11], [1, 0]], 3, id="five-digits"),
    ],
)
def test_the_least_depth_is_that_of_the_row_with_most_digits(rows: list[list[int]], depth: int) -> None:
    """A level doubles the digits that a sum can hold."""
    assert depth == least_depth(np.array(rows, dtype=np.int64))


def test_ratios_are_ours_to_da4ml() -> None:
    """Fewer is below 1; nothing to compare is no ratio, and no part of a mean."""
    better = row("a", measured(8, 90), measured(10, 100))
    alone = Row("b", 4, 4, 0, 0, 0, {"shiftwright": measured(8, 90)})
    empty = row("c", measured(0, 0), measured(0, 0))

    assert (0.9, 0.8) == (better.ratio("bits"), better.ratio("adders"))
    assert (None, None) == (alone.ratio("bits"), empty.ratio("bits"))
    assert geometric_mean([0.5, None, 2.0]) == pytest.approx(1.0)
    assert geometric_mean([None]) is None


def test_the_summary_names_where_ours_is_behind() -> None:
    """More bits, more adders, longer on a large matrix, a graph that is too deep."""
    rows = [
        row("fine", measured(8, 90, seconds=0.5), measured(10, 100)),
        row("wide", measured(12, 100, seconds=2.0), measured(10, 100)),
        row("small", measured(10, 110, seconds=2.0), measured(10, 100, depth=3), size=16),
    ]

    assert summary(rows) == [
        "shiftwright / da4ml, geometric mean of 3 matrices: bits 0.997, adders 0.986",
        "bits above 1.0: 1 (small)",
        "adders above 1.0: 1 (wide)",
        "64×64 and larger that took longer: 1 (wide)",
        "da4ml deeper than the limit (marked !): 1 (small)",
    ]


def test_without_a_limit_no_depth_is_too_deep() -> None:
    """And nothing is said without the other tools."""
    deep = row("deep", measured(1, 9), measured(1, 9, depth=40), limit=None)

    assert not deep.exceeds("da4ml")
    assert summary([Row("alone", 4, 4, 0, 0, 4, {"shiftwright": measured(8, 90)})]) == []


def test_the_published_table_holds_means() -> None:
    """A line a tool and limit."""
    rows = [row("a", measured(300, 4000), measured(310, 4100)), row("b", measured(301, 4001), measured(312, 4102))]
    console = Console(width=120)
    with console.capture() as text:
        console.print(published_table(rows))

    assert ["0", "da4ml", "311.00", "4,101.00", "2.00", "2", "0.0000", "1.0000"] in [
        line.split() for line in text.get().splitlines()
    ]


def test_the_exponent_is_that_of_a_power() -> None:
    """seconds = 3·terms^1.5 exactly."""
    assert exponent([10, 100, 1000], [3 * terms**1.5 for terms in (10, 100, 1000)]) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        pytest.param(np.zeros(3), "holds (3,); a matrix has two dimensions", id="vector"),
        pytest.param(np.zeros((0, 3)), "holds (0, 3); a matrix has two dimensions", id="empty"),
        pytest.param(np.array([[0.5]]), "holds float64 that are no integers", id="fraction"),
        pytest.param(np.array([[inf]]), "holds weights beyond ±16777216", id="infinity"),
        pytest.param(np.array([["a"]]), "holds <U1 that are no integers", id="text"),
        pytest.param(np.array([[1 << 25]]), "holds weights beyond ±16777216", id="large"),
    ],
)
def test_a_file_that_is_no_matrix_is_refused_in_one_line(
    array: np.ndarray[Any, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The message names the file."""
    np.save(tmp_path / "w.npy", array)
    with pytest.raises(SystemExit, match="1"):
        run_command(monkeypatch, "--matrix", str(tmp_path / "w.npy"))
    error = capsys.readouterr().err

    assert error.startswith(f"error: {tmp_path / 'w.npy'} {message}")
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"", b"no array"], ids=["missing", "empty", "text"])
def test_an_unreadable_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    """Nothing there, nothing in it, something else."""
    if content is not None:
        (tmp_path / "w.npy").write_bytes(content)
    with pytest.raises(QuantizeError, match=r"w.npy is no readable .npy file"):
        cmvm.read_matrix(tmp_path / "w.npy")


def test_a_pattern_picks_matrices() -> None:
    """Shell patterns, any of several; one that matches none is an error that lists the names."""
    names = ["int4-16x16", "int8-16x16", "pot4-16x16"]

    assert names == cmvm.pick(names, None) == cmvm.pick(names, ["int*", "*4-16x16"])
    assert ["int8-16x16"] == cmvm.pick(names, ["int8*"])
    with pytest.raises(QuantizeError, match=r"no matrix matches 'int9\*'; there are int4-16x16, int8"):
        cmvm.pick(names, ["int9*"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["--seed", "-1"], "'-1' is no number from 0 on", id="seed"),
        pytest.param(["--limits", "deep"], "'deep' is neither a number of levels nor none", id="limit"),
        pytest.param(["--effort", "0"], "'0' is none of fast, normal, high, and no seconds", id="effort"),
        pytest.param(["--json", "nowhere/rows.json"], "there is no folder nowhere; make it first", id="json"),
        pytest.param(["--quick", "--published"], "not allowed with argument --quick", id="two-sets"),
    ],
)
def test_what_cannot_be_asked_for_is_said_at_once(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is solved."""
    with pytest.raises(SystemExit):
        run_command(monkeypatch, *words)

    assert message in capsys.readouterr().err


def test_a_matrix_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our solver alone, two limits: JSON rows with counts of a proved graph."""
    np.save(tmp_path / "mine.npy", np.array([[3.0, -5.0], [0.0, 6.0]]))
    rows = tmp_path / "rows.json"
    words = ["--matrix", str(tmp_path / "mine.npy"), "--tools", "shiftwright", "--limits", "0", "none"]
    run_command(monkeypatch, *words, "--effort", "fast", "--json", str(rows))
    first, second = json.loads(rows.read_text())["rows"]

    assert ("mine", 2, 2, 6) == tuple(first[key] for key in ("matrix", "inputs", "outputs", "digits"))
    assert (0, 2, None) == tuple(first[key] for key in ("limit", "allowed", "bits_ratio"))
    assert first["results"]["shiftwright"]["adders"] == 4
    assert (None, None) == (second["limit"], second["allowed"])


def test_a_row_knows_its_matrix() -> None:
    """Signed digits: 3, 5 and 6 have two each."""
    made = row_of("tiny", TINY["tiny"], 2, {})

    assert (2, 2, 6) == (made.inputs, made.outputs, made.digits)
    assert (2, 4) == (made.least, made.allowed)
