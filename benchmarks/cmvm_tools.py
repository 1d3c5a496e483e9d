"""The solvers of the comparison behind one call: ours in this process, the others in an environment of their own.

da4ml and alkaid are LGPL libraries; nothing of theirs is imported here. Their process gets
matrices and returns graphs."""

import json
import re
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.cmvm_graphs import convert
from benchmarks.cmvm_peers import fastest
from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.cse import CseSolver
from shiftwright.arith.cmvm.cse.effort import EFFORTS
from shiftwright.arith.families.choose import family
from shiftwright.arith.prove import prove_graph
from shiftwright.errors import ShiftwrightError

OURS = "shiftwright"
PEERS = {"da4ml": "0.6.0", "alkaid": "0.8.2"}  # the versions compared with
ENVIRONMENT = Path(__file__).resolve().parents[1] / "build" / "peers"
SCRIPT = Path(__file__).with_name("cmvm_peers.py")
Matrix = NDArray[np.int64]
Range = tuple[int, int]


class ToolError(ShiftwrightError):
    """Another solver cannot be installed, or failed."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What a solver made of a matrix: a graph that is proved to be it, and the seconds that its call took."""

    graph: AdderGraph
    seconds: float


@dataclass(frozen=True, slots=True)
class Ours:
    """Shiftwright's solver at one effort, for one family."""

    effort: str | float = "normal"
    seed: int = 0
    family: str = "generic"

    def warm_up(self) -> None:
        """Solves something small, so that no later time counts what is compiled at first use."""
        matrix = np.array([[3, -5, 8, 1], [-1, 7, 8, 1], [6, -12, 24, 0]], dtype=np.int64)
        for limit in (0, None):
            self.solve(matrix, (-8, 7), limit, effort="fast")

    def solve(self, matrix: Matrix, span: Range, limit: int | None, effort: str | float | None = None) -> Solution:
        """A proved graph of matrix (outputs, inputs); only the solver's call is timed, as the others' are."""
        solver = CseSolver(
            depth_limit=limit,
            effort=self.effort if effort is None else effort,
            seed=self.seed,
            family=family(self.family),
        )
        ranges, constants = [span] * matrix.shape[1], [0] * len(matrix)
        seconds, graph = fastest(lambda: solver.solve(matrix, ranges, constants))
        prove_graph(graph, matrix, constants)
        return Solution(graph, seconds)


class Peers:
    """da4ml and alkaid at work on named matrices, one job at a time; a context that ends their process."""

    def __init__(self, python: Path, matrices: Mapping[str, Matrix]) -> None:
        self._matrices = matrices
        self._keys = {name: f"m{number}" for number, name in enumerate(matrices)}  # a user's names may be anything
        self._folder = TemporaryDirectory()
        file = Path(self._folder.name) / "matrices.npz"
        arrays: dict[str, Any] = {self._keys[name]: matrix for name, matrix in matrices.items()}
        np.savez(file, **arrays)
        # -P: this folder's modules must not stand in for those of the environment.
        self._process = subprocess.Popen(
            [python, "-P", SCRIPT, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def solve(self, tool: str, name: str, span: Range, limit: int | None) -> Solution:
        """The graph that a tool makes of a named matrix, converted and proved; ToolError if it gives none."""
        answer = self._ask(name, [tool, self._keys[name], limit, *span])
        matrix = self._matrices[name]
        return Solution(convert(answer["stages"], matrix, [span] * matrix.shape[1]), answer["seconds"])

    def _ask(self, name: str, job: list[Any]) -> dict[str, Any]:
        channel, answers = self._process.stdin, self._process.stdout
        assert channel is not None
        assert answers is not None
        try:
            channel.write(json.dumps(job) + "\n")
            channel.flush()
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            code = self._process.wait()
            raise ToolError(f"the process of {job[0]} ended with code {code} on {name}; leave it out (--tools)")
        found: dict[str, Any] = json.loads(line)
        return found


def peer_python(folder: Path, note: Callable[[str], None]) -> Path:
    """The interpreter of an environment with both peers; the environment is made first where there is none."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if _installed(python) == PEERS:
        return python
    wanted = [f"{name}=={number}" for name, number in PEERS.items()]
    note(f"installing {' and '.join(wanted)} (LGPL) in an environment of their own, {folder}")
    try:
        venv.create(folder, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        subprocess.run(command, check=True, stdout=sys.stderr)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise ToolError(
            f"{' and '.join(wanted)} could not be installed in {folder} ({error}); "
            f"give an environment that has them (--environment), or leave them out (--tools {OURS})"
        ) from None
    if _installed(python) != PEERS:
        raise ToolError(f"{folder} still lacks {' or '.join(wanted)}; delete the folder and run this again")
    return python


def _installed(python: Path) -> dict[str, str]:
    """The versions of the peers that an interpreter finds; empty where something is missing."""
    names = ", ".join(f"{name!r}" for name in PEERS)
    code = (
        f"import json; from importlib.metadata import version; print(json.dumps({{n: version(n) for n in [{names}]}}))"
    )
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    found: dict[str, str] = json.loads(done.stdout)
    return found


def effort_of(text: str) -> str | float:
    """`fast`, `normal`, `high`, or a number of seconds above 0; ValueError for anything else."""
    if text in EFFORTS:
        return text
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", text) or not float(text):
        raise ValueError(text)
    return float(text)
