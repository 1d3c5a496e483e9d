"""`shiftwright verify`: a build folder in simulation, word for word against its reference."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from shiftwright.cli.app import JsonOption, app, emit, tables, working


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(help="A build folder that `shiftwright compile` wrote.", show_default=False)
    ],
    simulator: Annotated[str, typer.Option(help="verilator, icarus, or all that are installed.")] = "all",
    frames: Annotated[
        int | None,
        typer.Option(help="How many frames to play; by default 64 (fewer if they are long), or all of --data.", min=1),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Frames from an .npz (key: the graph input's name; `labels` gives accuracies) or .npy."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random frames and of the stalls.", min=0)] = 0,
    waves: Annotated[bool, typer.Option("--waves", help="Write a waveform into the build folder.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulates a build folder and compares every word: RTL with golden, golden with onnxruntime layer by layer.

    Both sides of the stream stall at random; latency and interval are measured against the manifest. A difference is
    named by layer, frame, position and channel. Exits with 0 only if every word is equal, with 1 if one differs.

    Example: `shiftwright verify build --simulator verilator --data test.npz`
    """
    from shiftwright import flow
    from shiftwright.report.verified import verified_table

    simulators = [] if simulator == "all" else [simulator]
    feeds, labels = (None, None) if data is None else read_frames(data)
    with working(f"simulating {folder}"):
        found = flow.verify(folder, feeds, frames, simulators, seed, waves, labels)
    summary = found.as_dict()
    emit(as_json, summary, lambda: verified_table(tables, summary))
    if not found.equal:
        raise typer.Exit(1)


def read_frames(path: Path) -> tuple[Any, np.ndarray[Any, Any] | None]:
    """Arrays of an .npz by key, or of an .npy, and the labels if there are any."""
    from shiftwright.errors import ImportModelError
    from shiftwright.quantize.arrays import opened

    with opened(path, ImportModelError, "save frames with numpy.savez(FILE, INPUT=…)") as loaded:
        if isinstance(loaded, np.ndarray):
            return loaded, None
        members = {name: loaded[name] for name in loaded.files}
    # An archive may also hold what numpy has not written, such as a text.
    arrays = {name: member for name, member in members.items() if isinstance(member, np.ndarray)}
    return arrays, arrays.pop("labels", None)
