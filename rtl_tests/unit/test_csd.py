"""Canonical signed digits: the sum is right, the form canonical, the weight the least there is."""

from collections import deque
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shiftwright.arith.csd import csd_digits, csd_weight, csd_weights


def fewest_terms(limit: int) -> dict[int, int]:
    """For every number within ±limit the least count of signed powers of two that sum to it, breadth first."""
    powers = [sign << shift for shift in range(limit.bit_length() + 1) for sign in (1, -1)]
    terms, queue = {0: 0}, deque([0])
    while queue:
        number = queue.popleft()
        for following in (number + power for power in powers):
            # A shortest sum can be ordered so that its partial sums stay within twice the limit.
            if abs(following) <= 2 * limit and following not in terms:
                terms[following] = terms[number] + 1
                queue.append(following)
    return {number: terms[number] for number in range(-limit, limit + 1)}


def test_weight_is_the_least_possible() -> None:
    """Every number within ±1100, against brute force over all sums of signed powers of two."""
    least = fewest_terms(1100)

    assert least == {number: csd_weight(number) for number in least}


@given(st.integers(-(1 << 200), 1 << 200))
def test_digits_sum_to_the_number_and_are_canonical(number: int) -> None:
    """Digits ascend, never touch, are ±1, and as many as the weight says; numbers of any size."""
    digits = csd_digits(number)

    assert number == sum(sign << shift for shift, sign in digits)
    assert all(upper - lower >= 2 for (lower, _), (upper, _) in pairwise(digits))
    assert {sign for _, sign in digits} <= {-1, 1}
    assert len(digits) == csd_weight(number)


def test_weights_of_an_array() -> None:
    """The vectorised weight agrees with the scalar one, in the array's shape."""
    numbers = np.array([[0, 1, -1, 7], [-181, 255, 1 << 61, -(1 << 61) + 1]])

    assert [[csd_weight(number) for number in row] for row in numbers.tolist()] == csd_weights(numbers).tolist()
