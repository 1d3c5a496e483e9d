"""`shiftwright.solve`: any matrix of whole numbers becomes a proved graph that computes what numpy does."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import shiftwright
from shiftwright.build.core import Core
from shiftwright.build.leaf_reader import read_leaf
from shiftwright.errors import BuildError, SolveError
from shiftwright.rtl import add3

MATRIX = np.random.default_rng(0).integers(-8, 8, (6, 5))


def solve(matrix: Any = MATRIX, **options: Any) -> Core:
    """At once, unless the effort is said."""
    return shiftwright.solve(matrix, **({"effort": "fast"} | options))


@pytest.fixture(scope="module")
def core() -> Core:
    """Of inputs that are signed bytes."""
    return solve()


@pytest.mark.parametrize(
    "kind", [np.int8, np.int16, np.int64, np.uint8, np.float16, np.float32, np.float64, np.bool_, object, list]
)
def test_a_matrix_may_be_of_any_type_that_holds_whole_numbers(kind: Any) -> None:
    """Lists, and Python's own integers in an array, among them."""
    numbers = np.array([[1, 0, 1], [0, 1, 1]])
    given = numbers.tolist() if kind is list else numbers.astype(kind)

    assert solve(given)([[3, 4, 5]]).tolist() == [[8, 9]]


def test_a_core_computes_what_numpy_does(core: Core) -> None:
    """Batches and single vectors, whole floats among them."""
    x = np.random.default_rng(1).integers(-128, 128, (50, 5))

    np.testing.assert_array_equal(core(x), x @ MATRIX.T)
    np.testing.assert_array_equal(core(x[0].astype(float)), MATRIX @ x[0])
    assert core(np.zeros((0, 5), dtype=int)).shape == (0, 6)


def test_constants_are_added_and_ranges_are_one_an_input() -> None:
    """The graph is proved for these ranges and no others."""
    core = solve([[1, 2], [3, -4]], input_range=[(0, 3), (-1, 1)], constants=[7, -9])

    assert core([3, -1]).tolist() == [8, 4]
    assert [core.graph.output_range(index) for index in range(2)] == [(5, 12), (-13, 4)]


