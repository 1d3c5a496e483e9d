"""How long the search goes on: named efforts count work, so that their result is the same on every machine."""

EFFORTS = ("fast", "normal", "high")
RATE = 20e6  # units of work a second, about, on one core of a server of 2023
SMALL = 4096  # weights: less than 64×64 is small


def budget(effort: str, weights: int, terms: int, any_depth: bool) -> float:
    """Units of work. Normal is half a second for small matrices; for others it grows with the square of the digits, so
    that it stays within what the two-stage search of da4ml takes; high is a minute."""
    if effort == "fast":
        return 0.0
    if effort == "high":
        return 60 * RATE
    if weights < SMALL:
        return 0.5 * RATE
    return RATE * (0.03 if any_depth else 0.01) * (terms / 2000) ** 2
