"""Build folders with digit-serial layers: `prove` reads their leaves, and the bench sees what no proof is shown."""

import json
import shutil
from pathlib import Path
from typing import Any

import onnx
import pytest

from rtl_tests.e2e import faults
from rtl_tests.e2e.faults import Edit
from rtl_tests.e2e.simulators import play
from rtl_tests.e2e.subjects import compile_model, shifts, tiny_cnn, two_layers
from shiftwright import flow
from shiftwright.build.manifest import hash_bytes
from shiftwright.build.proofs import EMITTED, READ
from shiftwright.errors import BuildError

CONV, DENSE, ADD, TOP = (
    f"rtl/{name}.v" for name in ("tiny_Conv_5_product", "tiny_MatMul_12_product", "shiftwright_serial_add", "tiny")
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network with its convolution in digits of two bits, its dense layer in digits of one."""
    return compile_model(tiny_cnn(), tmp_path_factory.mktemp("built"), engines=["Conv*=serial:d=2", "*_12=serial:d=1"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers in one engine; that of the first shares a shift, so that its words begin early."""
    return compile_model(two_layers(), tmp_path_factory.mktemp("shared"), engines=["*=serial:d=1"])


def edit(folder: Path, file: str, change: Edit) -> None:
    """Changes a Verilog file and its hash in the manifest, as somebody would who hides it."""
    changed = change((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(changed, encoding="utf-8")
    manifest = read_manifest(folder)
    manifest["files"][file] = hash_bytes(changed.encode())
    write_manifest(folder, manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the folder states."""
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """What the folder is to state."""
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_serial_leaves_are_read_and_proved(built: Path) -> None:
    """The adder that they share is emitted again, as is the top module with the serialisers; counts are as stated."""
    found = flow.prove(built)
    layers = read_manifest(built)["layers"]

    assert found.proved
    assert {file.file: (file.layer, file.how) for file in found.files} == {
        TOP: ("", EMITTED),
        CONV: ("Conv_5", READ),
        DENSE: ("MatMul_12", READ),
        ADD: ("", EMITTED),
        "rtl/tiny_Conv_5_requantize.v": ("Conv_5", EMITTED),
    }
    assert [(layer["engine"], layer["fold"], layer["cycles"], layer["interval"]) for layer in layers] == [
        ("serial", "d=2", 4, 76),
        ("serial", "d=1", 7, 63),
    ]
    for layer in layers:
        (file,) = [file for file in found.files if file.file == layer["proof"]["leaf"]]
        assert file.counts is not None
        assert (file.counts.adders, file.counts.bits, file.counts.registers, file.counts.latency) == (
            *(layer["adders"], layer["bits"], layer["registers"]),
            layer["proof"]["latency"],
        )


def test_two_layers_in_one_engine_are_proved(shared: Path) -> None:
    """One link, two leaves; the first one's words begin with its inputs."""
    manifest = read_manifest(shared)

    assert flow.prove(shared).proved
    assert [layer["proof"]["latency"] for layer in manifest["layers"]] == [0, 3]
    assert [link["name"] for link in manifest["links"]] == ["MatMul_10"]
    assert {layer["cycles"] for layer in manifest["layers"]} == {manifest["timing"]["interval"]} == {9}


def test_a_layer_that_only_shifts_is_proved(tmp_path: Path) -> None:
    """Its leaf has no adder, and a latency of 0."""
    build = compile_model(shifts(), tmp_path, engines=["*=serial:d=1"])
    found = flow.prove(build)

    assert found.proved
    assert not (build / ADD).exists()
    assert read_manifest(build)["layers"][0]["proof"]["latency"] == 0
    assert play(build, "icarus").line == "icarus: 16 frames, 32 words: all equal"


EDITS: dict[str, tuple[str, Edit, str]] = {
    "a digit changed": (CONV, faults.change_a_digit, "output 0: it adds 2, not 3 (modulo 2^8)"),
    "a delay removed": (CONV, faults.leave_a_delay_out, "slip_9_1_1: 'v9_1' is not 'v9_1' a cycle later"),
    "a marker changed": (CONV, faults.begin_a_cycle_late, "begins in cycle 0, before cycle 1"),
    "a hold shortened": (DENSE, faults.hold_a_digit_less, "must be held for"),
    "a register made a wire": (CONV, faults.make_a_delay_a_wire, "it is not in the grammar of a serial leaf"),
    "an output more": (CONV, faults.add_an_output, "it has 3 outputs of 9 inputs, the matrix is (2, 9)"),
    "a comment": (DENSE, lambda text: text + "// mine\n", "it must be `endmodule`"),
    "the adder without its hold": (ADD, faults.never_hold, "line 18: it is 'wire [DIGIT-1:0] q = "),
    "the adder without its marker": (ADD, faults.carry_on, "line "),
    "lanes swapped in the serialiser": (TOP, faults.swap_digits, "line "),
    "a deserialiser that never waits": (TOP, faults.never_wait, "line "),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edited_file_is_refused(case: str, built: Path, tmp_path: Path) -> None:
    """By what it says, with its hash made to match; no other file is complained of."""
    file, change, message = EDITS[case]
    copy = Path(shutil.copytree(built, tmp_path / "copy"))
    edit(copy, file, change)

    found = flow.prove(copy)
    assert not found.proved
    assert [one.file for one in found.files if one.complaint] == [file]
    assert message in next(one.complaint for one in found.files if one.complaint)


STATED: dict[str, tuple[dict[str, Any], str]] = {
    "fewer cycles": ({"cycles": 3}, "layers[0].cycles is 3, which should be 4"),
    "other digits": ({"fold": "d=4"}, "layers[0].cycles is 4, which should be 2"),
    "no fold": ({"fold": None}, 'layers[0].fold is null, which should be "d=1"'),
    "another engine": ({"engine": "parallel", "fold": None}, "layers[0].cycles is 4, which should be 1"),
    "another interval": ({"interval": 75}, "layers[0].interval is 75, which should be 76"),
    "fewer adders": ({"adders": 1}, "layers[0].adders is 1, which should be "),
}


@pytest.mark.parametrize("case", STATED)
def test_another_statement_of_the_manifest_is_told(case: str, built: Path, tmp_path: Path) -> None:
    """Engine and fold say what the folder is proved against: other ones are another design."""
    changes, line = STATED[case]
    copy = Path(shutil.copytree(built, tmp_path / "copy"))
    manifest = read_manifest(copy)
    manifest["layers"][0] |= changes
    write_manifest(copy, manifest)

    found = flow.prove(copy)
    assert not found.proved
    assert [one for one in found.manifest if one.startswith(line)], found.manifest
    assert (CONV in [one.file for one in found.files if one.complaint]) == ("engine" in changes or "fold" in changes)


@pytest.mark.parametrize("changes", [{"engine": "sereal"}, {"fold": "d=3"}, {"engine": "serial", "fold": "pe=2"}])
def test_an_engine_that_does_not_exist_is_refused(changes: dict[str, Any], built: Path, tmp_path: Path) -> None:
    """There is nothing that the folder could be proved against."""
    copy = Path(shutil.copytree(built, tmp_path / "copy"))
    manifest = read_manifest(copy)
    manifest["layers"][0] |= changes
    write_manifest(copy, manifest)

    with pytest.raises(BuildError, match=r"^manifest\.json names no engine for each layer \(.*compile the model again"):
        flow.prove(copy)


def test_another_model_is_refused(shared: Path, tmp_path: Path) -> None:
    """The leaf inside an engine no longer computes what model.onnx says; the other one does."""
    copy = Path(shutil.copytree(shared, tmp_path / "copy"))
    onnx.save(two_layers([[4, -8, 0], [8, 32, -16]]), copy / "model.onnx")
    found = flow.prove(copy)

    assert not found.proved
    assert ["rtl/tiny_MatMul_4_product.v"] == [file.file for file in found.files if file.how == READ and file.complaint]


BROKEN: dict[str, tuple[str, Edit]] = {
    "a digit changed": (CONV, faults.change_a_digit),
    "a delay removed": (CONV, faults.leave_a_delay_out),
    "a hold shortened": (DENSE, faults.hold_a_digit_less),
    "the adder without its hold": (ADD, faults.never_hold),
    "the adder without its marker": (ADD, faults.carry_on),
    "carries that move in stalls": (ADD, faults.carry_through_stalls),
    "lanes swapped in the serialiser": (TOP, faults.swap_digits),
    "a deserialiser that never waits": (TOP, faults.never_wait),
}


def test_sound_hardware_passes(built: Path, shared: Path) -> None:
    """The next test would prove nothing on a bench that always fails."""
    assert play(built, "icarus").line == "icarus: 16 frames, 432 words: all equal"
    assert play(shared, "icarus").line == "icarus: 16 frames, 32 words: all equal"


@pytest.mark.parametrize("fault", BROKEN)
def test_the_bench_catches_broken_hardware(fault: str, built: Path, tmp_path: Path) -> None:
    """Without any proof: words are not the vectors', and the layer is named; both layers have the same adders."""
    file, change = BROKEN[fault]
    copy = Path(shutil.copytree(built, tmp_path / "copy", ignore=shutil.ignore_patterns("sim_build")))
    edit(copy, file, change)
    played = play(copy, "icarus")

    assert (played.code, played.result["equal"]) == (1, False)
    owners = {CONV: {"Conv_5"}, DENSE: {"MatMul_12"}, ADD: {"Conv_5", "MatMul_12"}, TOP: {"Conv_5"}}
    assert played.result["mismatch"]["layer"] in owners[file]


def test_the_bench_counts_cycles(shared: Path, tmp_path: Path) -> None:
    """The words are right, and the manifest promises them a cycle sooner."""
    copy = Path(shutil.copytree(shared, tmp_path / "copy", ignore=shutil.ignore_patterns("sim_build")))
    manifest = read_manifest(copy)
    manifest["timing"]["interval"] -= 1
    write_manifest(copy, manifest)
    played = play(copy, "icarus")

    assert played.code == 1
    assert played.result["message"] == "interval: the manifest states 8 cycles, simulation measures 9"


@pytest.mark.parametrize("engines", [["*=serial:d=1"], ["*=serial:d=2"], ["*=serial:d=4"], ["*_10=serial:d=1"]])
def test_the_same_words_leave_every_engine(engines: list[str], tmp_path: Path) -> None:
    """Digits, or none: vectors of the golden model, and simulation equal to them."""
    build = compile_model(two_layers(), tmp_path, engines=engines)

    assert play(build, "icarus").line == "icarus: 16 frames, 32 words: all equal"
    assert flow.prove(build).proved
