"""The expressions under search, in flat arrays that compiled code can change and change back.

Every output, and every node that two or more places read, is an expression: a sum of terms ±(value << shift). Values
are the inputs, then the outputs (which nobody reads), then nodes. What only one place reads stands there in full, so an
expression's adder tree is open until the end. A table counts the patterns, two terms that stand together in this
relation of shift and sign, over all expressions at all times.

Each change goes through a few primitives that keep a log, so that a step of the search is undone by playing it back."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.int64]
Floats = NDArray[np.float64]
Function = TypeVar("Function", bound=Callable[..., Any])

# Columns of `terms`.
VALUE, SHIFT, NEGATIVE, EXPRESSION, NEXT, PREVIOUS, NEXT_READER, PREVIOUS_READER = range(8)
# Columns of `values`.
LO, HI, LEVEL, KRAFT, FIRST, SIZE, FIRST_READER, READERS, COST, DIRTY, CONSTANT, ALIVE, QUEUED, RESERVED = range(14)
# Places in `counters`.
INPUTS, OUTPUTS, FREE_TERMS, FREE_VALUES, PATTERNS, HEAP, TOUCHED, LOG, WATCHING, DIRTIES, QUEUE, DROPPED, TOTAL = (
    range(13)
)
SEED, WORK, ARITY, DEPTH, BIT2, FIXED2, BIT3, FIXED3, EXACT, FAILED, SALT, TOP, EXTRA, OVERFLOW, TURNED = range(13, 28)
COUNTERS = 28
TERM_COLUMNS, VALUE_COLUMNS = 8, 14
# Places in the scalars of the best state.
ROWS, BEST_TOTAL, BEST_TOP = range(3)
# Kinds of log entries.
ADDED, REMOVED, LEVELLED, CREATED, DELETED, COSTED = range(6)

NONE = -1
MAX_VALUES = 1 << 20
COUNT, MARKED = (1 << 14) - 1, 1 << 14  # of a table entry: its count, and whether it is among the touched
SHIFT_OFFSET = 64


class State(NamedTuple):
    """All arrays; `counters` holds the scalars."""

    values: Words
    terms: Words
    coefficients: Words
    power: Words
    free_values: Words
    free_terms: Words
    table: Words
    heap_score: Floats
    heap_key: Words
    touched: Words
    log: Words
    dirty: Words
    queue: Words
    dropped: Words
    found: Words
    items: Words
    merges: Words
    live: Words
    counters: Words
    noise: Floats


def kernel(function: Function) -> Function:
    """Marks a function that only compiled code calls: it needs no wrappers for Python."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast(Function, njit(**options)(function))


@kernel
def pattern_key(i: int, i_shift: int, i_negative: int, j: int, j_shift: int, j_negative: int) -> int:
    """The pattern of two terms: both values, the second's shift over the first's, and whether their signs differ."""
    if i > j or (i == j and i_shift > j_shift):
        i, i_shift, j, j_shift = j, j_shift, i, i_shift
    relation = ((j_shift - i_shift + SHIFT_OFFSET) << 1) | (i_negative ^ j_negative)
    key: int = (np.int64(i) << 28) | (np.int64(j) << 8) | relation  # type: ignore[assignment]
    return key


@kernel
def first_of(key: int) -> int:
    """The value of a pattern with the smaller number."""
    return key >> 28


@kernel
def second_of(key: int) -> int:
    """The value of a pattern with the greater number."""
    return (key >> 8) & (MAX_VALUES - 1)


@kernel
def offset_of(key: int) -> int:
    """How many bits further left the second value stands than the first; negative where it stands further right."""
    return ((key >> 1) & 127) - SHIFT_OFFSET


@kernel
def differ_of(key: int) -> int:
    """1 where the two terms have different signs."""
    return key & 1


@kernel
def slot_of(state: State, key: int) -> int:
    """Where the key stands in the table, or the free slot where it would."""
    table = state.table
    mask = np.uint64(len(table) - 1)
    slot = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(24)) & mask
    while table[slot] != NONE and table[slot] >> 15 != key:
        slot = (slot + np.uint64(1)) & mask
    return slot  # type: ignore[return-value]


@kernel
def count_up(state: State, key: int) -> None:
    """Counts one more occurrence of a pattern, and watches it if there is something to share now."""
    table, counters = state.table, state.counters
    slot = slot_of(state, key)
    entry = table[slot]
    if entry == NONE:
        table[slot] = key << 15 | 1
        counters[PATTERNS] += 1
        return
    entry += 1
    if entry & MARKED == 0 and entry & COUNT > 1 and counters[WATCHING]:
        entry |= MARKED
        state.touched[counters[TOUCHED]] = slot
        counters[TOUCHED] += 1
    table[slot] = entry


@kernel
def count_down(state: State, key: int) -> None:
    """Counts one occurrence less."""
    state.table[slot_of(state, key)] -= 1


