"""A constant matrix by itself, for people who need no network: solved, proved, called on arrays, written as Verilog."""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shiftwright import __version__
from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.arith.families.choose import family as family_of
from shiftwright.arith.families.family import Family
from shiftwright.arith.prove import prove_graph
from shiftwright.build.core_arguments import check_reach, constants_of, matrix_of, ranges_of
from shiftwright.build.module_name import checked_module_name
from shiftwright.build.prove_statement import LinearMap
from shiftwright.errors import SolveError
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.format import Format
from shiftwright.rtl.leaf import templates

RUNS = 12  # of lanes of equal width that a comment lists
STAGES = (1, 2, 3)  # levels a stage that a summary compares


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Core:
    """y = matrix·x + constants as an adder graph, proved for every x within `linear.ranges`.

    `seconds` is what solving took, without the solver's own compilation or loading."""

    graph: AdderGraph
    linear: LinearMap
    settings: SolverSettings
    seconds: float

    def __call__(self, x: ArrayLike) -> NDArray[np.int64]:
        """What the hardware computes: (batch, outputs) of x (batch, inputs), or (outputs,) of x (inputs,).

        SolveError for an x that is no whole number within its range."""
        array = np.asarray(x)
        if array.ndim not in (1, 2) or array.shape[-1] != self.inputs:
            raise SolveError(f"x has shape {array.shape}; give (batch, {self.inputs}) or ({self.inputs},)")
        rows = matrix_of(array.reshape(-1, self.inputs) if self.inputs else np.zeros((len(array), 0)), "x")
        lo, hi = (np.array(bounds, dtype=np.int64) for bounds in self._bounds())
        outside = np.argwhere((rows < lo) | (rows > hi))
        if len(outside):
            row, column = outside[0].tolist()
            least, most = self.linear.ranges[column]
            raise SolveError(
                f"x holds {rows[row, column]} for input {column}, which was solved for {least} … {most}; "
                "solve for a wider input_range"
            )
        found = self.graph(rows)
        return found if array.ndim == 2 else found[0]

    @property
    def inputs(self) -> int:
        """How many numbers go in."""
        return len(self.linear.ranges)

    @property
    def outputs(self) -> int:
        """How many numbers come out."""
        return len(self.linear.constants)

    @property
    def adders(self) -> int:
        """Adders and subtractors; a negation counts as one."""
        return self.graph.adders

    @property
    def bits(self) -> int:
        """Full-adder bits: each adder's width less the low bits that pass through it."""
        return self.graph.bits

    @property
    def depth(self) -> int:
        """Adders on the longest path."""
        return self.graph.depth

    @property
    def family(self) -> Family:
        """The family whose LUTs were counted."""
        return family_of(self.settings.family)

    def latency(self, levels_per_stage: int = 1) -> int:
        """Clock edges with ce from x to its y."""
        return max(1, -(-self.depth // _checked(levels_per_stage)))

    def luts(self, levels_per_stage: int = 1) -> int:
        """LUTs by the family's model, shift registers included; an estimate."""
        return self.family.luts(self.graph, _checked(levels_per_stage))

    def registers(self, levels_per_stage: int = 1) -> int:
        """Bits of register by the family's model, without those in shift registers; an estimate."""
        return self.family.registers(self.graph, _checked(levels_per_stage))

    def leaf(self, name: str, levels_per_stage: int) -> AdderLeaf:
        """The pipelined module; SolveError where there is nothing to make one of."""
        if not self.inputs or not self.outputs:
            raise SolveError(f"a matrix of {self.outputs}×{self.inputs} has no ports; give rows and columns")
        return AdderLeaf(checked_module_name(name), self.graph, _checked(levels_per_stage))

    def verilog(self, name: str = "core", levels_per_stage: int = 1) -> str:
        """One file: the pipelined module with ports clk, ce, x and y, and the module of three-operand adders if needed.

        x and y hold one lane an input and an output, as narrow as its numbers allow, the first one lowest."""
        leaf = self.leaf(name, levels_per_stage)
        modules = leaf.files()
        own = modules.pop(f"{name}.v")
        head = (
            templates()
            .get_template("core.v.j2")
            .render(
                name=name,
                version=__version__,
                inputs=self.inputs,
                outputs=self.outputs,
                adders=self.adders,
                latency=leaf.latency,
                constants=any(self.linear.constants),
                x=_lanes(leaf.words),
                y=_lanes(leaf.results),
            )
        )
        return head + own + "".join(modules.values())

    def __str__(self) -> str:
        counts = f"{self.adders:,} adders, {self.bits:,} bits, depth {self.depth}"
        lines = [
            f"{self.outputs} outputs of {self.inputs} inputs: {counts}; proved, {self.seconds:.2f} s",
            f"levels a stage  latency   LUTs ≈  registers ≈   ({self.family.name})",
        ]
        for levels in range(1, max(1, min(self.depth, len(STAGES))) + 1):
            row = self.latency(levels), self.luts(levels), self.registers(levels)
            lines.append("{:14}  {:7}  {:7,}  {:11,}".format(levels, *row))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Core {self.outputs}×{self.inputs}: {self.adders} adders, {self.bits} bits, depth {self.depth}>"

    def _bounds(self) -> tuple[list[int], list[int]]:
        return [lo for lo, _ in self.linear.ranges], [hi for _, hi in self.linear.ranges]


def solve(
    W: ArrayLike,  # noqa: N803 - a matrix's usual name
    input_range: ArrayLike = (-128, 127),
    depth_limit: int | None = 0,
    effort: str | float = "normal",
    seed: int = 0,
    family: str = "generic",
    constants: ArrayLike | None = None,
) -> Core:
    """The constant matrix W (outputs, inputs) as shifts and adds: y = W·x + constants, proved for every x in range.

    W and `constants` hold whole numbers of any type, `input_range` is (lo, hi) for all inputs or one pair each, bounds
    included. `depth_limit` is in adder levels above the least possible, None for any depth. `effort` is fast, normal or
    high, which give the same graph on every run, or a number of seconds. `family` names the FPGAs whose LUTs count.
    SolveError says what is wrong with any of them."""
    settings = SolverSettings("cse", effort, depth_limit, family, seed)
    matrix = matrix_of(W)
    ranges, added = ranges_of(input_range, matrix.shape[1]), constants_of(constants, matrix.shape[0])
    return solve_with(settings, matrix, ranges, added)


def solve_with(
    settings: SolverSettings, matrix: NDArray[np.int64], ranges: list[tuple[int, int]], constants: list[int]
) -> Core:
    """As `solve`, of arguments that are integers already."""
    check_reach(matrix, ranges, constants)
    replace(settings, effort="fast").make().solve(np.array([[3]]), [(0, 1)], [0])  # compiles and loads what it needs
    began = perf_counter()
    graph = settings.make().solve(matrix, ranges, constants)
    seconds = perf_counter() - began
    prove_graph(graph, matrix, constants)
    return Core(graph, LinearMap(matrix, tuple(constants), tuple(ranges)), settings, seconds)


def _checked(levels_per_stage: int) -> int:
    if levels_per_stage < 1:
        raise SolveError(f"{levels_per_stage} adder levels a register is too few; use 1 or more")
    return levels_per_stage


def _lanes(words: Format) -> str:
    """Lanes from the lowest up, those of equal width together."""
    runs: list[list[int | bool]] = []
    for lane in words.lanes:
        if runs and runs[-1][1:] == [lane.width, lane.signed]:
            runs[-1][0] += 1
        else:
            runs.append([1, lane.width, lane.signed])
    listed = [f"{number} of {width} bit{'s' * (width > 1)}{', signed' * signed}" for number, width, signed in runs]
    return "; ".join(listed[:RUNS]) + ("; …" if len(listed) > RUNS else "")
