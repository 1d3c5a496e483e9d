"""The comparison of quantizers: what it runs, what its rows say, who is on the front. Its figures are no tests."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from benchmarks import quantizers
from benchmarks.quantizer_rows import ALL, AS_TRAINED, Row, front, gather, together
from benchmarks.quantizer_runs import (
    Method,
    Outcome,
    Run,
    accuracy,
    bank_adders,
    measure,
    methods,
    shared_adders,
)
from models import seeds
from models.badly_scaled import scale_badly
from shiftwright.errors import QuantizeError
from shiftwright.quantize import LayerRow
from shiftwright.quantize.grids.spec import grid_types

NETWORK = "mlp_64_16_10"
WEIGHTS = 64 * 16 + 16 * 10
PLAIN = ["--networks", NETWORK, "--seeds", "1", "--methods", "pot", "uniform", "--bits", "4", "--no-scaling"]


def outcome(right: float = 90.0, adders: int = 100, shared: int = 50) -> Outcome:
    """An outcome made up, of a float network that is right in 95 of 100."""
    return Outcome(exact=95.0, accuracy=right, adders=adders, bank=2, shared=shared, weight_bits=400)


def row(name: str, right: float, adders: int, network: str = NETWORK) -> Row:
    """A row of one seed."""
    return Row(network, Method(name, 4), "bias", AS_TRAINED, (outcome(right, adders),))


def layer(shape: tuple[int, ...], mantissas: tuple[int, ...], zeros: float) -> LayerRow:
    """A layer of which only what is counted matters."""
    return LayerRow("dense", "Gemm", shape, "pot", "channel", 4, mantissas, None, zeros, 0.0, 0, (1.0, 1.0), True)


def run_command(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """The command line, in this process."""
    monkeypatch.setattr(sys, "argv", ["quantizers", "--jobs", "1", *words])
    quantizers.main()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON of two methods on one seed of one network."""
    file = tmp_path_factory.mktemp("benchmark") / "rows.json"
    with pytest.MonkeyPatch.context() as patch:
        run_command(patch, *PLAIN, "--json", str(file))
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_every_number_system_is_compared() -> None:
    """The registry is walked: a grid that is added is measured, in all the spellings that it shows."""
    shown = {spelling for grid in grid_types().values() for spelling in grid.examples}

    assert shown == {method.weights for method in methods()}


@pytest.mark.parametrize(
    ("patterns", "bits", "expected"),
    [
        pytest.param(["pot"], [4], [("pot", 4)], id="spelling"),
        pytest.param(["pot*"], [4], [("pot", 4), ("pot:paper", 4)], id="pattern"),
        pytest.param(["uniform:percentile=99"], [3], [("uniform:percentile=99", 3)], id="spelling-not-shown"),
        pytest.param(["pot"], range(2, 9), [("pot", bits) for bits in (2, 3, 4, 5)], id="bits-it-takes"),
        pytest.param(["ternary"], range(2, 9), [("ternary", 2)], id="bits-always-the-same"),
        pytest.param(["binary"], range(2, 9), [("binary", 1)], id="bits-that-nobody-asked-for"),
    ],
)
def test_methods_are_chosen(patterns: list[str], bits: list[int], expected: list[tuple[str, int]]) -> None:
    """By spelling or pattern, at the bits they store."""
    assert [Method(*one) for one in expected] == methods(patterns, bits)


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        pytest.param(["lag*"], "no method matches 'lag*'", id="pattern"),
        pytest.param(["potato"], "no grid is called 'potato'", id="spelling"),
        pytest.param(["apot"], "apot take none of [8] bits; allow others", id="bits"),
    ],
)
def test_what_leads_to_nothing_is_refused(patterns: list[str], message: str) -> None:
    """Better than a table without it."""
    with pytest.raises(QuantizeError, match=re.escape(message)):
        methods(patterns, [8])


def test_rows_are_well_formed(measured: dict[str, Any]) -> None:
    """A row a method, with the settings that it was made with; four bits a weight; means are those of the seeds."""
    rows = measured["rows"]

    assert [("pot", 4), ("uniform", 4)] == [(one["weights"], one["bits"]) for one in rows]
    for one in rows:
        (only,) = one["seeds"]
        assert (NETWORK, "bias", AS_TRAINED) == (one["network"], one["correction"], one["equalize"])
        assert (only["accuracy"], 0.0) == pytest.approx((one["accuracy"], one["deviation"]), abs=1e-3)
        assert only["accuracy"] - only["exact"] == pytest.approx(one["change"], abs=1e-3)
        assert (only["adders"], only["shared"]) == (one["adders"], one["shared"])
        assert 4 * WEIGHTS == only["weight_bits"]


def test_powers_of_two_cost_an_adder_a_nonzero_weight(measured: dict[str, Any]) -> None:
    """Nothing is to be shared: both counts agree, and the bank is empty; uniform weights have 3, 5 and 7 in theirs."""
    pot, uniform = measured["rows"]

    assert pot["adders"] == pot["shared"] <= WEIGHTS - 26
    assert (0, 3) == (pot["bank"], uniform["bank"])