@kernel
def count_of(state: State, key: int) -> int:
    """How often a pattern occurs."""
    entry = state.table[slot_of(state, key)]
    return 0 if entry == NONE else entry & COUNT


@kernel
def compact_patterns(state: State) -> None:
    """Drops the patterns that no longer occur; the table is too small if that does not help. Nothing may be touched."""
    table = state.table
    live = table[(table != NONE) & (table & COUNT > 0)]
    table[:] = NONE
    for entry in live:
        table[slot_of(state, entry >> 15)] = entry
    state.counters[PATTERNS] = len(live)
    if 10 * len(live) > 6 * len(table):
        state.counters[FAILED] = 1


@kernel
def mark_dirty(state: State, e: int) -> None:
    """Notes that the cost of an expression is to be found anew."""
    if not state.values[e, DIRTY]:
        state.values[e, DIRTY] = 1
        state.dirty[state.counters[DIRTIES]] = e
        state.counters[DIRTIES] += 1


@kernel
def enqueue(state: State, v: int) -> None:
    """Notes a node that may have lost its reason to be one."""
    values, counters = state.values, state.counters
    if not values[v, QUEUED] and v >= counters[INPUTS] + counters[OUTPUTS]:
        values[v, QUEUED] = 1
        state.queue[counters[QUEUE]] = v
        counters[QUEUE] += 1


@kernel
def note(state: State, kind: int, a: int, b: int, c: int, d: int, f: int) -> None:
    """Writes to the log, if there is one."""
    counters = state.counters
    if counters[LOG] < 0:
        return
    if counters[LOG] >= len(state.log):
        counters[FAILED] = 3
        return
    row = state.log[counters[LOG]]
    row[0], row[1], row[2], row[3], row[4], row[5] = kind, a, b, c, d, f
    counters[LOG] += 1


@kernel
def attach(state: State, e: int, v: int, shift: int, negative: int, previous: int, previous_reader: int) -> int:
    """Puts ±(v << shift) into expression e and counts its patterns; behind `previous` in the expression's list and
    behind `previous_reader` in that of v's readers, or first where those are NONE."""
    terms, values, counters = state.terms, state.values, state.counters
    counters[FREE_TERMS] -= 1
    t = state.free_terms[counters[FREE_TERMS]]
    u = values[e, FIRST]
    while u != NONE:
        count_up(state, pattern_key(v, shift, negative, terms[u, VALUE], terms[u, SHIFT], terms[u, NEGATIVE]))
        u = terms[u, NEXT]
    counters[WORK] += values[e, SIZE]
    term = terms[t]
    term[VALUE], term[SHIFT], term[NEGATIVE], term[EXPRESSION] = v, shift, negative, e
    following = values[e, FIRST] if previous == NONE else terms[previous, NEXT]
    term[NEXT], term[PREVIOUS] = following, previous
    if following != NONE:
        terms[following, PREVIOUS] = t
    if previous == NONE:
        values[e, FIRST] = t
    else:
        terms[previous, NEXT] = t
    following = values[v, FIRST_READER] if previous_reader == NONE else terms[previous_reader, NEXT_READER]
    term[NEXT_READER], term[PREVIOUS_READER] = following, previous_reader
    if following != NONE:
        terms[following, PREVIOUS_READER] = t
    if previous_reader == NONE:
        values[v, FIRST_READER] = t
    else:
        terms[previous_reader, NEXT_READER] = t
    values[v, READERS] += 1
    values[e, SIZE] += 1
    values[e, KRAFT] += state.power[values[v, LEVEL]]
    mark_dirty(state, e)
    return t


@kernel
def detach(state: State, t: int) -> None:
    """Takes a term out of its expression."""
    terms, values, counters = state.terms, state.values, state.counters
    term = terms[t]
    e, v, shift, negative = term[EXPRESSION], term[VALUE], term[SHIFT], term[NEGATIVE]
    if term[PREVIOUS] != NONE:
        terms[term[PREVIOUS], NEXT] = term[NEXT]
    else:
        values[e, FIRST] = term[NEXT]
    if term[NEXT] != NONE:
        terms[term[NEXT], PREVIOUS] = term[PREVIOUS]
    if term[PREVIOUS_READER] != NONE:
        terms[term[PREVIOUS_READER], NEXT_READER] = term[NEXT_READER]
    else:
        values[v, FIRST_READER] = term[NEXT_READER]
    if term[NEXT_READER] != NONE:
        terms[term[NEXT_READER], PREVIOUS_READER] = term[PREVIOUS_READER]
    values[v, READERS] -= 1
    values[e, SIZE] -= 1
    values[e, KRAFT] -= state.power[values[v, LEVEL]]
    u = values[e, FIRST]
    while u != NONE:
        count_down(state, pattern_key(v, shift, negative, terms[u, VALUE], terms[u, SHIFT], terms[u, NEGATIVE]))
        u = terms[u, NEXT]
    counters[WORK] += values[e, SIZE]
    state.free_terms[counters[FREE_TERMS]] = t
    counters[FREE_TERMS] += 1
    mark_dirty(state, e)


