"""Simulates this folder's rtl/ against vectors and compares every word. Needs numpy, cocotb and a simulator.

    python bench/run.py --simulator verilator

Exit codes: 0 every word and cycle count is as stated, 1 one is not, 2 a tool is missing or fails, or the vectors do
not fit the design."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
FOLDER = BENCH.parent
sys.path[:0] = [str(BENCH), str(BENCH / "simulators")]

from simulate import Refused, play, prepare  # type: ignore[import-not-found] # noqa: E402 - it lies beside this file


def main() -> int:
    """Builds, runs, reports."""
    arguments = parse()
    simulator = importlib.import_module(arguments.simulator).SIMULATOR
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    work = arguments.build_dir.resolve()
    result = (arguments.result or work / "result.json").resolve()
    environment = {
        "BENCH_FOLDER": str(FOLDER),
        "BENCH_VECTORS": str(arguments.vectors.resolve()),
        "BENCH_RESULT": str(result),
        "BENCH_SEED": str(arguments.seed),
        "BENCH_FRAMES": str(arguments.frames or ""),
    }
    try:
        prepare(simulator)
        if unfit := unfit_vectors(manifest, arguments.vectors):
            raise Refused(unfit)
        sources = list((FOLDER / "rtl").glob("*.v"))
        found = play(
            simulator,
            sources,
            manifest["name"],
            "test_stream",
            work,
            result,
            environment,
            arguments.seed,
            arguments.waves,
        )
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    result.write_text(json.dumps(found) + "\n")
    print(
        f"{simulator.name}: {found['frames']} frames, {found['words']} words: "
        + ("all equal" if found["equal"] else found["message"])
    )
    for wave in found["waves"]:
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


if __name__ == "__main__":
    sys.exit(main())
