"""Simulates this folder's rtl/ against vectors and compares every word. Needs numpy, cocotb and a simulator.

    python bench/run.py --simulator verilator

Exit codes: 0 every word and cycle count is as stated, 1 one is not, 2 a tool is missing or fails, or the vectors do
not fit the design."""

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
FOLDER = BENCH.parent
sys.path[:0] = [str(BENCH), str(BENCH / "simulators")]


def main() -> int:
    """Builds, runs, reports."""
    arguments = parse()
    simulator = importlib.import_module(arguments.simulator).SIMULATOR
    tool = simulator.find()
    if tool is None:
        return refused(f"{simulator.name} is not installed; {simulator.remedy}")
    os.environ.update(simulator.environment(tool))
    began = time.monotonic()
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    try:
        from cocotb_tools.runner import get_runner

        unfit = unfit_vectors(manifest, arguments.vectors)
    except ModuleNotFoundError as missing:
        return refused(f"{missing.name} is not installed; install it with: pip install 'cocotb>=2.1' numpy")
    if unfit is not None:
        return refused(unfit)
    work = arguments.build_dir.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if simulator.needs and any(letter.isspace() for letter in str(work)):
        print(
            f"{simulator.name} cannot build in {str(work)!r}, make takes no spaces in a path; move the folder, or "
            "choose another with --build-dir",
            file=sys.stderr,
        )
        return 2
    result = (arguments.result or work / "result.json").resolve()
    for stale in (result, result.with_suffix(".npy"), work / "build.log", work / "test.log"):
        stale.unlink(missing_ok=True)
    # Started by a pytest, cocotb's runner would print and exit in its own way.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    os.environ["BENCH_FOLDER"] = str(FOLDER)
    os.environ["BENCH_VECTORS"] = str(arguments.vectors.resolve())
    os.environ["BENCH_RESULT"] = str(result)
    os.environ["BENCH_SEED"] = str(arguments.seed)
    os.environ["BENCH_FRAMES"] = str(arguments.frames or "")
    runner = get_runner(simulator.name)
    try:
        runner.build(
            sources=sorted((FOLDER / "rtl").glob("*.v")),
            hdl_toplevel=manifest["name"],
            build_dir=work,
            build_args=[
                *simulator.build_args(work, manifest["name"]),
                *(simulator.wave_args if arguments.waves else ()),
            ],
            timescale=("1ns", "1ps"),
            always=True,
            waves=arguments.waves,
            log_file=work / "build.log",
        )
        runner.test(
            hdl_toplevel=manifest["name"],
            test_module="test_stream",
            test_dir=work,
            build_dir=work,
            plusargs=list(simulator.run_args(arguments.seed)),
            results_xml=str(work / "results.xml"),
            waves=arguments.waves,
            log_file=work / "test.log",
        )
    except (Exception, SystemExit) as problem:
        if not result.is_file():
            return broken(simulator, work, problem)
    found = json.loads(result.read_text()) if result.is_file() else {}
    if found.get("message") is None:
        result.unlink(missing_ok=True)
        return broken(simulator, work, "it ended without a result")
    waves = sorted(str(path) for path in work.iterdir() if path.suffix in (".vcd", ".fst")) if arguments.waves else []
    found |= {"simulator": simulator.name, "seconds": time.monotonic() - began, "waves": waves}
    result.write_text(json.dumps(found) + "\n")
    print(
        f"{simulator.name}: {found['frames']} frames, {found['words']} words: "
        + ("all equal" if found["equal"] else found["message"])
    )
    for wave in waves:
        print(f"waveform: {wave}")
    return 0 if found["equal"] else 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = sorted(path.stem for path in (BENCH / "simulators").glob("*.py") if path.stem != "simulator")
    parser.add_argument("--simulator", choices=known, default="verilator")
    parser.add_argument("--vectors", type=Path, default=FOLDER / "vectors", help="input.npy, output.npy and links/")
    parser.add_argument("--frames", type=at_least_one, help="play only the first ones")
    parser.add_argument("--seed", type=int, default=0, help="of the random stalls")
    parser.add_argument("--waves", action="store_true", help="write a waveform into the build directory")
    parser.add_argument("--result", type=Path, help="where to write the result, JSON, and beside it the words, .npy")
    parser.add_argument("--build-dir", type=Path, help="where the simulator works")
    arguments = parser.parse_args()
    arguments.build_dir = arguments.build_dir or FOLDER / "sim_build" / arguments.simulator
    return arguments


def at_least_one(text: str) -> int:
    """A count of frames: playing none would prove nothing."""
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("play at least 1 frame")
    return count


def unfit_vectors(manifest: dict[str, Any], vectors: Path) -> str | None:
    """Why these vectors prove nothing of this design: files missing, no frames, or words that tdata cannot carry."""
    import numpy as np

    counts = []
    for side in ("input", "output"):
        file, edge = vectors / f"{side}.npy", manifest[side]
        try:
            array = np.load(file)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            return f"{file} cannot be read ({reason}); give a folder with input.npy, output.npy and links/ (--vectors)"
        frame, bounds = (edge["positions"], edge["lanes"]), np.iinfo(edge["container"])
        if array.dtype.kind not in "iu" or array.shape[1:] != frame or not len(array):
            wanted = f"integers of shape (frames, {frame[0]}, {frame[1]}), at least one frame"
            return f"{file} holds {array.dtype} of shape {array.shape}; this design plays {wanted}"
        lo, hi = int(array.min()), int(array.max())
        if lo < bounds.min or hi > bounds.max:
            return f"{file} holds {lo if lo < bounds.min else hi}, which is no {edge['container']}; make it anew"
        counts.append(len(array))
    if counts[0] != counts[1]:
        return f"{vectors} holds {counts[0]} frames of input and {counts[1]} of output; make both from the same frames"
    return None


def refused(why: str) -> int:
    """Nothing was compared."""
    print(why, file=sys.stderr)
    return 2


def broken(simulator: Any, work: Path, problem: object) -> int:
    """A tool failed: says which other program it wants, or where its own words are, and the last of them."""
    if lacking := simulator.lacks():
        return refused(f"{simulator.name} failed for want of {' and '.join(lacking)}; {simulator.remedy}")
    for log in (work / "test.log", work / "build.log"):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()] if log.is_file() else []
        marked = [line for line in lines if "rror" in line]
        if lines:
            return refused(f"{simulator.name} failed, see {log}: {(marked or lines)[-1].strip()}")
    return refused(f"{simulator.name} failed: {problem}")


if __name__ == "__main__":
    sys.exit(main())
