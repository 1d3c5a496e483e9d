"""Steps of the search, each looked at from outside: run by Python itself, which needs NUMBA_DISABLE_JIT=1.

Compiled functions do not check what they are given; here their own source runs slowly, and every invariant is worked
out anew after each step. Called by test_cse_search.py as a program with ARITY DEPTH SEED."""

import sys
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.cmvm.cse import state as s
from shiftwright.arith.cmvm.cse.differences import differences
from shiftwright.arith.cmvm.cse.problem import Problem, Start, first_best, first_state, slimmed
from shiftwright.arith.cmvm.cse.search import build, rebuild, remember, ruin
from shiftwright.arith.cmvm.cse.tree import plan

Term = tuple[int, int, int]


def expressions(state: s.State) -> dict[int, list[Term]]:
    """The terms of every live expression, sorted."""
    found: dict[int, list[Term]] = {}
    for e in range(int(state.counters[s.INPUTS]), len(state.values)):
        if state.values[e, s.ALIVE]:
            found[e] = []
            t = state.values[e, s.FIRST]
            while t != s.NONE:
                value, shift, negative = state.terms[t, [s.VALUE, s.SHIFT, s.NEGATIVE]].tolist()
                found[e].append((value, shift, negative))
                t = state.terms[t, s.NEXT]
            found[e].sort()
    return found


def rows(state: s.State, known: dict[int, list[Term]]) -> dict[int, list[int]]:
    """The weights of every expression over the inputs, by substitution."""
    inputs = int(state.counters[s.INPUTS])
    weights: dict[int, list[int]] = {}

    def of(v: int) -> list[int]:
        if v < inputs:
            return [int(v == column) for column in range(inputs)]
        if v not in weights:
            total = [0] * inputs
            for value, shift, negative in known[v]:
                total = [a + (-b if negative else b) * 2**shift for a, b in zip(total, of(value), strict=True)]
            weights[v] = total
        return weights[v]

    return {e: of(e) for e in known}


def patterns(known: dict[int, list[Term]]) -> Counter[int]:
    """How often each pattern occurs, counted pair by pair."""
    return Counter(
        int(s.pattern_key(*a, *b)) for terms in known.values() for place, a in enumerate(terms) for b in terms[:place]
    )


def check(state: s.State, matrix: NDArray[np.int64]) -> None:
    """Every invariant of a state between two steps."""
    values, inputs, outputs = state.values, int(state.counters[s.INPUTS]), len(matrix)
    known = expressions(state)
    table = {int(entry >> 15): int(entry & s.COUNT) for entry in state.table if entry != s.NONE and entry & s.COUNT}
    assert patterns(known) == table
    found = rows(state, known)
    assert matrix.tolist() == [found[inputs + number] for number in range(outputs)]
    readers = Counter(value for terms in known.values() for value, _, _ in terms)
    for e, terms in known.items():
        kraft = int(values[e, s.RESERVED]) + sum(int(state.power[values[v, s.LEVEL]]) for v, _, _ in terms)
        assert (len(terms), readers[e], kraft) == tuple(values[e, [s.SIZE, s.READERS, s.KRAFT]])
        if e >= inputs + outputs:
            assert readers[e] >= 2 and len(terms) >= 2
            assert kraft <= state.power[values[e, s.LEVEL]]
            lo = sum(min(w * int(values[v, s.LO]), w * int(values[v, s.HI])) for v, w in enumerate(found[e]))
            hi = sum(max(w * int(values[v, s.LO]), w * int(values[v, s.HI])) for v, w in enumerate(found[e]))
            assert (lo, hi) == tuple(values[e, [s.LO, s.HI]])
        else:
            assert kraft <= state.power[state.counters[s.DEPTH]]
    assert sum(int(plan(state, e)[1]) for e in known) == state.counters[s.TOTAL]


def main(arity: int, depth: int | None, seed: int) -> int:
    """Some steps on a random matrix, half of them undone. Returns how many changed something."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-12, 13, (6, 5))
    problem = Problem.of(matrix, [(-128, 127), (0, 255), (-8, 7), (0, 1), (-100, 3)], [0, 3, 0, -20, 0, 0])
    limit = None if depth is None else problem.least_depth + depth
    start = differences(problem, arity, limit) if seed % 2 else None
    state = first_state(problem, start or Start.plain(problem), seed, arity, limit, [16, 4, 18, 20])
    build(state, (start or Start.plain(problem)).terms)
    best = first_best(state)
    remember(state, best)
    state = slimmed(state)
    state.noise[:3] = 0.3, 0, 0.5
    check(state, matrix)
    changed = 0
    for step in range(60):
        before, total = expressions(state), int(state.counters[s.TOTAL])
        if not ruin(state, int(state.counters[s.TOP]), 1 + step % 4):
            break
        rebuild(state)
        changed += expressions(state) != before
        if step % 2:
            s.keep(state)
        else:
            s.undo(state)
        s.drop_touched(state)
        if step % 2 == 0:
            assert (expressions(state), int(state.counters[s.TOTAL])) == (before, total)
        check(state, matrix)
    return changed


if __name__ == "__main__":
    print(main(int(sys.argv[1]), None if sys.argv[2] == "none" else int(sys.argv[2]), int(sys.argv[3])))
