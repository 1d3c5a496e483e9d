"""Shifters for a set of amounts, as lists of stages of which each chooses among a few."""

from collections.abc import Sequence
from itertools import combinations

MOST_STEPS = 16  # amounts beyond which subset sums are not searched
Stages = tuple[tuple[int, ...], ...]


def binary(amounts: Sequence[int]) -> Stages:
    """A stage for each bit that some amount has."""
    return tuple((0, 1 << bit) for bit in range(max(amounts).bit_length()) if any(one >> bit & 1 for one in amounts))


def stage_lists(amounts: Sequence[int]) -> list[Stages]:
    """Shifters for ascending amounts: bit by bit, one multiplexer over all of them, and the fewest two-way stages whose
    sums are the amounts. A lone amount of 0 takes no stage."""
    if list(amounts) == [0]:
        return [()]
    found = [binary(amounts), (tuple(amounts),)]
    steps = [amount for amount in amounts if amount]
    least = (len(amounts) - 1).bit_length()
    if amounts[0] == 0 and len(steps) <= MOST_STEPS:
        for chosen in combinations(steps, least):
            if _sums(chosen).issuperset(amounts):
                found.append(tuple((0, step) for step in chosen))
                break
    return found


def _sums(steps: Sequence[int]) -> set[int]:
    return {sum(some) for count in range(len(steps) + 1) for some in combinations(steps, count)}
