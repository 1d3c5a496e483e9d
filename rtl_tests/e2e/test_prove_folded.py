"""Build folders with folded layers: a weight code in the memory is told by `prove`, and seen by the bench."""

import json
import re
import shutil
from pathlib import Path

import pytest

from rtl_tests.e2e.simulators import play
from rtl_tests.e2e.subjects import compile_model, tiny_cnn
from shiftwright import flow
from shiftwright.build.manifest import hash_bytes

TOP = "rtl/tiny.v"
CODE = re.compile(r"(?P<place>codes\[\d+\]) = 8'h(?P<high>[0-9a-f])(?P<low>[0-9a-f]);")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network, both layers folded."""
    return compile_model(tiny_cnn(), tmp_path_factory.mktemp("built"), engines=["*=folded:pe=2,simd=2"])


@pytest.fixture
def broken(built: Path, tmp_path: Path) -> Path:
    """A copy in which the sign of one weight is flipped, and the manifest's hash with it."""
    folder = tmp_path / "build"
    shutil.copytree(built, folder)
    text, found = CODE.subn(
        lambda match: f"{match['place']} = 8'h{match['high']}{int(match['low'], 16) ^ 1:x};",
        (folder / TOP).read_text(encoding="utf-8"),
        count=1,
    )
    assert found == 1
    (folder / TOP).write_text(text, encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][TOP] = hash_bytes(text.encode())
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_folded_design_is_proved(built: Path) -> None:
    """Its codes were proved as it was made again, and the top holds the same ones; both memories are counted."""
    found = flow.prove(built)
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))

    assert found.proved
    assert found.memories == manifest["proofs"]["weight_memories"] == 2
    assert [layer["proof"]["leaf"] for layer in manifest["layers"]] == [None, None]
    assert len({layer["proof"]["coefficients"] for layer in manifest["layers"]}) == 2


def test_a_wrong_weight_code_is_told(broken: Path) -> None:
    """The memory is not as emitted from the weights of model.onnx."""
    found = flow.prove(broken)
    (complaint,) = [file.complaint for file in found.files if file.complaint]

    assert not found.proved
    assert re.match(r"line \d+: it is .codes\[0\] = ", complaint)


def test_a_wrong_weight_code_is_seen_in_simulation(broken: Path) -> None:
    """Words differ at the link behind the layer."""
    played = play(broken, "icarus")

    assert played.code == 1
    assert "expected" in played.line
