"""What a user chooses: values checked when given, rules for some layers over what holds for all."""

from typing import Any

import pytest

from shiftwright.errors import QuantizeError
from shiftwright.quantize.methods import CORRECTIONS, EQUALIZATIONS, methods
from shiftwright.quantize.settings import LayerRule, Override, Settings

LAYERS = ["conv1", "conv2", "/block/conv3", "fc"]


def chosen(settings: Settings) -> list[tuple[str, int, int | None]]:
    """Grid, stored bits and the activation bits that rules give each of LAYERS."""
    found = settings.resolve(LAYERS)
    assert list(found) == LAYERS
    return [(each.weights, each.grid.bits, each.activation_bits) for each in found.values()]


def made(values: dict[str, Any]) -> Settings:
    """Settings of such values, in which a dict is an override."""
    given: dict[str, Any] = {
        key: Override(**value) if isinstance(value, dict) else value for key, value in values.items()
    }
    return Settings(**given)


def test_without_rules_all_layers_are_alike() -> None:
    """Powers of two at 4 bits, and no activation bits in particular."""
    assert chosen(Settings()) == [("pot", 4, None)] * 4


def test_later_rules_are_over_earlier_ones_key_by_key() -> None:
    """A rule changes what it names and leaves the rest; * matches any text, slashes too."""
    settings = Settings(
        rules=(
            LayerRule(match="*conv*", weights="uniform", activation_bits=8),
            LayerRule(match="conv?", weight_bits=8),
            LayerRule(match="conv2", activation_bits=4),
        )
    )

    assert chosen(settings) == [("uniform", 8, 8), ("uniform", 8, 4), ("uniform", 4, 8), ("pot", 4, None)]


def test_first_and_last_are_over_every_rule() -> None:
    """By position, whatever the names."""
    settings = Settings(
        rules=(LayerRule(match="*", weights="uniform", weight_bits=6),),
        first=Override(weight_bits=8),
        last=Override(weights="ternary", activation_bits=3),
    )

    assert chosen(settings) == [("uniform", 8, None), ("uniform", 6, None), ("uniform", 6, None), ("ternary", 2, 3)]


def test_an_only_layer_is_first_and_last() -> None:
    """Where both choose, the last one's choice holds."""
    settings = Settings(
        first=Override(weights="uniform", activation_bits=5), last=Override(weights="ternary", weight_bits=8)
    )

    only = settings.resolve(["a"])["a"]

    assert (only.weights, only.activation_bits) == ("ternary", 5)


def test_a_pattern_without_a_layer_names_the_layers() -> None:
    """With the nearest one, and the place where the rule was written."""
    settings = Settings(rules=(LayerRule(match="conv4", weight_bits=3, origin="q.toml, line 4, key `match`: "),))

    with pytest.raises(QuantizeError) as caught:
        settings.resolve(LAYERS)
    assert str(caught.value) == (
        "q.toml, line 4, key `match`: no layer matches 'conv4'; did you mean 'conv2'? "
        "the layers are /block/conv3, conv1, conv2, fc"
    )


def test_signs_in_a_pattern_stand_for_themselves() -> None:
    """But * and ?: names have brackets and dots in them."""
    names = ["fc[0]", "fc0", "a.b", "axb"]
    settings = Settings(rules=tuple(LayerRule(match=name, activation_bits=3) for name in ("fc[0]", "a.b")))

    assert [each.activation_bits for each in settings.resolve(names).values()] == [3, None, 3, None]


def test_patterns_care_about_letters_case() -> None:
    """On every system: names of nodes do."""
    with pytest.raises(QuantizeError, match="no layer matches 'Conv1'"):
        Settings(rules=(LayerRule(match="Conv1"),)).resolve(LAYERS)


