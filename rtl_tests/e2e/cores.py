"""A small core whose adders sum up to three operands, and how it becomes files."""

from pathlib import Path
from typing import Any

import numpy as np

from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.build.core import solve_with
from shiftwright.build.core_files import write_core

MATRIX = np.random.default_rng(7).integers(-9, 10, (5, 4))


def write(folder: Path, force: bool = False, **options: Any) -> Path:
    """Solves and writes the core; returns its Verilog's place."""
    settings = SolverSettings(**({"effort": "fast", "family": "xcup"} | options))
    core = solve_with(settings, MATRIX, [(-8, 7), (0, 15), (-1, 1), (3, 3)], [0, 5, 0, -7, 0])
    write_core(core, folder / "core.v", "core", 2, force)
    return folder / "core.v"
