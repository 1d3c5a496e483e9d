"""The link between digit-serial components: digits side by side, a marker ahead of each word, and an enable back."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


def serial_link(lanes: int, digit: int) -> wiring.Signature:
    """`lanes` digits of `digit` bits, lane 0 lowest; `start` is high in the enabled cycle before a word's first digits.

    Nothing moves on either side while `enable` is low; `ahead` is what it will be in the next cycle. Words do not begin
    before the one ahead has ended."""
    return wiring.Signature({"start": Out(1), "digits": Out(lanes * digit), "enable": In(1), "ahead": In(1)})
