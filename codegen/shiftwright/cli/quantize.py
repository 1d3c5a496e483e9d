"""`shiftwright quantize`: a float model to a quantized one."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from shiftwright.cli.app import app, emit, tables, working

WHAT, HOW, WHERE = "Number systems", "Methods", "Files and output"


class Listing(TyperCommand):
    """A command that with --list needs nothing else: it lists the methods and leaves."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        if given.get("listed"):
            from shiftwright.quantize.methods import methods
            from shiftwright.report.quantized import methods_table

            found = methods()
            emit("as_json" in given, found, lambda: methods_table(tables, found))
            ctx.exit()
        rest: list[str] = super().parse_args(ctx, args)
        return rest


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
    activations: Annotated[
        str,
        typer.Option(
            help="What passes between layers: uniform (even steps), log (0 and powers of two), or log:powers=5, how "
            "many of a sign at most. The network's input and output stay uniform.",
            rich_help_panel=WHAT,
        ),
    ] = "uniform",
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
    from shiftwright.report.quantized import quantized_table

    options: dict[str, Any] = {
        "weights": weights,
        "weight_bits": weight_bits,
        "activations": activations,
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
