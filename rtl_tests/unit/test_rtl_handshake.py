"""Timing models on their own: what a chain of them predicts. That hardware follows them is shown in simulation."""

import random

import pytest
from amaranth.hdl import Fragment

from shiftwright.rtl.handshake import Handshake, chain, gather, pipe, skid
from shiftwright.rtl.window import Window


def offers(handshake: Handshake, cycles: int) -> list[int]:
    """The cycles at which a word is offered, with both sides always willing."""
    seen = []
    for cycle in range(cycles):
        if handshake.valid():
            seen.append(cycle)
        handshake.clock(arriving=True, downstream=True)
    return seen


@pytest.mark.parametrize(
    ("handshake", "expected"),
    [
        pytest.param(pipe(3), [3, 4, 5, 6, 7, 8, 9], id="pipeline"),
        pytest.param(skid(), [1, 2, 3, 4, 5, 6, 7, 8, 9], id="skid"),
        pytest.param(gather(3), [3, 6, 9], id="gather"),
        pytest.param(chain([pipe(2), gather(2), skid()]), [5, 7, 9], id="chain"),
    ],
)
def test_words_are_offered_when_the_latencies_say(handshake: Handshake, expected: list[int]) -> None:
    """Latency is the first offer, interval the distance of two."""
    assert offers(handshake, 10) == expected


def test_a_window_offers_one_frame_each_padded_grid() -> None:
    """4x4 with padding 1: 36 cycles a frame of 16 windows, frame after frame."""
    window = Window(4, 4, 1, (3, 3), padding=(1, 1, 1, 1))
    Fragment.get(window, None)  # Amaranth warns of components that are made and never elaborated
    seen = offers(chain([window.handshake(), skid()]), 3 * 36 + 1)

    assert window.interval == 36
    assert [later - sooner for sooner, later in zip(seen[:16], seen[16:32], strict=True)] == [36] * 16


@pytest.mark.parametrize("seed", range(5))
def test_a_chain_neither_loses_nor_invents_words(seed: int) -> None:
    """Words taken are words given plus words inside, whatever the stalls."""
    chance = random.Random(seed)
    links = chain([pipe(2), skid(), pipe(1), gather(3), skid()])
    taken = given = 0
    for _ in range(600):
        arriving, downstream = chance.random() < 0.7, chance.random() < 0.5
        taken += arriving and links.ready(downstream)
        given += links.valid() and downstream
        links.clock(arriving, downstream)
    for _ in range(20):
        given += links.valid()
        links.clock(arriving=False, downstream=True)

    assert taken // 3 == given
    assert not links.valid()


def test_ready_travels_back_through_pipelines_and_stops_at_a_skid_buffer() -> None:
    """A full pipeline is as ready as what follows it; a skid buffer says what its spare word says."""
    pipelines = chain([pipe(1), pipe(1)])
    skids = chain([pipe(1), skid()])
    for links in (pipelines, skids):
        for _ in range(2):
            links.clock(arriving=True, downstream=False)

    assert [pipelines.ready(downstream) for downstream in (False, True)] == [False, True]
    assert [skids.ready(downstream) for downstream in (False, True)] == [True, True]
