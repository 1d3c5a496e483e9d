"""What a simulator's file declares: where the tool is, what it needs to run, and how to get it.

This file and the simulators' own need nothing but Python: the build folder takes copies of them along."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Simulator:
    """`name` is cocotb's; `find` gives the executable or None; `environment` what to add for a found one.

    `build_args` gives the options to build a top module of some name in some folder, where it may leave files.
    `wave_args` are further ones for a waveform, `run_args` gives those to run with a seed, `needs` names the programs
    that a build calls. `unasked` is how many cycles of frames it plays where nobody has named it or said how many
    frames. `packaged` gives the version that the package of a found tool states, for a tool that itself
    does not know."""

    name: str
    remedy: str
    find: Callable[[], Path | None]
    environment: Callable[[Path], Mapping[str, str]]
    version_option: str
    build_args: Callable[[Path, str], Sequence[str]]
    wave_args: tuple[str, ...] = ()
    run_args: Callable[[int], Sequence[str]] = lambda seed: ()
    needs: tuple[str, ...] = ()
    unasked: int | None = None
    packaged: Callable[[Path], str | None] = lambda tool: None

    def lacks(self) -> list[str]:
        """The programs that a build calls and that are not on PATH."""
        return [program for program in self.needs if shutil.which(program) is None]

    def version(self) -> str | None:
        """The tool's version number, None where it is missing or does not run."""
        tool = self.find()
        if tool is None:
            return None
        try:
            environment = os.environ | dict(self.environment(tool))
            command = [str(tool), self.version_option]
            told = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        except OSError:
            return None
        found = re.search(r"\d+\.\d+\S*", told.stdout + told.stderr)
        return found.group() if found else self.packaged(tool)
