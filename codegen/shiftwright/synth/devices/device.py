"""What a device's file declares: how Yosys synthesizes for it, what its cells count as, who places and routes."""

from collections.abc import Mapping
from dataclasses import dataclass

from shiftwright.synth.counts import Counts
from shiftwright.synth.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class Route:
    """Place and route: the tool with its options for this device, its LUTs, the clock in MHz to aim at by default."""

    tool: Tool
    options: tuple[str, ...]
    luts: int
    clock: float


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """`family` names the cost model; `synth` is Yosys' pass, to which the top module is added.

    `libraries` are read first, since sources may name their cells, `defines` are macros for all sources. `cells` says
    what each type of cell counts as, and `rule` says it in words. `no_route` tells why there is no Fmax."""

    name: str
    description: str
    family: str
    synth: str
    cells: Mapping[str, Counts]
    rule: str
    libraries: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    route: Route | None = None
    no_route: str = ""
