"""The bench: plays vectors through the AXI4-Stream edges, both sides stalling, and compares every word that comes out.

It holds no model of the network: the vectors are all it knows. A difference is traced to the first inner link that
carries one, by playing the same frames again with the same stalls."""

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import NullTrigger, RisingEdge
from numpy.typing import NDArray

Json = dict[str, Any]
Stalls = tuple[Iterator[bool], Iterator[bool]]
"""Of source and sink: at each cycle, whether the side waits."""
FOLDER, VECTORS = Path(os.environ["BENCH_FOLDER"]), Path(os.environ["BENCH_VECTORS"])
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
SEED = int(os.environ["BENCH_SEED"])
FRAMES = int(os.environ["BENCH_FRAMES"] or 0) or None
TIMING_FRAMES = 3
PERIOD = 10  # ns


def beats(array: NDArray[np.int64], edge: Json) -> list[int]:
    """One tdata value a position, from words (frames, positions, lanes)."""
    plain = array.astype(edge["container"])
    size = plain.shape[-1] * plain.dtype.itemsize
    content = plain.tobytes()
    return [int.from_bytes(content[start : start + size], "little") for start in range(0, len(content), size)]


def words(tdata: list[int], edge: Json) -> NDArray[np.int64]:
    """The inverse of `beats`, (frames, positions, lanes)."""
    kind = np.dtype(edge["container"])
    content = b"".join(value.to_bytes(edge["lanes"] * kind.itemsize, "little") for value in tdata)
    return np.frombuffer(content, kind).reshape(-1, edge["positions"], edge["lanes"]).astype(np.int64)


INPUT = np.load(VECTORS / "input.npy")[:FRAMES]
OUTPUT = np.load(VECTORS / "output.npy")[:FRAMES]
RESULT: Json = {
    "frames": len(INPUT),
    "words": int(OUTPUT.size),
    "equal": False,
    "message": None,  # until a test comes to an end
    "mismatch": None,
    "latency": None,
    "interval": None,
    "cycles": None,
    "links": {},
}
REPLAY: tuple[int, Callable[[], Stalls]] | None = None
"""Frames and stalls of the play that went wrong."""


class Different(Exception):
    """The hardware and the vectors disagree; the text says where."""


class Stalled(Different):
    """A word is owed and does not come."""


def without_stalls() -> Stalls:
    """Neither side ever waits."""
    return repeat(False), repeat(False)


def bursts(seed: str) -> Iterator[bool]:
    """Seeded stalls: runs of busy cycles between runs of idle ones, single cycles and long pauses among them."""
    source = random.Random(seed)

    def runs() -> Iterator[Iterator[bool]]:
        while True:
            yield repeat(False, source.choice((1, 1, 2, 3, 8, 40)))
            yield repeat(True, source.choice((0, 1, 1, 2, 3, 20)))

    return chain.from_iterable(runs())


def stalls() -> Stalls:
    """Of source and sink: bursts, one pause of the sink that blocks every stage, one of the source that empties them.

    Bursts alone never fill the buffers of a design whose frame interval is long, and its ready would go untried."""
    timing = MANIFEST["timing"]
    through = timing["latency"] + timing["interval"]
    # A stage holds up to a frame, and the source offers words two cycles in three.
    blocked = 2 * (timing["latency"] + (len(MANIFEST["links"]) + 1) * timing["interval"])
    source, sink = bursts(f"{SEED} in"), bursts(f"{SEED} out")
    return (
        chain(islice(source, blocked + through), repeat(True, through), source),
        chain(islice(sink, through), repeat(True, blocked), sink),
    )


