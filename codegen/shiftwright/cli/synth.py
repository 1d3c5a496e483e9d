"""`shiftwright synth`: what a design costs on a device, and how fast it is there."""

import math
from pathlib import Path
from typing import Annotated

import typer

from shiftwright.cli.app import JsonOption, app, emit, notes, tables, working
from shiftwright.errors import SynthesisError


@app.command()
def synth(
    design: Annotated[
        Path, typer.Argument(help="A build folder that `shiftwright compile` wrote, or a .v file.", show_default=False)
    ],
    device: Annotated[str, typer.Option(help="ecp5-85k, up5k, xc7 or xcup.")],
    top: Annotated[
        str | None, typer.Option(help="Name of the top module; by default the build's, or a file's only one.")
    ] = None,
    clock: Annotated[
        float | None,
        typer.Option(help="Clock in MHz to place and route for; each device has its own.", min=0.001),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of place and route.", min=0)] = 1,
    place: Annotated[
        bool, typer.Option("--place/--no-place", help="Place and route where the family is open; it may take minutes.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Synthesizes a design with open tools: LUTs, registers, memory and DSP blocks a module, and the highest clock.

    Yosys maps it, with multiplier blocks allowed, so that one would be seen. Where the family is open, nextpnr places
    and routes it out of context: ports lead nowhere, so that only paths between registers count. The script, the
    netlist and the logs stay in DIR/synth/DEVICE (for a file, in FILE.synth/DEVICE). Tools on PATH come first, then the
    PyPI wheels of `pip install 'shiftwright[synth]'`.

    Example: `shiftwright synth build --device ecp5-85k --clock 150`
    """
    from shiftwright.report.synthesized import synthesized_table
    from shiftwright.synth.devices.choose import device as find_device
    from shiftwright.synth.run import synthesize
    from shiftwright.synth.sources import find_sources

    if clock is not None and not math.isfinite(clock):
        raise SynthesisError(f"a clock of {clock} MHz is nothing to aim at; give a number (--clock 100)")
    target = find_device(device)
    sources = find_sources(design, top)
    for note in sources.notes:
        notes.print(f"note: {note}", soft_wrap=True)
    with working(f"synthesizing {sources.top} for {target.name}") as progress:
        found = synthesize(sources, target, clock, seed, place, progress).as_dict()
    emit(as_json, found, lambda: synthesized_table(tables, found))
    if found["failure"]:
        raise SynthesisError(found["failure"])
