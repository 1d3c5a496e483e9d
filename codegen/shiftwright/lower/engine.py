"""What every engine tells of itself: components from a layer's words to its codes, and the counts that tables show."""

from dataclasses import dataclass, field, replace

from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.rtl.leaf import Leaf
from shiftwright.rtl.serial.leaf import SerialLeaf


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """One layer's engine. `cycles` is how many a position takes; `luts` are an estimate of the plan's family.

    `graph` and `leaf` are the adder graph and its Verilog, where there is one. `requantize_adders` are those beyond the
    matrix and its bias: 0 where every requantizer is a wire. `inner_latency` is that to the next layer of the same
    stage. `notes` tell what was not built as asked."""

    kind: str
    fold: str
    cycles: int
    adders: int
    luts: int
    bits: int = 0
    registers: int = 0
    requantize_adders: int = 0
    levels: int | None = None
    graph: AdderGraph | None = None
    leaf: Leaf | SerialLeaf | None = None
    inner_latency: int = 0
    notes: tuple[str, ...] = field(default=())

    def with_leaf(self, leaf: Leaf | SerialLeaf) -> "Engine":
        """The same engine around another leaf."""
        assert self.leaf is not None
        inner = self.inner_latency and self.inner_latency - self.leaf.latency + leaf.latency
        return replace(self, leaf=leaf, inner_latency=inner)
