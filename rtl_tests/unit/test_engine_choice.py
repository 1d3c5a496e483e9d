"""Which engine a layer gets: what users write, what it means, and what is said where it means nothing."""

import json
import re
from pathlib import Path

import pytest

from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from shiftwright.errors import HardwareError
from shiftwright.lower.choice import PARALLEL, Choices, EngineChoice, Folded, Parallel, Serial, parse_engine

FORMS = "parallel, serial:d=1, folded:pe=4,simd=8"
ENGINES: dict[str, tuple[EngineChoice, str]] = {
    "parallel": (Parallel(), ""),
    "serial": (Serial(1), "d=1"),
    "serial:d=1": (Serial(1), "d=1"),
    "serial:d=2": (Serial(2), "d=2"),
    "serial:d=4": (Serial(4), "d=4"),
    "folded": (Folded(1, 1), "pe=1,simd=1"),
    "folded:pe=4": (Folded(4, 1), "pe=4,simd=1"),
    "folded:simd=8": (Folded(1, 8), "pe=1,simd=8"),
    "folded:pe=4,simd=8": (Folded(4, 8), "pe=4,simd=8"),
    "folded:simd=8,pe=4": (Folded(4, 8), "pe=4,simd=8"),
    "folded: pe = 4 , simd=8 ": (Folded(4, 8), "pe=4,simd=8"),
}


@pytest.mark.parametrize("text", ENGINES)
def test_an_engine_is_what_its_text_says(text: str) -> None:
    """Settings that are not given are 1; the fold is written in one way."""
    engine, fold = ENGINES[text]

    assert parse_engine(text) == engine
    assert (engine.kind, engine.fold) == (text.partition(":")[0], fold)
    assert parse_engine(f"{engine.kind}:{engine.fold}") == engine


NONE = {
    "sereal:d=1": f"there is no engine 'sereal'; did you mean serial? choose from {FORMS}",
    "": f"there is no engine ''; choose from {FORMS}",
    "Serial": f"there is no engine 'Serial'; did you mean serial? choose from {FORMS}",
    "serial:d=3": "serial:d=3: d is the bits sent a cycle, 1, 2, 4",
    "serial:d=0": "serial:d=0: d is the bits sent a cycle, 1, 2, 4",
    "serial:d": f"'d': d is a whole number from 1 to 999,999,999 ({FORMS})",
    "serial:d=-1": f"'d=-1': d is a whole number from 1 to 999,999,999 ({FORMS})",
    "serial:pe=2": f"'pe=2' is no setting of the serial engine, which takes d=N ({FORMS})",
    "serial d=2": f"there is no engine 'serial d=2'; did you mean serial? choose from {FORMS}",
    "parallel:d=1": f"'d=1' is no setting of the parallel engine, which takes nothing ({FORMS})",
    "folded:pe=0": "folded:pe=0 folds to nothing; pe and simd are 1 or more",
    "folded:pe=4,simd=0": "folded:pe=4,simd=0 folds to nothing; pe and simd are 1 or more",
    "folded:pe=4;simd=8": f"'pe=4;simd=8': pe is a whole number from 1 to 999,999,999 ({FORMS})",
    "folded:pe=1000000000000": f"'pe=1000000000000': pe is a whole number from 1 to 999,999,999 ({FORMS})",
    "folded:pe=4.5": f"'pe=4.5': pe is a whole number from 1 to 999,999,999 ({FORMS})",
    "folded:lanes=4": f"'lanes=4' is no setting of the folded engine, which takes pe=N and simd=N ({FORMS})",
    "folded:pe=4,pe=8": "'folded:pe=4,pe=8' gives pe twice; give one number",
    "folded:pe=4,": f"'' is no setting of the folded engine, which takes pe=N and simd=N ({FORMS})",
}


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_engine_is_refused(text: str) -> None:
    """With what there is instead."""
    with pytest.raises(HardwareError, match=f"^{re.escape(NONE[text])}$"):
        parse_engine(text)


