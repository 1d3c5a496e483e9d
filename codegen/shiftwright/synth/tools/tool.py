"""What a synthesis tool's file declares, and how any of them is run: native when on PATH, else from its wheel."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from shiftwright.errors import SynthesisError

REMEDY = "pip install 'shiftwright[synth]'"


@dataclass(frozen=True, slots=True)
class Tool:
    """`name` is the program's; `wheel` the PyPI package that has it too, by the function `entry` of its module."""

    name: str
    purpose: str
    wheel: str
    entry: str

    @property
    def module(self) -> str:
        """The wheel's module."""
        return self.wheel.replace("-", "_")

    def find(self) -> Path | None:
        """The program on PATH, or the wheel's folder; None where neither is there."""
        native = shutil.which(self.name)
        if native is not None:
            return Path(native)
        found = util.find_spec(self.module)
        return None if found is None or found.origin is None else Path(found.origin).parent

    def version(self) -> str | None:
        """The version of the one that is found; None where it is missing or does not run."""
        if shutil.which(self.name) is None:
            try:
                return metadata.version(self.wheel)
            except metadata.PackageNotFoundError:
                return None
        try:
            told = subprocess.run([self.name, "--version"], capture_output=True, text=True, check=False)
        except OSError:
            return None
        found = re.search(r"\d+\.\d+\S*", told.stdout + told.stderr)
        return found.group().rstrip(")") if found else None

    def check(self) -> None:
        """SynthesisError with the remedy where the tool is missing."""
        if self.find() is None:
            raise SynthesisError(f"{self.name} is not installed; {REMEDY}, or put {self.name} on PATH")

    def run(self, arguments: Sequence[str], folder: Path, log: str) -> None:
        """Runs the tool in a folder, its words in the file `log` there; SynthesisError with its complaint if it fails.

        Paths among the arguments are relative to the folder: wheels see no other for certain."""
        self.check()
        try:
            ended = subprocess.run(
                [*self._command(), "-q", "-l", log, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as problem:
            raise SynthesisError(f"{self.name} cannot be started ({problem.strerror}); {REMEDY}") from problem
        if ended.returncode:
            # What is said before a log is begun, or by the system, is in no log.
            with (folder / log).open("ab") as words:
                words.write(ended.stdout)
            raise SynthesisError(f"{self.name} failed: {_complaint(folder / log, ended.returncode)}")

    def _command(self) -> list[str]:
        if shutil.which(self.name) is not None:
            return [self.name]
        call = f"import sys; from {self.module} import {self.entry} as run; sys.exit(run(sys.argv[1:]))"
        return [sys.executable, "-c", call]


def _complaint(log: Path, code: int) -> str:
    """The first error in a log, else its last line."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line]
    return (errors or lines[-1:] or [f"exit code {code}, without a word"])[0]
