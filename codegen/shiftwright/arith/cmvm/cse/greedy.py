"""Two-term common-subexpression elimination: the pattern that saves most becomes a node, until none saves anything.

A heap holds patterns by what they would save; counts have fallen since an entry was made, so the top is looked at again
before it is taken (a lazy heap)."""

from shiftwright.arith.cmvm.cse.state import (
    ALIVE,
    ARITY,
    BIT2,
    BIT3,
    COUNT,
    DEPTH,
    EXACT,
    EXPRESSION,
    FIRST,
    FIRST_READER,
    FIXED2,
    FIXED3,
    FREE_TERMS,
    FREE_VALUES,
    HEAP,
    HI,
    INPUTS,
    KRAFT,
    LEVEL,
    LO,
    MARKED,
    NEGATIVE,
    NEXT,
    NEXT_READER,
    NONE,
    OUTPUTS,
    OVERFLOW,
    PATTERNS,
    QUEUE,
    QUEUED,
    READERS,
    SALT,
    SHIFT,
    SIZE,
    TOUCHED,
    VALUE,
    WATCHING,
    State,
    add_term,
    compact_patterns,
    count_of,
    create_value,
    delete_value,
    differ_of,
    first_of,
    kernel,
    offset_of,
    remove_term,
    second_of,
    set_level,
)

SOUGHT = 0.1  # off a saving for each reader of either value, in sixteenths of a LUT


@kernel
def bits_of(lo: int, hi: int) -> int:
    """The width that holds lo … hi."""
    if lo >= 0:
        width, largest = 0, hi
    else:
        width, largest = 1, max(-lo - 1, hi)
    while largest > 0:
        largest >>= 1
        width += 1
    return max(width, 1)


@kernel
def pattern_bits(state: State, i: int, j: int, offset: int, differ: int) -> int:
    """Full-adder bits of i ± (j << offset); where offset is negative of (i << -offset) ± j."""
    values = state.values
    lo, hi, other_lo, other_hi = values[i, LO], values[i, HI], values[j, LO], values[j, HI]
    if offset < 0:
        lo, hi, other_lo, other_hi, offset = other_lo, other_hi, lo, hi, -offset
    if i == j:
        factor = 1 - (1 << offset) if differ else 1 + (1 << offset)
        if factor < 0:
            return bits_of(hi * factor, lo * factor) - offset
        return bits_of(lo * factor, hi * factor) - offset
    if differ:
        return bits_of(lo - (other_hi << offset), hi - (other_lo << offset)) - offset
    return bits_of(lo + (other_lo << offset), hi + (other_hi << offset)) - offset


@kernel
def score_of(state: State, key: int, count: int) -> float:
    """What `count` occurrences of a pattern would save, with this round's noise on it."""
    counters = state.counters
    i, j = first_of(key), second_of(key)
    offset, differ = offset_of(key), differ_of(key)
    bits = pattern_bits(state, i, j, offset, differ)
    cost = counters[FIXED2] + counters[BIT2] * bits
    if counters[ARITY] == 3:
        each = (counters[FIXED3] + counters[BIT3] * bits) * 0.5
        saved = count * each - cost + 0.5 * each
    else:
        saved = (count - 1.0) * cost
    # Most savings are equal to many others: then words that lie close, and values that few others want.
    saved += 1.0 if i == j else -1.0 * abs(offset)
    saved -= SOUGHT * (state.values[i, READERS] + state.values[j, READERS])
    if state.noise[0] > 0:
        mixed = (key ^ (key >> 31)) * 0x9E3779B97F4A7C1 + state.counters[SALT]
        mixed ^= mixed >> 29
        mixed *= 0xBF58476D1CE4E5B
        mixed ^= mixed >> 32
        saved *= 1.0 + state.noise[0] * ((mixed & 0xFFFFF) / 1048576.0)
    return saved


@kernel
def push(state: State, score: float, key: int) -> None:
    """Puts a pattern on the heap. A full heap only sets a flag: it can be filled anew from the table."""
    scores, keys, counters = state.heap_score, state.heap_key, state.counters
    at = counters[HEAP]
    if at >= len(scores):
        counters[OVERFLOW] = 1
        return
    counters[HEAP] += 1
    while at > 0:
        parent = (at - 1) >> 1
        if scores[parent] >= score:
            break
        scores[at], keys[at] = scores[parent], keys[parent]
        at = parent
    scores[at], keys[at] = score, key


@kernel
def pop(state: State) -> tuple[float, int]:
    """Takes the pattern that saves most off the heap."""
    scores, keys, counters = state.heap_score, state.heap_key, state.counters
    top_score, top_key = scores[0], keys[0]
    counters[HEAP] -= 1
    end = counters[HEAP]
    if end > 0:
        score, key = scores[end], keys[end]
        at = 0
        while True:
            child = 2 * at + 1
            if child >= end:
                break
            if child + 1 < end and scores[child + 1] > scores[child]:
                child += 1
            if scores[child] <= score:
                break
            scores[at], keys[at] = scores[child], keys[child]
            at = child
        scores[at], keys[at] = score, key
    return top_score, top_key


