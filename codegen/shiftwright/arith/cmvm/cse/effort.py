"""How long the search goes on: named efforts count work, so that their result is the same on every machine."""

EFFORTS = ("fast", "normal", "high")
RATE = 20e6  # units of work a second, about, on one core of a server of 2023
SMALL = 4096  # weights: less than 64×64 is small
ENOUGH = 20_000.0  # units a digit: longer searches of small matrices find next to nothing


def budget(effort: str, weights: int, terms: int, any_depth: bool) -> float:
    """Units of work. Normal is up to half a second for small matrices, a second where depth is free; for others it
    grows with the square of the digits, within what the two-stage search of da4ml takes. High is up to a minute."""
    if effort == "fast":
        return 0.0
    if effort == "high":
        return min(60 * RATE, 100 * ENOUGH * terms)
    if weights < SMALL:
        return min((1.0 if any_depth else 0.5) * RATE, ENOUGH * terms)
    return RATE * (0.03 if any_depth else 0.01) * (terms / 2000) ** 2
