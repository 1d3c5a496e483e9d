"""The anytime search: dissolve some nodes, let the greedy elimination build anew, keep what is not worse.

Dissolving is local: a node, and others around it, go back into their readers, and only patterns whose count changed
compete again. A step costs what it touches, not the size of the matrix. Worse states are accepted now and then,
less often as the budget runs out (simulated annealing); the best is remembered."""

from typing import NamedTuple

import numpy as np

from shiftwright.arith.cmvm.cse.greedy import dissolve, inline, push_touched, recreate, settle, start
from shiftwright.arith.cmvm.cse.state import (
    ALIVE,
    BEST_TOP,
    BEST_TOTAL,
    EXPRESSION,
    FAILED,
    FIRST,
    FIRST_READER,
    FREE_TERMS,
    HEAP,
    HI,
    INPUTS,
    KRAFT,
    LEVEL,
    LO,
    LOG,
    NEGATIVE,
    NEXT,
    NEXT_READER,
    NONE,
    OUTPUTS,
    PATTERNS,
    READERS,
    RESERVED,
    ROWS,
    SALT,
    SEED,
    SHIFT,
    SIZE,
    TOP,
    TOTAL,
    VALUE,
    WATCHING,
    WORK,
    Floats,
    State,
    Words,
    attach,
    compact_patterns,
    drop_touched,
    keep,
    kernel,
    undo,
)
from shiftwright.arith.cmvm.cse.tree import relax, settle_costs

STEP = 400  # units of work that a step takes beside what it counts


class Best(NamedTuple):
    """The cheapest state so far."""

    rows: Words
    bounds: Words
    alive: Words
    scalars: Words


@kernel
def random(state: State) -> float:
    """A number in [0, 1): xorshift, the same on every machine."""
    x = state.counters[SEED]
    x ^= x << 13
    x ^= (x >> 7) & ((1 << 57) - 1)
    x ^= x << 17
    state.counters[SEED] = x
    return ((x >> 11) & ((1 << 52) - 1)) / 4503599627370496.0


@kernel
def any_node(state: State, top: int) -> int:
    """A random node, or NONE where none was found in some tries."""
    values, counters = state.values, state.counters
    first = counters[INPUTS] + counters[OUTPUTS]
    if top <= first:
        return NONE
    for _ in range(200):
        v = first + int(random(state) * (top - first))
        if values[v, ALIVE]:
            return v
    return NONE


@kernel
def term_at(state: State, e: int, number: int) -> int:
    """A term of an expression by its place in the list."""
    t = state.values[e, FIRST]
    for _ in range(number):
        t = state.terms[t, NEXT]
    return t


@kernel
def reader_at(state: State, v: int, number: int) -> int:
    """A term that reads a value by its place in the list."""
    t = state.values[v, FIRST_READER]
    for _ in range(number):
        t = state.terms[t, NEXT_READER]
    return t


@kernel
def ruin(state: State, top: int, size: int) -> bool:
    """Dissolves `size` nodes that lie close together, some in one reader only."""
    values, terms, counters = state.values, state.terms, state.counters
    shared = counters[INPUTS] + counters[OUTPUTS]
    v = any_node(state, top)
    if v == NONE:
        return False
    e = terms[reader_at(state, v, int(random(state) * values[v, READERS])), EXPRESSION]
    for k in range(size):
        if k > 0:
            # Next to what went before: another node of the same expression, or a node that the last one's reader feeds.
            if not values[e, ALIVE] or values[e, SIZE] == 0 or random(state) < 0.15:
                v = any_node(state, top)
            else:
                v = terms[term_at(state, e, int(random(state) * values[e, SIZE])), VALUE]
                if v < shared:
                    # An input: go on to some other reader of it.
                    e2 = terms[reader_at(state, v, int(random(state) * values[v, READERS])), EXPRESSION]
                    v = e2 if e2 >= shared else NONE
            if v == NONE or not values[v, ALIVE] or v < shared or values[v, READERS] == 0:
                continue
            e = terms[reader_at(state, v, int(random(state) * values[v, READERS])), EXPRESSION]
        if counters[FREE_TERMS] < values[v, SIZE] * values[v, READERS] + 64:
            break
        if values[v, READERS] > 2 and random(state) < state.noise[2]:
            inline(state, reader_at(state, v, int(random(state) * values[v, READERS])))
        else:
            dissolve(state, v)
        settle(state)
    return True


