"""`shiftwright prove`: a build folder is proved from its files alone, and each change of a file is caught and named."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from rtl_tests.conformance.terminal import Terminal
from rtl_tests.e2e import faults
from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from rtl_tests.oracle.network import Network
from shiftwright import flow
from shiftwright.build.manifest import hash_bytes
from shiftwright.build.proofs import EMITTED, READ
from shiftwright.lower.top import Top
from shiftwright.rtl import add3
from shiftwright.rtl.emit import to_verilog

Edit = Callable[[str], str]
LEAF, TAIL, TOP = "rtl/tiny_Conv_5_product.v", "rtl/tiny_Conv_5_requantize.v", "rtl/tiny.v"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """A command line whose words are caught."""
    return Terminal(monkeypatch, capfd)


@pytest.fixture(scope="module", autouse=True)
def emission_once() -> Iterator[None]:
    """Yosys takes most of a second for a top module: one that has been written once is taken from memory."""
    memory: dict[object, str] = {}

    def remembered(top: Top, name: str) -> str:
        parts = [(stage.name, stage.result) for stage in top.stages]
        latencies = [getattr(part, "latency", 0) for stage in top.stages for part in stage.components]
        key = (name, str(parts), tuple(latencies))
        if key not in memory:
            memory[key] = to_verilog(top, name)
        return memory[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shiftwright.lower.design.to_verilog", remembered)
        yield


def edit(folder: Path, file: str, change: Edit, manifest_too: bool = False) -> None:
    """Changes a text file; with `manifest_too` its hash as well, as somebody would who hides it."""
    text = (folder / file).read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    (folder / file).write_text(changed, encoding="utf-8")
    if manifest_too:
        with manifest_of(folder) as manifest:
            manifest["files"][file] = hash_bytes(changed.encode())


class manifest_of:  # noqa: N801 - it reads as a sentence
    """A folder's manifest, written back when the block ends."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "manifest.json"
        self.manifest: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))

    def __enter__(self) -> dict[str, Any]:
        return self.manifest

    def __exit__(self, *_: object) -> None:
        self.file.write_text(json.dumps(self.manifest), encoding="utf-8")


def test_a_folder_as_compiled_is_proved(built: Path) -> None:
    """Every Verilog file in its way: adder leaves read, the others emitted again; counts and hash as the manifest's."""
    found = flow.prove(built)
    manifest = json.loads((built / "manifest.json").read_text())

    assert found.proved
    assert [(file.file, file.layer, file.how, file.complaint) for file in found.files] == [
        (TOP, "", EMITTED, ""),
        (LEAF, "Conv_5", READ, ""),
        (TAIL, "Conv_5", EMITTED, ""),
        ("rtl/tiny_MatMul_12_product.v", "MatMul_12", READ, ""),
    ]
    assert {path.name for path in (built / "rtl").iterdir()} == {Path(file.file).name for file in found.files}
    for layer in manifest["layers"]:
        (file,) = [file for file in found.files if file.file == layer["proof"]["leaf"]]
        assert file.counts is not None
        assert (file.counts.adders, file.counts.latency) == (layer["adders"], layer["proof"]["latency"])
        assert file.coefficients == layer["proof"]["coefficients"]
        assert layer["proof"]["result"] == "proved"
    assert manifest["layers"][0]["proof"]["inputs"] == [[-8, 7, 9]]


