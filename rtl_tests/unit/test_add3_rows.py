"""Sums of three in the text of leaves: which are rows, and that what a row promises of its terms is so."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtl_tests.unit.random_graphs import random_graph
from shiftwright.arith.adder_graph import AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.rtl import add3
from shiftwright.rtl.add3 import Row
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.rtl.term import Term

INSTANCE = re.compile(
    r"  shiftwright_add3 #\(\.WIDTH\((\d+)\), \.LOW\((\d+)\), \.HIGH\((\d+)\), \.SIGNED\(([01])\), "
    r"\.NEGATIVE\(([012])\)\) (\w+)_sum \(\.a\((\S.*)\), \.b\((\S.*)\), \.c\((\S.*)\), \.y\((\w+)\)\);"
)
INSTANCE_SIZE = re.compile(r"WIDTH\((\d+)\), \.LOW\((\d+)\).* v(\d+)_1_sum")


def word(text: str, negative: bool = False) -> Term:
    """A term as its bits from the top: 0, 1 (a constant's), s (a sign and its copies) and x."""
    if set(text) <= {"0", "1"}:
        return Term(negative, len(text), number=int(text, 2))
    taken = text.lstrip("0") if text.startswith("0") else text
    signs = len(taken) - len(taken.lstrip("s"))
    core = taken[max(0, signs - 1) :].rstrip("0")
    zeros = len(taken) - len(taken.rstrip("0"))
    extension = len(text) - zeros - len(core)
    return Term(negative, len(text), 0, "v", len(core) - 1, zeros, extension, signs > 0)


@pytest.mark.parametrize(
    ("terms", "row"),
    [
        pytest.param(["ssxx", "ssxx", "ssxx"], Row(0, 2, True, 0), id="signed"),
        pytest.param(["00xx", "00xx", "00xx"], Row(0, 1, False, 0), id="unsigned"),
        pytest.param(["00xx", "0sxx", "-ssxx"], Row(0, 2, True, 1), id="an-unsigned-word-repeats-its-first-0"),
        pytest.param(["xxxx", "0xx0", "-0x00"], Row(1, 3, False, 1), id="as-wide-as-the-sum"),
        pytest.param(["000xx", "-0xx00", "-0x000"], Row(2, 3, False, 2), id="two-subtracted"),
        pytest.param(["00xx0", "0xx00", "00000"], Row(2, 3, False, 0), id="the-first-term-alone-is-free-to-reach-down"),
        pytest.param(["sssxx", "ssxx0", "11100"], Row(1, 3, True, 0), id="a-negative-constant"),
        pytest.param(["00xxx", "000xx", "00110"], Row(0, 2, False, 0), id="a-positive-constant"),
        pytest.param(["000xx", "00000", "00000"], Row(4, 4, False, 0), id="nothing-to-add"),
        pytest.param(["x", "x", "-x"], Row(0, 0, False, 1), id="one-bit"),
        pytest.param(["00xx", "-00xx", "-00xx", "0001"], None, id="four-terms"),
        pytest.param(["-00xx", "-00xx", "-00xx"], None, id="all-subtracted"),
        pytest.param(["00xx", "-00xx"], None, id="two-terms"),
    ],
)
def test_a_row_says_where_its_terms_begin_and_end(terms: list[str], row: Row | None) -> None:
    """The lowest and the highest bit that matter, and whether a sign follows."""
    assert row == Row.of([word(text.lstrip("-"), text.startswith("-")) for text in terms])


def bits(term: str, values: dict[str, str]) -> str:
    """The bits of a printed term, from the top; `values` has the words' bits."""
    if constant := re.fullmatch(r"(\d+)'d(\d+)", term):
        return f"{int(constant[2]):0{constant[1]}b}"
    extension, name, high, zeros = re.fullmatch(  # type: ignore[union-attr]
        r"\{(?:\{(\d+\{\S+\})\}, )?(\w+)\[(\d+):0\](?:, (\d+)'b0)?\}", term
    ).groups()
    core = values[name][-int(high) - 1 :]
    copies, what = extension.rstrip("}").split("{") if extension else ("0", "")
    top = "0" if what == "1'b0" else core[0]
    return top * int(copies) + core + "0" * int(zeros or 0)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(1, 3), chance=st.randoms(use_true_random=False))