@dataclass
class Bench:
    """The design at its edges. `cycle` counts clock edges since reset, `taken` and `left` those of each transfer."""

    dut: Any
    cycle: int = 0
    taken: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    @classmethod
    async def start(cls, dut: Any) -> "Bench":
        """Clock, reset, idle inputs."""
        dut.s_axis_tvalid.value = 0
        dut.s_axis_tdata.value = 0
        dut.s_axis_tlast.value = 0
        dut.m_axis_tready.value = 0
        dut.aresetn.value = 0
        Clock(dut.aclk, PERIOD, unit="ns").start()
        for _ in range(4):
            await RisingEdge(dut.aclk)
        dut.aresetn.value = 1
        # The stated cycles count from rest: windows walk their leading padding before the first word comes.
        for _ in range(MANIFEST["timing"]["interval"] + 1):
            await RisingEdge(dut.aclk)
        return cls(dut)

    async def send(self, tdata: list[int], stalls: Iterator[bool]) -> None:
        """Offers every beat until it is taken; idles where `stalls` says so."""
        dut, last = self.dut, MANIFEST["input"]["positions"] - 1
        for place, value in enumerate(tdata):
            if next(stalls):
                self.idle(value)
                await RisingEdge(dut.aclk)
                while next(stalls):
                    await RisingEdge(dut.aclk)
            dut.s_axis_tvalid.value = 1
            dut.s_axis_tdata.value = value
            dut.s_axis_tlast.value = int(place % (last + 1) == last)
            await RisingEdge(dut.aclk)
            while not is_high(dut.s_axis_tready):
                await RisingEdge(dut.aclk)
        self.idle(tdata[-1])

    def idle(self, value: int) -> None:
        """Offers nothing, and on tdata what no word beside it is: who looks without tvalid goes wrong."""
        self.dut.s_axis_tvalid.value = 0
        self.dut.s_axis_tdata.value = value ^ (1 << len(self.dut.s_axis_tdata)) - 1

    async def receive(self, expected: list[int], stalls: Iterator[bool]) -> None:
        """Takes every beat and compares it; then sees that no other follows. Raises Different."""
        dut, last = self.dut, MANIFEST["output"]["positions"] - 1
        drain = MANIFEST["timing"]["latency"] + 2 * MANIFEST["timing"]["interval"]
        # Without stalls a word comes within `drain` cycles; the source's share and its longest pauses are in the rest.
        patience = 20 * drain + 1000
        offered: tuple[str, str] | None = None
        quiet = 0
        while len(self.received) < len(expected) or quiet < drain:
            ready = len(self.received) >= len(expected) or not next(stalls)
            dut.m_axis_tready.value = int(ready)
            await RisingEdge(dut.aclk)
            place = len(self.received)
            where = f"output frame {place // (last + 1)}, position {place % (last + 1)}"
            valid = str(dut.m_axis_tvalid.value)
            if valid != "1":
                if valid != "0":
                    raise Different(f"{where}: tvalid is unknown ({valid})")
                if offered is not None:
                    raise Different(f"{where}: tvalid was withdrawn before tready took the word")
                quiet += 1
                if quiet > patience and place < len(expected):
                    raise Stalled(
                        f"{where}: stalled, nothing came for {quiet} cycles; "
                        f"s_axis_tready is {dut.s_axis_tready.value} after {len(self.taken)} input beats"
                    )
                continue
            if place >= len(expected):
                raise Different(f"{where}: a word too many after the last frame")
            held = (str(dut.m_axis_tdata.value), str(dut.m_axis_tlast.value))
            if offered is not None and held != offered:
                raise Different(f"{where}: the word changed while tready was low")
            offered = None if ready else held
            if not ready:
                continue
            quiet = 0
            self.take(held[0], expected[place], where)
            tlast = str(int(place % (last + 1) == last))
            if held[1] != tlast:
                raise Different(f"{where}: tlast is {held[1]}, not {tlast}")

    def take(self, bits: str, expected: int, where: str) -> None:
        """One beat has crossed."""
        if set(bits) - {"0", "1"}:
            raise Different(f"{where}: expected 0x{expected:x}, simulated unknown bits {bits}")
        value = int(bits, 2)
        self.received.append(value)
        if value != expected:
            edge = MANIFEST["output"]
            pair = [words([beat] * edge["positions"], edge)[0, 0].tolist() for beat in (expected, value)]
            lane = next(lane for lane, (one, two) in enumerate(zip(*pair, strict=True)) if one != two)
            raise Different(f"{where}, channel {lane}: expected {pair[0][lane]}, simulated {pair[1][lane]}")

    async def count(self, watch: Callable[[], None] = lambda: None) -> None:
        """Counts cycles and notes the transfers at each edge: one task does both, with one count."""
        dut = self.dut
        while True:
            await RisingEdge(dut.aclk)
            if is_high(dut.s_axis_tvalid) and is_high(dut.s_axis_tready):
                self.taken.append(self.cycle)
            if is_high(dut.m_axis_tvalid) and is_high(dut.m_axis_tready):
                self.left.append(self.cycle)
            watch()
            self.cycle += 1

    async def play(self, frames: int, both_sides: Stalls, watch: Callable[[], None] = lambda: None) -> None:
        """Sends and receives whole frames."""
        sent = np.resize(INPUT, (frames, *INPUT.shape[1:]))
        wanted = np.resize(OUTPUT, (frames, *OUTPUT.shape[1:]))
        counter = cocotb.start_soon(self.count(watch))
        sender = cocotb.start_soon(self.send(beats(sent, MANIFEST["input"]), both_sides[0]))
        try:
            await self.receive(beats(wanted, MANIFEST["output"]), both_sides[1])
        finally:
            # The counter has yet to see the edge at which a difference was seen.
            await NullTrigger()
            sender.cancel()
            counter.cancel()


