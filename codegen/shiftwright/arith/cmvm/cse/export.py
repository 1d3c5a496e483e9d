"""What the search found, as plain rows: every expression's terms, and the plan of its adder tree, operands first."""

import numpy as np

from shiftwright.arith.cmvm.cse.state import (
    CONSTANT,
    FIRST,
    INPUTS,
    NEGATIVE,
    NEXT,
    NONE,
    OUTPUTS,
    SHIFT,
    TURNED,
    VALUE,
    State,
    Words,
    kernel,
)
from shiftwright.arith.cmvm.cse.tree import plan

TURN = 2
# Columns of `heads`: the expression, its first item and their number, its first sum and their number.
HEAD, FIRST_ITEM, ITEMS, FIRST_SUM, SUMS = range(5)


@kernel
def export_trees(state: State) -> tuple[Words, Words, Words]:
    """(heads, items, sums): an item is (value, shift, negative), negative being 2 or 3 for 0 or 1 where
    an adder of its own may turn it; the constant has value -1; a sum is up to three places in
    the list of the expression's items and sums so far. Expressions stand behind those that they read."""
    values, terms, counters = state.values, state.terms, state.counters
    size = len(values)
    heads = np.zeros((size, 5), dtype=np.int64)
    items = np.zeros((len(terms) + counters[OUTPUTS], 3), dtype=np.int64)
    sums = np.zeros((len(terms) + counters[OUTPUTS], 3), dtype=np.int64)
    placed = np.zeros(size, dtype=np.uint8)
    stack = np.zeros(size + len(terms), dtype=np.int64)
    expressions, item_count, sum_count = 0, 0, 0
    for output in range(counters[INPUTS], counters[INPUTS] + counters[OUTPUTS]):
        depth = 1
        stack[0] = output
        while depth > 0:
            e = stack[depth - 1]
            if placed[e]:
                depth -= 1
                continue
            ready = True
            t = values[e, FIRST]
            while t != NONE:
                v = terms[t, VALUE]
                if v >= counters[INPUTS] and not placed[v]:
                    stack[depth] = v
                    depth += 1
                    ready = False
                t = terms[t, NEXT]
            if not ready:
                continue
            depth -= 1
            placed[e] = 1
            adders, _ = plan(state, e)
            head = heads[expressions]
            head[HEAD], head[FIRST_ITEM], head[FIRST_SUM], head[SUMS] = e, item_count, sum_count, adders
            t = values[e, FIRST]
            place = 0
            while t != NONE:
                negative = terms[t, NEGATIVE]
                if place == counters[TURNED]:
                    negative += TURN
                items[item_count, 0], items[item_count, 1], items[item_count, 2] = (
                    terms[t, VALUE],
                    terms[t, SHIFT],
                    negative,
                )
                item_count += 1
                place += 1
                t = terms[t, NEXT]
            constant = values[e, CONSTANT]
            if constant != 0:
                items[item_count, 0] = NONE
                items[item_count, 1] = constant
                item_count += 1
            head[ITEMS] = item_count - head[FIRST_ITEM]
            for k in range(adders):
                for c in range(3):
                    sums[sum_count, c] = state.merges[k, c]
                sum_count += 1
            expressions += 1
    return heads[:expressions], items[:item_count], sums[:sum_count]
