"""Names for the top module: Verilog identifiers that no tool takes for a keyword."""

import re
from pathlib import Path

from shiftwright.build.keywords import KEYWORDS
from shiftwright.errors import BuildError
from shiftwright.rtl import add3
from shiftwright.rtl.serial.leaf import ADD

# A simulator that looks for a port in a module of that name finds the module.
PORTS = frozenset({"aclk", "aresetn", "clk", "ce", "x", "y"})
SHARED = frozenset({add3.NAME, ADD})


def checked_module_name(name: str) -> str:
    """The name as it is; BuildError for one that Verilog or a bench does not take."""
    if name in PORTS:
        raise BuildError(f"{name!r} is a port, and no simulator tells the two apart; choose another name (--name NAME)")
    if name in SHARED:
        raise BuildError(f"{name!r} is a module that adder leaves share; choose another name (--name NAME)")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name in KEYWORDS:
        raise BuildError(f"{name!r} cannot name a Verilog module; use letters, digits and underscores (--name NAME)")
    return name


def module_name_of(path: Path, kind: str = "network") -> str:
    """A module name made from a file's, with what it is in front where a file's name alone will not do."""
    stem = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_")
    return (
        stem if re.match(r"[A-Za-z_]", stem) and stem not in KEYWORDS | PORTS | SHARED else f"{kind}_{stem}".rstrip("_")
    )
