"""`shiftwright prove`: a build folder or a core proved from its files alone, for every input, without a simulator."""

from pathlib import Path
from typing import Annotated

import typer

from shiftwright.cli.app import JsonOption, app, emit, tables, working


@app.command()
def prove(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A build folder that `shiftwright compile` wrote, or a core's .v file.", show_default=False
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Proves from a build folder's files alone that its Verilog computes its model.onnx, for every input.

    For a core that `shiftwright cmvm` wrote: that its Verilog computes the matrix in the .json file beside it.

    Adder leaves are read line by line: each must equal its layer's weights, biases and rounding constants, no width may
    overflow, and all paths pass as many registers as stated. The other Verilog files must equal a fresh emission. Files
    that changed since compile are named, with what the proof says of them. Exits with 0 only if all is proved and as
    compiled, with 1 if something is not.

    Example: `shiftwright prove build`
    """
    from shiftwright import flow
    from shiftwright.report.proved import proved_table

    with working(f"proving {folder}"):
        found = flow.prove(folder)
    summary = found.as_dict()
    emit(as_json, summary, lambda: proved_table(tables, summary))
    if not found.proved:
        raise typer.Exit(1)
