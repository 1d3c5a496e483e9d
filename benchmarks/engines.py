"""The engines of this compiler on the same layers, placed and routed on an ECP5, beside plain multipliers.

    python -m benchmarks.engines [--layers dense conv] [--systems ternary …] [--engines serial …] [--only PATTERN …]

An engine is measured whole: a position of words in, one of sums out, on a stream with valid and ready; no requantizer,
no AXI edges. Cells are TRELLIS_COMB after packing, registers TRELLIS_FF, out of context. Rows that take longer than
about ten minutes are left out unless --large asks for them, and are named."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from time import monotonic

from rich.console import Console

from benchmarks.engines_cases import GROUPS, Case, cases
from benchmarks.engines_goals import goals, show_goals
from benchmarks.engines_layers import LAYERS, SYSTEMS
from benchmarks.engines_place import place
from benchmarks.engines_rows import Row, show
from shiftwright.errors import ShiftwrightError, SynthesisError


def main() -> None:
    """Command line: measures, prints tables and ratios."""
    parser = _parser()
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        for path in filter(None, (arguments.json, arguments.plot)):
            if not path.absolute().parent.is_dir():
                raise SynthesisError(f"{path}: there is no folder {path.parent}; make it first")
        chosen = cases(arguments.layers, arguments.systems, arguments.engines, arguments.only)
        kept = read(arguments.json) if arguments.keep else []
        known = {row.case for row in kept}
        wanted = [case for case in chosen if case not in known and (arguments.large or not case.is_large)]
        left = [case.name for case in chosen if case not in known and case not in wanted]
        rows = measure(kept, wanted, arguments.jobs, arguments.json)
        show(rows, console)
        show_goals(goals(rows), console)
        if left:
            console.print(f"not run (--large): {', '.join(left)}", markup=False, highlight=False)
        if arguments.plot and rows:
            from benchmarks.engines_plot import plot  # needs matplotlib

            plot(rows, arguments.plot)
    except (ShiftwrightError, OSError) as error:
        parser.exit(1, f"error: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "stopped\n")
    if len(rows) < len(kept) + len(wanted):
        parser.exit(1, f"{len(kept) + len(wanted) - len(rows)} rows failed, as told above\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Engines side by side on an ECP5.")
    parser.add_argument("--layers", nargs="+", choices=list(LAYERS), default=["dense"], metavar="LAYER")
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS), metavar="SYSTEM")
    parser.add_argument("--engines", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="ENGINE")
    parser.add_argument("--only", nargs="+", metavar="PATTERN", help="rows by name, such as 'dense/pot*/serial*'")
    parser.add_argument("--large", action="store_true", help="also what takes longer than about ten minutes a row")
    parser.add_argument("--jobs", type=_jobs, default=1, help="rows measured at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all rows, written after each")
    parser.add_argument("--keep", action="store_true", help="rows that FILE holds are not measured again")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="rates over cells; needs matplotlib")
    return parser


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows at a time")
    return int(text)


def read(path: Path | None) -> list[Row]:
    """The rows of a file, none where there is no file; SynthesisError if it holds something else."""
    if path is None:
        raise SynthesisError("--keep has nothing to keep; name a file with --json")
    if not path.exists():
        return []
    try:
        return [Row.from_dict(one) for one in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, KeyError, TypeError) as error:
        raise SynthesisError(f"{path} holds no rows of this benchmark ({error}); name another file") from error


def measure(kept: Sequence[Row], wanted: Sequence[Case], jobs: int, path: Path | None) -> list[Row]:
    """The rows kept and those measured, in the order of the cases; `path` gets them after each."""
    rows = list(kept)
    for row in _measured(wanted, jobs):
        rows.append(row)
        rows.sort(key=lambda row: _ORDER.index(row.case))
        if path:
            path.write_text(json.dumps([one.as_dict() for one in rows], indent=1) + "\n", encoding="utf-8")
    return rows


def _measured(wanted: Sequence[Case], jobs: int) -> Iterator[Row]:
    """Rows as they are done; of one that fails a note says why."""
    pool = ThreadPoolExecutor(jobs)  # the tools are processes of their own
    try:
        running = {pool.submit(measure_one, case): case for case in wanted}
        for number, done in enumerate(as_completed(running), start=1):
            name = running[done].name
            try:
                row = done.result()
            except ShiftwrightError as error:
                _note(f"{number}/{len(wanted)} {name}: {error}")
                continue
            taken = f"{row.whole.cells:,} cells, {row.whole.fmax:.0f} MHz, {row.seconds:.0f} s"
            _note(f"{number}/{len(wanted)} {name}: {taken}")
            yield row
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def measure_one(case: Case) -> Row:
    """One engine, whole, and its core if it has one."""
    began = monotonic()
    built = case.build()
    whole = place(built.whole)
    core = None if built.core is None else place(built.core)
    return Row(case, built.cycles, built.adders, whole, core, round(monotonic() - began, 1))


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


_ORDER = cases(list(LAYERS), list(SYSTEMS), GROUPS, None)

if __name__ == "__main__":
    main()