def test_what_a_core_says_of_itself(core: Core) -> None:
    """Counts are the graph's; estimates are the family's."""
    assert (core.inputs, core.outputs) == (5, 6)
    assert (core.adders, core.bits, core.depth) == (core.graph.adders, core.graph.bits, core.graph.depth)
    assert repr(core) == f"<Core 6×5: {core.adders} adders, {core.bits} bits, depth {core.depth}>"
    first, head, *rows = str(core).splitlines()
    assert first.startswith(f"6 outputs of 5 inputs: {core.adders:,} adders, {core.bits:,} bits, depth {core.depth}; ")
    assert head.endswith("(generic)")
    assert [row.split() for row in rows] == [
        [str(levels), *(f"{number:,}" for number in (core.latency(levels), core.luts(levels), core.registers(levels)))]
        for levels in (1, 2, 3)
    ]
    assert [core.latency(levels) for levels in (1, 2, 9)] == [core.depth, -(-core.depth // 2), 1]


def test_verilog_is_one_file_with_the_module_of_three_operands_where_it_is_used(core: Core) -> None:
    """Its first lines say how to use it."""
    plain, three = core.verilog("filter"), solve(family="xcup").verilog(levels_per_stage=2)

    assert plain.count("endmodule") == 1
    assert plain.startswith(f"// filter: y = W*x, 6 outputs of 5 inputs, in {core.adders} adders and no multiplier.")
    assert "//   x: 5 of 8 bits, signed\n" in plain
    read_leaf(plain[plain.index("module filter ") :])
    assert three.endswith(add3.file()[f"{add3.NAME}.v"])
    assert "+ c" not in plain and "y = W*x + c, 1 output of 1 input," in solve([[3]], constants=[5]).verilog()


@pytest.mark.parametrize(
    ("shape", "result"), [((0, 3), (2, 0)), ((3, 0), (2, 3)), ((0, 0), (2, 0))], ids=["0×N", "N×0", "0×0"]
)
def test_empty_matrices_are_graphs_without_hardware(shape: tuple[int, int], result: tuple[int, int]) -> None:
    """They take no adder and no time; there is no port to write a module with."""
    core = solve(np.zeros(shape))

    assert (core.adders, core.bits, core.depth) == (0, 0, 0)
    np.testing.assert_array_equal(core(np.zeros((2, shape[1]))), np.zeros(result))
    with pytest.raises(SolveError, match=rf"a matrix of {shape[0]}×{shape[1]} has no ports; give rows and columns"):
        core.verilog()


def test_the_same_seed_gives_the_same_verilog() -> None:
    """In another process too, with another order of hashes."""
    script = (
        "import sys, numpy as np, shiftwright;"
        "W = np.random.default_rng(0).integers(-8, 8, (6, 5));"
        "sys.stdout.write(shiftwright.solve(W, effort='fast', seed=3).verilog())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert other.stdout == solve(seed=3).verilog() == solve(seed=3).verilog()


def test_solve_does_not_wait_for_what_networks_need() -> None:
    """onnxruntime alone takes longer to import than most matrices to solve."""
    script = (
        "import sys, shiftwright; shiftwright.solve; print([m for m in ('onnx', 'onnxruntime') if m in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"[]\n"


LARGE = 1 << 61
REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a fraction": ([[1, 2.5]], {}, "the matrix, entry [0, 1], is 2.5; give whole numbers, scaled if need be"),
    "a fraction among objects": ([[1], [None]], {}, "the matrix, entry [1, 0], is None; give whole numbers"),
    "not a number": ([[1, np.nan]], {}, "the matrix, entry [0, 1], is nan; give whole numbers"),
    "infinite": ([[np.inf]], {}, "the matrix, entry [0, 0], is inf; give whole numbers"),
    "complex": ([[1j]], {}, "the matrix holds complex128; give whole numbers"),
    "text": ([["1"]], {}, "the matrix holds <U1; give whole numbers"),
    "one axis": ([1, 2], {}, "the matrix has shape (2,); give one of two axes, (outputs, inputs)"),
    "three axes": (np.zeros((1, 1, 1)), {}, "the matrix has shape (1, 1, 1); give one of two axes"),
    "ragged": ([[1], [1, 2]], {}, "the matrix is no array; give rows of equal length"),
    "beyond int64": (
        [[1, 1 << 70]],
        {},
        f"the matrix, entry [0, 1], is {1 << 70}, beyond 2^60; scale the numbers down",
    ),
    "beyond 60 bits": ([[-LARGE]], {}, f"the matrix, entry [0, 0], is {-LARGE}, beyond 2^60"),
    "sums too large": ([[1 << 59]], {}, f"output 0 may reach ±{1 << 66}, beyond 2^60; split the matrix, or narrow"),
    "an empty range": ([[1]], {"input_range": (3, 1)}, "the input range is 3 … 1, which holds nothing; give the least"),
    "one empty range": ([[1, 2]], {"input_range": [(0, 1), (3, 2)]}, "the range of input 1 is 3 … 2, which holds"),
    "half a range": ([[1]], {"input_range": (0, 1.5)}, "the input range, entry [1], is 1.5; give whole numbers"),
    "no range": ([[1]], {"input_range": 8}, "the input range has shape (); give (lo, hi), or one such pair an input"),
    "too many ranges": ([[1]], {"input_range": [(0, 1)] * 2}, "the input range has shape (2, 2); give (lo, hi), or"),
    "too few constants": ([[1], [2]], {"constants": [1]}, "the constants have shape (1,); give one for each of 2"),
    "a fractional constant": ([[1]], {"constants": [0.5]}, "the constants, entry [0], is 0.5; give whole numbers"),
    "a negative depth limit": ([[1]], {"depth_limit": -1}, "a depth limit of -1 is no count of adder levels"),
    "no such effort": ([[1]], {"effort": "max"}, "there is no effort 'max'; choose from fast, normal, high, or give"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_cannot_be_solved_is_refused_with_its_place(fault: str) -> None:
    """Nothing is rounded, wrapped or guessed."""
    matrix, options, says = REFUSED[fault]
    with pytest.raises(SolveError) as refused:
        solve(matrix, **options)

    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("x", "says"),
    [
        pytest.param([[128, 0, 0, 0, 0]], r"x holds 128 for input 0, which was solved for -128 … 127", id="outside"),
        pytest.param([[0, 0, 0.5, 0, 0]], r"x, entry \[0, 2\], is 0.5; give whole numbers", id="fraction"),
        pytest.param([[0, 0]], r"x has shape \(1, 2\); give \(batch, 5\) or \(5,\)", id="too few"),
        pytest.param(3, r"x has shape \(\); give \(batch, 5\) or \(5,\)", id="no vector"),
    ],
)
def test_an_input_that_the_hardware_would_misread_is_refused(x: Any, says: str, core: Core) -> None:
    """Its words are as wide as the range that was solved for."""
    with pytest.raises(SolveError, match=says):
        core(x)


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        pytest.param("module", BuildError, "cannot name a Verilog module", id="keyword"),
        pytest.param("checker", BuildError, "cannot name a Verilog module", id="keyword of SystemVerilog"),
        pytest.param("a b", BuildError, "cannot name a Verilog module", id="blank"),
        pytest.param("y", BuildError, "'y' is a port, and no simulator tells the two apart", id="port"),
        pytest.param(add3.NAME, BuildError, "is a module that adder leaves share", id="taken"),
    ],
)
def test_a_name_that_verilog_does_not_take_is_refused(name: str, kind: type[Exception], says: str, core: Core) -> None:
    """Before anything is written."""
    with pytest.raises(kind, match=says):
        core.verilog(name)


def test_no_levels_a_stage_are_refused(core: Core) -> None:
    """Without a register there is no pipeline."""
    with pytest.raises(SolveError, match="0 adder levels a register is too few; use 1 or more"):
        core.latency(0)


def test_a_large_batch_is_checked_quickly(core: Core) -> None:
    """A million words in a fraction of a second: as many as a data set has."""
    x: NDArray[np.int64] = np.zeros((200_000, 5), dtype=np.int64)

    assert not core(x).any()
