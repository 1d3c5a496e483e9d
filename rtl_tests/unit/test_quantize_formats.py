"""Formats of activations: bits, sign and power-of-two scale by each range rule, and the bits that each point gets."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtl_tests.unit.quantize_networks import NETWORKS, Draft, frames
from shiftwright.errors import QuantizeError
from shiftwright.quantize.calibrate import Observed, calibrate, point_bits
from shiftwright.quantize.canonical import canonicalize
from shiftwright.quantize.formats import SPAN, Format, RangeRule, choose_format
from shiftwright.quantize.load import load_float_model
from shiftwright.quantize.network import read_network
from shiftwright.quantize.settings import LayerRule, Override, Settings

MSE, MAX, PERCENTILE = (RangeRule.parse(text) for text in ("mse", "max", "percentile=99"))


def chosen(values: list[float] | NDArray[np.float64], bits: int, rule: RangeRule = MSE) -> Format:
    """The format for a list of values."""
    return choose_format("v", np.array(values), float(min(values)), float(max(values)), bits, rule)


@pytest.mark.parametrize("rule", [MSE, MAX, PERCENTILE], ids=lambda rule: rule.kind)
@pytest.mark.parametrize(
    ("values", "bits", "expected"),
    [
        pytest.param([0, 1 / 16, *[1.0] * 9], 6, Format(6, False, -5), id="pixels-are-exact"),
        pytest.param([-4.0, 3.5], 4, Format(4, True, -1), id="both-ends-exact"),
        pytest.param([0.0, 0.0], 4, Format(4, False, -3), id="never-active"),
        pytest.param([-1e-30, 0.0], 4, Format(4, True, -60), id="tiny"),
    ],
)
def test_what_fits_is_exact(values: list[float], bits: int, expected: Format, rule: RangeRule) -> None:
    """By every rule; signed if anything is negative, and defined where nothing ever happens."""
    assert chosen(values, bits, rule) == expected


@pytest.mark.parametrize(
    ("rule", "exponent"),
    [pytest.param(MSE, 3, id="mse"), pytest.param(MAX, 3 + 1, id="max"), pytest.param(PERCENTILE, 1, id="percentile")],
)
def test_an_outlier_is_kept_by_max_alone(rule: RangeRule, exponent: int) -> None:
    """999 eights and one 64 at 3 bits: 8 is exact at 2^3 and, cut off at 14, at 2^1."""
    assert chosen([8.0] * 999 + [64.0], 3, rule) == Format(3, False, exponent)


def test_max_never_saturates_and_is_no_coarser_than_needed() -> None:
    """Codes end within half a step of the extremes; one octave finer would cut them off."""
    random = np.random.default_rng(0)
    for bits in range(2, 9):
        for values in (random.normal(size=300), np.abs(random.normal(size=300)), random.normal(size=300) + 4):
            found = chosen(values, bits, MAX)
            finer = Format(bits, found.signed, found.exponent - 1)
            steps = np.ldexp(values, -found.exponent)

            assert found.lo - 0.5 <= steps.min() and steps.max() <= found.hi + 0.5
            assert np.abs(np.ldexp(finer.encode(values), finer.exponent) - values).max() > 2.0**finer.exponent / 2


def test_a_percentile_leaves_out_the_rest_on_both_sides() -> None:
    """Of 0 … 999 the 50th percentile of the magnitudes is 499.5, so that 2 bits reach 3·2^8 rather than 3·2^9."""
    values = np.arange(1000.0)

    assert chosen(values, 2, RangeRule.parse("percentile=50")) == Format(2, False, 8)
    assert chosen(values, 2, MAX) == Format(2, False, 9)
    assert chosen(-values, 2, RangeRule.parse("percentile=50")).exponent < chosen(-values, 2, MAX).exponent


def test_a_value_that_is_rarely_active_keeps_its_range() -> None:
    """A percentile of zero would leave no range at all."""
    assert chosen([0.0] * 999 + [3.0], 4, PERCENTILE) == chosen([0.0] * 999 + [3.0], 4, MAX) == Format(4, False, -2)


def test_the_hundredth_percentile_is_the_maximum() -> None:
    """Even where the sample has missed it."""
    assert RangeRule.parse("percentile=100") == MAX
    assert RangeRule.parse("percentile") == RangeRule("percentile", 99.9)


@pytest.mark.parametrize("bits", range(2, 9))
def test_mse_beats_every_other_exponent(bits: int) -> None:
    """For normal values, for their magnitudes, and where one value lies far out among many."""
    normal = np.random.default_rng(0).normal(size=2000)
    for values in (normal, np.abs(normal), np.append(np.tile(normal, 20), 100.0)):
        found = chosen(values, bits)
        errors = {
            exponent: np.square(np.ldexp(Format(bits, found.signed, exponent).encode(values), exponent) - values).mean()
            for exponent in range(-16, 16)
        }

        assert min(errors, key=lambda exponent: errors[exponent]) == found.exponent


def test_one_value_far_out_is_cut_off_by_many_octaves() -> None:
    """A hundred deviations out among 40 000 values: two bits are better spent on the others."""
    values = np.append(np.random.default_rng(0).normal(size=40_000), 100.0)

    assert chosen(values, 2, MAX).exponent == 7
    assert chosen(values, 2).exponent == 0


@given(
    values=st.lists(st.floats(-(2.0**40), 2.0**40), min_size=1, max_size=30),
    bits=st.integers(2, 8),
    text=st.sampled_from(["mse", "max", "percentile", "percentile=50"]),
)
def test_any_values_have_a_format(values: list[float], bits: int, text: str) -> None:
    """Codes stay within the bits; the scale is at most SPAN octaves below the one that reaches the extremes."""
    found, reach = chosen(values, bits, RangeRule.parse(text)), chosen(values, bits, MAX)
    codes = found.encode(np.array(values))

    assert found.signed == (min(values) < 0)
    assert found.lo <= codes.min() and codes.max() <= found.hi
    assert found.exponent <= reach.exponent
    assert text != "mse" or reach.exponent - SPAN <= found.exponent


def test_values_beyond_all_scales_are_refused() -> None:
    """With their name and how far they reach."""
    with pytest.raises(QuantizeError, match=r"value 'v' reaches 1e\+30; scale the network or its input down"):
        chosen([0.0, 1e30], 8)


def bits_of(draft: Draft, settings: Settings, folder: Path) -> list[int]:
    """The bits of a network's points, in the order in which they are made."""
    model = load_float_model(draft.save(folder / "m.onnx"))
    canonicalize(model)
    return list(point_bits(model.graph, read_network(model.graph), settings).values())


