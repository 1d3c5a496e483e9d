"""What stands next to the seed methods: additive powers of two, corrected biases, compensated errors, codebooks.

Weights alone, means over all six digits networks, five MLPs and the CNN. Where the papers have one scale a layer that
is measured beside one a channel, which is usual here."""

import numpy as np
import pytest

from models import seeds
from rtl_tests.claims.measure import SMALLEST, loss, losses, mean_loss, per_tensor

pytestmark = pytest.mark.slow

FORMS = pytest.mark.parametrize("form", [per_tensor, str], ids=["tensor", "channel"])
ONE_IMAGE = 100 / 360
TERNARY = ("ternary", "ternary:threshold=0.7", "ternary:paper")


@FORMS
def test_additive_powers_of_two_are_better_than_powers_of_two(form: type[str]) -> None:
    """Four bits, uncorrected; Li, Dong & Wang 2020 (arXiv:1909.13144). Wished: a point in the mean.

    Measured 2.4 points a tensor and 1.3 a channel; from -0.1 (mlp_64_128_64_10, where there is nothing left to gain)
    to 5.1 (CNN)."""
    pot, apot = losses(form("pot"), 4), losses(form("apot"), 4)
    gains = [pot[network] - apot[network] for network in seeds.networks()]

    assert np.mean(gains) >= 1
    assert min(gains) > -ONE_IMAGE


@FORMS
def test_corrected_biases_lift_powers_of_two(form: type[str]) -> None:
    """Three bits; Nagel et al. 2019 (arXiv:1906.04721). Wished: two points in the mean.

    Measured 2.6 points a tensor and 2.1 a channel; on the smallest network 3.7 and 3.4. The CNN gains 8.8 and 2.9; the
    MLPs alone 1.3 and 1.9, because the larger ones lose less than two points to begin with."""
    grid = form("pot")

    assert mean_loss(grid, 3) - mean_loss(grid, 3, "bias") >= 2
    assert loss(SMALLEST, grid, 3) - loss(SMALLEST, grid, 3, "bias") >= 2


@pytest.mark.parametrize("grid", ["ternary:threshold=0.7", "ternary:paper"])
def test_corrected_biases_lift_ternary_weights(grid: str) -> None:
    """Weights by Li, Zhang & Liu 2016 (arXiv:1605.04711). Wished: eight points in the mean.

    Measured 17.1 points with a scale a channel, 13.2 with the paper's one a layer. Least is 2.5, of the paper's form on
    mlp_64_48_48_32_10, most 33.7, on the CNN."""
    assert mean_loss(grid, 2) - mean_loss(grid, 2, "bias") >= 8


@pytest.mark.parametrize("grid", TERNARY)
def test_compensated_errors_lift_ternary_weights_further(grid: str) -> None:
    """On top of corrected biases; Frantar et al. 2022 (arXiv:2210.17323). Wished: a point in the mean.

    Measured 4.5 points by least squares, 4.3 by threshold, 5.2 in the paper's form; 0.5 at least (mlp_64_48_32_10)."""
    bias, both = losses(grid, 2, "bias"), losses(grid, 2, "bias,hessian")
    gains = [bias[network] - both[network] for network in seeds.networks()]

    assert np.mean(gains) >= 1
    assert min(gains) > 0


@pytest.mark.parametrize(
    ("grid", "bits"),
    [
        pytest.param("pot", 3, id="pot3"),
        pytest.param("pot", 4, id="pot4"),
        pytest.param(per_tensor("pot"), 4, id="pot4-tensor"),
        pytest.param("apot", 4, id="apot4"),
        pytest.param("log", 5, id="sqrt2-5"),
        pytest.param("codebook", 5, id="codebook5"),
        pytest.param("uniform:asymmetric", 5, id="asymmetric5"),
    ],
)
def test_compensated_errors_cost_nothing(grid: str, bits: int) -> None:
    """On top of corrected biases. Wished: never more than 0.2 points. True in the mean over the networks.

    Measured once with five seeds, all spellings of all grids at 2 to 5 bits: at worst 0.11 points lost, by
    `uniform:asymmetric` with five bits, 29 gained at best. On a single network of five seeds up to 0.4 points, seven
    of 1800 images, go either way. Two exceptions have no use, being too coarse: with two bits `log:base=decimal:paper`,
    whose two magnitudes are 128 apart, loses 1.7 points in the mean and 20 on the CNN, `pot:paper`, which has no zero
    and no smaller scale to go to, 4.7 and 17."""
    assert mean_loss(grid, bits, "bias,hessian") <= mean_loss(grid, bits, "bias") + 0.2


@pytest.mark.parametrize(
    ("grid", "correction"),
    [
        pytest.param("pot", "bias", id="channel-bias"),
        pytest.param("pot", "bias,hessian", id="channel-both"),
        pytest.param(per_tensor("pot"), "bias,hessian", id="tensor-both"),
    ],
)
def test_corrected_powers_of_two_are_close_to_float(grid: str, correction: str) -> None:
    """Four bits, every one of the six networks. Wished: within 0.7 points.

    Measured mean and most: a channel 0.35 and 0.67 with corrected biases, 0.16 and 0.50 with compensated errors too; a
    tensor 0.24 and 0.42 with both."""
    assert max(losses(grid, 4, correction).values()) <= 0.7


def test_one_scale_a_layer_needs_both_corrections() -> None:
    """NOT as wished, which is within 0.7 points here too: four-bit powers of two with corrected biases alone.

    Measured 0.76 points in the mean; 1.8 on mlp_64_32_16_10, 1.1 on the CNN, 0.9 on the smallest network."""
    lost = losses(per_tensor("pot"), 4, "bias")

    assert 0.7 < np.mean(list(lost.values())) < 1
    assert max(lost.values()) < 2


@pytest.mark.parametrize("grid", ["codebook", "codebook:granularity=channel"])
def test_a_codebook_needs_no_training_at_five_bits(grid: str) -> None:
    """The one-shot clustering of Xu et al. 2018 (SLQ, arXiv:1803.03289), biases corrected. Wished: within 0.5 points.

    Measured 0.42 points for the paper's one table and scale a layer (0.8 at most, mlp_64_32_16_10) and 0.07 with a
    scale a channel; compensated errors leave 0.13 and 0.06."""
    assert mean_loss(grid, 5, "bias") <= 0.5


def test_an_uncorrected_codebook_needs_a_scale_a_channel() -> None:
    """NOT as wished with one scale a layer: uncorrected it loses 1.2 points, a scale a channel 0.45."""
    assert 0.5 < mean_loss("codebook", 5) <= 1.5
    assert mean_loss("codebook:granularity=channel", 5) <= 0.5
