"""The command line: each command is one call into flow, a table a person can read, and --json for machines."""

import json
import math
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand

from shiftwright import __version__
from shiftwright.errors import BuildError, ShiftwrightError

app = typer.Typer(
    name="shiftwright",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Compiles quantized neural networks to FPGA datapaths without multipliers, and shows that they are exact.

A usual day, from a float model to simulated hardware:

    shiftwright quantize model.onnx --data calibration.npz --weights pot --weight-bits 4 -o model.q.onnx

    shiftwright compile model.q.onnx -o build

    shiftwright verify build --data test.npz

Exit codes: 0 all is well; 1 the hardware differs from the reference; 2 the input is unusable, and one line on standard
error says what to do; 3 a bug of ours. Every command takes --json and then prints one object to standard output.""",
)
# Lines and tables hold paths and names that users chose, brackets and colons among them: none of it is markup.
tables, notes = (Console(markup=False, emoji=False, highlight=False, stderr=stderr) for stderr in (False, True))
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output instead of tables.")]


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Shows on standard error that long work goes on, and on a terminal the step that it has come to."""
    if not notes.is_terminal:
        yield lambda step: None
        return
    with notes.status(Text(what)) as status:
        yield lambda step: status.update(Text(f"{what}: {step}"))


def emit(as_json: bool, found: dict[str, Any], table: Callable[[], None]) -> None:
    """One object for machines, or a table for people."""
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        table()


def print_version(asked: bool) -> None:
    """Before anything else is read, so that no command has to follow."""
    if asked:
        tables.print(f"shiftwright {__version__}")
        raise typer.Exit


@app.callback()
def version(
    show: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Options before a command."""


class Listing(TyperCommand):
    """A command that with --list needs nothing else: it lists the methods and leaves."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        if given.get("listed"):
            from shiftwright.quantize.methods import methods
            from shiftwright.report.tables import methods_table

            found = methods()
            emit("as_json" in given, found, lambda: methods_table(tables, found))
            ctx.exit()
        rest: list[str] = super().parse_args(ctx, args)
        return rest


WHAT, HOW, WHERE = "Number systems", "Methods", "Files and output"


@app.command(cls=Listing)
def quantize(
    context: typer.Context,
    model: Annotated[Path, typer.Argument(help="A float ONNX model.", show_default=False)],
    data: Annotated[
        Path,
        typer.Option(
            help="Calibration data: an .npz with a key named as the graph input, batch first; key `labels` is optional "
            "and gives accuracies. Or an .npy for the one input, or a folder of either.",
            rich_help_panel=WHERE,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The quantized ONNX file to write.", rich_help_panel=WHERE)
    ],
    weights: Annotated[
        str,
        typer.Option(
            help="The weights' grid, as name:key=value:…, such as pot, ternary, log:base=sqrt2, uniform:range=max.",
            rich_help_panel=WHAT,
        ),
    ] = "pot",
    weight_bits: Annotated[
        int,
        typer.Option(
            help="Stored bits a weight, the sign included; ternary and binary have their own.", rich_help_panel=WHAT
        ),
    ] = 4,
    activation_bits: Annotated[int, typer.Option(help="Bits an activation, 2 to 8.", rich_help_panel=WHAT)] = 6,
    input_bits: Annotated[
        int | None,
        typer.Option(
            help="Bits of the network's input, 2 to 8; by default those of activations.", rich_help_panel=WHAT
        ),
    ] = None,
    activation_range: Annotated[
        str,
        typer.Option(
            help="How far activations reach: mse (least squared error), max (nothing saturates) or percentile=99.9.",
            rich_help_panel=HOW,
        ),
    ] = "mse",
    equalize: Annotated[
        str,
        typer.Option(
            help="Scales channels against each other first: none, one-step, two-step, cross, or auto (cross, then "
            "one-step). By powers of two; with :real behind it by any factor.",
            rich_help_panel=HOW,
        ),
    ] = "none",
    correct: Annotated[
        str,
        typer.Option(
            help="What mends the error: none, bias, or bias,hessian (weights move with the data too).",
            rich_help_panel=HOW,
        ),
    ] = "bias,hessian",
    samples: Annotated[
        int, typer.Option(help="Calibration samples used at most, taken evenly.", rich_help_panel=HOW)
    ] = 1024,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file of these settings, and of others for some layers. Options given here are over its top "
            "level.",
            rich_help_panel=WHERE,
        ),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            help="Held-back data with labels, in the same form: accuracies are measured on it.", rich_help_panel=WHERE
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Explain every method there is, and leave.", rich_help_panel=WHERE)
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON object to standard output instead of tables.", rich_help_panel=WHERE
        ),
    ] = False,
) -> None:
    """Quantizes a float model after training, with bias correction and power-of-two scales.

    Writes a standard QCDQ file that onnxruntime runs. BatchNorm is folded. A channel's scale is handed on to the next
    layer where that is possible, and biases are put half a step off the accumulator's grid, so that requantizers become
    wires in hardware.

    From a float model to a quantized one, and what there is to choose from:

        shiftwright quantize model.onnx --data calibration.npz --weights ternary -o model.q.onnx

        shiftwright quantize --list

    Where layers are to differ, put the options into a file for --config, with _ for -, and below them what holds for
    some layers: a rule for those whose names match, later ones over earlier ones, and [first] and [last] over all:

        weights = "pot"

        [[layer]]
        match = "conv*"
        weight_bits = 5

        [last]
        weights = "uniform"
        weight_bits = 8
    """
    from shiftwright import flow
    from shiftwright.quantize import Settings
    from shiftwright.quantize import quantize as run
    from shiftwright.quantize.config import read_settings
    from shiftwright.report.tables import quantized_table

    options: dict[str, Any] = {
        "weights": weights,
        "weight_bits": weight_bits,
        "activation_bits": activation_bits,
        "input_bits": input_bits,
        "activation_range": activation_range,
        "equalize": equalize,
        "correct": correct,
        "samples": samples,
    }
    given = {name: value for name, value in options.items() if _typed(context, name)}
    settings = Settings(**given) if config is None else read_settings(config, given)
    with working(f"quantizing {model.name}") as progress:
        report = run(model, data, settings, output, progress, test).as_dict()
    obstacle = report["obstacle"] = flow.obstacle(output)
    emit(as_json, report, lambda: quantized_table(tables, report, output, obstacle))


