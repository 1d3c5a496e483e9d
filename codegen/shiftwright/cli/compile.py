"""`shiftwright compile`: a quantized model to a build folder."""

import math
from pathlib import Path
from typing import Annotated

import typer

from shiftwright.cli.app import JsonOption, app, emit, notes, tables, working
from shiftwright.cli.solving import (
    PANEL,
    DepthOption,
    EffortOption,
    FamilyOption,
    LevelsOption,
    SeedOption,
    depth_limit_of,
)
from shiftwright.errors import BuildError

ASSUMED_CLOCK = 100.0


@app.command()
def compile(  # noqa: A001 - the command's name
    model: Annotated[Path, typer.Argument(help="A quantized ONNX model (QDQ or QCDQ form).", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="The build folder to write.")],
    name: Annotated[str | None, typer.Option(help="Name of the top module; by default the file's.")] = None,
    clock: Annotated[
        float | None,
        typer.Option(
            help=f"Clock in MHz: for frames a second ({ASSUMED_CLOCK:g} if none is given), and with --family for how "
            "many adder levels stand between two registers.",
            min=0.001,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a build folder that Shiftwright wrote.")] = False,
    as_json: JsonOption = False,
    effort: EffortOption = "normal",
    depth_limit: DepthOption = "0",
    family: FamilyOption = "generic",
    levels_per_stage: LevelsOption = None,
    seed: SeedOption = 0,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN=ENGINE",
            help="The engine of layers by name, where * stands for anything; may be given several times, the last that "
            "fits counts. parallel: a position a cycle. serial:d=1 (or 2, 4): the same adders on words sent d bits a "
            "cycle. folded:pe=4,simd=8: so many outputs and inputs at a time.",
            show_default=False,
        ),
    ] = None,
    solver: Annotated[
        str,
        typer.Option(
            help="cse shares subexpressions and searches; csd writes each row by itself, at once.",
            rich_help_panel=PANEL,
        ),
    ] = "cse",
) -> None:
    """Compiles a quantized model to RTL, proves it, and writes a build folder that runs without Shiftwright.

    The folder holds Verilog, a cocotb bench with vectors, host.py, manifest.json, a Makefile and a README.

    Example: `shiftwright compile model.q.onnx -o build --family ecp5 --clock 150`

    Smaller and slower: `shiftwright compile model.q.onnx -o build --engine '*=serial:d=1'`
    """
    from shiftwright import flow
    from shiftwright.build.folder import check_target
    from shiftwright.report.compiled import compiled_table

    if clock is not None and not math.isfinite(clock):
        raise BuildError(f"a clock of {clock} MHz has no frames a second; give a number (--clock 100)")
    check_target(output, force)
    with working(f"compiling {model.name}") as progress:
        loaded = flow.load(model)
        design = loaded.compile(
            name,
            levels_per_stage,
            solver=solver,
            effort=effort,
            depth_limit=depth_limit_of(depth_limit),
            family=family,
            seed=seed,
            clock=clock,
            engines=engine or (),
            progress=progress,
        )
        progress("writing")
        manifest = design.build(output, force)
    for warning in loaded.network.warnings:
        notes.print(f"note: {warning}", soft_wrap=True)
    for note in design.lowered.notes:
        notes.print(f"note: {note}", soft_wrap=True)
    rate = (clock or ASSUMED_CLOCK) * 1e6 / manifest["timing"]["interval"]
    summary = {
        key: manifest[key]
        for key in ("name", "version", "input", "output", "timing", "multipliers", "solver", "layers", "proofs")
    }
    summary |= {
        "folder": str(output),
        "clock_mhz": clock or ASSUMED_CLOCK,
        "frames_per_second": rate,
        "warnings": [*loaded.network.warnings, *design.lowered.notes],
    }
    emit(as_json, summary, lambda: compiled_table(tables, summary))
