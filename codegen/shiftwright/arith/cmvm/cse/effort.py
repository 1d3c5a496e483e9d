"""How long the search goes on: named efforts count work, so that their result is the same on every machine."""

EFFORTS = ("fast", "normal", "high")
RATE = 10e6  # units of work a second, about, on one core of a server of 2023
LONGEST = 45.0  # seconds of the high effort; a third more on large matrices, whose tables the cache does not hold
SMALL = 4096  # weights: less than 64×64 is small
ENOUGH = 20_000.0  # units a digit: longer searches of small matrices find next to nothing


def budget(effort: str, weights: int, terms: int, spare: int | None) -> float:
    """Units of work, where `spare` levels are left beyond the least depth; None for any number.

    Normal is about a second at most for small matrices, two where depth is left. For others it grows with the square of
    the digits, and stays within what da4ml takes, whose search is the shorter the less depth is left. High is up to a
    minute."""
    if effort == "fast":
        return 0.0
    if effort == "high":
        return min(LONGEST * RATE, 100 * ENOUGH * terms)
    if weights < SMALL:
        return min((1.0 if spare == 0 else 2.0) * RATE, ENOUGH * terms)
    seconds = 0.07 if spare is None else 0.035 if spare else 0.005
    return RATE * seconds * (terms / 2000) ** 2