def test_one_rule_may_name_the_grid_and_another_the_bits() -> None:
    """Only a choice that nothing could stand beside is refused at once; what clashes in a layer is refused for it."""
    settings = Settings(
        rules=(LayerRule(match="conv*", weights="uniform"), LayerRule(match="conv2", weight_bits=8)),
    )
    clash = Settings(rules=(*settings.rules, LayerRule(match="fc", weight_bits=8, origin="q.toml, line 9: ")))

    settings.resolve(LAYERS)
    with pytest.raises(QuantizeError, match=r"^q.toml, line 9: layer 'fc': pot at 8 bits needs integers"):
        clash.resolve(LAYERS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param({"weights": "termary"}, "no grid is called 'termary'; did you mean 'ternary'?", id="grid"),
        pytest.param({"weights": "pot:papr"}, "has no option 'papr'; did you mean 'paper'?", id="option"),
        pytest.param({"weights": "pot", "weight_bits": 6}, "beyond int16; use 5 weight bits or fewer", id="int16"),
        pytest.param({"weights": "uniform", "weight_bits": 9}, "1 to 8 bits, not 9", id="weight-bits"),
        pytest.param({"activation_bits": 9}, "9 activation bits are outside 2 … 8; 6 is usual", id="activation-bits"),
        pytest.param({"input_bits": 1}, "1 input bits are outside 2 … 8", id="input-bits"),
        pytest.param({"activation_range": "min"}, "no activation range is called 'min'", id="range"),
        pytest.param({"activation_range": "max=3"}, "'max' takes no value", id="range-value"),
        pytest.param({"activation_range": "percentile=all"}, "'all' is not a number", id="percentile-text"),
        pytest.param({"activation_range": "percentile=0"}, "percentile 0 is outside", id="percentile-0"),
        pytest.param({"activation_range": "percentile=nan"}, "percentile nan is outside", id="percentile-nan"),
        pytest.param({"equalize": "tow-step"}, "did you mean 'two-step'?", id="equalization"),
        pytest.param({"equalize": "cross:whole"}, "no equalization is called 'cross:whole'", id="equalization-suffix"),
        pytest.param({"equalize": "none:real"}, "write none", id="none-real"),
        pytest.param({"correct": "biases"}, "use one of none | bias | bias,hessian", id="correction"),
        pytest.param({"samples": 0}, "at least one", id="samples"),
        pytest.param({"first": {"weights": "pots"}}, "did you mean 'pot'?", id="rule-grid"),
        pytest.param({"first": {"weight_bits": 0}}, "2 to 5 bits, not 0", id="rule-no-bits"),
        pytest.param({"last": {"weights": "pot", "weight_bits": 7}}, "use 5 weight bits or fewer", id="rule-bits"),
        pytest.param({"last": {"activation_bits": 1}}, "1 activation bits", id="rule-activation-bits"),
    ],
)
def test_unusable_settings_are_refused_when_given(settings: dict[str, Any], message: str) -> None:
    """In one line, with the nearest name or the largest setting that fits."""
    with pytest.raises(QuantizeError) as caught:
        made(settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("none", ("none", False)), ("two-step", ("two-step", False)), ("auto:real", ("auto", True))],
)
def test_an_equalization_may_have_real_factors(text: str, expected: tuple[str, bool]) -> None:
    """`:real` behind its name."""
    assert expected == Settings(equalize=text).equalization


@pytest.mark.parametrize(("text", "expected"), [("none", {"none"}), ("bias,hessian", {"bias", "hessian"})])
def test_corrections_come_one_by_one(text: str, expected: set[str]) -> None:
    """As the flow asks for them."""
    assert expected == Settings(correct=text).corrections


def test_the_list_of_methods_has_them_all() -> None:
    """What settings accept is what the list explains, every spelling of a grid included."""
    listed = methods()

    assert list(EQUALIZATIONS) == list(listed["equalizations"])
    assert list(CORRECTIONS) == list(listed["corrections"])
    for kind in listed["activations"]:
        Settings(activations=kind)
    for kind in listed["activation_ranges"]:
        Settings(activation_range=kind)
    for name, grid in listed["grids"].items():
        assert grid["summary"] and grid["paper"]
        assert grid["spellings"][0]["spelling"] == name
        for row in grid["spellings"]:
            for bits in row["bits"]:
                assert Settings(weights=row["spelling"], weight_bits=bits).resolve(["a"])["a"].grid.bits == bits


def test_the_list_shows_number_systems_at_four_bits() -> None:
    """Powers of two need no adder, uniform weights 3, 5 and 7 times an input, one adder each."""
    grids = methods()["grids"]

    assert grids["pot"]["spellings"][0] == {
        "spelling": "pot",
        "bits": [2, 3, 4, 5],
        "shown_at": 4,
        "granularity": "channel",
        "mantissas": (1,),
        "shifts": (0, 6),
        "largest": 64,
        "levels": 15,
        "adders_per_input": 0,
    }
    assert grids["uniform"]["spellings"][0]["mantissas"] == (1, 3, 5, 7)
    assert grids["uniform"]["spellings"][0]["adders_per_input"] == 3
    assert grids["ternary"]["spellings"][0]["shown_at"] == 2
