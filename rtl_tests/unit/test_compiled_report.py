"""The table of `shiftwright compile`: whatever the terminal's width, no number and no fold is cut."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from shiftwright.lower.plan import Plan
from shiftwright.report.compiled import compiled_table

LAYERS: list[dict[str, Any]] = [
    {"name": "features_conv1_Conv", "does": "conv 3×3 16→16, 16 groups · to 0 … 63 by scale", "engine": "parallel"},
    {"name": "conv2", "does": "conv 3×3 128→256", "engine": "folded", "fold": "pe=16,simd=32", "cycles": 147456},
    {"name": "pool", "does": "sum pool 16×16", "engine": "component"},
    {"name": "fc", "does": "lookup in 8 · dense 1024→10", "engine": "serial", "fold": "d=4", "cycles": 14},
]
REST = {"numbers": "2^0…2^6", "adders": 12345, "estimated_luts": 1234567, "registers": 77, "levels_per_stage": None}
REST |= {
    "fold": None,
    "cycles": 1,
    "latency": 154016,
    "requantize_adders": 0,
    "proof": {"coefficients": "89abcdef" * 8},
}


def shown(width: int, graphs: int = 2, memories: int = 1, layers: list[dict[str, Any]] = LAYERS) -> str:
    """The table on a terminal of that width."""
    file = StringIO()
    summary = {
        "name": "net",
        "folder": "build",
        "layers": [REST | layer for layer in layers],
        "timing": {"latency": 163076, "interval": 147456},
        "multipliers": 0,
        "frames_per_second": 678.0,
        "clock_mhz": 100.0,
        "proofs": {"adder_graphs": graphs, "weight_memories": memories},
        "solver": Plan().as_dict(),
    }
    compiled_table(Console(file=file, width=width), summary)
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_numbers_and_folds_are_whole(width: int) -> None:
    """Eighty columns are what a pipe has, such as a log of continuous integration."""
    text = shown(width)
    words = text.split()

    assert "…" not in text.replace("2^0…2^6", "").replace("0 … 63", "")
    assert words.count("1,234,567") == words.count("12,345") == 4
    assert words.count("154,016") == 4
    assert {"147,456", "folded:pe=16,simd=32", "serial:d=4", "conv2", "pool", "fc", "total", "4,938,268"} <= set(words)


def test_a_narrow_table_leaves_columns_out() -> None:
    """What does not fit is what the manifest has."""
    assert "89abcdef" in shown(200) and "2^0…2^6" in shown(200)
    assert "89abcdef" not in shown(80) and "2^0…2^6" not in shown(80)


def test_a_layer_is_named_by_its_operator() -> None:
    """Not by the lookup that reads its codes."""
    assert "dense 1024→10" in shown(200)
    assert "lookup" not in shown(200)


@pytest.mark.parametrize(
    ("graphs", "memories", "expected"),
    [
        (2, 1, "2 adder graphs and 1 weight memory"),
        (1, 0, "1 adder graph"),
        (0, 3, "3 weight memories"),
        (0, 0, "0 adder graphs"),
    ],
)
def test_what_was_proved_is_said(graphs: int, memories: int, expected: str) -> None:
    """Graphs, memories, or both; of a solver only where it had something to solve."""
    text = shown(200, graphs, memories)

    assert f"Proved: {expected} equal to the weights for every input" in text
    assert ("Adder graphs: cse" in text) == bool(graphs)