@pytest.mark.parametrize("text", ["serial:d=1", "conv", "", "=serial"])
def test_a_rule_names_its_layers(text: str) -> None:
    """An engine alone does not."""
    message = f"{text!r} names no layers; write PATTERN=ENGINE, such as '*=serial:d=1' ({FORMS}; * for all)"

    with pytest.raises(HardwareError, match=f"^{re.escape(message)}$"):
        Choices.parse([text])


def test_a_rule_is_a_text() -> None:
    """One alone is a list of one; blanks count for nothing, and a name may hold an equals sign."""
    assert Choices.parse("*=serial:d=2") == Choices.parse([" * = serial:d=2 "]) == Choices((("*", Serial(2)),))
    assert Choices.parse(["a=b=folded:pe=2"]) == Choices((("a=b", Folded(2, 1)),))
    with pytest.raises(HardwareError, match=r"^\('\*', 'serial'\) is no text; write PATTERN=ENGINE, such as"):
        Choices.parse([("*", "serial")])  # type: ignore[list-item]


def test_the_last_rule_that_fits_decides() -> None:
    """Patterns as in a shell, names in their own case; a layer that no rule names is parallel."""
    choices = Choices.parse(["*=serial:d=1", "conv*=folded:pe=4,simd=8", "conv[12]=serial:d=4", "conv3=parallel"])

    found = {name: choices.engine(name) for name in ("dense", "conv0", "conv1", "conv3", "Conv0")}
    assert found == {
        "dense": Serial(1),
        "conv0": Folded(4, 8),
        "conv1": Serial(4),
        "conv3": PARALLEL,
        "Conv0": Serial(1),
    }
    assert Choices.parse([]).engine("dense") == PARALLEL
    assert Choices.parse(["conv*=serial"]).engine("dense") == PARALLEL
    assert Choices.parse(["conv1=serial:d=4", "*=serial:d=1"]).engine("conv1") == Serial(1)


def test_a_rule_that_fits_no_layer_is_refused() -> None:
    """A misspelt name would leave a layer parallel without a word."""
    layers = ["Conv_5", "MatMul_12"]
    Choices.parse(["Conv*=serial", "*_12=serial"]).check(layers, ["MaxPool_7"])

    listed = "layers that have an engine: Conv_5, MatMul_12"
    for pattern, message in {
        "Conv_6": f"no layer is called 'Conv_6'; did you mean 'Conv_5'? {listed}",
        "dense*": f"no layer is called 'dense*'; {listed}",
        "MaxPool_7": "MaxPool_7 has no matrix and no engine to choose; layers that have: Conv_5, MatMul_12",
    }.items():
        with pytest.raises(HardwareError, match=f"^{re.escape(message)}$"):
            Choices.parse(["*=serial", f"{pattern}=serial"]).check(layers, ["MaxPool_7"])


def test_a_misspelt_layer_is_refused_when_a_model_is_compiled(tmp_path: Path) -> None:
    """Before anything is solved or written."""
    with pytest.raises(
        HardwareError, match=r"^no layer is called 'Conv'; .*layers that have an engine: Conv_5, MatMul"
    ):
        compile_model(tiny_cnn(), tmp_path, engines=["Conv=serial"])
    assert not (tmp_path / "build").exists()


def test_the_manifest_says_which_engine_each_layer_has(tmp_path: Path) -> None:
    """Engine, fold, and the cycles that a position takes: eight digits of a bit, or two of four."""
    stated = {}
    for digit in (1, 4):
        (tmp_path / str(digit)).mkdir()
        build = compile_model(tiny_cnn(), tmp_path / str(digit), engines=[f"Conv*=serial:d={digit}"])
        manifest = json.loads((build / "manifest.json").read_text())
        stated[digit] = [[layer[key] for key in ("name", "engine", "fold", "cycles")] for layer in manifest["layers"]]

    assert stated == {
        1: [["Conv_5", "serial", "d=1", 8], ["MatMul_12", "parallel", None, 1]],
        4: [["Conv_5", "serial", "d=4", 2], ["MatMul_12", "parallel", None, 1]],
    }
