"""What stays unshared in an expression becomes a tree of adders: its plan, and what it costs.

The cheapest sum is made first: narrow words meet before wide ones, and words that stand high meet each other, so that
low bits stay wires. The limit on levels is kept by the Kraft sum: terms on levels d fit under level D exactly if
sum(2^d) <= 2^D (3 for three-operand adders), and a sum takes max(d) + 1."""

from shiftwright.arith.cmvm.cse.greedy import bits_of, level_for, room
from shiftwright.arith.cmvm.cse.state import (
    ALIVE,
    ARITY,
    BIT2,
    BIT3,
    CONSTANT,
    COST,
    DIRTIES,
    DIRTY,
    EXPRESSION,
    EXTRA,
    FIRST,
    FIRST_READER,
    FIXED2,
    FIXED3,
    HI,
    INPUTS,
    KRAFT,
    LEVEL,
    LO,
    NEGATIVE,
    NEXT,
    NEXT_READER,
    NONE,
    OUTPUTS,
    RESERVED,
    SHIFT,
    TURNED,
    VALUE,
    WORK,
    State,
    Words,
    kernel,
    set_cost,
    set_level,
)

# Columns of an item: bounds of the word as it stands, how far it is shifted, whether it is subtracted, level, number.
I_LO, I_HI, I_SHIFT, I_NEGATIVE, I_LEVEL, I_NUMBER = range(6)
WIDE = 40  # beyond this many items the cheapest pair is sought among the narrowest only


@kernel
def sum_of(items: Words, p: int, q: int, out: int) -> int:
    """The sum of two items as a third, and its full-adder bits."""
    if items[p, I_SHIFT] > items[q, I_SHIFT] or (items[p, I_SHIFT] == items[q, I_SHIFT] and items[p, I_NEGATIVE]):
        p, q = q, p
    by = items[q, I_SHIFT] - items[p, I_SHIFT]
    if items[p, I_NEGATIVE] == items[q, I_NEGATIVE]:
        lo, hi = items[p, I_LO] + (items[q, I_LO] << by), items[p, I_HI] + (items[q, I_HI] << by)
    else:
        lo, hi = items[p, I_LO] - (items[q, I_HI] << by), items[p, I_HI] - (items[q, I_LO] << by)
    items[out, I_LO], items[out, I_HI] = lo, hi
    items[out, I_SHIFT], items[out, I_NEGATIVE] = items[p, I_SHIFT], items[p, I_NEGATIVE]
    items[out, I_LEVEL] = max(items[p, I_LEVEL], items[q, I_LEVEL]) + 1
    return max(bits_of(lo, hi) - by, 0)


@kernel
def needs_negation(state: State, e: int) -> bool:
    """Whether every term is subtracted and none is a node that may as well be built the other way round."""
    values, terms = state.values, state.terms
    shared = state.counters[INPUTS] + state.counters[OUTPUTS]
    t = values[e, FIRST]
    while t != NONE:
        if not terms[t, NEGATIVE]:
            return False
        v = terms[t, VALUE]
        if v >= shared:
            signs = 0
            u = values[v, FIRST]
            while u != NONE:
                signs |= 1 << terms[u, NEGATIVE]
                u = terms[u, NEXT]
            if signs == 3:
                return False
        t = terms[t, NEXT]
    return True


@kernel
def negate_one(state: State, count: int, needed: bool) -> None:
    """Lets an adder turn the shallowest, then narrowest item, if need be; its place among the levels was reserved."""
    items, counters = state.items, state.counters
    least = 0
    for k in range(1, count):
        if items[k, I_LEVEL] < items[least, I_LEVEL] or (
            items[k, I_LEVEL] == items[least, I_LEVEL]
            and items[k, I_HI] - items[k, I_LO] < items[least, I_HI] - items[least, I_LO]
        ):
            least = k
    item = items[least]
    item[I_LEVEL] += 1
    counters[TURNED] = least
    if needed:
        item[I_LO], item[I_HI], item[I_NEGATIVE] = -item[I_HI], -item[I_LO], 0
        counters[EXTRA] = counters[FIXED2] + counters[BIT2] * bits_of(item[I_LO], item[I_HI])


