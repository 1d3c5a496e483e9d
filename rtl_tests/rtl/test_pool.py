"""The max tree against numpy, for odd and even counts of taps and lanes with and without sign."""

import numpy as np
import pytest

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.pool import MaxTree

LANES = Format((Lane(4, True), Lane(3, False), Lane(1, False), Lane(6, True)))
WINDOWS = 40


def case(taps: int) -> Case:
    """Random windows, ties among them since the lanes are narrow."""
    lo, hi = np.array([(lane.lo, lane.hi) for lane in LANES.lanes]).T
    windows = np.random.default_rng(taps).integers(lo, hi + 1, (WINDOWS, taps, len(LANES.lanes)))
    words = [LANES.tile(taps).pack(window.ravel().tolist()) for window in windows]
    expected = [LANES.pack(greatest) for greatest in windows.max(axis=1).tolist()]
    tree = MaxTree(taps, LANES)
    return Case(f"taps_{taps}", tree, words, expected, WINDOWS, tree.latency, interval=1)


CASES = {taps: case(taps) for taps in (1, 2, 3, 4, 9)}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all trees."""
    return simulate(tmp_path_factory.mktemp("pool"), list(CASES.values()))


@pytest.mark.parametrize("taps", CASES)
def test_each_lane_gives_its_greatest_word(taps: int, complaints: dict[str, str]) -> None:
    """Lane by lane, in order, under stalls; latency, interval and handshake as stated."""
    assert complaints[f"taps_{taps}"] == ""


@pytest.mark.parametrize(("taps", "latency"), [(1, 1), (2, 1), (3, 2), (4, 2), (9, 4)])
def test_latency_is_the_depth_of_the_tree(taps: int, latency: int) -> None:
    """One register a level."""
    assert CASES[taps].latency == latency
