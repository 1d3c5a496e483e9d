"""What the commands share: the application, its consoles, how results are printed, and what becomes of an error."""

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from shiftwright import __version__
from shiftwright.errors import ShiftwrightError

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
error says what to do; 3 a bug of ours; 130 stopped by Ctrl-C. Every command takes --json and then prints one object to
standard output.""",
)
# Lines and tables hold paths and names that users chose, brackets and colons among them: none of it is markup.
tables, notes = (Console(markup=False, emoji=False, highlight=False, stderr=stderr) for stderr in (False, True))
INTERRUPTED = 130  # as shells say it
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


def main() -> None:
    """Entry point: a user's error is one line and exit code 2, a bug of ours a traceback and 3."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console without Unicode gets question marks, not a crash
    try:
        code = app(standalone_mode=False)
    except ShiftwrightError as error:
        notes.print(f"error: {error}", soft_wrap=True)
        sys.exit(2)
    except Exception as error:
        if hasattr(error, "format_message"):  # typer keeps click's exceptions in a private module
            usage(error)
            sys.exit(2)
        traceback.print_exc()
        notes.print("This is a bug in Shiftwright: please report the lines above and the model.")
        sys.exit(3)
    if code == INTERRUPTED:
        notes.print("stopped; nothing was written")
    sys.exit(code)


def usage(error: Any) -> None:
    """One line for a command that was typed wrong; the help itself where nothing was typed."""
    path = error.ctx.command_path if getattr(error, "ctx", None) else app.info.name
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        notes.print(f"error: {error.format_message().rstrip('.')}; see `{path} --help`", soft_wrap=True)
