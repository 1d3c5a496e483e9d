"""The solvers of the comparison: the others in a process that needs nothing of ours, ours proved and timed alike."""

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cmvm_tools import SCRIPT, Ours, Peers, ToolError, effort_of, peer_python

TINY = {"tiny": np.array([[3, -5], [0, 6]], dtype=np.int64)}
# A solver in place of da4ml's: it has da4ml's call and form of answer, and knows one matrix, the columns of TINY.
FAKE_PEER = """
from typing import NamedTuple
class Op(NamedTuple):
    id0: int; id1: int; opcode: int; data: int
class Logic(NamedTuple):
    inp_shifts: list; ops: list; out_idxs: list; out_shifts: list; out_negs: list
class Pipeline(NamedTuple):
    solutions: tuple
def solve(kernel, hard_dc, qintervals):
    assert kernel.dtype == "float32" and len(qintervals) == len(kernel)
    if kernel.tolist() != [[3, 0], [-5, 6]]:
        return Pipeline(())
    assert hard_dc == -1 and qintervals[0] == (-128, 127, 1)
    reads = [Op(0, -1, -1, 0), Op(1, -1, -1, 0)]
    sums = [Op(0, 0, 0, 1), Op(1, 1, 0, 2), Op(2, 3, 1, 0), Op(1, 1, 0, 1)]
    return Pipeline((Logic([0, 0], reads + sums, [4, 5], [0, 1], [False, False]),))
"""


def test_the_peers_process_needs_nothing_of_ours() -> None:
    """Its environment has numpy and the two libraries."""
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert {name.split(".")[0] for name in imported if name} - set(sys.stdlib_module_names) == {
        "numpy",
    }


def test_a_peer_is_asked_in_its_own_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a solver of da4ml's form answers comes back as a proved graph with its time."""
    (tmp_path / "da4ml").mkdir()
    (tmp_path / "da4ml" / "cmvm.py").write_text(FAKE_PEER, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Peers(Path(sys.executable), TINY) as peers:
        found = peers.solve("da4ml", "tiny", (-128, 127), None)

    assert (4, 2) == (found.graph.adders, found.graph.depth)
    assert 0 < found.seconds < 1


def test_a_peer_that_dies_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    """Here because this environment has no such library."""
    message = r"the process of alkaid ended with code 1 on tiny; leave it out"
    with pytest.raises(ToolError, match=message), Peers(Path(sys.executable), TINY) as peers:
        peers.solve("alkaid", "tiny", (-128, 127), 0)

    assert "No module named 'alkaid'" in capfd.readouterr().err


@pytest.mark.parametrize("text", ["fas", "0", "-1", "nan", "1e3", ""])
def test_an_effort_is_a_word_or_seconds(text: str) -> None:
    """Seconds are above 0."""
    assert ("high", 2.5) == (effort_of("high"), effort_of("2.5"))
    with pytest.raises(ValueError, match="^" + text):
        effort_of(text)


def test_ours_is_timed_and_proved() -> None:
    """A graph within the limit, and seconds above 0."""
    found = Ours("fast").solve(TINY["tiny"], (-128, 127), 0)

    assert (4, 2) == (found.graph.adders, found.graph.depth)
    assert 0 < found.seconds


def test_an_environment_that_cannot_be_made_is_said_with_a_way_out(tmp_path: Path) -> None:
    """Here a file is in its place; the note comes first."""
    (tmp_path / "peers").write_text("no folder", encoding="utf-8")
    notes: list[str] = []
    with pytest.raises(ToolError, match=r"da4ml==0.6.0 and alkaid==0.8.2 could not be installed in .*--environment"):
        peer_python(tmp_path / "peers", notes.append)

    assert [note.split(" (")[0] for note in notes] == ["installing da4ml==0.6.0 and alkaid==0.8.2"]


def test_an_environment_that_has_them_is_taken(tmp_path: Path) -> None:
    """Asked for their versions, an interpreter that gives the wanted ones needs nothing else."""
    home = tmp_path / "bin"
    home.mkdir()
    (home / "python").write_text("""#!/bin/sh\necho '{"da4ml": "0.6.0", "alkaid": "0.8.2"}'\n""", encoding="utf-8")
    (home / "python").chmod(0o755)

    assert home / "python" == peer_python(tmp_path, pytest.fail)