def test_the_table_and_the_front_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Corrections stand side by side, each with its fronts."""
    run_command(monkeypatch, *PLAIN, "--correct", "none", "--correct", "bias")
    shown = capsys.readouterr().out

    assert f"{NETWORK}: float 96.9 %" in shown
    for name in ("front of accuracy and adders", "front of accuracy and shared"):
        assert all(f"{name}, correction {correction}: pot 4" in shown for correction in ("none", "bias"))


def test_the_plot_appears(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An SVG whose text is text, and the same bytes again."""
    for name in ("one.svg", "other.svg"):
        run_command(monkeypatch, *PLAIN, "--plot", str(tmp_path / name))
    drawn = (tmp_path / "one.svg").read_text()

    assert drawn == (tmp_path / "other.svg").read_text()
    assert all(f">{text}</text>" in drawn for text in ("front", "pot", "uniform"))


def test_a_plot_without_its_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tables are there all the same."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "benchmarks.quantizer_plot", raising=False)

    with pytest.raises(SystemExit):
        run_command(monkeypatch, *PLAIN, "--plot", str(tmp_path / "never.svg"))

    shown = capsys.readouterr()
    assert "error: a plot needs matplotlib; pip install matplotlib" in shown.err
    assert "front of accuracy" in shown.out


def test_the_front_holds_what_nothing_betters() -> None:
    """From the cheapest to the dearest; equals are both there, the dearer of two equally accurate ones is not."""
    cheap, good, twin = row("cheap", 80, 10), row("good", 90, 20), row("twin", 90, 20)
    worse, dear, best = row("worse", 85, 30), row("dear", 90, 40), row("best", 95, 50)

    found = front([best, worse, good, dear, twin, cheap], lambda one: one.adders)

    assert ["cheap", "good", "twin", "best"] == [one.method.weights for one in found]


def test_networks_together_are_means_and_sums() -> None:
    """Accuracy is the mean of the networks, adders are their sum; one network alone has no such row."""
    one, other = row("pot", 80, 10), row("pot", 90, 20, network="cnn")
    (both,) = together([one, other])

    assert (ALL, 85.0, 30.0, 100.0) == (both.network, both.accuracy[0], both.adders, both.shared)
    assert [] == list(together([one]))


def test_seeds_are_gathered_into_a_row() -> None:
    """Mean and sample deviation over the seeds; what differs from the float network is a mean of differences."""
    runs = [Run(network=NETWORK, seed=seed, method=Method("pot", 4)) for seed in range(2)]
    (found,) = gather(zip(runs, [outcome(90), outcome(92)], strict=True))

    assert (*found.accuracy, found.change) == pytest.approx((91.0, np.sqrt(2), -4.0))


@pytest.mark.parametrize(
    ("shape", "mantissas", "zeros", "expected"),
    [
        pytest.param((4, 3), (1,), 0.0, 12 - 4, id="powers-of-two"),
        pytest.param((4, 3), (1, 3, 11), 0.25, 3 * (1 + 2) + 9 - 4, id="banks"),
        pytest.param((4, 2, 3, 3), (1, 3), 0.0, 18 + 72 - 4, id="convolution"),
        pytest.param((4, 3), (), 1.0, 0, id="nothing"),
    ],
)
def test_shared_adders_are_banks_and_sums(
    shape: tuple[int, ...], mantissas: tuple[int, ...], zeros: float, expected: int
) -> None:
    """A bank an input, 3 being one adder and 11 two; then one adder a nonzero weight, less one an output."""
    assert expected == shared_adders(layer(shape, mantissas, zeros))


def test_a_bank_makes_each_multiple_by_its_digits() -> None:
    """1 is there, 3 takes one adder, 11 two, 181 four."""
    assert 0 + 1 + 2 + 4 == bank_adders([1, 3, 11, 181])


def test_bad_scaling_changes_weights_and_nothing_else(tmp_path: Path) -> None:
    """The float network decides as before, its channels differ by factors up to 2^8."""
    network = quantizers.SCALING_NETWORK
    model = onnx.load(seeds.path(network, 0))
    before = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    scale_badly(model, np.random.default_rng(0))
    onnx.save(model, tmp_path / "bad.onnx")
    after = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]

    assert accuracy(seeds.path(network, 0), network) == accuracy(tmp_path / "bad.onnx", network)
    factors = np.concatenate(
        [(new / old).reshape(-1) for new, old in zip(after, before, strict=True) if old.ndim == 1 and len(old) > 10]
    )
    assert 2.0**-4 <= factors.min() < 2.0**-3
    assert 2.0**3 < factors.max() <= 2.0**4


def test_equalizing_brings_a_badly_scaled_network_back() -> None:
    """Both options reach the quantizer: without one a scale a tensor is no use, with it it is."""
    run = {"network": quantizers.SCALING_NETWORK, "seed": 0, "badly_scaled": True}
    method = Method("uniform:granularity=tensor", 6)
    without, equalized = (measure(Run(method=method, equalize=name, **run)) for name in ("none", "auto"))  # type: ignore[arg-type]

    assert without.accuracy + 20 < equalized.accuracy
