"""What is synthesized: a build folder's files, or a file's outermost module; anything else is refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from shiftwright.build import manifest as manifests
from shiftwright.errors import BuildError, ShiftwrightError, SynthesisError
from shiftwright.synth import script
from shiftwright.synth.devices.choose import device
from shiftwright.synth.sources import find_sources

ONE = "// module ghost\nmodule one (input a, output y);\n  assign y = a;\nendmodule\n"
TWO = f"{ONE}/* module spectre */\nmodule two (input a, output y);\n  one only (.a(a), .y(y));\nendmodule\n"


def build_folder(path: Path, **changes: Any) -> Path:
    """The least that is a build folder: two leaves and a manifest with their hashes."""
    (path / "rtl").mkdir(parents=True)
    texts = {"rtl/two.v": TWO.split("*/\n")[1], "rtl/one.v": ONE}
    for name, text in texts.items():
        (path / name).write_text(text)
    hashes = {name: manifests.hash_bytes(text.encode()) for name, text in texts.items()} | {"host.py": "0"}
    content = {"generator": manifests.GENERATOR, "format": manifests.FORMAT, "name": "two", "files": hashes} | changes
    (path / manifests.NAME).write_text(json.dumps(content))
    return path


def test_a_build_folder_is_its_verilog(tmp_path: Path) -> None:
    """Files by the manifest, the top too; results go into the folder."""
    folder = build_folder(tmp_path / "build")
    found = find_sources(folder)

    assert ("two", folder / "synth", ()) == (found.top, found.home, found.notes)
    assert [folder / "rtl/one.v", folder / "rtl/two.v"] == list(found.files)


def test_an_edited_file_is_told(tmp_path: Path) -> None:
    """It is what the user wants to see synthesized, and not what was compiled."""
    folder = build_folder(tmp_path / "build")
    (folder / "rtl/one.v").write_text(ONE.replace("= a", "= ~a"))

    assert ("rtl/one.v is not as compile wrote it; it is synthesized as it is",) == find_sources(folder).notes


def test_a_file_is_its_outermost_module(tmp_path: Path) -> None:
    """Which no other holds; comments hold nothing. Results go beside the file."""
    (tmp_path / "core.v").write_text(TWO)
    found = find_sources(tmp_path / "core.v")

    assert ("two", tmp_path / "core.synth") == (found.top, found.home)


def test_the_top_may_be_named(tmp_path: Path) -> None:
    """A part of a design is a design."""
    assert "one" == find_sources(build_folder(tmp_path / "build"), "one").top


def refused(path: Path, top: str | None, error: type[ShiftwrightError]) -> str:
    """The one line."""
    with pytest.raises(error) as raised:
        find_sources(path, top)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "top", "said"),
    [
        pytest.param("no.v", None, None, "no.v does not exist; name a build folder or a .v file", id="missing"),
        pytest.param("a.txt", ONE, None, "a.txt is no Verilog file; name a build folder or a .v file", id="suffix"),
        pytest.param("a.v", "", None, "a.v holds no Verilog module;", id="empty"),
        pytest.param("a.v", "\x00\xff" * 9, None, "a.v holds no Verilog module;", id="binary"),
        pytest.param("a.v", "// module one;", None, "a.v holds no Verilog module;", id="a-comment"),
        pytest.param("a.v", ONE + ONE.replace("one", "won"), None, "holds 2 modules; name the top", id="two-tops"),
        pytest.param("a.v", TWO, "tow", "holds no module 'tow'; did you mean two?", id="near"),
        pytest.param("a.v", TWO, "spectre", "holds no module 'spectre'; there are one, two", id="in-a-comment"),
        pytest.param("n" * 300 + ".v", None, None, "cannot be read (File name too long)", id="a-name-no-file-can-have"),
    ],
)
def test_what_is_no_design_is_refused(name: str, text: str | None, top: str | None, said: str, tmp_path: Path) -> None:
    """Each in one line that says what to do."""
    if text is not None:
        (tmp_path / name).write_text(text)

    assert said in refused(tmp_path / name, top, SynthesisError)


def test_a_folder_that_is_no_build_is_refused(tmp_path: Path) -> None:
    """So is one with a damaged manifest, and one that lacks a file."""
    assert "holds no manifest.json" in refused(tmp_path, None, BuildError)
    damages: tuple[dict[str, Any], ...] = ({"files": None}, {"files": []}, {"name": 3})
    for number, changes in enumerate(damages):
        folder = build_folder(tmp_path / str(number), **changes)
        assert "manifest.json is damaged; compile the model again" in refused(folder, None, BuildError)
    folder = build_folder(tmp_path / "lacking")
    (folder / "rtl/one.v").unlink()
    assert "lacks rtl/one.v; compile the model again with --force" in refused(folder, None, BuildError)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("core.v", "core.v"), ("a b.v", "source0.v"), ("adders_to_alu.v", "source0.v"), ('"; exit.v', "source0.v")],
)
def test_a_script_needs_no_quotes(name: str, plain: str, tmp_path: Path) -> None:
    """Files whose names would need them are copied under other names."""
    (tmp_path / name).write_text(ONE)
    (tmp_path / "work").mkdir()
    script.prepare(tmp_path / "work", [tmp_path / name], "one", device("ecp5-85k"), netlist=False)

    assert f"read_verilog -noautowire {plain}\n" in (tmp_path / "work" / script.SCRIPT).read_text()
    assert ONE == (tmp_path / "work" / plain).read_text()


@pytest.mark.parametrize("name", ["ecp5-85k", "up5k", "xc7", "xcup"])
def test_adders_become_alus_before_anything_merges_them(name: str, tmp_path: Path) -> None:
    """The order of the script; macros reach every source, and a netlist is written only where it is placed."""
    (tmp_path / "one.v").write_text(ONE)
    target = device(name)
    for netlist in (False, True):
        script.prepare(tmp_path, [tmp_path / "one.v"], "one", target, netlist)
        lines = (tmp_path / script.SCRIPT).read_text().splitlines()
        (synth,) = (number for number, line in enumerate(lines) if line.startswith(target.synth))

        assert lines.index("techmap -map adders_to_alu.v") < synth
        assert netlist == ("write_json netlist.json" in lines)
        assert f"read_verilog -noautowire{''.join(f' -D {macro}' for macro in target.defines)} one.v" in lines
