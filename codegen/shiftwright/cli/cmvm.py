"""`shiftwright cmvm`: a constant matrix, without a network around it, to a proved and pipelined core."""

from pathlib import Path
from typing import Annotated, Any

import typer

from shiftwright.cli.app import JsonOption, app, emit, tables, working
from shiftwright.cli.solving import (
    PANEL,
    DepthOption,
    EffortOption,
    FamilyOption,
    SeedOption,
    depth_limit_of,
)
from shiftwright.errors import SolveError

LARGEST_INPUT = 58  # bits


@app.command()
def cmvm(
    matrix: Annotated[
        Path,
        typer.Argument(
            help="Whole numbers, a row an output: .npy, or .csv or .txt with commas or blanks between.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The Verilog file to write; its companions lie beside.")
    ],
    input_range: Annotated[
        str | None,
        typer.Option(metavar="LO:HI", help="What an input may be, bounds included; with commas between, one an input."),
    ] = None,
    input_bits: Annotated[
        int | None,
        typer.Option(help="The same for signed words of so many bits; 8 by default.", min=1, max=LARGEST_INPUT),
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="The words of --input-bits have no sign.")] = False,
    name: Annotated[str | None, typer.Option(help="Name of the module; by default the file's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a core that Shiftwright wrote.")] = False,
    as_json: JsonOption = False,
    effort: EffortOption = "normal",
    depth_limit: DepthOption = "0",
    family: FamilyOption = "generic",
    clock: Annotated[
        float | None,
        typer.Option(
            help="Clock in MHz: as many adder levels between registers as --family allows.",
            min=0.001,
            rich_help_panel=PANEL,
        ),
    ] = None,
    levels_per_stage: Annotated[
        int | None, typer.Option(help="Adder levels between two registers; 1 by default.", min=1, rich_help_panel=PANEL)
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Writes y = W·x for a constant matrix W as Verilog of shifts and adds: pipelined, proved, without a multiplier.

    For -o core.v there will be core.v (ports clk, ce, x, y), core.json (matrix, ranges, latency, hashes, proof) and
    core_bench/, which simulates it against numpy and needs no Shiftwright: `make -C core_bench sim`. `shiftwright prove
    core.v` proves it again from these files, `shiftwright synth core.v` says what it costs.

    Example: `shiftwright cmvm W.npy -o core.v --input-bits 8 --family ecp5 --clock 200`
    """
    from shiftwright.arith.cmvm.compiling import NOTE, waits_for_compiler
    from shiftwright.arith.cmvm.settings import SolverSettings
    from shiftwright.build.core import solve_with
    from shiftwright.build.core_arguments import array_of, matrix_of, ranges_of
    from shiftwright.build.core_files import CorePlaces, check_places, write_core
    from shiftwright.build.module_name import checked_module_name, module_name_of
    from shiftwright.lower.plan import Plan
    from shiftwright.report.cores import core_table

    settings = SolverSettings("cse", effort, depth_limit_of(depth_limit), family, seed)
    plan = Plan(settings, levels_per_stage, clock)
    if clock is not None and plan.pipelined_for is None:
        why = "--levels-per-stage says it already" if levels_per_stage else f"{family} has no delays; name a --family"
        raise SolveError(f"a clock of {clock:g} MHz cannot choose the levels a stage: {why}")
    module = module_name_of(output, "core") if name is None else checked_module_name(name)
    check_places(CorePlaces(output), force)
    weights = matrix_of(array_of(matrix), str(matrix))
    ranges = ranges_of(_ranges(input_range, input_bits, unsigned), weights.shape[1])
    with working(f"solving {matrix.name}") as progress:
        if waits_for_compiler(settings):
            progress(NOTE)
        core = solve_with(settings, weights, ranges, [0] * len(weights))
        levels = plan.levels(core.graph)
        description = write_core(core, output, module, levels, force)
    summary: dict[str, Any] = {key: value for key, value in description.items() if key not in ("constants", "matrix")}
    summary |= {
        "output": str(output),
        "outputs": core.outputs,
        "inputs": core.inputs,
        "weights": [int(weights.min()), int(weights.max())],
        "pipelined_for_mhz": plan.pipelined_for,
        "seconds": core.seconds,
    }
    emit(as_json, summary, lambda: core_table(tables, summary))


def _ranges(input_range: str | None, input_bits: int | None, unsigned: bool) -> tuple[int, int] | list[tuple[int, int]]:
    """(lo, hi) for all inputs, or one pair each, from the three options."""
    if input_range is not None:
        if input_bits is not None or unsigned:
            raise SolveError("--input-range says what --input-bits and --unsigned would; give one of them")
        pairs = [_pair(part) for part in input_range.split(",")]
        return pairs[0] if len(pairs) == 1 else pairs
    bits = 8 if input_bits is None else input_bits
    return (0, (1 << bits) - 1) if unsigned else (-(1 << bits - 1), (1 << bits - 1) - 1)


def _pair(text: str) -> tuple[int, int]:
    lo, _, hi = text.partition(":")
    try:
        return int(lo), int(hi)
    except ValueError:
        raise SolveError(f"an input range of {text!r} is none; give two whole numbers, such as -128:127") from None
