"""Simulates a core against its matrix: seeded random and extreme vectors, every output word compared with numpy's.

    python core_bench/run.py --simulator verilator

Needs numpy, cocotb and a simulator. Exit codes: 0 every word is equal, 1 one is not, 2 a tool is missing or fails, or
the core's files are not there."""

import argparse
import importlib
import json
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH), str(BENCH / "simulators")]

from simulate import Refused, play, prepare  # type: ignore[import-not-found] # noqa: E402 - it lies beside this file

CORE = BENCH.parent / f"{BENCH.name.removesuffix('_bench')}.json"


def main() -> int:
    """Builds, runs, reports."""
    arguments = parse()
    simulator = importlib.import_module(arguments.simulator).SIMULATOR
    work = arguments.build_dir.resolve()
    result = (arguments.result or work / "result.json").resolve()
    environment = {
        "CORE": str(arguments.core.resolve()),
        "CORE_RESULT": str(result),
        "CORE_SEED": str(arguments.seed),
        "CORE_VECTORS": str(arguments.vectors),
    }
    try:
        core = described(arguments.core)
        source = arguments.core.parent / core["verilog"]
        if not source.is_file():
            raise Refused(f"{source} is missing; write the core again with `shiftwright cmvm`")
        prepare(simulator)
        seed = arguments.seed
        found = play(simulator, [source], core["name"], "test_core", work, result, environment, seed, arguments.waves)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    result.write_text(json.dumps(found) + "\n")
    print(
        f"{simulator.name}: {found['vectors']} vectors, {found['words']} words: "
        + ("all equal to matrix times x" if found["equal"] else found["message"])
    )
    for wave in found["waves"]:
        print(f"waveform: {wave}")
    return 0 if found["equal"] else 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = sorted(path.stem for path in (BENCH / "simulators").glob("*.py") if path.stem != "simulator")
    parser.add_argument("--simulator", choices=known, default="verilator")
    parser.add_argument("--core", type=Path, default=CORE, help="the core's description; its Verilog lies beside it")
    parser.add_argument("--vectors", type=not_negative, default=256, help="random ones, after those at the extremes")
    parser.add_argument("--seed", type=not_negative, default=0, help="of vectors and stalls")
    parser.add_argument("--waves", action="store_true", help="write a waveform into the build directory")
    parser.add_argument("--result", type=Path, help="where to write the result, JSON")
    parser.add_argument("--build-dir", type=Path, help="where the simulator works")
    arguments = parser.parse_args()
    arguments.build_dir = arguments.build_dir or BENCH / "sim_build" / arguments.simulator
    return arguments


def not_negative(text: str) -> int:
    """A count, or a seed."""
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError("give 0 or more")
    return number


def described(file: Path) -> dict[str, str]:
    """What the core's description says; Refused where it cannot be read."""
    try:
        found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Refused(f"{file} cannot be read ({problem}); write the core again with `shiftwright cmvm`") from None
    return found


if __name__ == "__main__":
    sys.exit(main())
