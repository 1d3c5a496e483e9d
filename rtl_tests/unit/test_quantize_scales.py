"""The scales and biases that the quantizer writes, which make requantizers free.

A scale that the next layer has taken over counts in powers of two, but for the divisor of average pools; others keep
few significant bits."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import pytest
from numpy.typing import NDArray

from rtl_tests.unit.quantize_networks import NETWORKS, Draft, frames, run
from rtl_tests.unit.quantized_file import File, write
from shiftwright import flow
from shiftwright.quantize.absorb import SIGNIFICANT_BITS, Placed, place_weights
from shiftwright.quantize.canonical import canonicalize
from shiftwright.quantize.channels import trace_channels
from shiftwright.quantize.execute import Session
from shiftwright.quantize.grids.spec import parse_grid
from shiftwright.quantize.network import read_network
from shiftwright.quantize.parameters import read_parameters, write_parameters

POOLED = {"pooled": 4, "residual": 16, "rearranged": 9, "ends-in-sum": 1}
"""Words that each network's average pool takes the mean of."""

ABSORBED = {
    "pooled": [True, True, False],
    "residual": [False, False, False],  # a bounded clamp, a sum, the output
    "rearranged": [True, True, False],
    "ends-in-sum": [False, False],
}


def layers(file: File) -> list[onnx.NodeProto]:
    """Layers in the order of the file."""
    return [node for node in file.proto.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]


def divisor_and_source(file: File, layer: onnx.NodeProto, pooled: int) -> tuple[int, onnx.NodeProto]:
    """The divisor of the average pools in front of a layer, and the DequantizeLinear that it reads through them."""
    divisor, node = 1, file.before(layer)
    while node.op_type != "DequantizeLinear":
        divisor *= pooled if node.op_type in ("GlobalAveragePool", "AveragePool") else 1
        node = file.before(node)
    return divisor, node


def lsb_and_next_scale(file: File, layer: onnx.NodeProto, pooled: int) -> tuple[NDArray[np.float64], float | None]:
    """The accumulator's LSB of each channel, from the file's own scales, and the scale of the next QuantizeLinear."""
    divisor, source = divisor_and_source(file, layer, pooled)
    lsb = file.scale(source) * file.scale(file.before(layer, 1)).astype(np.float64) / divisor
    readers = {name: reader for reader in file.proto.graph.node for name in reader.input[:1]}
    following = readers.get(layer.output[0])
    while following is not None and following.op_type in ("Relu", "Clip"):
        following = readers.get(following.output[0])
    return lsb, float(file.scale(following)) if following is not None else None


def is_power_of_two(number: float, divided_by: int = 1) -> bool:
    """Whether number / divided_by is 2^k, exactly."""
    parts = (Fraction(number) / divided_by).as_integer_ratio()
    return all(part > 0 and part & (part - 1) == 0 for part in parts)


