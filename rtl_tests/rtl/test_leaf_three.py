"""Sums of three in Icarus: random graphs as leaves, behavioural and of AMD's cells, against the graph's own values."""

from pathlib import Path

import numpy as np
import pytest

from rtl_tests.rtl.streams import Case, simulate
from rtl_tests.unit.random_graphs import random_graph
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.leaf import Pipeline

CELLS = Path(__file__).parent / "data" / "amd_cells.v"
FORMS: dict[str, tuple[str, ...]] = {
    "behavioural": (),
    "carry4": ("SHIFTWRIGHT_XILINX",),
    "carry8": ("SHIFTWRIGHT_XILINX", "SHIFTWRIGHT_CARRY8"),
}
SEEDS = range(8)


def case(seed: int) -> Case:
    """A random graph, at one to three levels a stage; random inputs, and all at their ends."""
    graph = random_graph(seed, narrow=seed % 2 == 0)
    leaf = AdderLeaf(f"graph_{seed}", graph, 1 + seed % 3)
    lo, hi = np.array(graph.inputs).T
    x = np.concatenate([[lo, hi], np.random.default_rng(seed).integers(lo, hi + 1, (50, len(lo)))])
    words = [leaf.words.pack(position) for position in x.tolist()]
    expected = [leaf.results.pack(position) for position in graph(x).tolist()]
    pipeline = Pipeline(leaf)
    return Case(leaf.name, pipeline, words, expected, len(words), pipeline.latency, 1, [leaf])


@pytest.fixture(scope="module", params=FORMS)
def complaints(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One simulation of all graphs in one form of the module."""
    macros = FORMS[request.param]
    return simulate(
        tmp_path_factory.mktemp(request.param), [case(seed) for seed in SEEDS], macros, [CELLS] if macros else []
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_of_three_equal_the_graph(seed: int, complaints: dict[str, str]) -> None:
    """Every word of every output, under stalls; latency and handshake as stated."""
    assert complaints[f"graph_{seed}"] == ""
