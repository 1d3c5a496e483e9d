"""The folded engine: pe outputs and simd inputs at a time, weights as codes in a memory, words from a ring of lines.

A stage is fetch → lanes → requantizers of one run, where all channels have the same → the position gathered again →
whatever requantizers each channel has of its own."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shiftwright.arith.folded.prove import prove_codes, prove_decode
from shiftwright.arith.interval import Interval
from shiftwright.arith.requantize import Requantizer
from shiftwright.lower.choice import Folded
from shiftwright.lower.engine import Engine
from shiftwright.lower.parallel import parallel_engine
from shiftwright.lower.plan import Plan
from shiftwright.lower.product import tail_adders, tail_luts
from shiftwright.ops.linear import product_interval
from shiftwright.ops.stage import Component, MatrixProduct, WindowProduct
from shiftwright.rtl.collect import Collect
from shiftwright.rtl.fetch import fetch
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.leaf import Pipeline
from shiftwright.rtl.requantize_leaf import RequantizeLeaf
from shiftwright.rtl.skid import Skid


def folded_engine(
    name: str,
    product: WindowProduct,
    tails: Sequence[Requantizer] | None,
    link: Format,
    result: Interval,
    plan: Plan,
    choice: Folded,
    table: tuple[int, ...] | None = None,
) -> tuple[Engine, list[Component]]:
    """Encodes, proves and wraps matrix·x + constants, followed by one requantizer a channel if there are any.

    With a `table` the link carries codes, and each stands for a number of it."""
    rows, columns = product.matrix.shape
    outputs, channels = rows // product.groups, len(link.lanes) // product.groups
    pe, simd = fold_within(outputs, choice.pe), fold_within(channels, choice.simd)
    # Groups that are taken whole, such as those of depthwise layers, are taken several at a time.
    together = fold_within(product.groups, choice.pe // pe) if (pe, simd) == (outputs, channels) else 1
    pe *= together
    notes: tuple[str, ...] = ()
    if (pe, simd) != (choice.pe, choice.simd):
        notes = (
            f"{choice.fold} does not divide {outputs} outputs and {channels} channels"
            + (f" of each of {product.groups} groups" if product.groups > 1 else "")
            + f"; pe={pe},simd={simd} is built",
        )
    early, late = _split(product, tails)
    lo, hi = product.words
    words, pad, decode = Lane.spanning(lo, hi), product.pad, table
    if table is not None:
        pad = tuple(table.index(number) for number in pad) if product.outside else (0,) * len(pad)
        words = Lane(max(max(lane.width for lane in link.lanes), max(pad).bit_length()), False)
        # Codes that never come stand for anything.
        decode = tuple(min(max(table[min(code, len(table) - 1)], lo), hi) for code in range(1 << words.width))
        prove_decode(decode, table, (lo, hi))
    kernel, stride, padding, dilation = product.window
    groups, repeats = product.groups // together, outputs * together // pe
    chunk = together * simd
    source = fetch(*product.image, link, words, kernel, stride, padding, dilation, pad, chunk, groups, repeats)
    lanes = FoldedEngine(product.matrix, early, words, lo, hi, pe, simd, decode, together)
    prove_codes(lanes.codes, product.matrix, early, (lo, hi))
    components: list[Component] = [source, lanes]
    runs, luts = rows // pe, source.estimated_luts + lanes.estimated_luts
    lane, gathered = lanes.results.lanes[0], Format.of(result)
    behind: list[Component] = []
    if late is not None:
        sums = _ranges(product, early)
        one = _common(late, sums)
        if one is not None:
            whole = [lanes.codes.results] * pe
            leaf = RequantizeLeaf(f"{name}_requantize", [one] * pe, whole)
            components.append(Pipeline(leaf))
            lane = leaf.results.lanes[0]
            luts += tail_luts([one] * pe, whole)
        else:
            ones = np.eye(rows, dtype=np.int64)
            end, behind = parallel_engine(name, MatrixProduct(ones, (0,) * rows, sums), late, result, plan)
            gathered = Format.of(sums)
            luts += end.luts
    components += [Skid(pe * lane.width), Collect(runs, pe * lane.width, (lane, gathered)), *behind]
    luts += pe * lane.width
    engine = Engine(
        kind="folded",
        fold=f"pe={pe},simd={simd}",
        cycles=runs * columns // simd,
        adders=pe * simd * len(lanes.codes.terms),
        luts=luts,
        requantize_adders=tail_adders(late),
        notes=notes,
    )
    return engine, components


def fold_within(size: int, asked: int) -> int:
    """The largest divisor of `size` that is not above `asked`."""
    return next(fold for fold in range(min(size, asked), 0, -1) if size % fold == 0)


def _split(product: WindowProduct, tails: Sequence[Requantizer] | None) -> tuple[list[int], list[Requantizer] | None]:
    """The constants that accumulators begin with, and the requantizers without what is in these."""
    if tails is None:
        return list(product.constants), None
    early, late = [], []
    for bias, tail in zip(product.constants, tails, strict=True):
        if tail.form != "search" and tail.multiplier == 1:
            early.append(bias + tail.constant)
            late.append(replace(tail, constant=0))
        else:
            early.append(bias)
            late.append(tail)
    return early, late


def _ranges(product: WindowProduct, constants: Sequence[int]) -> Interval:
    """(lo, hi) of each row's sum, for any words of the common lane; RangeError beyond 62 bits."""
    lo, hi = product.words
    columns = product.matrix.shape[1]
    return product_interval(product.matrix, tuple(constants), Interval.of([lo] * columns, [hi] * columns))


def _common(tails: Sequence[Requantizer], sums: Interval) -> Requantizer | None:
    """One requantizer that gives every channel its codes; None where they differ."""
    first = tails[0]
    lo, hi = min(tail.lo for tail in tails), max(tail.hi for tail in tails)
    for tail, (least, most) in zip(tails, sums.pairs(), strict=True):
        if tail.form != "scale" or (tail.multiplier, tail.constant, tail.shift) != (1, 0, first.shift):
            return None
        # A bound that a channel does not reach may be any other one.
        if (least >> tail.shift < tail.lo != lo) or (most >> tail.shift > tail.hi != hi):
            return None
    return Requantizer("scale", lo, hi, shift=first.shift)