def _typed(context: typer.Context, name: str) -> bool:
    """Whether the user gave an option, were it only its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@app.command()
def compile(  # noqa: A001 - the command's name
    model: Annotated[Path, typer.Argument(help="A quantized ONNX model (QDQ or QCDQ form).", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="The build folder to write.")],
    name: Annotated[str | None, typer.Option(help="Name of the top module; by default the file's.")] = None,
    levels_per_stage: Annotated[int, typer.Option(help="Adder levels between two registers.", min=1)] = 1,
    clock: Annotated[float, typer.Option(help="Assumed clock in MHz, for frames a second.", min=0.001)] = 100.0,
    force: Annotated[bool, typer.Option("--force", help="Replace a build folder that Shiftwright wrote.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Compiles a quantized model to RTL, proves it, and writes a build folder that runs without Shiftwright.

    The folder holds Verilog, a cocotb bench with vectors, host.py, manifest.json, a Makefile and a README.

    Example: `shiftwright compile model.q.onnx -o build --clock 250`
    """
    from shiftwright import flow
    from shiftwright.build.folder import check_target
    from shiftwright.report.tables import compiled_table

    if not math.isfinite(clock):
        raise BuildError(f"a clock of {clock} MHz has no frames a second; give a number (--clock 100)")
    check_target(output, force)
    with working(f"compiling {model.name}"):
        loaded = flow.load(model)
        design = loaded.compile(name, levels_per_stage)
        manifest = design.build(output, force)
    for warning in loaded.network.warnings:
        notes.print(f"note: {warning}", soft_wrap=True)
    rate = clock * 1e6 / manifest["timing"]["interval"]
    summary = {
        key: manifest[key]
        for key in ("name", "version", "input", "output", "timing", "multipliers", "layers", "proofs")
    }
    summary |= {
        "folder": str(output),
        "clock_mhz": clock,
        "frames_per_second": rate,
        "warnings": list(loaded.network.warnings),
    }
    emit(as_json, summary, lambda: compiled_table(tables, summary))


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(help="A build folder that `shiftwright compile` wrote.", show_default=False)
    ],
    simulator: Annotated[str, typer.Option(help="verilator, icarus, or all that are installed.")] = "all",
    frames: Annotated[
        int | None, typer.Option(help="How many frames to play; by default 64, or all of --data.", min=1)
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
    from shiftwright.report.tables import verified_table

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


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Lists every tool that Shiftwright uses: version, path, and what to do where one is missing.

    Exits with 1 if no simulator is there.
    """
    from shiftwright.report.tables import doctor_table
    from shiftwright.sim.installed import survey

    with working("asking each tool for its version"):
        tools = [tool.as_dict() for tool in survey()]
    emit(as_json, {"tools": tools}, lambda: doctor_table(tables, tools))
    if not any(tool["found"] for tool in tools if tool["purpose"] == "simulation"):
        raise typer.Exit(1)


def main() -> None:
    """Entry point: a user's error is one line and exit code 2, a bug of ours a traceback and 3."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console without Unicode gets question marks, not a crash
    try:
        app()
    except ShiftwrightError as error:
        notes.print(f"error: {error}", soft_wrap=True)
        sys.exit(2)
    except Exception:
        traceback.print_exc()
        notes.print("This is a bug in Shiftwright: please report the lines above and the model.")
        sys.exit(3)


if __name__ == "__main__":
    main()
