"""The proofs: true statements pass, and each single corruption is caught and named."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from shiftwright.arith.adder_graph import Add, AdderGraph, Operand
from shiftwright.arith.cmvm.builder import Builder
from shiftwright.arith.cmvm.csd import SOLVER
from shiftwright.arith.prove import prove_graph, prove_requantizer
from shiftwright.arith.requantize import Requantizer, find_requantizer
from shiftwright.errors import ProofError

MATRIX = np.array([[3, -1, 0], [2, 0, 5], [-4, -4, 1]])
CONSTANTS = [0, 9, -2]
GRAPH = SOLVER.solve(MATRIX, [(0, 15), (-8, 7), (-3, 12)], CONSTANTS)


def with_add(number: int, **changes: object) -> AdderGraph:
    """GRAPH with one add changed."""
    adds = list(GRAPH.adds)
    adds[number] = replace(adds[number], **changes)  # type: ignore[arg-type]
    return replace(GRAPH, adds=tuple(adds))


def with_operand(number: int, position: int, **changes: object) -> AdderGraph:
    """GRAPH with one operand of one add changed."""
    operands = list(GRAPH.adds[number].operands)
    operands[position] = replace(operands[position], **changes)  # type: ignore[arg-type]
    return with_add(number, operands=tuple(operands))


OPERANDS = [(number, position) for number, add in enumerate(GRAPH.adds) for position in range(len(add.operands))]
OPERAND_FAULTS: dict[str, Callable[[Operand], dict[str, object]]] = {
    "shift": lambda operand: {"shift": operand.shift + 1},
    "sign": lambda operand: {"negative": not operand.negative},
    "value": lambda operand: {"value": (operand.value + 1) % 3},
}
ADD_FAULTS: dict[str, Callable[[Add], dict[str, object]]] = {
    "constant": lambda add: {"constant": add.constant + 1},
    "lo-too-high": lambda add: {"lo": add.lo + 1},
    "hi-too-low": lambda add: {"hi": add.hi - 1},
    "hi-too-wide": lambda add: {"hi": add.hi + 1},
    "level": lambda add: {"level": add.level + 1},
    "operand-lost": lambda add: {"operands": add.operands[1:]},
}


def test_a_true_graph_passes() -> None:
    """The graph that all the faults below are put into is right."""
    prove_graph(GRAPH, MATRIX, CONSTANTS)


@pytest.mark.parametrize("fault", OPERAND_FAULTS)
@pytest.mark.parametrize(("number", "position"), OPERANDS)
def test_a_wrong_operand_is_caught(number: int, position: int, fault: str) -> None:
    """A shift, a sign or a source changed in any operand of any add."""
    operand = GRAPH.adds[number].operands[position]

    with pytest.raises(ProofError, match=r"add \d+|output \d+"):
        prove_graph(with_operand(number, position, **OPERAND_FAULTS[fault](operand)), MATRIX, CONSTANTS)


@pytest.mark.parametrize("fault", ADD_FAULTS)
@pytest.mark.parametrize("number", range(len(GRAPH.adds)))
def test_a_wrong_add_is_caught(number: int, fault: str) -> None:
    """A constant, an interval or a level changed in any add: the message names that very add."""
    with pytest.raises(ProofError, match=rf"^add {number} "):
        prove_graph(with_add(number, **ADD_FAULTS[fault](GRAPH.adds[number])), MATRIX, CONSTANTS)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
def test_a_wrong_weight_is_caught(row: int, column: int) -> None:
    """The message names output and input, what is there and what should be."""
    matrix = MATRIX.copy()
    matrix[row, column] += 1

    with pytest.raises(ProofError, match=rf"output {row} has {MATRIX[row, column]} times input {column}, the matrix"):
        prove_graph(GRAPH, matrix, CONSTANTS)


def test_a_wrong_output_constant_is_caught() -> None:
    """The graph is right in itself but adds another constant than the layer wants."""
    with pytest.raises(ProofError, match="output 1 adds the constant 9, not 8"):
        prove_graph(GRAPH, MATRIX, [0, 8, -2])


@pytest.mark.parametrize(
    ("output", "message"),
    [
        pytest.param(None, "output 0 has 0 times input 0", id="missing"),
        pytest.param(Operand(0, 1), "output 0 has 2 times input 0", id="another-value"),
        pytest.param(Operand(99), "output 0 is Operand", id="out-of-range"),
        pytest.param(Operand(3, 0, negative=True), "output 0 is Operand", id="negated"),
    ],
)
def test_a_wrong_output_is_caught(output: Operand | None, message: str) -> None:
    """Outputs must be shifted, positive values of the graph, and the right ones."""
    with pytest.raises(ProofError, match=message):
        prove_graph(replace(GRAPH, outputs=(output, *GRAPH.outputs[1:])), MATRIX, CONSTANTS)


def test_a_forward_reference_is_caught() -> None:
    """An add may read only what comes before it."""
    with pytest.raises(ProofError, match=r"^add 0 .* not there yet"):
        prove_graph(with_operand(0, 0, value=3), MATRIX, CONSTANTS)


# Three operands over four inputs: the first add in every form that hardware has, and a fourth that reads it.
RANGES = ((0, 15), (-8, 7), (-3, 12), (5, 9))


def ternary(signs: str, constant: int = 0) -> AdderGraph:
    """(± x0·4 ± x1 ± x2·2) + constant, and x3 minus that."""
    builder = Builder(RANGES)
    shifts = (2, 0, 1)
    operands = [Operand(value, shifts[value], sign == "-") for value, sign in enumerate(signs)]
    first = builder.add(operands, constant)
    return builder.graph([Operand(first), Operand(builder.add([Operand(3), Operand(first, 0, True)]))])


def ternary_matrix(signs: str) -> list[list[int]]:
    """What the graph computes."""
    row = [weight if sign == "+" else -weight for weight, sign in zip((4, 1, 2), signs, strict=True)]
    return [[*row, 0], [*(-weight for weight in row), 1]]


@pytest.mark.parametrize("signs", ["".join(signs) for signs in product("+-", repeat=3) if "+" in signs])
def test_sums_of_three_operands_are_proved(signs: str) -> None:
    """None, one or two of them negated, any of the three; each wrong sign or shift is caught."""
    graph, matrix = ternary(signs), ternary_matrix(signs)
    prove_graph(graph, np.array(matrix), [0, 0])

    for place in range(3):
        flipped = signs[:place] + {"+": "-", "-": "+"}[signs[place]] + signs[place + 1 :]
        with pytest.raises(ProofError, match=r"output 0 has|add 0 .* negates three operands"):
            prove_graph(ternary(flipped), np.array(matrix), [0, 0])
        first, *others = graph.adds
        operands = list(first.operands)
        operands[place] = replace(operands[place], shift=operands[place].shift + 1)
        with pytest.raises(ProofError, match=r"^add 0 .* states the interval"):
            prove_graph(
                replace(graph, adds=(replace(first, operands=tuple(operands)), *others)), np.array(matrix), [0, 0]
            )


def test_three_negated_operands_are_refused() -> None:
    """Each negation needs a carry, and an adder has two carry inputs."""
    with pytest.raises(ProofError, match=r"add 0 .* negates three operands, an adder has carry inputs for two"):
        prove_graph(ternary("---"), np.array(ternary_matrix("---")), [0, 0])


def test_a_constant_beside_three_operands_is_refused() -> None:
    """It would be a fourth."""
    with pytest.raises(ProofError, match=r"add 0 .* adds 5 to three operands, an adder has no input for it"):
        prove_graph(ternary("+-+", 5), np.array(ternary_matrix("+-+")), [5, -5])


def test_four_operands_are_refused() -> None:
    """The most is three."""
    graph = AdderGraph(((0, 1),), (Add((Operand(0),) * 4, 0, 0, 4, 1),), (Operand(1),))

    with pytest.raises(ProofError, match=r"add 0 .* sums 4 operands, an adder takes three at most"):
        prove_graph(graph, np.array([[4]]), [0])


def test_a_matrix_of_another_shape_is_caught() -> None:
    """Shapes are compared before anything else."""
    with pytest.raises(ProofError, match=r"3 outputs of 3 inputs, the matrix is \(2, 3\)"):
        prove_graph(GRAPH, MATRIX[:2], CONSTANTS[:2])


def test_coefficients_beyond_int64_are_exact() -> None:
    """A coefficient of 2^64 would be 0 in int64; the proof goes over to Python integers and sees it."""
    graph = AdderGraph(
        ((0, 1),),
        (
            Add((Operand(0, 40), Operand(0)), 0, 0, (1 << 40) + 1, 1),
            Add((Operand(1, 24),), 0, 0, (1 << 64) + (1 << 24), 2),
        ),
        (Operand(2),),
    )

    with pytest.raises(ProofError, match=f"output 0 has {(1 << 64) + (1 << 24)} times input 0"):
        prove_graph(graph, np.array([[1 << 24]]), [0])


def test_large_graphs_are_proved() -> None:
    """Seven thousand adders over 256 inputs; a changed sign deep inside is found."""
    matrix = np.random.default_rng(5).choice([-2, -1, 0, 1, 2], (40, 256), p=[0.2, 0.2, 0.2, 0.2, 0.2])
    graph = SOLVER.solve(matrix, [(0, 255)] * 256, [0] * 40)
    assert graph.adders > 7000
    prove_graph(graph, matrix, [0] * 40)

    adds = list(graph.adds)
    first, *others = adds[5000].operands
    adds[5000] = replace(adds[5000], operands=(replace(first, negative=not first.negative), *others))
    with pytest.raises(ProofError, match=r"add \d+|output \d+"):
        prove_graph(replace(graph, adds=tuple(adds)), matrix, [0] * 40)


# scale, bias, zero point, lo, hi, acc_lo, acc_hi
Channel = tuple[Fraction, Fraction, int, int, int, int, int]
CHANNELS: dict[str, Channel] = {
    "scale": (Fraction(float(np.float32(0.0123))), Fraction(1, 3), 3, -128, 127, -9000, 9000),
    "half_even": (Fraction(1, 16), Fraction(3), 1, -128, 127, -3000, 3000),
    "search": (Fraction(1, 10), Fraction(0), 0, 0, 15, -40, 300),
}


def faults(form: str) -> list[Requantizer]:
    """Every single fault that changes a code, in a requantizer of the given form."""
    true = find_requantizer(*CHANNELS[form])
    assert true.form == form
    ends = [replace(true, lo=true.lo + 1), replace(true, hi=true.hi - 1)]
    if form == "search":
        moved = [
            replace(true, thresholds=(*true.thresholds[:at], true.thresholds[at] + step, *true.thresholds[at + 1 :]))
            for at in range(len(true.thresholds))
            for step in (-1, 1)
        ]
        return [*ends, *moved, replace(true, thresholds=true.thresholds[::-1]), replace(true, thresholds=())]
    changed = [replace(true, multiplier=true.multiplier + 1), replace(true, multiplier=-true.multiplier)]
    changed += [replace(true, shift=true.shift + 1), replace(true, shift=true.shift - 1)]
    changed += [replace(true, constant=true.constant + step) for step in (-(1 << true.shift), 1 << true.shift)]
    if form == "half_even":
        changed += [replace(true, odd=not true.odd), replace(true, form="scale")]
        changed += [replace(true, constant=true.constant + step) for step in (-1, 1)]
    return ends + changed


@pytest.mark.parametrize("form", CHANNELS)
def test_a_true_requantizer_passes(form: str) -> None:
    """One of each form, as found."""
    prove_requantizer(find_requantizer(*CHANNELS[form]), *CHANNELS[form])


@pytest.mark.parametrize(
    ("form", "fault"), [(form, fault) for form in CHANNELS for fault in faults(form)], ids=lambda value: str(value)[:8]
)
def test_a_wrong_requantizer_is_caught(form: str, fault: Requantizer) -> None:
    """A bound, constant, multiplier, shift, parity or threshold changed, each alone."""
    with pytest.raises(ProofError):
        prove_requantizer(fault, *CHANNELS[form])


def test_a_proof_fails_exactly_where_some_code_differs() -> None:
    """Other constants and multipliers near the true ones: the verdict equals a comparison of every accumulator."""
    channel = CHANNELS["scale"]
    scale, bias, zero_point, lo, hi, acc_lo, acc_hi = channel
    true = find_requantizer(*channel)
    acc = np.arange(acc_lo, acc_hi + 1)
    expected = [min(max(round(scale * (a + bias)) + zero_point, lo), hi) for a in acc.tolist()]
    verdicts = set()
    for steps in product((-2, -1, 0, 1, 2), range(-300, 301, 100)):
        changed = replace(true, multiplier=true.multiplier + steps[0], constant=true.constant + steps[1])
        equal = changed(acc).tolist() == expected
        verdicts.add(equal)
        try:
            prove_requantizer(changed, *channel)
        except ProofError:
            assert not equal
        else:
            assert equal
    assert {True, False} == verdicts


def test_the_message_gives_an_accumulator_that_differs() -> None:
    """Enough to see the fault: the accumulator, both codes, the form."""
    channel: Channel = (Fraction(1, 4), Fraction(1, 2), 0, 0, 15, 0, 60)

    with pytest.raises(ProofError, match="accumulator 0: the scale form gives 1, the formula 0"):
        prove_requantizer(Requantizer("scale", 0, 15, constant=4, shift=2), *channel)