def is_high(signal: Any) -> bool:
    """Whether a one-bit signal is 1; unknown is not."""
    return str(signal.value) == "1"


def hexadecimal(word: int, width: int) -> str:
    """A word as its wires hold it."""
    return f"0x{word % (1 << width):0{-(-width // 4)}x}"


class Links:
    """Watches the inner links: the first transfer on each, and the first word that differs from its vectors."""

    def __init__(self, dut: Any, frames: int, compare: bool) -> None:
        self.frames = frames
        self.first: dict[str, int] = {}
        self.differences: dict[str, Json] = {}
        self._links = [
            (link, *(getattr(dut, link[part]) for part in ("valid", "ready", "payload"))) for link in MANIFEST["links"]
        ]
        self._counts = dict.fromkeys((link["name"] for link in MANIFEST["links"]), 0)
        self._vectors = (
            {link["name"]: np.load(VECTORS / "links" / f"{link['name']}.npy")[:FRAMES] for link in MANIFEST["links"]}
            if compare
            else {}
        )

    def look(self, cycle: int) -> None:
        """At a clock edge."""
        for link, valid, ready, payload in self._links:
            if is_high(valid) and is_high(ready):
                self.first.setdefault(link["name"], cycle)
                if self._vectors and link["name"] not in self.differences:
                    self._compare(link, str(payload.value))
                self._counts[link["name"]] += 1

    def _compare(self, link: Json, bits: str) -> None:
        frame, position = divmod(self._counts[link["name"]], link["positions"])
        expected = self._vectors[link["name"]]
        wanted = expected[frame % len(expected), position].tolist() if frame < self.frames else []
        top = len(bits)
        for lane, (width, signed) in enumerate(link["lanes"]):
            word, top = bits[top - width : top], top - width
            # Unknown bits are shown as they are, and equal nothing.
            got: int | str = word
            if not set(word) - {"0", "1"}:
                got = int(word, 2) - (1 << width if signed and word[0] == "1" else 0)
            if not wanted or got != wanted[lane]:
                self.differences[link["name"]] = {
                    "layer": link["name"],
                    "frame": frame,
                    "position": position,
                    "channel": lane,
                    "expected": wanted[lane] if wanted else "no word",
                    "simulated": got,
                    "expected_hex": hexadecimal(wanted[lane], width) if wanted else None,
                    "simulated_hex": hexadecimal(got, width) if isinstance(got, int) else None,
                }
                return

    def standing(self) -> str | None:
        """Where a stalled design stands: the first link that owes words and offers none, and what it gave last."""
        for link, valid, _, _ in self._links:
            count = self._counts[link["name"]]
            if count < self.frames * link["positions"] and not is_high(valid):
                frame, position = divmod(count, link["positions"])
                return f"layer {link['name']}, frame {frame}, position {position}: the word never comes"
        return None


