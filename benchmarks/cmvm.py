"""Shiftwright's solver for constant matrix products beside da4ml and alkaid, on seeded matrices and trained layers.

    python -m benchmarks.cmvm [--quick | --small | --published | --scaling | --matrix FILE.npy] [--synth] …

Every tool's graph becomes the same data structure, is proved to be the matrix, and is counted by the same code: adders;
full-adder bits, low bits that only pass through left out; depth in adders. An output that a tool leaves with a sign
costs a negation, for every tool alike. Inputs are 8-bit words. A depth limit of D allows D levels more than a balanced
tree over the signed digits of the longest row; alkaid's is in delays of its own, so that its depth may exceed it.
Seconds are of the solver's call alone, after one that nobody times: ours in this process, theirs in one of their own
with as many threads as they take. Ratios are ours to da4ml's.

At first use an environment with da4ml and alkaid (LGPL) is made in build/peers. Nothing else is stored."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks import cmvm_matrices as matrices
from benchmarks.cmvm_rows import Measured, Row, limit_name, published_table, row_of, show
from benchmarks.cmvm_scaling import scaling
from benchmarks.cmvm_synth import FAMILIES, Synthesized, show_synthesis, synthesize
from benchmarks.cmvm_tools import ENVIRONMENT, OURS, PEERS, Ours, Peers, Solution, effort_of, peer_python
from shiftwright.arith.cmvm.cse.effort import EFFORTS
from shiftwright.errors import QuantizeError, ShiftwrightError

LIMITS: tuple[int | None, ...] = (0, 2, None)
SYNTHESIZED = ("*ternary*", "*pot*")
EXACT_FLOAT = 1 << 24  # the others take float32 weights
Matrix = NDArray[np.int64]


def main() -> None:
    """Command line: solves, prints tables."""
    parser = _parser()
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 200)
    try:
        if arguments.json and not arguments.json.absolute().parent.is_dir():
            raise QuantizeError(f"{arguments.json}: there is no folder {arguments.json.parent}; make it first")
        if arguments.scaling:
            _keep(arguments.json, scaling(arguments.effort or "fast", arguments.seed, console, _note))
        else:
            _compare(arguments, console)
    except (ShiftwrightError, OSError) as error:
        parser.exit(1, f"error: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "stopped\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Adder graphs of Shiftwright, da4ml and alkaid side by side.")
    chosen = parser.add_mutually_exclusive_group()
    small = " and ".join(matrices.QUICK_SIZES)
    chosen.add_argument("--quick", action="store_true", help=f"random matrices of {small} alone; under two minutes")
    chosen.add_argument("--large", action="store_true", help=f"also {', '.join(matrices.LARGE)}; minutes each")
    chosen.add_argument("--small", action="store_true", help="100 random ones of 2 to 24 rows and columns, all kinds")
    chosen.add_argument("--published", action="store_true", help="means over 100 random 16×16 8-bit matrices")
    chosen.add_argument("--scaling", action="store_true", help="ours alone on ternary matrices up to 256×256")
    chosen.add_argument("--matrix", type=Path, metavar="FILE.npy", help="integers (outputs, inputs) of your own")
    parser.add_argument("--only", nargs="+", metavar="PATTERN", help="matrices whose name matches, such as 'int8*'")
    usual = "levels beyond the least, or none; 0 2 none, but 0 with --synth"
    parser.add_argument("--limits", nargs="+", type=_limit, metavar="D", help=usual)
    parser.add_argument("--tools", nargs="+", choices=(OURS, *PEERS), default=[OURS, *PEERS], metavar="TOOL")
    effort = f"of ours: {', '.join(EFFORTS)}, or seconds a matrix; normal, but fast with --scaling"
    parser.add_argument("--effort", type=_effort, help=effort)
    parser.add_argument("--seed", type=_seed, default=0, help="of the matrices and of our search")
    luts = f"LUTs by Yosys for {' and '.join(FAMILIES)}, or one of them; of ternary and power-of-two weights (--only)"
    parser.add_argument("--synth", nargs="*", choices=FAMILIES, metavar="FAMILY", help=luts)
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT, metavar="DIR", help="with da4ml and alkaid")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all rows, from the first on")
    return parser


def _limit(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of levels nor none")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def _effort(text: str) -> str | float:
    try:
        return effort_of(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(EFFORTS)}, and no seconds") from None


def _keep(path: Path | None, found: dict[str, Any]) -> None:
    if path:
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _compare(arguments: argparse.Namespace, console: Console) -> None:
    wanted: list[str] = [] if arguments.synth is None else arguments.synth or list(FAMILIES)
    patterns = SYNTHESIZED if wanted and not (arguments.only or arguments.matrix or arguments.published) else None
    chosen = _matrices(arguments, arguments.only or patterns)
    arguments.effort = arguments.effort or "normal"
    arguments.limits = arguments.limits or ([0] if wanted else LIMITS)
    rows: list[Row] = []
    cells: list[Synthesized] = []
    for row, solutions in solve_all(chosen, arguments):
        rows.append(row)
        for family in wanted:
            _note(f"{row.matrix}: Yosys for {family}")
            special = None
            if OURS in solutions:
                solver = Ours(arguments.effort, arguments.seed, family)
                special = solver.solve(chosen[row.matrix], matrices.RANGE, row.limit).graph
            cells.append(synthesize(row, solutions, family, special))
            _note(f"{row.matrix}: LUTs " + ", ".join(f"{tool} {count:,}" for tool, count in cells[-1].luts.items()))
        # After each matrix, so that a long run which is stopped leaves what it has found.
        _keep(
            arguments.json,
            {"rows": [one.as_dict() for one in rows], "synthesis": [cell.as_dict() for cell in cells]},
        )
    if arguments.published:
        console.print(published_table(rows))
    else:
        show(rows, console)
    if cells:
        show_synthesis(cells, console)


def _matrices(arguments: argparse.Namespace, patterns: Sequence[str] | None) -> dict[str, Matrix]:
    if arguments.matrix:
        return {arguments.matrix.stem: read_matrix(arguments.matrix)}
    if arguments.published or arguments.small:
        found = (matrices.published if arguments.published else matrices.small)(arguments.seed)
        return {name: found[name] for name in pick(list(found), patterns)}
    names = matrices.quick_names() if arguments.quick else matrices.default_names(arguments.large)
    return {name: matrices.matrix(name, arguments.seed) for name in pick(names, patterns)}


def pick(names: Sequence[str], patterns: Sequence[str] | None) -> list[str]:
    """The names that match a pattern; all without patterns. QuantizeError for a pattern that matches none."""
    for pattern in patterns or ():
        if not any(fnmatchcase(name, pattern) for name in names):
            raise QuantizeError(f"no matrix matches {pattern!r}; there are {', '.join(names)}")
    return [name for name in names if not patterns or any(fnmatchcase(name, one) for one in patterns)]


def read_matrix(path: Path) -> Matrix:
    """W (outputs, inputs) of a NumPy file; QuantizeError if it does not hold integers in two dimensions."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise QuantizeError(f"{path} is no readable .npy file ({error}); save it with numpy.save") from None
    if not isinstance(array, np.ndarray) or array.ndim != 2 or not array.size:
        shape = array.shape if isinstance(array, np.ndarray) else "several arrays"
        raise QuantizeError(f"{path} holds {shape}; a matrix has two dimensions (outputs, inputs), both above 0")
    if array.dtype.kind not in "iu" and not (array.dtype.kind == "f" and (array == np.rint(array)).all()):
        raise QuantizeError(f"{path} holds {array.dtype} that are no integers; scale and round it first")
    if np.abs(array.astype(np.float64)).max() > EXACT_FLOAT:
        raise QuantizeError(f"{path} holds weights beyond ±{EXACT_FLOAT}, which da4ml and alkaid do not take exactly")
    return np.ascontiguousarray(array, dtype=np.int64)