@kernel
def gather(state: State, e: int) -> int:
    """The terms of an expression as items, its constant as the last; returns how many."""
    values, terms, items = state.values, state.terms, state.items
    count = 0
    state.counters[EXTRA] = 0
    state.counters[TURNED] = NONE
    t = values[e, FIRST]
    while t != NONE:
        v = terms[t, VALUE]
        item = items[count]
        item[I_LO], item[I_HI], item[I_SHIFT] = values[v, LO], values[v, HI], terms[t, SHIFT]
        item[I_NEGATIVE], item[I_LEVEL], item[I_NUMBER] = terms[t, NEGATIVE], values[v, LEVEL], t
        count += 1
        t = terms[t, NEXT]
    constant = values[e, CONSTANT]
    if constant == 0 and values[e, RESERVED] != 0 and count > 0:
        negate_one(state, count, needs_negation(state, e))
    if constant != 0:
        shift = 0
        while constant & 1 == 0:
            constant >>= 1
            shift += 1
        item = items[count]
        item[I_LO] = item[I_HI] = constant  # a number takes any sign for nothing
        item[I_SHIFT], item[I_NEGATIVE], item[I_LEVEL], item[I_NUMBER] = shift, 0, 0, NONE
        count += 1
    return count


@kernel
def narrow_first(state: State, left: int, window: int) -> None:
    """Brings the shallowest and narrowest of many items to the front."""
    items, live = state.items, state.live
    for k in range(window):
        least = k
        for m in range(k + 1, left):
            a, b = live[m], live[least]
            if items[a, I_LEVEL] < items[b, I_LEVEL] or (
                items[a, I_LEVEL] == items[b, I_LEVEL]
                and (items[a, I_HI] - items[a, I_LO]) << items[a, I_SHIFT]
                < (items[b, I_HI] - items[b, I_LO]) << items[b, I_SHIFT]
            ):
                least = m
        live[k], live[least] = live[least], live[k]


@kernel
def best_pair(state: State, window: int, every: int, slack: int, for_three: bool) -> tuple[int, int]:
    """Places of the two items whose sum is cheapest, or NONE; `for_three` counts on a third of the deeper level."""
    items, live, power = state.items, state.live, state.power
    best_key = 1 << 60
    best_p, best_q = NONE, NONE
    for k in range(window):
        p = live[k]
        for m in range(k + 1, window):
            q = live[m]
            top = max(items[p, I_LEVEL], items[q, I_LEVEL])
            need = power[top + 1] - power[items[p, I_LEVEL]] - power[items[q, I_LEVEL]]
            if for_three:
                need -= power[top]
            if need > slack:
                continue
            bits = sum_of(items, p, q, every)
            key = bits << 16
            key += ((bits + abs(items[p, I_SHIFT] - items[q, I_SHIFT]) + items[every, I_SHIFT]) << 6) + top
            if key < best_key:
                best_key, best_p, best_q = key, k, m
    return best_p, best_q


@kernel
def best_third(state: State, window: int, every: int, slack: int, best_p: int, best_q: int) -> int:
    """Place of the item that joins two others at the least cost, or NONE."""
    items, live, power = state.items, state.live, state.power
    best_key = 1 << 60
    best_r = NONE
    p, q = live[best_p], live[best_q]
    sum_of(items, p, q, every)
    for k in range(window):
        if k in (best_p, best_q):
            continue
        r = live[k]
        top = max(items[p, I_LEVEL], items[q, I_LEVEL], items[r, I_LEVEL])
        if power[top + 1] - power[items[p, I_LEVEL]] - power[items[q, I_LEVEL]] - power[items[r, I_LEVEL]] > slack:
            continue
        key = (triple_bits(items, p, q, r, every) << 16) + (items[r, I_SHIFT] << 6) + top
        if key < best_key:
            best_key, best_r = key, k
    return best_r


@kernel
def join(state: State, every: int, best_p: int, best_q: int, best_r: int) -> int:
    """Makes the sum of two or three items the item `every`; returns its cost."""
    items, live, counters = state.items, state.live, state.counters
    p, q = live[best_p], live[best_q]
    bits = sum_of(items, p, q, every)
    cost = counters[FIXED2] + counters[BIT2] * bits
    if best_r != NONE:
        r = live[best_r]
        cost = counters[FIXED3] + counters[BIT3] * triple_bits(items, p, q, r, every)
        level = max(items[p, I_LEVEL], items[q, I_LEVEL], items[r, I_LEVEL]) + 1
        for column in range(5):
            items[every, column] = items[every + 1, column]
        items[every, I_LEVEL] = level
    items[every, I_LEVEL] = min(items[every, I_LEVEL], len(state.power) - 3)
    return cost


