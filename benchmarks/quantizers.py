"""Accuracy and adders of every number system, at every width, on the seeded digits networks.

    python -m benchmarks.quantizers [--quick] [--correct none] [--json FILE] [--plot FILE.svg] …

All methods have the same correction and the same activations, so that the weights' number system is all that differs.
An accuracy is a mean over seeds ± their standard deviation, of the held-back images, in onnxruntime. `adders` sums the
signed digits of each row of each matrix, less one a row, with nothing shared; `shared` makes all odd multiples of each
input once, in a `bank`, and adds what the weights pick there; convolutions are counted for one position.
A method is on the front if none is at least as accurate with fewer adders, or more accurate with as many."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.quantizer_rows import AS_TRAINED, Row, front, gather, together
from benchmarks.quantizer_runs import BITS, Run, methods, outcomes
from models import seeds
from shiftwright.errors import QuantizeError, ShiftwrightError
from shiftwright.quantize.methods import CORRECTIONS, EQUALIZATIONS

QUICK_NETWORKS, QUICK_SEEDS = ("mlp_64_16_10", "cnn"), 2
COSTS: dict[str, Callable[[Row], float]] = {"adders": lambda row: row.adders, "shared": lambda row: row.shared}
SCALING_NETWORK = "mlp_64_48_48_32_10"
SCALING_BITS = (8, 6, 5, 4)
SCALING_METHODS = ("uniform:granularity=tensor:range=max", "uniform:granularity=tensor", "pot:granularity=tensor")


def main() -> None:
    """Command line: measures, prints a table a network, one of all, and one of equalizations."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.networks, arguments.seeds = arguments.networks or list(QUICK_NETWORKS), QUICK_SEEDS
        arguments.scaling = False
    arguments.networks = arguments.networks or list(seeds.networks())
    if arguments.seeds < 1 or arguments.jobs < 1:
        parser.error("seeds and jobs are at least 1")
    try:
        measured, scaling = compare(arguments)
        rows = [*measured, *together(measured)]
        show(rows, scaling, Console(width=None if sys.stdout.isatty() else 200))
        if arguments.json:
            found = {"rows": [row.as_dict() for row in rows], "scaling": [row.as_dict() for row in scaling]}
            arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        if arguments.plot:
            _plot(rows, arguments.plot)
    except ShiftwrightError as error:
        parser.exit(1, f"error: {error}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Accuracy and adders of every number system on the digits networks.")
    parser.add_argument("--networks", nargs="+", choices=seeds.networks(), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 0 … N-1 of each network")
    parser.add_argument(
        "--methods", nargs="+", default=[], metavar="SPEC", help="spellings, or patterns such as 'log*'"
    )
    parser.add_argument("--bits", nargs="+", type=int, default=list(BITS), metavar="N", help="stored a weight")
    parser.add_argument(
        "--correct", action="append", choices=CORRECTIONS, help="columns of their own if given more than once"
    )
    parser.add_argument("--activation-bits", type=int, default=8, metavar="N")
    parser.add_argument("--no-scaling", dest="scaling", action="store_false", help="leave the equalizations out")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")
    quick = f"{' and '.join(QUICK_NETWORKS)}, {QUICK_SEEDS} seeds, nothing badly scaled"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", type=Path, metavar="FILE", help="all rows, every seed")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="accuracy against adders; needs matplotlib")
    return parser


def compare(arguments: argparse.Namespace) -> tuple[list[Row], list[Row]]:
    """Measured rows of the methods, and of equalizations on badly scaled networks."""
    corrections = arguments.correct or ["bias"]
    runs = [
        Run(
            network=network,
            seed=seed,
            method=method,
            correction=correction,
            activation_bits=arguments.activation_bits,
        )
        for network in arguments.networks
        for method in methods(arguments.methods, arguments.bits)
        for correction in corrections
        for seed in range(arguments.seeds)
    ]
    scaling = list(scaling_runs(arguments)) if arguments.scaling else []
    steps = track(
        outcomes([*runs, *scaling], arguments.jobs),
        total=len(runs) + len(scaling),
        description="quantizing",
        console=Console(stderr=True),
    )
    found = list(steps)
    return list(gather(found[: len(runs)])), list(gather(found[len(runs) :]))


def scaling_runs(arguments: argparse.Namespace) -> Iterator[Run]:
    """Every equalization, and none, on per-tensor scales; the first is the network as it was trained."""
    for method in methods(SCALING_METHODS, SCALING_BITS):
        for equalize in (AS_TRAINED, *EQUALIZATIONS):
            for seed in range(arguments.seeds):
                yield Run(
                    network=SCALING_NETWORK,
                    seed=seed,
                    method=method,
                    correction=(arguments.correct or ["bias"])[0],
                    activation_bits=arguments.activation_bits,
                    equalize="none" if equalize == AS_TRAINED else equalize,
                    badly_scaled=equalize != AS_TRAINED,
                )


def show(rows: Sequence[Row], scaling: Sequence[Row], console: Console) -> None:
    """A table a network with its fronts below it; then the equalizations."""
    for network in dict.fromkeys(row.network for row in rows):
        chosen = [row for row in rows if row.network == network]
        console.print(_method_table(network, chosen))
        for correction in dict.fromkeys(row.correction for row in chosen):
            same = [row for row in chosen if row.correction == correction]
            for name, cost in COSTS.items():
                words = ", ".join(f"{row.method.weights} {row.method.bits}" for row in front(same, cost))
                text = f"front of accuracy and {name}, correction {correction}: {words}"
                console.print(text, markup=False, highlight=False)
    if scaling:
        console.print(_scaling_table(scaling))


def _method_table(network: str, rows: Sequence[Row]) -> Table:
    corrections = list(dict.fromkeys(row.correction for row in rows))
    exact = float(np.mean([one.exact for one in rows[0].results]))
    table = Table(box=SIMPLE_HEAD, title=f"{network}: float {exact:.1f} %", title_justify="left", pad_edge=False)
    table.add_column("method", no_wrap=True)
    for column in ("bits", "kbit", "bank"):
        table.add_column(column, justify="right")
    for correction in corrections:
        for column in (f"{correction}\naccuracy %", "\nto float", "\nadders", "a\nweight", "\nshared"):
            table.add_column(column, justify="right", no_wrap=True)
    for method in dict.fromkeys(row.method for row in rows):
        same = {row.correction: row for row in rows if row.method == method}
        first = same[corrections[0]]
        kilobits = f"{first.results[0].weight_bits / 1000:,.1f}"
        cells = [cell for correction in corrections for cell in _cells(same[correction])]
        table.add_row(method.weights, str(method.bits), kilobits, f"{first.bank:.0f}", *cells)
    return table


def _cells(row: Row) -> list[str]:
    return [
        accuracy_text(row),
        f"{row.change:+.1f}",
        f"{row.adders:,.0f}",
        f"{row.adders_a_weight:.2f}",
        f"{row.shared:,.0f}",
    ]


def _scaling_table(rows: Sequence[Row]) -> Table:
    table = Table(
        *("method", "bits", *dict.fromkeys(row.equalize for row in rows)),
        box=SIMPLE_HEAD,
        title=f"{SCALING_NETWORK}, hidden channels scaled at random, then equalized: accuracy %",
        title_justify="left",
        pad_edge=False,
    )
    for method in dict.fromkeys(row.method for row in rows):
        same = [accuracy_text(row) for row in rows if row.method == method]
        table.add_row(method.weights, str(method.bits), *same)
    return table


def accuracy_text(row: Row) -> str:
    """Mean ± deviation; a single seed has no deviation."""
    mean, deviation = row.accuracy
    return f"{mean:.1f} ± {deviation:.1f}" if len(row.results) > 1 else f"{mean:.1f}"


def _plot(rows: Sequence[Row], path: Path) -> None:
    try:
        from benchmarks.quantizer_plot import plot
    except ModuleNotFoundError as error:
        raise QuantizeError(f"a plot needs {error.name}; pip install {error.name}, or leave --plot out") from None
    plot(rows, path)


if __name__ == "__main__":
    main()
