"""Scaling channels against each other undoes bad scales: weight factorization, Meller et al. 2019 (arXiv:1902.01917).

Networks 64-48-48-32-10 from five seeds, their channels rescaled by 2^U(-4, 4) in several draws. As published there is
one scale a layer, at the largest weight and the largest activation, and nothing is corrected. Weights and activations
have the same bits. The published factors are real (`:real`); powers of two are usual here."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import pytest

from models import seeds
from rtl_tests.claims import badly_scaled
from rtl_tests.claims.measure import accuracy, float_accuracies, loss, per_tensor, quantized_accuracy
from shiftwright.quantize import Settings
from shiftwright.quantize.grids.spec import parse_grid

pytestmark = pytest.mark.slow

NETWORK = "mlp_64_48_48_32_10"
UNIFORM = "uniform:range=max"
DRAWS = 5
MANY_DRAWS = 20  # where methods are closer than draws
METHODS = ("one-step", "one-step:real", "two-step", "two-step:real", "cross", "auto")


def badly(draws: int) -> Iterator[Path]:
    """The files of every seed with each draw's scales, which are gone when the next is asked for."""
    with TemporaryDirectory() as folder:
        for draw in range(draws):
            for seed in seeds.seeds(NETWORK):
                yield badly_scaled.write(NETWORK, seed, draw, Path(folder) / "badly_scaled.onnx")


@cache
def equalized(method: str, bits: int, granularity: str = "tensor", draws: int = DRAWS) -> float:
    """Mean accuracy of the badly scaled networks, equalized, with weights and activations of so many bits."""
    chosen = Settings(
        weights=f"{UNIFORM}:granularity={granularity}",
        weight_bits=bits,
        activation_bits=bits,
        activation_range="max",
        equalize=method,
        correct="none",
    )
    return float(np.mean([quantized_accuracy(path, NETWORK, chosen) for path in badly(draws)]))


@cache
def on_grid(grid: str, bits: int) -> float:
    """Mean accuracy of the badly scaled networks, their weights alone on a grid and all else in float."""
    found = parse_grid(grid, bits)
    right = []
    for path in badly(DRAWS):
        model, tensors = badly_scaled.read(path)
        for name, weights in tensors.items():
            if name.endswith(".weight"):
                tensors[name] = found.quantize(weights, np.zeros(len(weights))).real()
        right.append(accuracy(badly_scaled.save(model, tensors, path), NETWORK))
    return float(np.mean(right))


def trained() -> float:
    """Mean accuracy of the float networks."""
    return float(float_accuracies(NETWORK).mean())


def test_badly_scaled_networks_compute_the_same() -> None:
    """All that rounding will lose, rounding loses: the float results are equal but for float32's own rounding."""
    _, test = seeds.data(NETWORK)
    wanted = [
        onnxruntime.InferenceSession(seeds.path(NETWORK, seed)).run(None, {"x": test["x"]})[0] for seed in range(5)
    ]
    found = [onnxruntime.InferenceSession(path).run(None, {"x": test["x"]})[0] for path in badly(1)]

    np.testing.assert_allclose(np.array(found), np.array(wanted), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_at_eight_bits_what_bad_scales_cost_comes_back(method: str) -> None:
    """Wished: 95 % of it. Measured: float 96.1, bad 34.0; one-step 95.9, two-step 96.1, cross 96.0, auto 96.0.

    Real factors: one-step 96.0, two-step 96.0."""
    bad = equalized("none", 8)

    assert (equalized(method, 8) - bad) / (trained() - bad) >= 0.95


def test_two_steps_are_better_than_one_at_six_bits() -> None:
    """Wished: five points. Measured with the published real factors: 89.5 and 96.0, 6.5 points.

    Draws differ, from 2.4 to 11.3 points; thirty give 6.6 ± 0.4."""
    one, two = (equalized(f"{method}:real", 6, draws=MANY_DRAWS) for method in ("one-step", "two-step"))

    assert two >= one + 5


def test_the_second_step_gains_less_with_powers_of_two() -> None:
    """NOT as wished, which is five points here too: measured 91.1 and 96.0, 4.9 points; thirty draws give 4.6 ± 0.3.

    One step is the better for being rounded down: it stays farther below its limits."""
    one, two = (equalized(method, 6, draws=MANY_DRAWS) for method in ("one-step", "two-step"))

    assert two >= one + 3.5


@pytest.mark.parametrize("bits", [5, 4])
def test_the_second_step_gains_more_at_fewer_bits(bits: int) -> None:
    """Measured: 74.3 and 95.8 at five bits, 28.9 and 93.7 at four; real factors 68.1 and 95.9, 25.0 and 95.0."""
    assert equalized("two-step", bits) >= equalized("one-step", bits) + 15


@pytest.mark.parametrize("bits", [8, 6, 4])
def test_cross_and_one_step_together_are_as_good_as_two_steps(bits: int) -> None:
    """Wished: `auto` at least as good as both others. True of one-step; two-step is level with it, neither better.

    Measured at eight, six and four bits: auto 96.0, 96.0, 94.1; two-step 96.1, 96.0, 93.7; one-step 95.9, 90.5, 28.9.
    So `auto` is better at four bits, and elsewhere worse by less than 0.1 points, a third of an image."""
    auto = equalized("auto", bits)

    assert auto >= equalized("one-step", bits)
    assert auto >= equalized("two-step", bits) - 0.1


def test_a_scale_a_channel_hides_bad_scales_at_eight_bits_only() -> None:
    """Measured without equalizing: at eight bits 87.0 instead of 34.0, at six 31.1 instead of 10.3."""
    assert equalized("none", 8, "channel", 2) >= equalized("none", 8) + 40
    assert equalized("none", 6, "channel", 2) <= 50
    assert equalized("two-step", 6, "channel", 2) >= 95


def test_powers_of_two_of_five_bits_hardly_mind_bad_scales() -> None:
    """The negative result: who has a wide range of levels needs no equalizing for the weights' sake.

    Weights alone, one scale a layer: bad scales take power-of-two weights from 95.2 to 94.3, six-bit uniform weights
    from 96.0 to 10.2. Where activations of eight bits suffer too, from 95.1 to 88.4 and from 96.0 to 10.4."""
    pot, uniform = per_tensor("pot"), per_tensor(UNIFORM)

    assert trained() - loss(NETWORK, pot, 5) - on_grid(pot, 5) <= 1.5
    assert trained() - loss(NETWORK, uniform, 6) - on_grid(uniform, 6) >= 80


def test_powers_of_two_of_four_bits_do_mind() -> None:
    """Six octaves are too few for scales eight apart: measured 94.3 with five bits, 19.6 with four.

    √2 has seven with five bits: 41.3."""
    assert on_grid(per_tensor("pot"), 4) <= on_grid(per_tensor("pot"), 5) - 50
    assert on_grid(per_tensor("log:base=sqrt2"), 5) <= on_grid(per_tensor("pot"), 5) - 30