@kernel
def add_term(state: State, e: int, v: int, shift: int, negative: int) -> int:
    """Puts ±(v << shift) into expression e; undone with the step."""
    t = attach(state, e, v, shift, negative, NONE, NONE)
    note(state, ADDED, t, 0, 0, 0, 0)
    return t


@kernel
def remove_term(state: State, t: int) -> None:
    """Takes a term out; undone with the step."""
    term = state.terms[t]
    e, v = term[EXPRESSION], term[VALUE]
    note(state, REMOVED, e, v, term[SHIFT] << 1 | term[NEGATIVE], term[PREVIOUS], term[PREVIOUS_READER])
    detach(state, t)
    if state.values[v, READERS] <= 1:
        enqueue(state, v)
    if state.values[e, SIZE] <= 1:
        enqueue(state, e)


@kernel
def shift_level(state: State, v: int, level: int) -> None:
    """Puts a value on another level, and its readers' Kraft sums right."""
    values, terms = state.values, state.terms
    change = state.power[level] - state.power[values[v, LEVEL]]
    values[v, LEVEL] = level
    mark_dirty(state, v)  # its own tree may be deeper now
    t = values[v, FIRST_READER]
    while t != NONE:
        values[terms[t, EXPRESSION], KRAFT] += change
        mark_dirty(state, terms[t, EXPRESSION])
        t = terms[t, NEXT_READER]


@kernel
def set_level(state: State, v: int, level: int) -> None:
    """Puts a value on another level; undone with the step."""
    note(state, LEVELLED, v, state.values[v, LEVEL], 0, 0, 0)
    shift_level(state, v, level)


@kernel
def set_cost(state: State, v: int, cost: int) -> None:
    """Changes the cost of an expression; undone with the step."""
    note(state, COSTED, v, state.values[v, COST], 0, 0, 0)
    state.counters[TOTAL] += cost - state.values[v, COST]
    state.values[v, COST] = cost


@kernel
def create_value(state: State) -> int:
    """A node without terms yet."""
    values, counters = state.values, state.counters
    counters[FREE_VALUES] -= 1
    v = state.free_values[counters[FREE_VALUES]]
    counters[TOP] = max(counters[TOP], v + 1)
    row = values[v]
    row[LEVEL], row[KRAFT], row[FIRST], row[SIZE] = 0, 0, NONE, 0
    row[FIRST_READER], row[READERS], row[COST], row[CONSTANT], row[RESERVED], row[ALIVE] = NONE, 0, 0, 0, 0, 1
    note(state, CREATED, v, 0, 0, 0, 0)
    return v


@kernel
def delete_value(state: State, v: int) -> None:
    """Removes a node that nobody reads; its number is not used again before the step is kept."""
    values, counters = state.values, state.counters
    while values[v, FIRST] != NONE:
        remove_term(state, values[v, FIRST])
    set_cost(state, v, 0)
    values[v, ALIVE] = 0
    note(state, DELETED, v, 0, 0, 0, 0)
    if counters[LOG] < 0:
        state.free_values[counters[FREE_VALUES]] = v
        counters[FREE_VALUES] += 1
    else:
        state.dropped[counters[DROPPED]] = v
        counters[DROPPED] += 1


@kernel
def drop_touched(state: State) -> None:
    """Forgets which patterns have risen."""
    for k in range(state.counters[TOUCHED]):
        state.table[state.touched[k]] &= ~MARKED
    state.counters[TOUCHED] = 0


@kernel
def keep(state: State) -> None:
    """Ends a step: its log is forgotten, the numbers of deleted values are free."""
    counters = state.counters
    for k in range(counters[DROPPED]):
        state.free_values[counters[FREE_VALUES]] = state.dropped[k]
        counters[FREE_VALUES] += 1
    counters[DROPPED] = 0
    counters[LOG] = 0


@kernel
def undo(state: State) -> None:
    """Plays the log back: everything is as it was when the step began."""
    values, counters = state.values, state.counters
    counters[WATCHING] = 0
    for k in range(counters[LOG] - 1, -1, -1):
        row = state.log[k]
        kind = row[0]
        if kind == ADDED:
            detach(state, row[1])
        elif kind == REMOVED:
            attach(state, row[1], row[2], row[3] >> 1, row[3] & 1, row[4], row[5])
        elif kind == LEVELLED:
            shift_level(state, row[1], row[2])
        elif kind == CREATED:
            values[row[1], ALIVE] = 0
            state.free_values[counters[FREE_VALUES]] = row[1]
            counters[FREE_VALUES] += 1
        elif kind == DELETED:
            values[row[1], ALIVE] = 1
        else:
            counters[TOTAL] += row[2] - values[row[1], COST]
            values[row[1], COST] = row[2]
    counters[LOG] = 0
    counters[DROPPED] = 0
    counters[WATCHING] = 1
    for k in range(counters[DIRTIES]):
        values[state.dirty[k], DIRTY] = 0
    counters[DIRTIES] = 0
