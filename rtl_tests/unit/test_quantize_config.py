"""Settings from a TOML file: what it may say, what the command line overrides, and errors that name the line."""

from pathlib import Path
from typing import Any

import pytest

from rtl_tests.conformance.terminal import Terminal
from shiftwright import quantize
from shiftwright.errors import QuantizeError
from shiftwright.quantize.config import read_settings
from shiftwright.quantize.settings import LayerRule, Override, Settings

WHOLE = """\
# every key there is
weights = "uniform"
weight_bits = 5
activation_bits = 7
input_bits = 8
activation_range = "percentile=99"
equalize = "auto:real"
correct = "bias"
samples = 64

[[layer]]
match = "conv*"
weights = "ternary"

[[layer]]
match = "fc?"
weight_bits = 8
activation_bits = 4

[first]
weights = "pot"

[last]
activation_bits = 3
"""


def written(folder: Path, text: str) -> Path:
    """The text as a file."""
    (folder / "q.toml").write_text(text, encoding="utf-8")
    return folder / "q.toml"


def refusal(folder: Path, text: str, **given: Any) -> str:
    """The message about a file, without the folder."""
    with pytest.raises(QuantizeError) as caught:
        read_settings(written(folder, text), given)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_file_may_hold_every_setting(tmp_path: Path) -> None:
    """Keys are those of the command line, with _ for -; rules keep their order."""
    expected = Settings(
        weights="uniform",
        weight_bits=5,
        activation_bits=7,
        input_bits=8,
        activation_range="percentile=99",
        equalize="auto:real",
        correct="bias",
        samples=64,
        rules=(
            LayerRule(match="conv*", weights="ternary"),
            LayerRule(match="fc?", weight_bits=8, activation_bits=4),
        ),
        first=Override(weights="pot"),
        last=Override(activation_bits=3),
    )

    assert expected == read_settings(written(tmp_path, WHOLE), {})


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """Nor does one of comments."""
    assert Settings() == read_settings(written(tmp_path, "# later\n"), {})


def test_what_is_given_is_over_the_top_level(tmp_path: Path) -> None:
    """And not over the rules."""
    found = read_settings(written(tmp_path, WHOLE), {"weights": "pot", "correct": "none"})

    assert (found.weights, found.weight_bits, found.correct) == ("pot", 5, "none")
    assert found.rules[0].weights == "ternary"


def test_rules_remember_their_line(tmp_path: Path) -> None:
    """For a pattern that matches nothing, which shows when the model is read."""
    path = written(tmp_path, WHOLE)

    with pytest.raises(QuantizeError) as caught:
        read_settings(path, {}).resolve(["conv1", "dense"])
    assert str(caught.value) == f"{path}, line 16, key `match`: no layer matches 'fc?'; the layers are conv1, dense"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "weights = pot\n", "q.toml, line 1: invalid value; write key = value, a text in quotes", id="no-quotes"
        ),
        pytest.param(
            'weights = "pot"\n\nweights = "uniform"\n',
            "q.toml, line 3: cannot overwrite a value; write every key and table once",
            id="twice",
        ),
        pytest.param(
            'samples = 3\nweights = """pot\n',
            "q.toml, line 2: unterminated string; write key = value, a text in quotes",
            id="open-text",
        ),
        pytest.param(
            "samples = 3\nwieght_bits = 4\n",
            "q.toml, line 2, key `wieght_bits`: there is no such key; did you mean 'weight_bits'? the keys are "
            "activation_bits, activation_range, activations, correct, equalize, first, input_bits, last, layer, "
            "samples, weight_bits, weights",
            id="unknown-key",
        ),
        pytest.param(
            '[[layer]]\nmatch = "a"\n[[layer]]\nmatch = "b"\n# here\nbits = 3\n',
            "q.toml, line 6, key `bits`: there is no such key; the keys are activation_bits, match, weight_bits, "
            "weights",
            id="unknown-key-of-a-rule",
        ),
        pytest.param(
            "[last]\nmatch = 3\n",
            "q.toml, line 2, key `match`: there is no such key; the keys are activation_bits, weight_bits, weights",
            id="unknown-key-of-the-last",
        ),
        pytest.param(
            'layer = [\n  {match = "a"},\n  {match = "b", weights = 3},\n]\n',
            "q.toml, line 3, key `weights`: 3 is not a text; write it in quotes",
            id="inline-tables",
        ),
        pytest.param(
            "# a line\u2028is one\nweights = 3\n",
            "q.toml, line 2, key `weights`: 3 is not a text; write it in quotes",
            id="separators-that-end-no-line",
        ),
        pytest.param(
            "last.weight_bits = 4\nlast.activation_bits = 9\n",
            "q.toml, line 2, key `activation_bits`: 9 activation bits are outside 2 … 8; 6 is usual",
            id="dotted-key",
        ),
        pytest.param(
            'weight_bits = "four"\n',
            'q.toml, line 1, key `weight_bits`: "four" is not a whole number; write one, without quotes',
            id="text-for-a-number",
        ),
        pytest.param(
            "samples = true\n",
            "q.toml, line 1, key `samples`: true is not a whole number; write one, without quotes",
            id="truth-for-a-number",
        ),
        pytest.param(
            '[[layer]]\nmatch = "a"\n\n[[layer]]\nweights = "pot"\n',
            'q.toml, line 4, key `layer`: a rule for no layer; add match = "PATTERN", a layer\'s name, * for any text '
            "in it",
            id="no-match",
        ),
        pytest.param(
            '[layer]\nmatch = "a"\n',
            "q.toml, line 1, key `layer`: rules are a list of tables; write [[layer]], with two brackets",
            id="one-bracket",
        ),
        pytest.param(
            'first = "pot"\n',
            'q.toml, line 1, key `first`: "pot" is not a table; write [first] on a line of its own, its keys below',
            id="no-table",
        ),
        pytest.param(
            '\nequalize = "tow-step"\n',
            "q.toml, line 2, key `equalize`: no equalization is called 'tow-step'; did you mean 'two-step'? the "
            "equalizations are auto, cross, none, one-step, two-step",
            id="equalization",
        ),
        pytest.param(
            'correct = "prayer"\n',
            "q.toml, line 1, key `correct`: correction 'prayer' is unknown; use one of none | bias | bias,hessian",
            id="correction",
        ),
        pytest.param(
            'weights = "uniform"\nweight_bits = 9\n',
            "q.toml, line 2, key `weight_bits`: uniform weights take 1 to 8 bits, not 9; pick one of those",
            id="bits-of-the-grid",
        ),
        pytest.param(
            'weights = "uniform"\nweight_bits = 9\ncorrect = "x"\nsamples = 0\nequalize = "x"\n',
            "q.toml, line 3, key `correct`: correction 'x' is unknown; use one of none | bias | bias,hessian",
            id="the-first-of-several",
        ),
        pytest.param(
            'weights = "uniform"\n[last]\nweights = "uniform:range=max"\nweight_bits = 9\n',
            "q.toml, line 4, key `weight_bits`: uniform:range=max weights take 1 to 8 bits, not 9; pick one of those",
            id="bits-of-the-last",
        ),
        pytest.param(
            'weights = "uniform"\nweight_bits = 1\n[[layer]]\nmatch = "a"\nweights = "pot"\n',
            "q.toml, line 5, key `weights`: pot weights take 2 to 5 bits, not 1; pick one of those",
            id="grid-of-a-rule",
        ),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text: str, message: str, tmp_path: Path) -> None:
    """And with what to do, in one line."""
    assert message == refusal(tmp_path, text)


