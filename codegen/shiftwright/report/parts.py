"""What the tables are made of: cells that hold text as it is, numbers as people read them."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text


def new_table(title: str) -> Table:
    """An empty table under a title, the plainest there is."""
    return Table(
        title=Text(title, "bold") if title else None,
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def add_row(table: Table, *cells: str | Text) -> None:
    """A row of cells as they are: a string may hold a user's names, whose brackets and colons are no markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def print_line(console: Console, text: str, wrap: bool = False) -> None:
    """Text as it is; unless it may wrap, a terminal breaks it and a shell that reads it does not see it broken."""
    console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=not wrap)


def verdict(same: bool) -> Text:
    """A verdict that can be seen from afar."""
    return Text("equal", "green") if same else Text("DIFFERENT", "red")


def thousands(number: int) -> str:
    """1,234."""
    return f"{number:,}"


def plural(number: int, thing: str, things: str = "") -> str:
    """1 adder, 2 adders."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def kinds(graphs: int, graph: str, graphs_name: str, memories: int) -> str:
    """2 adder graphs and 1 weight memory, or whichever there is."""
    parts = [plural(graphs, graph, graphs_name)] if graphs or not memories else []
    return " and ".join([*parts, *([plural(memories, "weight memory", "weight memories")] if memories else [])])


def ends(first: int, last: int) -> str:
    """2–8, or 4 alone."""
    return str(first) if first == last else f"{first}–{last}"
