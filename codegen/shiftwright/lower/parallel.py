"""The parallel engine: a whole adder graph, pipelined; a position a cycle."""

from collections.abc import Sequence

from shiftwright.arith.interval import Interval
from shiftwright.arith.pipeline import register_bits
from shiftwright.arith.requantize import Requantizer
from shiftwright.lower.engine import Engine
from shiftwright.lower.plan import Plan
from shiftwright.lower.product import requantize_leaf, solve_product, tail_adders, tail_luts
from shiftwright.ops.stage import Component, MatrixProduct
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.format import Format
from shiftwright.rtl.leaf import Pipeline
from shiftwright.rtl.skid import Skid


def parallel_engine(
    name: str, product: MatrixProduct, tails: Sequence[Requantizer] | None, result: Interval, plan: Plan
) -> tuple[Engine, list[Component]]:
    """Solves, proves and wraps y = matrix·x + constants, followed by one requantizer a channel if there are any.

    `result` bounds the outgoing lanes. A rank of registers follows every `levels` levels of adders."""
    solved = solve_product(product, tails, plan.solver.make())
    graph = solved.graph
    levels = plan.levels(graph)
    leaf = AdderLeaf(f"{name}_product", graph, levels)
    wanted = Format.of(result)
    last = requantize_leaf(name, tails, solved.ranges, wanted)
    engine = Engine(
        kind="parallel",
        fold="",
        cycles=1,
        adders=graph.adders,
        luts=plan.family.luts(graph, levels) + tail_luts(tails, solved.ranges),
        bits=graph.bits,
        registers=register_bits(graph, levels),
        requantize_adders=tail_adders(tails),
        levels=levels,
        graph=graph,
        leaf=leaf,
    )
    return engine, [Pipeline(leaf if last is None else [leaf, last]), Skid(wanted.bits)]