def test_points_have_the_bits_that_their_layers_ask_for(tmp_path: Path) -> None:
    """Through clamps and pools; the input has its own, and a value behind an untouched layer the usual ones."""
    settings = Settings(input_bits=8, activation_bits=6, first=Override(activation_bits=3))

    assert bits_of(NETWORKS["pooled"](), settings, tmp_path) == [8, 3, 6]
    assert bits_of(NETWORKS["pooled"](), Settings(activation_bits=5), tmp_path) == [5, 5, 5]


@pytest.mark.parametrize(("one", "other"), [(3, 7), (7, 3)])
def test_a_sum_has_the_most_bits_asked_for(one: int, other: int, tmp_path: Path) -> None:
    """Whichever of its layers asks; each branch keeps what its own layer wants."""
    settings = Settings(
        activation_bits=2,
        rules=(LayerRule(match="Conv_c0", activation_bits=one), LayerRule(match="Conv_c1", activation_bits=other)),
    )

    assert bits_of(NETWORKS["residual"](), settings, tmp_path) == [2, one, other, 7]
    assert bits_of(NETWORKS["ends-in-sum"](), settings, tmp_path) == [2, one, other, 7]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(Settings(activation_bits=3), [3, 3, 3, 8], id="usually"),
        pytest.param(Settings(activation_bits=3, last=Override(activation_bits=5)), [3, 3, 5, 5], id="by-a-rule"),
    ],
)
def test_an_output_has_eight_bits_unless_a_rule_says_others(
    settings: Settings, expected: list[int], tmp_path: Path
) -> None:
    """What holds for all layers is about what layers read; here the last operator sums two layers' results."""
    assert bits_of(NETWORKS["ends-in-sum"](), settings, tmp_path) == expected


