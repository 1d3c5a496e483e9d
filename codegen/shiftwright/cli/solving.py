"""Options of the commands that solve matrices, spelt and explained once."""

from typing import Annotated

import typer

from shiftwright.errors import SolveError

PANEL = "Adder graphs"
EffortOption = Annotated[
    str,
    typer.Option(
        help="How long to search for smaller adder graphs: fast, normal, high, or seconds a matrix. The names give the "
        "same graph, byte for byte, on every run; seconds do not.",
        rich_help_panel=PANEL,
    ),
]
DepthOption = Annotated[
    str,
    typer.Option(
        metavar="LEVELS|none",
        help="Adder levels that a graph may have above the fewest possible. More of them save adders and cost latency "
        "and registers.",
        rich_help_panel=PANEL,
    ),
]
FamilyOption = Annotated[
    str,
    typer.Option(
        help="The FPGA family whose LUTs count: generic, ecp5, ice40, xc7 or xcup. The last two, AMD's, add three "
        "operands at once.",
        rich_help_panel=PANEL,
    ),
]
SeedOption = Annotated[int, typer.Option(help="Seed of the search.", min=0, rich_help_panel=PANEL)]
LevelsOption = Annotated[
    int | None,
    typer.Option(
        help="Adder levels between two registers. By default 1, or as many as --family allows at --clock if both are "
        "given.",
        min=1,
        rich_help_panel=PANEL,
    ),
]


def depth_limit_of(text: str) -> int | None:
    """A depth limit as typed; SolveError where it is neither a number nor `none`."""
    if text == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise SolveError(f"a depth limit of {text!r} is no count of adder levels; give 0 or more, or none") from None
