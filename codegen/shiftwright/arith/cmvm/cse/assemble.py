"""Turns what the search found into an adder graph: words without sign wherever nothing forces one.

A difference may be built either way round, and the way that subtracts the higher word is cheaper by the bits between.
So every sum takes its sign along, and nodes hand theirs to their readers. Only an output must be positive: where its
tree comes out negative its sums are turned, or else a node that it reads, and a negation is added where neither is
possible."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.csd import csd_digits

Rows = NDArray[np.int64]
NEVER = 1 << 60
MOST_TURNS = 8  # nodes that are tried for an output
TURN = 2  # added to the sign of a leaf that an adder of its own may turn
NEGATION = 8  # bits that this takes, about
CONSTANT = -1  # the value of a leaf that is a number, which stands in the place of its shift


@dataclass(slots=True)
class _Tree:
    """An expression: its leaves, and sums of earlier places. `signs` and `shifts` are those of all places as built."""

    leaves: list[list[int]]
    sums: list[list[int]]
    is_output: bool
    wanted: bool | None = None  # of the root: negative, or not; None for what costs least
    negated: bool = False  # whether the leaf that may be turned is
    signs: list[bool] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)


def assemble(
    ranges: Sequence[tuple[int, int]], outputs: int, heads: Rows, items: Rows, sums: Rows, depth: int | None
) -> AdderGraph:
    """The graph of `outputs` expressions numbered behind the inputs, none deeper than `depth`; rows as `export_trees`
    gives them."""
    inputs = len(ranges)
    item_rows, sum_rows = items.tolist(), [[place for place in row if place >= 0] for row in sums.tolist()]
    trees = {}
    for head, first_item, item_count, first_sum, sum_count in heads.tolist():
        is_output = head < inputs + outputs
        trees[head] = _Tree(
            item_rows[first_item : first_item + item_count],
            sum_rows[first_sum : first_sum + sum_count],
            is_output,
            False if is_output else None,
        )
    _choose_signs(trees)
    builder = Builder(ranges, shares=True)
    known: dict[int, Operand | None] = {number: Operand(number) for number in range(inputs)}
    for head, tree in trees.items():
        known[head] = _built(builder, known, tree) if tree.leaves else None
        if tree.is_output:
            known[head] = _output(builder, known, trees, head, depth)
    return _pruned(builder.graph(known[inputs + number] for number in range(outputs)))


def _choose_signs(trees: dict[int, _Tree]) -> None:
    """Signs of all places. For an output that stays negative a node that it reads is turned, if fewer are so then."""
    readers: dict[int, list[int]] = {head: [] for head in trees}
    for head, tree in trees.items():
        _sign(trees, tree)
        for value, _, _ in tree.leaves:
            if value in trees:
                readers[value].append(head)
    order = {head: place for place, head in enumerate(trees)}
    for tree in trees.values():
        if _is_bad(tree):
            for node in _candidates(trees, tree):
                if _turn_helps(trees, readers, order, node):
                    break


def _is_bad(tree: _Tree) -> bool:
    return tree.is_output and bool(tree.leaves) and tree.signs[-1]


def _candidates(trees: dict[int, _Tree], tree: _Tree) -> list[int]:
    """Nodes that can be built either way round: those that the tree reads, or those below where all signs agree."""
    found: list[int] = []
    seen: set[int] = set()
    waiting = [value for value, _, _ in tree.leaves]
    for value in waiting:  # which grows
        if value in seen or value not in trees or len(found) == MOST_TURNS:
            continue
        seen.add(value)
        node = trees[value]
        if node.wanted is None and len(set(node.signs[: len(node.leaves)])) == 2:
            found.append(value)
        else:
            waiting += [below for below, _, _ in node.leaves]
    return found


def _turn_helps(trees: dict[int, _Tree], readers: dict[int, list[int]], order: dict[int, int], node: int) -> bool:
    """Turns a node if fewer outputs are negative for it."""
    above = {node}
    waiting = [node]
    while waiting:
        for head in readers[waiting.pop()]:
            if head not in above:
                above.add(head)
                waiting.append(head)
    touched = sorted(above, key=order.__getitem__)
    before = sum(_is_bad(trees[head]) for head in touched)
    for wanted in (not trees[node].signs[-1], None):
        trees[node].wanted = wanted
        for head in touched:
            _sign(trees, trees[head])
        if sum(_is_bad(trees[head]) for head in touched) < before:
            return True
    return False


def _sign(trees: dict[int, _Tree], tree: _Tree) -> None:
    tree.signs, tree.shifts, tree.negated = [], [], False
    for value, shift, negative in tree.leaves:
        if value == CONSTANT:
            tree.signs.append(False)  # a number takes any sign for nothing
            tree.shifts.append((shift & -shift).bit_length() - 1)
        else:
            source = trees.get(value)
            tree.signs.append(bool(negative & 1) != (source is not None and source.signs[-1]))
            tree.shifts.append(shift + (source.shifts[-1] if source is not None else 0))
    for places in tree.sums:
        low = min(tree.shifts[place] for place in places)
        tree.signs.append(all(tree.signs[place] for place in places if tree.shifts[place] == low))
        tree.shifts.append(low)
    if tree.sums and tree.wanted is not None and tree.signs[-1] != tree.wanted:
        _turn(tree)


def _turn(tree: _Tree) -> None:
    """Gives the root its wanted sign at the least cost, if the leaves allow it; dynamic programming over the sums."""
    shifts = tree.shifts
    # Of each place, by its sign: the bits beyond its cheapest form, and the signs of its parts.
    costs = []
    for is_negative, (value, _, negative) in zip(tree.signs, tree.leaves, strict=False):
        other = 0 if value == CONSTANT else NEGATION if negative & TURN else NEVER
        costs.append([other, 0] if is_negative else [0, other])
    chosen: list[list[tuple[int, ...]]] = [[(), ()] for _ in tree.leaves]
    for places in tree.sums:
        ordered = sorted(shifts[place] for place in places)
        costs.append([NEVER, NEVER])
        chosen.append([(), ()])
        for signs in product((0, 1), repeat=len(places)):
            cost = sum(costs[place][sign] for place, sign in zip(places, signs, strict=True))
            lowest = {sign for place, sign in zip(places, signs, strict=True) if shifts[place] == ordered[0]}
            for sign in set(signs):  # at least one part is added
                extra = cost + (0 if sign in lowest else ordered[1] - ordered[0])
                if extra < costs[-1][sign]:
                    costs[-1][sign], chosen[-1][sign] = extra, signs
    if costs[-1][int(bool(tree.wanted))] >= NEVER:
        return
    before = list(tree.signs)
    tree.signs[-1] = bool(tree.wanted)
    for place in range(len(costs) - 1, len(tree.leaves) - 1, -1):
        parts = tree.sums[place - len(tree.leaves)]
        for part, turned in zip(parts, chosen[place][tree.signs[place]], strict=True):
            tree.signs[part] = bool(turned)
    tree.negated = any(tree.signs[place] != before[place] for place, leaf in enumerate(tree.leaves) if leaf[2] & TURN)


def _built(builder: Builder, known: dict[int, Operand | None], tree: _Tree) -> Operand | None:
    parts: list[Operand | int] = []
    for value, shift, negative in tree.leaves:
        if value == CONSTANT:
            parts.append(shift)
            continue
        source = known[value]
        assert source is not None
        operand = Operand(source.value, source.shift + shift, source.negative != bool(negative & 1))
        parts.append(_negation(builder, operand) if negative & TURN and tree.negated else operand)
    for places, negative in zip(tree.sums, tree.signs[len(tree.leaves) :], strict=True):
        parts.append(_joined(builder, [parts[place] for place in places], negative))
    root = parts[-1]
    if isinstance(root, int):
        return builder.constant(root)
    return root


def _output(
    builder: Builder, known: dict[int, Operand | None], trees: dict[int, _Tree], head: int, depth: int | None
) -> Operand | None:
    """The output without sign. Where a negation would be too deep, nodes that two outputs want of opposite signs are
    taken apart in this one until something is added in it; its Kraft sum does not grow by that."""
    root = known[head]
    if root is None or not _too_deep(builder, root, depth):
        return _negation(builder, root) if root is not None and root.negative else root
    leaves = [(value, shift, bool(negative & 1)) for value, shift, negative in trees[head].leaves if value != CONSTANT]

    def operand(value: int, shift: int, negative: bool) -> Operand:
        source = known[value]
        assert source is not None
        return Operand(source.value, source.shift + shift, source.negative != negative)

    while all(operand(*leaf).negative for leaf in leaves) and any(leaf[0] in trees for leaf in leaves):
        place = next(place for place, leaf in enumerate(leaves) if leaf[0] in trees)
        node, shift, negative = leaves.pop(place)
        leaves += [(value, shift + more, negative != bool(sign)) for value, more, sign in trees[node].leaves]
    weights, constant = builder.weights_of(root.value)
    constant = (-constant if root.negative else constant) << root.shift
    found = builder.total((operand(*leaf) for leaf in leaves), constant)
    if found is not None and not _too_deep(builder, found, depth):
        return found
    # Three-operand sums below can leave too little room for a tree of two-operand ones: then the row stands alone.
    return builder.total(
        (
            Operand(column, shift + root.shift, (sign < 0) != root.negative)
            for column, weight in weights.items()
            for shift, sign in csd_digits(weight)
        ),
        constant,
    )


def _too_deep(builder: Builder, root: Operand, depth: int | None) -> bool:
    return depth is not None and builder.level_of(root.value) + root.negative > depth


def _negation(builder: Builder, operand: Operand) -> Operand:
    """What was subtracted, as a value of its own that is added; and the other way round."""
    return Operand(builder.add([Operand(operand.value, 0, True)]), operand.shift, not operand.negative)


def _joined(builder: Builder, parts: list[Operand | int], negative: bool) -> Operand:
    """Adds ± the sum of the parts, without the zeros that are below all of them."""
    constant = sum(part for part in parts if isinstance(part, int))
    operands = [part for part in parts if isinstance(part, Operand)]
    shifts = [operand.shift for operand in operands]
    if constant:
        shifts.append((constant & -constant).bit_length() - 1)
    low = min(shifts)
    lowered = [Operand(part.value, part.shift - low, part.negative != negative) for part in operands]
    lowered.sort(key=lambda operand: (operand.negative, operand.shift, operand.value))
    return Operand(builder.add(lowered, (-constant if negative else constant) >> low), low, negative)


def _pruned(graph: AdderGraph) -> AdderGraph:
    """The graph without adds that nothing reads; an output that was built twice leaves some."""
    inputs = len(graph.inputs)
    read = {output.value for output in graph.outputs if output is not None}
    for number in range(inputs + len(graph.adds) - 1, inputs - 1, -1):
        if number in read:
            read.update(operand.value for operand in graph.adds[number - inputs].operands)
    kept = [number for number in range(inputs, inputs + len(graph.adds)) if number in read]
    if len(kept) == len(graph.adds):
        return graph
    places = {number: number for number in range(inputs)} | {number: inputs + at for at, number in enumerate(kept)}

    def moved(operand: Operand) -> Operand:
        return replace(operand, value=places[operand.value])

    adds = [graph.adds[number - inputs] for number in kept]
    return AdderGraph(
        graph.inputs,
        tuple(replace(add, operands=tuple(moved(operand) for operand in add.operands)) for add in adds),
        tuple(None if output is None else moved(output) for output in graph.outputs),
    )
