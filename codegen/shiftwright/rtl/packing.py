"""Chunks of a payload: `simd` neighbouring channels of a link, side by side in lanes that fit every chunk.

Between link and engine a chunk travels in the narrowest lanes that do; at the end each becomes the common lane."""

from amaranth import Cat, Value

from shiftwright.rtl.format import Format, Lane, fit


class Packing:
    """The chunks of `link`, `simd` channels each; `words` is the lane that every channel is extended to in the end.

    `count` chunks make a payload; `lanes` is the format of one, before its words are extended."""

    def __init__(self, link: Format, words: Lane, simd: int) -> None:
        channels = len(link.lanes)
        assert simd >= 1 and channels % simd == 0, f"{channels} channels do not divide into chunks of {simd}"
        assert all(words.lo <= lane.lo and lane.hi <= words.hi for lane in link.lanes), f"a lane does not fit {words}"
        self.link, self.words, self.simd = link, words, simd
        self.count = channels // simd
        sharing = [link.lanes[place::simd] for place in range(simd)]
        self.lanes = Format.spanning(
            [(min(lane.lo for lane in lanes), max(lane.hi for lane in lanes)) for lanes in sharing]
        )

    def chunks(self, payload: Value) -> list[Value]:
        """The chunks of a payload, packed in `lanes`, the lowest channels first."""
        chunks: list[Value] = []
        for first in range(0, len(self.link.lanes), self.simd):
            words = [self.link.slice(payload, first + place) for place in range(self.simd)]
            chunks.append(Cat(*(fit(word, lane.width) for word, lane in zip(words, self.lanes.lanes, strict=True))))
        return chunks

    def extend(self, chunk: Value) -> list[Value]:
        """The words of a chunk packed in `lanes`, each of the common lane's width."""
        return [fit(self.lanes.slice(chunk, place), self.words.width) for place in range(self.simd)]