@kernel
def push_touched(state: State) -> None:
    """Puts the patterns whose count has risen on the heap."""
    counters = state.counters
    for k in range(counters[TOUCHED]):
        slot = state.touched[k]
        state.table[slot] &= ~MARKED
        entry = state.table[slot]
        if entry & COUNT > 1:
            key = entry >> 15
            score = score_of(state, key, entry & COUNT)
            if score > 0:
                push(state, score, key)
    counters[TOUCHED] = 0


@kernel
def combine(state: State, e: int, v: int, shift: int, negative: int) -> None:
    """Adds ±(v << shift) to an expression; if v stands there already, in canonical signed digits of the whole."""
    terms, values = state.terms, state.values
    t = values[e, FIRST]
    found = False
    total = 0
    while t != NONE:
        following = terms[t, NEXT]
        if terms[t, VALUE] == v:
            if not found:
                found = True
                total = -(1 << shift) if negative else 1 << shift
            weight = 1 << terms[t, SHIFT]
            total += -weight if terms[t, NEGATIVE] else weight
            remove_term(state, t)
        t = following
    if not found:
        add_term(state, e, v, shift, negative)
        return
    at = 0
    while total != 0:
        if total & 1:
            digit = 2 - (total & 3)
            total -= digit
            add_term(state, e, v, at, 1 if digit < 0 else 0)
        total >>= 1
        at += 1


@kernel
def inline(state: State, t: int) -> None:
    """Replaces a term by the terms of the node that it reads."""
    terms, values = state.terms, state.values
    v, e, shift, negative = terms[t, VALUE], terms[t, EXPRESSION], terms[t, SHIFT], terms[t, NEGATIVE]
    remove_term(state, t)
    u = values[v, FIRST]
    while u != NONE:
        combine(state, e, terms[u, VALUE], terms[u, SHIFT] + shift, terms[u, NEGATIVE] ^ negative)
        u = terms[u, NEXT]


@kernel
def dissolve(state: State, v: int) -> None:
    """Inlines a node everywhere and removes it."""
    while state.values[v, FIRST_READER] != NONE:
        inline(state, state.values[v, FIRST_READER])
    delete_value(state, v)


@kernel
def settle(state: State) -> None:
    """Removes nodes that nobody reads, that one place reads, or that are another value shifted."""
    values, counters = state.values, state.counters
    while counters[QUEUE] > 0:
        counters[QUEUE] -= 1
        v = state.queue[counters[QUEUE]]
        values[v, QUEUED] = 0
        if values[v, ALIVE] and (values[v, READERS] <= 1 or values[v, SIZE] <= 1):
            dissolve(state, v)


@kernel
def level_for(state: State, kraft: int) -> int:
    """The least level on which a tree over this Kraft sum fits."""
    level = 0
    while state.power[level] < kraft:
        level += 1
    return level


@kernel
def room(state: State, e: int) -> int:
    """The greatest Kraft sum that expression e may have where its readers stay as they are."""
    if e < state.counters[INPUTS] + state.counters[OUTPUTS]:
        return state.power[state.counters[DEPTH]]
    return state.power[state.values[e, LEVEL]]


@kernel
def fits(state: State, e: int, more: int) -> bool:
    """Whether expression e may grow by this much in its Kraft sum; a node's level rises if its readers allow it."""
    values, terms = state.values, state.terms
    wanted = values[e, KRAFT] + more
    if wanted <= room(state, e):
        return True
    if e < state.counters[INPUTS] + state.counters[OUTPUTS]:
        return False
    level = level_for(state, wanted)
    if level > state.counters[DEPTH]:
        return False
    before = values[e, LEVEL]
    set_level(state, e, level)
    t = values[e, FIRST_READER]
    while t != NONE:
        r = terms[t, EXPRESSION]
        if values[r, KRAFT] > room(state, r):
            set_level(state, e, before)
            return False
        t = terms[t, NEXT_READER]
    return True


