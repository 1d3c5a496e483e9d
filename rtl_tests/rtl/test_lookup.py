"""The table of constants against numpy: lanes that hold all codes, some, or one, and words with and without sign."""

import numpy as np
import pytest

from rtl_tests.rtl.streams import Case, simulate
from shiftwright.rtl.format import Format, Lane
from shiftwright.rtl.lookup import TableLookup

TABLES = {
    "powers": (0, 1, 2, 4, 8, 16, 32, 64),
    "of_both_signs": (-8, -4, -2, -1, 0, 1, 2, 4, 8),
    "uneven": (-100, -7, 3, 5, 6, 90),
    "of_two": (-1, 0),
}
WORDS = 60


def case(name: str, table: tuple[int, ...], padded: bool) -> Case:
    """Random codes on three lanes; words as narrow as they can be, or wide enough for a later padding word."""
    reach = np.array([len(table), max(2, len(table) // 2), 1])  # codes that come on each lane
    codes = Format.spanning([(0, int(most)) for most in reach - 1])
    spans = [(table[0], table[most]) for most in (reach - 1).tolist()]
    words = Format((Lane(12, True),) * 3) if padded else Format.spanning(spans)
    given = np.random.default_rng(len(table)).integers(0, reach, (WORDS, 3))
    expected = [words.pack(frame) for frame in np.array(table)[given].tolist()]
    component = TableLookup(table, codes, words)
    sent = [codes.pack(frame) for frame in given.tolist()]
    return Case(f"{name}_{'wide' if padded else 'narrow'}", component, sent, expected, WORDS, latency=1, interval=1)


CASES = {found.name: found for name, table in TABLES.items() for found in (case(name, table, p) for p in (False, True))}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all tables."""
    return simulate(tmp_path_factory.mktemp("lookup"), list(CASES.values()))


@pytest.mark.parametrize("name", CASES)
def test_each_lane_gives_what_its_code_stands_for(name: str, complaints: dict[str, str]) -> None:
    """Lane by lane, in order, under stalls; latency, interval and handshake as stated."""
    assert complaints[name] == ""
