"""Builds Verilog and runs a cocotb test module on it in one simulator, for the command that lies beside this file.

Needs cocotb and a simulator. Every way to fail is one line that says what to do."""

import importlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Refused(Exception):
    """Nothing was compared: a tool is missing or failed. The text says which, and what to do."""


def prepare(simulator: Any) -> None:
    """Sets the environment that a simulator needs; Refused where it or cocotb is not installed."""
    tool = simulator.find()
    if tool is None:
        raise Refused(f"{simulator.name} is not installed; {simulator.remedy}")
    os.environ.update(simulator.environment(tool))
    try:
        for module in ("cocotb_tools.runner", "numpy"):
            importlib.import_module(module)
    except ModuleNotFoundError as missing:
        raise Refused(f"{missing.name} is not installed; install it with: pip install 'cocotb>=2.1' numpy") from None


def play(
    simulator: Any,
    sources: Sequence[Path],
    top: str,
    test: str,
    work: Path,
    result: Path,
    environment: Mapping[str, str],
    seed: int,
    waves: bool = False,
) -> dict[str, Any]:
    """Runs the module `test` in the folder `work` and returns what it wrote to `result`, with waveforms and seconds.

    Refused where a tool fails, or where the test leaves no message."""
    from cocotb_tools.runner import get_runner

    began = time.monotonic()
    work.mkdir(parents=True, exist_ok=True)
    if simulator.needs and any(letter.isspace() for letter in str(work)):
        raise Refused(
            f"{simulator.name} cannot build in {str(work)!r}, make takes no spaces in a path; move the folder, or "
            "choose another with --build-dir"
        )
    for stale in (result, result.with_suffix(".npy"), work / "build.log", work / "test.log"):
        stale.unlink(missing_ok=True)
    # Started by a pytest, cocotb's runner would print and exit in its own way.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    os.environ.update(environment)
    runner = get_runner(simulator.name)
    try:
        runner.build(
            sources=sorted(sources),
            hdl_toplevel=top,
            build_dir=work,
            build_args=[*simulator.build_args(work, top), *(simulator.wave_args if waves else ())],
            timescale=("1ns", "1ps"),
            always=True,
            waves=waves,
            log_file=work / "build.log",
        )
        runner.test(
            hdl_toplevel=top,
            test_module=test,
            test_dir=work,
            build_dir=work,
            plusargs=list(simulator.run_args(seed)),
            results_xml=str(work / "results.xml"),
            waves=waves,
            log_file=work / "test.log",
        )
    except (Exception, SystemExit) as problem:
        if not result.is_file():
            raise Refused(why(simulator, work, problem)) from problem
    found: dict[str, Any] = json.loads(result.read_text()) if result.is_file() else {}
    if found.get("message") is None:
        result.unlink(missing_ok=True)
        raise Refused(why(simulator, work, "it ended without a result"))
    seen = sorted(str(path) for path in work.iterdir() if path.suffix in (".vcd", ".fst")) if waves else []
    return found | {"simulator": simulator.name, "seconds": time.monotonic() - began, "waves": seen}


def why(simulator: Any, work: Path, problem: object) -> str:
    """A tool failed: says which other program it wants, or where its own words are, and the last of them."""
    if lacking := simulator.lacks():
        return f"{simulator.name} failed for want of {' and '.join(lacking)}; {simulator.remedy}"
    for log in (work / "test.log", work / "build.log"):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()] if log.is_file() else []
        marked = [line for line in lines if "rror" in line]
        if lines:
            return f"{simulator.name} failed, see {log}: {(marked or lines)[-1].strip()}"
    return f"{simulator.name} failed: {problem}"