def test_promises_hold_for_any_bits(seed: int, levels: int, chance: object) -> None:
    """Whatever the words are: low zeros of b and c, copies or zeros above; and the row is the adder's stated bits."""
    graph = random_graph(seed)
    text = AdderLeaf("leaf", graph, levels).render()
    widths = {name: int(high) + 1 for high, name in re.findall(r"(?:wire|reg) \[(\d+):0\] (\w+)", text)}
    values = {name: "".join(chance.choice("01") for _ in range(w)) for name, w in widths.items()}  # type: ignore[attr-defined]
    rows = [found for line in text.splitlines() if (found := INSTANCE.fullmatch(line))]

    assert len(rows) == text.count("add3 #")
    for row in rows:
        width, low, high, signed, _ = map(int, row.groups()[:5])
        a, b, c = (bits(term, values) for term in row.groups()[6:9])
        assert (row[6], {len(a), len(b), len(c)}) == (row[10], {width})
        assert 0 <= low <= high < width
        assert {"0"} >= set((b + c)[width - low : width] + c[width - low :])
        assert all(
            set(term[: width - 1 - high]) <= ({term[width - 1 - high]} if signed else {"0"}) for term in (a, b, c)
        )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_rows_are_as_long_as_the_graph_counts(seed: int) -> None:
    """`bits` of a graph is what its rows and its sums of two take."""
    graph = random_graph(seed)
    counts = [AdderGraph(graph.inputs, graph.adds[:count], ()).bits for count in range(len(graph.adds) + 1)]
    seen = AdderGraph(graph.inputs, graph.adds, tuple(Operand(value) for value in range(6 + len(graph.adds))))

    for width, low, name in INSTANCE_SIZE.findall(AdderLeaf("leaf", seen, 99).render()):
        number = int(name) - len(graph.inputs)
        assert int(width) - int(low) == max(1, counts[number + 1] - counts[number])  # a sum that is always 0 has a bit


def test_sums_of_two_stay_as_they_are() -> None:
    """No instance, and no file beside the leaf's."""
    leaf = AdderLeaf("leaf", random_graph(1, operands=2))

    assert "add3" not in leaf.render()
    assert leaf.files() == {"leaf.v": leaf.render()}


def test_the_module_comes_once_with_the_leaf() -> None:
    """In a file of its name, free of anything that looks like a multiplication."""
    leaf = AdderLeaf("leaf", random_graph(1))
    text = leaf.files()["shiftwright_add3.v"]

    assert leaf.files().keys() == {"leaf.v", "shiftwright_add3.v"}
    assert text == add3.file()["shiftwright_add3.v"]
    assert re.search(r"[*/%]", re.sub(r"//.*", "", text)) is None


def test_sums_without_a_row_are_plain() -> None:
    """Three operands and a constant; three operands, all subtracted."""
    builder = Builder([(0, 3)] * 3)
    four = builder.add([Operand(0), Operand(1), Operand(2)], 5)
    negated = builder.add([Operand(0, 0, True), Operand(1, 0, True), Operand(2, 0, True)])
    text = AdderLeaf("leaf", builder.graph([Operand(four), Operand(negated)])).render()

    assert "add3" not in text
    assert "= {{2{1'b0}}, v0_1[1:0]} + {{2{1'b0}}, v1_1[1:0]} + {{2{1'b0}}, v2_1[1:0]} + 4'd5;" in text
    assert "= 5'd0 - {{3{1'b0}}, v0_1[1:0]} - {{3{1'b0}}, v1_1[1:0]} - {{3{1'b0}}, v2_1[1:0]};" in text