@kernel
def remember(state: State, best: Best) -> None:
    """Copies all expressions: rows (expression, value, shift, negative), and (lo, hi, level) of their values."""
    values, terms = state.values, state.terms
    count = 0
    for e in range(state.counters[INPUTS], state.counters[TOP]):
        best.alive[e] = values[e, ALIVE]
        if values[e, ALIVE]:
            best.bounds[e, 0], best.bounds[e, 1], best.bounds[e, 2] = values[e, LO], values[e, HI], values[e, LEVEL]
            t = values[e, FIRST]
            while t != NONE:
                row = best.rows[count]
                row[0], row[1], row[2], row[3] = e, terms[t, VALUE], terms[t, SHIFT], terms[t, NEGATIVE]
                count += 1
                t = terms[t, NEXT]
    best.scalars[ROWS], best.scalars[BEST_TOTAL], best.scalars[BEST_TOP] = (
        count,
        state.counters[TOTAL],
        state.counters[TOP],
    )


@kernel
def restore(state: State, best: Best) -> None:
    """Puts the remembered expressions back, for their trees to be read; patterns are not counted again."""
    values, terms, power = state.values, state.terms, state.power
    for v in range(len(values)):
        values[v, FIRST] = values[v, FIRST_READER] = NONE
        values[v, SIZE] = values[v, READERS] = 0
        values[v, KRAFT] = values[v, RESERVED]
        if v >= state.counters[INPUTS]:
            values[v, ALIVE] = v < best.scalars[BEST_TOP] and best.alive[v]
            values[v, LO], values[v, HI], values[v, LEVEL] = best.bounds[v, 0], best.bounds[v, 1], best.bounds[v, 2]
    for t in range(best.scalars[ROWS] - 1, -1, -1):
        e, v = best.rows[t, 0], best.rows[t, 1]
        term = terms[t]
        term[EXPRESSION], term[VALUE], term[SHIFT], term[NEGATIVE] = e, v, best.rows[t, 2], best.rows[t, 3]
        term[NEXT] = values[e, FIRST]
        values[e, FIRST] = t
        values[e, SIZE] += 1
        values[e, KRAFT] += power[values[v, LEVEL]]


@kernel
def build(state: State, terms: Words) -> None:
    """Fills the expressions with `terms` (expression, value, shift, negative) and runs the first greedy elimination."""
    counters = state.counters
    counters[LOG] = -1
    counters[WATCHING] = 0
    for k in range(len(terms)):
        attach(state, terms[k, 0], terms[k, 1], terms[k, 2], terms[k, 3], NONE, NONE)
        if 10 * counters[PATTERNS] > 6 * len(state.table):
            compact_patterns(state)
    start(state)
    recreate(state)
    relax(state)
    settle_costs(state)
    compact_patterns(state)
    keep(state)


@kernel
def rebuild(state: State) -> None:
    """Lets what a ruin has set free form nodes anew, and finds the costs of all that changed."""
    relax(state)
    push_touched(state)
    recreate(state)
    relax(state)
    settle_costs(state)
    state.counters[HEAP] = 0


@kernel
def improve(state: State, best: Best, budget: float, schedule: Floats) -> int:
    """Ruin and recreate for `budget` units of work. `schedule` holds the temperature at the beginning and at the end
    of this call, the greatest number of nodes in a step and the greatest noise on a saving. Returns the steps."""
    counters = state.counters
    begin = counters[WORK]
    copied = begin
    steps = 0
    while counters[WORK] - begin < budget and not counters[FAILED]:
        steps += 1
        share = (counters[WORK] - begin) / budget
        temperature = schedule[0] * (schedule[1] / schedule[0]) ** share
        before = counters[TOTAL]
        state.noise[0] = 0.0 if random(state) < 0.1 else schedule[3] * random(state)
        counters[SALT] = int(random(state) * 1e15)
        r = random(state)
        if not ruin(state, counters[TOP], 1 + int(schedule[2] * r * r * r)):
            break
        rebuild(state)
        if counters[FAILED]:
            break  # the log is not whole: what was best before counts
        after = counters[TOTAL]
        if after <= before or random(state) < np.exp((before - after) / temperature):
            keep(state)
            # A copy costs as much as some steps: not after each of them.
            if after < best.scalars[BEST_TOTAL] and counters[WORK] > copied + 4 * best.scalars[ROWS]:
                remember(state, best)
                copied = counters[WORK]
        else:
            undo(state)
        drop_touched(state)
        counters[WORK] += STEP
        if 10 * counters[PATTERNS] > 6 * len(state.table):
            compact_patterns(state)
    if counters[TOTAL] < best.scalars[BEST_TOTAL] and not counters[FAILED]:
        remember(state, best)
    return steps
