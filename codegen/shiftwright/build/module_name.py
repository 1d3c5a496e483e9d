"""Names for the top module: Verilog identifiers that no tool takes for a keyword."""

import re
from pathlib import Path

from shiftwright.errors import BuildError

# IEEE 1364-2005, annex B; and what SystemVerilog tools add that a network may well be called.
_PLAIN = """
always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam design
disable edge else event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial
inout input instance integer join large liblist library localparam macromodule medium module nand negedge nmos nor
noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup
pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1
scalared showcancelled signed small specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0
tranif1 tri tri0 tri1 triand trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor
bit byte class clocking const context cover enum export final global import int interface local logic modport new
package process program property protected pure rand ref sequence static string struct super this type typedef union
unique var virtual void with
"""
_OPENERS = "case class clocking config function generate interface module package primitive program property sequence"
KEYWORDS = frozenset(
    [*_PLAIN.split(), "end", "endspecify", "endtable", "endtask", *(f"end{w}" for w in _OPENERS.split())]
)


def checked_module_name(name: str) -> str:
    """The name as it is; BuildError for one that Verilog does not take."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name in KEYWORDS:
        raise BuildError(f"{name!r} cannot name a Verilog module; use letters, digits and underscores (--name NAME)")
    return name


def module_name_of(path: Path) -> str:
    """A module name made from a file's."""
    stem = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_")
    return stem if re.match(r"[A-Za-z_]", stem) and stem not in KEYWORDS else f"network_{stem}".rstrip("_")