def test_an_output_that_a_layer_reads_is_no_wider(tmp_path: Path) -> None:
    """The layer's products have to carry it."""
    draft = Draft((4,))
    hidden = draft.node("Relu", [draft.node("Gemm", ["x", draft.weights("w0", 4, 4)], "z")], "r")
    draft.node("Gemm", [hidden, draft.weights("w1", 4, 3)], "y")
    model = load_float_model(draft.save(tmp_path / "m.onnx"))
    model.graph.outputs.append(next(value for node in model.graph for value in node.outputs if value.name == hidden))
    canonicalize(model)

    assert point_bits(model.graph, read_network(model.graph), Settings(activation_bits=3))[hidden] == 3


def test_calibration_follows_range_and_bits(tmp_path: Path) -> None:
    """A coarser scale by max than by a low percentile, and the rules' bits in every format."""
    draft = NETWORKS["pooled"]()
    model = load_float_model(draft.save(tmp_path / "m.onnx"))
    canonicalize(model)
    network = read_network(model.graph)
    rules = (LayerRule(match="*c1", activation_bits=4),)
    widest, narrow = (
        calibrate(model, network, {"x": frames(draft)}, Settings(activation_range=rule, rules=rules)).formats
        for rule in ("max", "percentile=50")
    )

    assert [found.bits for found in widest.values()] == [6, 6, 4]
    assert all(narrow[name].exponent <= widest[name].exponent for name in widest)
    assert any(narrow[name].exponent < widest[name].exponent for name in widest)


def test_calibration_keeps_extremes_that_it_did_not_sample() -> None:
    """They count as one value each; where everything is kept, nothing is added."""
    few, many = Observed(), Observed()
    few.see(np.array([1, 2, 3], dtype=np.float32), share=3)
    many.see(np.array([1, 7, -5, 2], dtype=np.float32), share=2)

    assert few.sample().tolist() == [1, 2, 3]
    assert many.sample().tolist() == [1, 2, -5, 7]


def seen(batches: list[NDArray[np.float32]], share: int) -> NDArray[np.float64]:
    """What is kept of values that come in batches, extremes aside."""
    observed = Observed()
    for batch in batches:
        observed.see(batch, share)
    return np.concatenate(observed.parts)


@given(size=st.integers(1, 3000), share=st.integers(1, 1000), batches=st.integers(1, 3))
def test_values_are_kept_from_everywhere(size: int, share: int, batches: int) -> None:
    """One of each stretch of a batch, none twice; all of them where there are no more than asked for."""
    kept = seen([np.arange(size, dtype=np.float32)] * batches, share)
    stretch = max(1, size // share)

    assert (kept // stretch).tolist() == [*range(size // stretch)] * batches


@pytest.mark.parametrize("period", [2, 3, 8, 64, 128, 1000])
@pytest.mark.parametrize("batches", [1, 4])
def test_no_column_or_channel_is_passed_over(period: int, batches: int) -> None:
    """Values that repeat with any period, as columns and channels do: each is kept as often as it occurs, about."""
    length = 1 << 20
    values = (np.arange(length) % period).astype(np.float32)
    kept = seen(np.split(values, batches), (1 << 16) // batches)
    shares = np.bincount(kept.astype(int), minlength=period) * period / len(kept)

    assert 0.75 <= shares.min() and shares.max() <= 1.25


def test_formats_do_not_depend_on_how_layout_and_samples_divide(tmp_path: Path) -> None:
    """Every eighth channel is a hundredth of the others: 1024 samples of 1024 channels, like 1000, see them all."""
    random = np.random.default_rng(0)
    weights = random.normal(size=(1024, 16)).astype(np.float32) / 4
    weights[::8] *= np.float32(0.01)
    draft = Draft((16,))
    draft.node("Gemm", ["x", draft.constant("w0", weights)], "z", transB=1)
    draft.node("Gemm", [draft.node("Relu", ["z"], "r"), draft.weights("w1", 1024, 4)], "y")
    model = load_float_model(draft.save(tmp_path / "m.onnx"))
    canonicalize(model)
    network = read_network(model.graph)
    x = random.normal(size=(1024, 16)).astype(np.float32)
    power, other = (calibrate(model, network, {"x": x[:count]}, Settings()).formats for count in (1024, 1000))

    assert power == other