def solve_all(chosen: Mapping[str, Matrix], arguments: argparse.Namespace) -> Iterator[tuple[Row, dict[str, Solution]]]:
    """Every matrix at every depth limit by every tool, as it is done."""
    others = [tool for tool in PEERS if tool in arguments.tools]
    ours = Ours(arguments.effort, arguments.seed) if OURS in arguments.tools else None
    if ours:
        ours.warm_up()
    if not others:
        yield from _solved(chosen, arguments.limits, ours, None, [])
        return
    with Peers(peer_python(arguments.environment, _note), chosen) as peers:
        yield from _solved(chosen, arguments.limits, ours, peers, others)


def _solved(
    chosen: Mapping[str, Matrix],
    limits: Iterable[int | None],
    ours: Ours | None,
    peers: Peers | None,
    others: list[str],
) -> Iterator[tuple[Row, dict[str, Solution]]]:
    for name, matrix in chosen.items():
        for limit in limits:
            _note(f"{name}: {limit_name(limit)}")
            found = {OURS: ours.solve(matrix, matrices.RANGE, limit)} if ours else {}
            if peers:
                found |= {tool: peers.solve(tool, name, matrices.RANGE, limit) for tool in others}
            yield row_of(name, matrix, limit, {tool: Measured.of(one) for tool, one in found.items()}), found


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