@pytest.mark.parametrize("levels_per_stage", [2, 9])
def test_leaves_with_fewer_registers_are_proved(levels_per_stage: int, tmp_path: Path) -> None:
    """Latencies come from the manifest, and the design around a leaf follows."""
    build = compile_model(tiny_cnn(), tmp_path, levels_per_stage)
    found = flow.prove(build)

    assert found.proved
    assert found.files[1].counts is not None
    assert found.files[1].counts.latency == max(1, -(-found.files[1].counts.depth // levels_per_stage))


def test_prove_as_a_table_and_as_json(copy: Path, terminal: Terminal) -> None:
    """Exit code 0 says that all is proved; the table names each module, the counts, how it was proved, and the hash."""
    code, out, err = terminal.run("prove", copy)
    found = terminal.json("prove", copy)

    assert (code, err) == (0, "")
    assert "Conv_5_product" in out
    assert f"{READ}" in out
    assert found["files"][1]["coefficients"][:8] in out
    assert "Proved for every input: 2 adder leaves equal to the weights of model.onnx; 2 other files" in out
    assert found["proved"] is True
    assert set(found) == {
        *("folder", "name", "proved", "files", "changed", "missing", "extra", "manifest", "stated_in", "against"),
        "memories",
    }
    assert set(found["files"][0]) == {"file", "layer", "how", "proved", "message", "counts", "coefficients"}


def test_leaves_with_three_operand_adders_are_proved(tmp_path: Path) -> None:
    """The module that they share is emitted again; a change of it, or of what a leaf promises it, is caught."""
    onnx.save(tiny_cnn(), tmp_path / "tiny.onnx")
    model = flow.load(tmp_path / "tiny.onnx")
    model.compile(levels_per_stage=2, family="xcup", effort="fast").build(tmp_path / "build")
    found = flow.prove(tmp_path / "build")
    shared = f"rtl/{add3.NAME}.v"

    assert found.proved
    assert [file.how for file in found.files if file.file == shared] == [EMITTED]
    assert add3.NAME in (tmp_path / "build" / LEAF).read_text()

    edit(tmp_path / "build", shared, lambda text: text.replace("p + q + r", "p + q - r"))
    edit(tmp_path / "build", LEAF, lambda text: text.replace("NEGATIVE(0)", "NEGATIVE(1)", 1))
    found = flow.prove(tmp_path / "build")
    assert [file.file for file in found.files if file.complaint] == [LEAF, shared]
    assert found.changed == (shared, LEAF)


RTL_EDITS: dict[str, tuple[str, Edit, str]] = {
    "a sign": (LEAF, faults.flip_a_sign, "line"),
    "a shift": (LEAF, faults.shift_one_too_far, "line"),
    "a register left out": (LEAF, faults.leave_a_register_out, "line"),
    "a rounding constant": (TAIL, faults.round_one_lower(0), 'line 9: it is "wire [8:0] sum0'),
    "a position early": (TOP, faults.one_position_early, "line"),
    "a lane left open": (LEAF, faults.leave_a_lane_unknown(1), "it is not in the grammar of an adder leaf"),
    "a comment": (LEAF, lambda text: text + "// mine\n", "it must be `endmodule`, not '// mine'"),
}


@pytest.mark.parametrize("hidden", [False, True], ids=["", "with its hash"])
@pytest.mark.parametrize("case", RTL_EDITS)
def test_an_edited_verilog_file_is_caught(case: str, hidden: bool, copy: Path) -> None:
    """By what it says, whatever the manifest says of its hash; the line is named, and no other file."""
    file, change, message = RTL_EDITS[case]
    edit(copy, file, change, hidden)

    found = flow.prove(copy)
    assert not found.proved
    assert [one.file for one in found.files if one.complaint] == [file]
    assert message in next(one.complaint for one in found.files if one.complaint)
    assert list(found.changed) == ([] if hidden else [file])
    assert found.manifest == ()


def test_an_edit_that_changes_nothing_is_told_with_its_proof(copy: Path, terminal: Terminal) -> None:
    """Another name for a word: the text still computes the matrix, but the file is not the one that was compiled."""
    edit(copy, LEAF, lambda text: text.replace("v0_1", "pixel"))

    code, out, _ = terminal.run("prove", copy)

    assert code == 1
    assert f"changed since compile: {LEAF}; its proof holds" in out
    assert "NOT PROVED" not in out


@pytest.mark.parametrize("file", [LEAF, TAIL, TOP])
def test_a_removed_verilog_file_is_caught(file: str, copy: Path) -> None:
    """It is named, and the others are still proved."""
    (copy / file).unlink()
    found = flow.prove(copy)

    assert not found.proved
    assert [(one.file, one.complaint) for one in found.files if one.complaint] == [(file, "it is missing")]
    assert found.missing == (file,)


def test_an_added_verilog_file_is_caught(copy: Path) -> None:
    """Tools take every file of rtl/; listing it in the manifest does not help."""
    (copy / "rtl" / "more.v").write_text("module more; endmodule\n")
    found = flow.prove(copy)
    assert (found.proved, found.extra) == (False, ("rtl/more.v",))

    with manifest_of(copy) as manifest:
        manifest["files"]["rtl/more.v"] = hash_bytes((copy / "rtl" / "more.v").read_bytes())
    found = flow.prove(copy)
    assert (found.proved, found.extra) == (False, ("rtl/more.v",))


@pytest.mark.parametrize("file", ["host.py", "bench/run.py", "vectors/input.npy", "README.md", "Makefile"])
def test_any_other_file_is_caught_by_its_hash(file: str, copy: Path) -> None:
    """Changed or gone."""
    with (copy / file).open("ab") as opened:
        opened.write(b"\n")
    found = flow.prove(copy)
    assert (found.proved, found.changed, found.missing) == (False, (file,), ())

    (copy / file).unlink()
    found = flow.prove(copy)
    assert (found.proved, found.changed, found.missing) == (False, (), (file,))


def test_what_belongs_to_the_user_is_told_and_passes(copy: Path) -> None:
    """Notes beside the Verilog are nobody's business, nor is what simulators leave."""
    (copy / "notes.txt").write_text("mine")
    (copy / "sim_build").mkdir()
    (copy / "sim_build" / "log").write_text("made later")

    found = flow.prove(copy)
    assert (found.proved, found.extra) == (True, ("notes.txt",))


def test_a_swapped_model_is_caught(copy: Path, tmp_path: Path) -> None:
    """The leaves no longer compute what it says, even where the manifest was given its hash."""
    other = onnx.load(copy / "model.onnx")
    (weights,) = [tensor for tensor in other.graph.initializer if list(tensor.dims) == [2, 3]]
    array = onnx.numpy_helper.to_array(weights).copy()
    array[0, 0] += 1
    weights.CopyFrom(onnx.numpy_helper.from_array(array, weights.name))
    onnx.save(other, copy / "model.onnx")

    found = flow.prove(copy)
    assert found.changed == ("model.onnx",)
    with manifest_of(copy) as manifest:
        manifest["files"]["model.onnx"] = manifest["model"] = hash_bytes((copy / "model.onnx").read_bytes())
    found = flow.prove(copy)

    assert (found.proved, found.changed) == (False, ())
    (wrong,) = [file for file in found.files if file.complaint]
    assert wrong.layer == "MatMul_12"
    assert "output 0 has 3 times input 0, the matrix has 4" in wrong.complaint
    assert any(line.startswith("layers[1].proof.coefficients is ") for line in found.manifest)


def test_a_model_of_another_shape_is_caught(copy: Path, tmp_path: Path) -> None:
    """Its layers have other names, so that their files are missing and those of the folder belong to nothing."""
    onnx.save(tiny_cnn(scale=0.125), tmp_path / "other.onnx")
    flow.load(tmp_path / "other.onnx").compile(name="other", effort="fast").build(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.onnx", copy / "model.onnx")

    assert not flow.prove(copy).proved


def test_an_edited_manifest_is_caught(copy: Path) -> None:
    """A layer's latency, its hash, a file's hash, a name: each in a line that says what it should be."""
    with manifest_of(copy) as manifest:
        manifest["layers"][0]["proof"]["latency"] += 1
        manifest["layers"][1]["adders"] -= 1
        manifest["layers"][1]["proof"]["coefficients"] = "0" * 64
        manifest["output"]["scale"][0] = "1"
        del manifest["links"][1]["vectors"]
        manifest["files"]["host.py"] = "0" * 64
        del manifest["files"]["README.md"]
    found = flow.prove(copy)

    assert [file.complaint.split(": ", 1)[1] for file in found.files if file.complaint and file.file == LEAF] == [
        "output 0 passes 4 registers, the leaf's latency is 5"
    ]
    assert [file.file for file in found.files if file.complaint] == [TOP, LEAF]
    assert found.changed == ("host.py",)
    assert found.extra == ("README.md",)
    assert [line.split(" is ")[0] for line in found.manifest if "latency" not in line and "first" not in line] == [
        "output.scale[0]",
        "links[1].vectors",
        "layers[1].proof.coefficients",
        "layers[1].adders",
    ]


def test_a_renamed_design_is_caught(copy: Path) -> None:
    """Every file would have another name."""
    with manifest_of(copy) as manifest:
        manifest["name"] = "other"
    found = flow.prove(copy)

    assert not found.proved
    assert all(file.complaint == "it is missing" for file in found.files)
    assert set(found.extra) == {f"rtl/{path.name}" for path in (copy / "rtl").iterdir()}


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "is not a folder; name one that `shiftwright compile` wrote"),
    "no manifest": (lambda build: (build / "manifest.json").unlink(), "holds no manifest.json"),
    "an empty manifest": (lambda build: (build / "manifest.json").write_text(""), "is damaged"),
    "a manifest of somebody else": (lambda build: (build / "manifest.json").write_text("[]"), "was not written by"),
    "a manifest without files": (
        lambda build: (build / "manifest.json").write_text('{"generator": "shiftwright", "format": 1, "name": "tiny"}'),
        "manifest.json lists no files of this folder; compile the model again with --force",
    ),
    "a manifest without a name": (
        lambda build: (build / "manifest.json").write_text('{"generator": "shiftwright", "format": 1, "files": {}}'),
        "manifest.json gives no module name",
    ),
    "a file outside": (
        lambda build: (build / "manifest.json").write_text(
            '{"generator": "shiftwright", "format": 1, "name": "tiny", "files": {"../x": ""}}'
        ),
        "manifest.json lists no files of this folder",
    ),
    "no model": (lambda build: (build / "model.onnx").unlink(), "model.onnx"),
    "a model that is none": (lambda build: (build / "model.onnx").write_bytes(b"\x00\xff" * 99), "model.onnx"),
    "a model without hardware": (
        lambda build: onnx.save(without_hardware(), build / "model.onnx"),
        "model.onnx does not compile: it is not the file that was compiled; ",
    ),
}


def without_hardware() -> onnx.ModelProto:
    """Two branches that meet: golden computes it, no hardware does."""
    network = Network(["N", 4])
    x = network.activation("x", 0.125)
    both = network.node("Add", [x, network.activation(network.node("Relu", [x]), 0.125)])
    return network.model(network.quantize(both, 0.125), "int8")


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_is_no_build_folder_exits_with_2(case: str, copy: Path, terminal: Terminal) -> None:
    """One line on standard error says what to do."""
    change, message = UNREADABLE[case]
    change(copy)

    code, out, err = terminal.run("prove", copy)

    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "line 1: it must be `module NAME (clk, ce, x, y);`; the text ends before it", id="empty"),
        pytest.param(b"module \xff\xfe\x00", "line 1: byte 0xff is no text", id="binary"),
        pytest.param(b"\n" * 10**6, "line 1: it must be `module NAME (clk, ce, x, y);`, not ''", id="many lines"),
        pytest.param(b"module tiny" + b"x" * 10**7, "line 1: the text breaks off", id="a long line"),
    ],
)
@pytest.mark.parametrize("file", [LEAF, TAIL])
def test_a_leaf_that_is_no_text_is_caught(file: str, content: bytes, message: str, copy: Path) -> None:
    """It fails by itself; the others are still proved."""
    (copy / file).write_bytes(content)
    (wrong,) = [one for one in flow.prove(copy).files if one.complaint]

    assert wrong.file == file
    assert file != LEAF or wrong.complaint.startswith(message)


def test_a_file_too_large_is_not_read(copy: Path) -> None:
    """A sparse file of a terabyte would fill the memory."""
    with (copy / LEAF).open("r+b") as opened:
        opened.truncate(1 << 40)
    (wrong,) = [one for one in flow.prove(copy).files if one.complaint]

    assert wrong.complaint == "it has 1,099,511,627,776 bytes, more than any leaf has"