def significant_bits(number: float) -> int:
    """Binary digits between the first and the last 1."""
    numerator, _ = number.as_integer_ratio()
    return (numerator // (numerator & -numerator)).bit_length()


@pytest.mark.parametrize("spec", ["pot", "uniform", "ternary:paper", "codebook"])
@pytest.mark.parametrize("name", NETWORKS)
def test_absorbed_scales_are_powers_of_two_and_others_short(name: str, spec: str, tmp_path: Path) -> None:
    """Times the pool's divisor, 9 included; a layer that is not absorbed has some scale that is no power of two."""
    bits = 2 if spec == "ternary:paper" else 4
    path, report = write(tmp_path, NETWORKS[name](), weights=spec, weight_bits=bits)
    file = File(path)
    points = [file.scale(node) for node in file.named("QuantizeLinear")]

    assert [row.absorbed for row in report.layers] == ABSORBED[name]
    assert all(is_power_of_two(float(scale)) for scale in points)
    for layer, absorbed in zip(layers(file), ABSORBED[name], strict=True):
        scales = file.scale(file.before(layer, 1)).ravel().tolist()
        divisor, _ = divisor_and_source(file, layer, POOLED[name])
        powers = [is_power_of_two(scale, divisor) for scale in scales]

        assert absorbed == all(powers)
        assert absorbed or max(map(significant_bits, scales)) <= SIGNIFICANT_BITS


@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime_is_golden_layer_by_layer(name: str, tmp_path: Path) -> None:
    """Every word; next to a tie float32 may fall to the other side, but not where all scales are powers of two."""
    draft = NETWORKS[name]()
    path, _ = write(tmp_path, draft)
    found = flow.load(path).trace(frames(draft))

    assert [layer.tensor for layer in found if not layer.explained] == []
    assert [layer.tensor for layer in found if layer.different and any(ABSORBED[name])] == []


@pytest.mark.parametrize("name", [name for name in NETWORKS if any(ABSORBED[name])])
@pytest.mark.parametrize("spec", ["pot", "uniform", "ternary"])
def test_requantizers_are_wires(name: str, spec: str, tmp_path: Path) -> None:
    """No adder beyond the matrices, behind averages over four and over nine words too."""
    path, _ = write(tmp_path, NETWORKS[name](), weights=spec, weight_bits=3)
    engines = [
        layer.engine for layer in flow.load(path).compile(effort="fast").lowered.layers if layer.engine is not None
    ]

    assert len(engines) == len(ABSORBED[name]) + 1  # the pool's sum
    assert {engine.requantize_adders for engine in engines} == {0}


def test_a_requantizer_behind_a_bounded_clamp_costs_adders(tmp_path: Path) -> None:
    """Clip to 0 … 1 is not homogeneous: the scales before it stay, each a constant to multiply with."""
    draft = Draft((6,))
    bounds = [draft.constant(f"bound{value}", np.array(value, np.float32)) for value in (0, 1)]
    hidden = draft.node("Gemm", ["x", draft.weights("w0", 6, 8)], "z")
    draft.node("Gemm", [draft.node("Clip", [hidden, *bounds], "r"), draft.weights("w1", 8, 3)], "y")
    path, report = write(tmp_path, draft)
    engines = [
        layer.engine for layer in flow.load(path).compile(effort="fast").lowered.layers if layer.engine is not None
    ]

    assert [row.absorbed for row in report.layers] == [False, False]
    assert engines[0].requantize_adders > 0
    assert [layer.tensor for layer in flow.load(path).trace(frames(draft)) if not layer.explained] == []


def place(draft: Draft, path: Path, spec: str) -> tuple[onnx_ir.Model, onnx_ir.Model, Placed]:
    """A draft in canonical form, the same with what its weights became before they were rounded, and their codes."""
    before = onnx_ir.load(draft.save(path))
    canonicalize(before)
    after, network = before.clone(), read_network(before.graph)
    floors = {layer.name: np.zeros(layer.channels) for layer in network.layers}
    placed = place_weights(
        network,
        read_parameters(before.graph, network),
        trace_channels(before.graph, network),
        {layer.name: parse_grid(spec, 4) for layer in network.layers},
        floors,
        None,
    )
    write_parameters(after.graph, network, placed.parameters)
    return before, after, placed


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("spec", ["pot", "uniform:range=max", "log:base=root4"])
def test_absorbing_leaves_the_float_network_as_it_is(name: str, spec: str, tmp_path: Path) -> None:
    """Equal in onnxruntime up to float32, although the weights of every absorbed layer have changed."""
    draft = NETWORKS[name]()
    if name == "pooled":
        draft.nodes.pop()  # the Softmax, which is dropped on purpose
        draft.nodes[-1].output[0] = "y"
    before, after, placed = place(draft, tmp_path / "m.onnx", spec)
    (expected,), (actual,) = (Session(model).batches({"x": frames(draft)}, ["y"]) for model in (before, after))
    network = read_network(before.graph)
    old, new = (read_parameters(model.graph, network) for model in (before, after))
    changed = [bool((old[layer.name].weights != new[layer.name].weights).any()) for layer in network.layers]

    np.testing.assert_allclose(actual["y"], expected["y"], rtol=1e-4, atol=1e-5)
    assert [bool(placed.absorbed[layer.name].all()) for layer in network.layers] == ABSORBED[name]
    # The readers of absorbed channels change too: in these networks the layer behind.
    assert changed == [any(ABSORBED[name])] * len(network.layers)


@pytest.mark.parametrize("name", NETWORKS)
def test_codes_times_scales_are_near_the_weights_they_stand_for(name: str, tmp_path: Path) -> None:
    """At eight bits each channel is within half a step and the rounding of its scale, on rescaled weights as well."""
    _, _, placed = place(NETWORKS[name](), tmp_path / "m.onnx", "uniform:range=max")
    for layer, found in placed.weights.items():
        weights = placed.parameters[layer].weights
        slack = 0.5 * found.scales[:, None] + np.abs(weights) * 2.0**-SIGNIFICANT_BITS

        assert (np.abs(found.real() - weights) <= slack * 1.001).all()


@pytest.mark.parametrize("name", ["pooled", "residual", "ends-in-sum"])
def test_biases_are_half_an_lsb_off_the_grid_where_a_requantizer_divides(name: str, tmp_path: Path) -> None:
    """int32 in steps of half an LSB: odd where the next scale is two LSBs or more and a power of two of them."""
    file = File(write(tmp_path, NETWORKS[name](), weights="pot", weight_bits=4)[0])
    odd_seen = 0
    for layer in [*file.named("Conv"), *file.named("Gemm")]:
        bias = file.before(layer, 2)
        codes = file.integers(bias)
        lsb, following = lsb_and_next_scale(file, layer, POOLED[name])
        divides = np.array([following is not None and following >= 2 * one and is_power_of_two(one) for one in lsb])
        odd_seen += int(divides.sum())

        assert codes.dtype == np.int32
        assert (file.scale(bias) == lsb / 2).all()
        assert (codes % 2 == divides).all()
    assert odd_seen >= (12 if name == "pooled" else 0)


def test_weights_of_1e30_are_only_a_scale(tmp_path: Path) -> None:
    """The scale takes it all; the result is as near as with weights of one."""
    draft = Draft((4,))
    draft.constant("w", np.array([[0.5, -1, 0.25, 1]] * 3, dtype=np.float32) * np.float32(1e30))
    draft.node("Gemm", ["x", "w"], "y", transB=1)
    path, report = write(tmp_path, draft, weights="uniform", weight_bits=8, activation_bits=8)
    expected = run(tmp_path / "float.onnx", frames(draft))

    np.testing.assert_allclose(run(path, frames(draft)), expected, atol=1e28)
    assert report.layers[0].scales[1] > 2.0**60