def test_lines_are_counted_as_editors_do(tmp_path: Path) -> None:
    """With the line ends and the byte order mark of Windows, and a text over several lines before the key."""
    (tmp_path / "q.toml").write_bytes(b'\xef\xbb\xbf# a\r\nequalize = """\\\r\n  cross"""\r\n\r\nbits = 4\r\n')

    with pytest.raises(QuantizeError, match=r"line 5, key `bits`: there is no such key"):
        read_settings(tmp_path / "q.toml", {})


def test_the_command_lines_mistakes_are_not_the_files(tmp_path: Path) -> None:
    """What was given has no line; what it clashes with in the file has."""
    text = 'weights = "uniform"\nweight_bits = 8\n'

    assert refusal(tmp_path, text, weights="octal").startswith("no grid is called 'octal'")
    assert refusal(tmp_path, text, weight_bits=9).startswith("uniform weights take")
    assert refusal(tmp_path, text, weights="pot").startswith("q.toml, line 2, key `weight_bits`: pot at 8 bits")


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A missing file, a folder, and bytes."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for name, message in (
        ("nowhere.toml", "nowhere.toml: no such file; write the settings there"),
        ("", "cannot be read"),
        ("bytes.toml", "bytes.toml is not a text in UTF-8; save it as TOML"),
    ):
        with pytest.raises(QuantizeError, match=message):
            read_settings(tmp_path / name, {})


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Settings that the command line asks for; nothing is quantized."""
    found: list[Settings] = []

    def keep(model: Path, data: Path, settings: Settings, *rest: object) -> None:
        found.append(settings)
        raise QuantizeError("that is all; go on")

    monkeypatch.setattr(quantize, "quantize", keep)
    return found


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """The command line in this process."""
    return Terminal(monkeypatch, capfd)


def test_the_command_lines_defaults_are_those_of_settings(taken: list[Settings], terminal: Terminal) -> None:
    """Help shows the defaults that hold."""
    code, _, err = terminal.run("quantize", "m.onnx", "--data", "d.npz", "-o", "q.onnx")
    _, shown, _ = terminal.run("quantize", "--help")

    assert (code, err) == (2, "error: that is all; go on\n")
    assert taken == [Settings()]
    for default in ("pot", "4", "6", "mse", "none", "bias,hessian", "1024"):
        assert f"[default: {default}]" in shown


def test_options_that_are_typed_are_over_the_file(tmp_path: Path, taken: list[Settings], terminal: Terminal) -> None:
    """Even where they say what is the default; others leave the file as it is."""
    config = written(tmp_path, 'weights = "uniform"\nweight_bits = 5\nactivation_bits = 8\ncorrect = "none"\n')

    terminal.run(
        "quantize", "m.onnx", "--data", "d.npz", "-o", "q.onnx", "--config", config,
        "--weight-bits", "4", "--input-bits", "8", "--correct", "bias",
    )  # fmt: skip

    assert taken == [Settings(weights="uniform", weight_bits=4, activation_bits=8, input_bits=8, correct="bias")]


def test_the_list_needs_no_other_argument(terminal: Terminal) -> None:
    """As a table, as an object, and whatever else is there."""
    code, out, _ = terminal.run("quantize", "--list")
    found = terminal.json("quantize", "m.onnx", "--list")

    assert code == 0
    assert [name for name in found["grids"] if name not in out] == []
    assert {"grids", "activations", "equalizations", "corrections", "activation_ranges"} == set(found)
