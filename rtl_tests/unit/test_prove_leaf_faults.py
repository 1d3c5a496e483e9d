"""Whatever a fault makes of an adder leaf is refused, or is no fault: it computes the same.

That a changed text still computes the same is shown by playing it, not by the proof's own means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl_tests.unit.leaf_mutants import FAULTS, mutants
from rtl_tests.unit.leaf_subjects import GRAPH, INTERVALS, LEAVES, ROWS, ROWS_MAP, Map, computes, linear_map, proved
from shiftwright.arith.cmvm.csd import SOLVER
from shiftwright.rtl.adder_leaf import AdderLeaf

TEXTS: dict[str, tuple[str, Map, int]] = {
    **{f"{levels} levels": (leaf.render(), linear_map(GRAPH), leaf.latency) for levels, leaf in LEAVES.items()},
    "rows": (ROWS, ROWS_MAP, 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_caught_or_none(fault: str) -> None:
    """Each place of each text where the fault can be: a text that still passes computes the same."""
    caught = 0
    for text, stated, latency in TEXTS.values():
        assert computes(text, stated, latency)
        for mutant in mutants(text, fault):
            if proved(mutant, stated, latency):
                assert computes(mutant, stated, latency), mutant
            else:
                caught += 1

    assert caught


def test_most_faults_are_faults() -> None:
    """A test whose faults all computed the same would show nothing."""
    stated, latency = linear_map(GRAPH), LEAVES[2].latency
    verdicts = [proved(mutant, stated, latency) for fault in FAULTS for mutant in mutants(LEAVES[2].render(), fault)]

    assert 0 < verdicts.count(True) < verdicts.count(False) / 20


@given(st.data())
def test_no_fault_in_any_graph_passes(data: st.DataObject) -> None:
    """A random fault in a random leaf: what still passes computes the same."""
    ranges = data.draw(st.lists(INTERVALS, min_size=2, max_size=3))
    weights = st.lists(st.integers(-20, 20), min_size=len(ranges), max_size=len(ranges))
    matrix = np.array(data.draw(st.lists(weights, min_size=1, max_size=3)), dtype=np.int64)
    constants = data.draw(st.lists(st.integers(-9, 9), min_size=len(matrix), max_size=len(matrix)))
    leaf = AdderLeaf("leaf", SOLVER.solve(matrix, ranges, constants), data.draw(st.integers(1, 3)))
    stated: Map = (matrix, constants, ranges)
    found = list(mutants(leaf.render(), data.draw(st.sampled_from(sorted(FAULTS)))))
    for mutant in data.draw(st.lists(st.sampled_from(found), max_size=5)) if found else []:
        if proved(mutant, stated, leaf.latency):
            assert computes(mutant, stated, leaf.latency)