@kernel
def plan(state: State, e: int) -> tuple[int, int]:
    """Plans the tree of one expression: rows of `merges` are the items that one adder sums (the third may be NONE),
    numbered as gathered, sums after them. Returns (adders, cost)."""
    items, merges, counters, power, live = state.items, state.merges, state.counters, state.power, state.live
    count = gather(state, e)
    every = count
    adders = 0
    cost = counters[EXTRA]
    slack = room(state, e)
    for k in range(count):
        live[k] = k
        slack -= power[items[k, I_LEVEL]]
    left = count
    while left > 1:
        window = left
        if left > WIDE:
            window = WIDE // 2
            narrow_first(state, left, window)
        # Three at a time where that comes out even; the other way where the limit leaves no room.
        three = counters[ARITY] == 3 and left & 1 == 1
        best_p, best_q = best_pair(state, window, every, slack, three)
        best_r = NONE
        if three and best_p != NONE:
            best_r = best_third(state, window, every, slack, best_p, best_q)
        if best_p == NONE or (three and best_r == NONE):
            three = not three and counters[ARITY] == 3 and left > 2
            best_p, best_q = best_pair(state, window, every, slack, three)
            if three and best_p != NONE:
                best_r = best_third(state, window, every, slack, best_p, best_q)
            if best_p == NONE:
                narrow_first(state, left, 2)
                best_p, best_q = 0, 1
        merges[adders, 0], merges[adders, 1] = live[best_p], live[best_q]
        merges[adders, 2] = NONE if best_r == NONE else live[best_r]
        for place in range(3):
            if merges[adders, place] != NONE:
                slack += power[items[merges[adders, place], I_LEVEL]]
        adders += 1
        cost += join(state, every, best_p, best_q, best_r)
        slack -= power[items[every, I_LEVEL]]
        live[best_p] = every
        every += 1
        for gone in range(2):
            place = max(best_q, best_r) if gone == 0 else min(best_q, best_r)
            if place != NONE:
                left -= 1
                live[place] = live[left]
                if best_p == left:
                    best_p = place
    counters[WORK] += count * count
    return adders, cost


@kernel
def triple_bits(items: Words, p: int, q: int, s: int, pair: int) -> int:
    """Full-adder bits of the sum of three items; `pair` holds the sum of p and q, the place behind it is free."""
    sum_of(items, pair, s, pair + 1)
    a, b, c = items[p, I_SHIFT], items[q, I_SHIFT], items[s, I_SHIFT]
    least = min(a, b, c)
    middle = a + b + c - least - max(a, b, c)
    return max(bits_of(items[pair + 1, I_LO], items[pair + 1, I_HI]) - (middle - least), 0)


@kernel
def relax(state: State) -> None:
    """Lowers the levels of changed nodes as far as their terms allow, and their readers' after them."""
    values, counters, terms = state.values, state.counters, state.terms
    if state.power[0] == 0:
        return
    at = 0
    while at < counters[DIRTIES]:
        e = state.dirty[at]
        at += 1
        if e >= counters[INPUTS] + counters[OUTPUTS] and values[e, ALIVE]:
            level = level_for(state, values[e, KRAFT])
            if level < values[e, LEVEL]:
                set_level(state, e, level)
                t = values[e, FIRST_READER]
                while t != NONE:
                    r = terms[t, EXPRESSION]
                    # A reader looked at before is looked at again.
                    known = values[r, DIRTY] and r >= counters[INPUTS] + counters[OUTPUTS]
                    if known and level_for(state, values[r, KRAFT]) < values[r, LEVEL]:
                        at = 0
                    t = terms[t, NEXT_READER]


@kernel
def settle_costs(state: State) -> None:
    """Brings the costs of all changed expressions up to date."""
    values, counters = state.values, state.counters
    for k in range(counters[DIRTIES]):
        e = state.dirty[k]
        values[e, DIRTY] = 0
        if values[e, ALIVE] and e >= counters[INPUTS]:
            _, cost = plan(state, e)
            if cost != values[e, COST]:
                set_cost(state, e, cost)
    counters[DIRTIES] = 0