@kernel
def occurrences(state: State, key: int) -> tuple[int, bool]:
    """Collects non-overlapping occurrences of a pattern, those that the depth limit forbids left out."""
    terms, values, found = state.terms, state.values, state.found
    i, j = first_of(key), second_of(key)
    offset, differ = offset_of(key), differ_of(key)
    swapped = values[j, READERS] < values[i, READERS]
    if swapped:
        i, j, offset = j, i, -offset
    power = state.power
    more = power[max(values[i, LEVEL], values[j, LEVEL]) + 1] - power[values[i, LEVEL]] - power[values[j, LEVEL]]
    count = 0
    t = values[i, FIRST_READER]
    while t != NONE:
        e = terms[t, EXPRESSION]
        shift, negative = terms[t, SHIFT] + offset, terms[t, NEGATIVE] ^ differ
        u = values[e, FIRST]
        while u != NONE:
            if terms[u, VALUE] == j and terms[u, SHIFT] == shift and terms[u, NEGATIVE] == negative and u != t:
                break
            u = terms[u, NEXT]
        if u != NONE and i == j:
            # A digit may stand in two occurrences: take it once.
            for k in range(count):
                if found[k, 0] == t or found[k, 1] == t or found[k, 0] == u or found[k, 1] == u:
                    u = NONE
                    break
        if u != NONE and fits(state, e, more):
            # Until all are found, so that two in one expression do not share the same room.
            values[e, KRAFT] += more
            found[count, 0], found[count, 1] = t, u
            count += 1
        t = terms[t, NEXT_READER]
    for k in range(count):
        values[terms[found[k, 0], EXPRESSION], KRAFT] -= more
    return count, swapped


@kernel
def extract(state: State, key: int, count: int, swapped: bool) -> None:
    """Makes a pattern a node and lets its occurrences read it."""
    terms, values, found, counters = state.terms, state.values, state.found, state.counters
    first, second = found[0, 0], found[0, 1]
    if swapped:
        first, second = second, first
    i, j = terms[first, VALUE], terms[second, VALUE]
    offset, differ = offset_of(key), differ_of(key)
    n = create_value(state)
    i_shift, j_shift = max(0, -offset), max(0, offset)
    values[n, LEVEL] = min(max(values[i, LEVEL], values[j, LEVEL]) + 1, len(state.power) - 3)
    negative = 0
    plus = 0
    for k in range(count):
        plus += terms[found[k, 0], NEGATIVE] ^ (differ if swapped else 0)
    # A sum is never subtracted as a whole where it can be added; a difference is as its readers like it.
    if 2 * plus > count and differ:
        negative = 1
    scale_i = -(1 << i_shift) if negative else 1 << i_shift
    scale_j = -(1 << j_shift) if negative ^ differ else 1 << j_shift
    lo, hi = 0, 0
    if counters[EXACT]:
        row = state.coefficients[n]
        for k in range(counters[INPUTS]):
            weight = scale_i * state.coefficients[i, k] + scale_j * state.coefficients[j, k]
            row[k] = weight
            if weight > 0:
                lo += weight * values[k, LO]
                hi += weight * values[k, HI]
            else:
                lo += weight * values[k, HI]
                hi += weight * values[k, LO]
    else:
        if scale_i > 0:
            lo, hi = scale_i * values[i, LO], scale_i * values[i, HI]
        else:
            lo, hi = scale_i * values[i, HI], scale_i * values[i, LO]
        if scale_j > 0:
            lo, hi = lo + scale_j * values[j, LO], hi + scale_j * values[j, HI]
        else:
            lo, hi = lo + scale_j * values[j, HI], hi + scale_j * values[j, LO]
    values[n, LO], values[n, HI] = lo, hi
    for k in range(count):
        first, second = found[k, 0], found[k, 1]
        if swapped:
            first, second = second, first
        e = terms[first, EXPRESSION]
        shift, flip = terms[first, SHIFT] - i_shift, terms[first, NEGATIVE] ^ negative
        remove_term(state, first)
        remove_term(state, second)
        add_term(state, e, n, shift, flip)
    add_term(state, n, i, i_shift, negative)
    add_term(state, n, j, j_shift, negative ^ differ)
    if values[n, READERS] <= 1:
        values[n, QUEUED] = 1
        state.queue[counters[QUEUE]] = n
        counters[QUEUE] += 1
    settle(state)
    push_touched(state)


@kernel
def recreate(state: State) -> None:
    """Takes the best pattern from the heap until none saves anything."""
    counters = state.counters
    while counters[HEAP] > 0 and counters[FREE_VALUES] > 1 and counters[FREE_TERMS] > 2:
        score, key = pop(state)
        slot_count = count_of(state, key)
        if slot_count < 2:
            continue
        now = score_of(state, key, slot_count)
        if now < score - 1e-9:
            if now > 0:
                push(state, now, key)
            continue
        count, swapped = occurrences(state, key)
        if count < 2:
            continue
        now = score_of(state, key, count)
        if now < score - 1e-9:
            if now > 0:
                push(state, now, key)
            continue
        extract(state, key, count, swapped)
        if counters[OVERFLOW]:
            start(state)
        if 10 * counters[PATTERNS] > 6 * len(state.table):
            compact_patterns(state)


@kernel
def start(state: State) -> None:
    """Puts every pattern that occurs twice on an empty heap."""
    state.counters[WATCHING] = 1
    state.counters[HEAP] = 0
    state.counters[OVERFLOW] = 0
    for entry in state.table:
        if entry != NONE and entry & COUNT > 1:
            score = score_of(state, entry >> 15, entry & COUNT)
            if score > 0:
                push(state, score, entry >> 15)
