"""The cocotb side of `streams`: plays each case's words, without stalls and with them, and checks model and promises.

Runs inside the simulator; the cases come from the file that STREAM_CASES names."""

import copy
import os
import pickle
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import Timer

CASES: dict[str, Any] = pickle.loads(Path(os.environ["STREAM_CASES"]).read_bytes())
PATIENCE = 40  # cycles beyond a case's latency that both sides may idle before the bench gives up; stalls are shorter


class Ports:
    """One case's ports; the clock is stepped by hand, so that every signal is settled when it is looked at."""

    def __init__(self, dut: Any, name: str) -> None:
        self.clk, self.rst = getattr(dut, f"{name}_clk"), getattr(dut, f"{name}_rst")
        self.i = {part: getattr(dut, f"{name}_i__{part}") for part in ("payload", "valid", "ready")}
        self.o = {part: getattr(dut, f"{name}_o__{part}") for part in ("payload", "valid", "ready")}

    async def reset(self) -> None:
        """Two cycles of reset with every input at rest."""
        for port in (self.i["payload"], self.i["valid"], self.o["ready"]):
            port.value = 0
        self.rst.value = 1
        for _ in range(2):
            await self.settle()
            await self.edge()
        self.rst.value = 0

    async def settle(self) -> None:
        """The low half of a cycle."""
        self.clk.value = 0
        await Timer(5, "ns")

    async def edge(self) -> None:
        """The rising edge and the high half."""
        self.clk.value = 1
        await Timer(5, "ns")


class Run:
    """What one pass over a case's words brought to light."""

    def __init__(self) -> None:
        self.given: list[int] = []
        self.first_taken: int | None = None
        self.offers: list[int] = []  # cycle at which each output word was first offered


async def play(ports: Ports, case: dict[str, Any], source_stalls: float, sink_stalls: float, seed: int) -> Run:
    """Plays all words once; fails where valid, ready or a held word is not what the model and the protocol ask for."""
    await ports.reset()
    chance = random.Random(seed)
    handshake, words, run = copy.deepcopy(case["handshake"]), list(case["words"]), Run()
    cycle, idle, waiting, held = 0, 0, False, None
    while idle < PATIENCE + case["latency"]:
        arriving = bool(words) and (waiting or chance.random() >= source_stalls)
        downstream = chance.random() >= sink_stalls
        ports.i["valid"].value = arriving
        ports.i["payload"].value = words[0] if arriving else chance.getrandbits(len(ports.i["payload"]))
        ports.o["ready"].value = downstream
        await ports.settle()

        valid, ready = bool(ports.o["valid"].value), bool(ports.i["ready"].value)
        assert (valid, ready) == (handshake.valid(), handshake.ready(downstream)), f"(valid, ready) at cycle {cycle}"
        if valid:
            payload = int(str(ports.o["payload"].value), 2)  # refuses X
            if held is None:
                run.offers.append(cycle)
            assert held in (None, payload), f"the word offered changed at cycle {cycle}"
            held = None if downstream else payload
            if downstream:
                run.given.append(payload)
        if arriving and ready:
            run.first_taken = cycle if run.first_taken is None else run.first_taken
            words.pop(0)
        waiting = arriving and not ready
        idle = 0 if arriving or valid else idle + 1
        handshake.clock(arriving, downstream)
        cycle += 1
        await ports.edge()
    return run


@cocotb.test()
@cocotb.parametrize(case=list(CASES))
async def a_component_keeps_its_promises(dut: Any, case: str) -> None:
    """Same words whatever the stalls; latency and interval as stated without them."""
    ports, promise = Ports(dut, case), CASES[case]
    run = await play(ports, promise, 0, 0, seed=0)
    assert run.given == promise["expected"], _difference(run.given, promise["expected"])
    assert run.first_taken is not None
    assert run.offers[0] - run.first_taken == promise["latency"], f"latency is {run.offers[0] - run.first_taken}"
    starts = run.offers[:: len(run.offers) // promise["frames"]]
    intervals = [later - sooner for sooner, later in pairwise(starts)]
    assert set(intervals) <= {promise["interval"]}, f"intervals are {intervals}"
    for seed, (source_stalls, sink_stalls) in enumerate([(0.5, 0.5), (0.0, 0.6), (0.6, 0.1)], start=1):
        run = await play(ports, promise, source_stalls, sink_stalls, seed)
        assert run.given == promise["expected"], _difference(run.given, promise["expected"])


def _difference(given: list[int], expected: list[int]) -> str:
    for index, (got, wanted) in enumerate(zip(given, expected, strict=False)):
        if got != wanted:
            return f"word {index} is {got:#x}, not {wanted:#x}"
    return f"{len(given)} words came, not {len(expected)}"