@cocotb.test()
async def cycles_are_as_stated(dut: Any) -> None:
    """Without stalls, latency, interval and every link's first transfer are what the manifest says."""
    bench = await Bench.start(dut)
    links = Links(dut, TIMING_FRAMES, compare=False)
    try:
        await bench.play(TIMING_FRAMES, without_stalls(), lambda: links.look(bench.cycle))
    except Different as problem:
        # A design that answers wrongly has no timing.
        failed(f"{problem}, without stalls", TIMING_FRAMES, without_stalls)
        raise
    began, positions = bench.taken[0], MANIFEST["output"]["positions"]
    RESULT["latency"] = bench.left[0] - began
    RESULT["interval"] = bench.left[2 * positions] - bench.left[positions]
    RESULT["links"] = {name: cycle - began for name, cycle in links.first.items()}
    stated = {"latency": MANIFEST["timing"]["latency"], "interval": MANIFEST["timing"]["interval"]}
    stated |= {link["name"]: link["first"] for link in MANIFEST["links"]}
    measured = {"latency": RESULT["latency"], "interval": RESULT["interval"], **RESULT["links"]}
    for name, cycles in stated.items():
        if measured.get(name) != cycles:
            RESULT["message"] = f"{name}: the manifest states {cycles} cycles, simulation measures {measured.get(name)}"
            write()
            raise Different(RESULT["message"])
    RESULT["message"] = ""


@cocotb.test()
async def every_word_is_equal(dut: Any) -> None:
    """All frames, both sides stalling at random."""
    claims, RESULT["message"] = RESULT["message"], None
    bench = await Bench.start(dut)
    try:
        await bench.play(len(INPUT), stalls())
    except Different as problem:
        failed(str(problem), len(INPUT), stalls)
        raise
    else:
        RESULT["message"], RESULT["equal"] = claims, claims == ""
    finally:
        RESULT["cycles"] = bench.cycle
        whole = len(bench.received) // MANIFEST["output"]["positions"] * MANIFEST["output"]["positions"]
        np.save(Path(os.environ["BENCH_RESULT"]).with_suffix(".npy"), words(bench.received[:whole], MANIFEST["output"]))
        write()


@cocotb.test()
async def the_first_difference_is_found(dut: Any) -> None:
    """After a difference: the same frames with the same stalls, watching every link."""
    if REPLAY is None:
        return
    frames, both_sides = REPLAY
    bench = await Bench.start(dut)
    links = Links(dut, frames, compare=True)
    stands = None
    try:
        await bench.play(frames, both_sides(), lambda: links.look(bench.cycle))
    except Stalled:
        stands = links.standing()
    except Different:
        pass
    seen = f"(seen at the {RESULT['mismatch']['output']})"
    named = (links.differences[link["name"]] for link in MANIFEST["links"] if link["name"] in links.differences)
    if found := next(named, None):
        RESULT["mismatch"] |= found
        RESULT["message"] = (
            f"layer {found['layer']}, frame {found['frame']}, position {found['position']}, "
            f"channel {found['channel']}: expected {found['expected']}, simulated {found['simulated']} {seen}"
        )
    elif stands is not None:
        RESULT["message"] = f"{stands} {seen}"
    write()


def failed(problem: str, frames: int, both_sides: Callable[[], Stalls]) -> None:
    """Notes a difference, and how to see it again."""
    global REPLAY
    RESULT["message"], RESULT["mismatch"] = problem, {"output": problem}
    REPLAY = frames, both_sides
    write()


def write() -> None:
    """Leaves the result for run.py, even if the simulator dies afterwards."""
    Path(os.environ["BENCH_RESULT"]).write_text(json.dumps(RESULT) + "\n")
