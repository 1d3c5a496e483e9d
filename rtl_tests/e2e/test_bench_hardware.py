"""What the bench says of a hand-written design, sound and broken: each way a stream goes wrong, and where it did."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import shiftwright
from rtl_tests.e2e.faults import substitute
from rtl_tests.e2e.simulators import Played, play

PACKAGE = Path(shiftwright.__file__).parent
DESIGN = Path(__file__).parent / "data" / "pair.v"
FRAMES, POSITIONS = 6, 4
Codes = NDArray[np.int64]


def pair_words(frames: int = FRAMES) -> dict[str, Codes]:
    """Random input of pair.v and what must cross its links and its output: (frames, positions, 2) each."""
    words = np.random.default_rng(0).integers(-128, 128, (frames, POSITIONS, 2))
    words.reshape(-1, 2)[:4] = [(-128, -128), (-128, 127), (127, -128), (127, 127)]
    a, b = words[..., 0], words[..., 1]
    mix = np.stack([3 * a - b, -a - 3 * b], axis=-1)
    return {"input": words, "output": mix, "links/sum": np.stack([a + b, a - b], axis=-1), "links/mix": mix}


def link(name: str, width: int, first: int) -> dict[str, Any]:
    """A link of two signed lanes, as a manifest describes it."""
    signals = {part: f"link_{name}_{part}" for part in ("valid", "ready", "payload")}
    lanes, vectors = [[width, True]] * 2, f"vectors/links/{name}.npy"
    return {"name": name, "positions": POSITIONS, "lanes": lanes, "vectors": vectors, "first": first, **signals}


def write_pair(folder: Path, *edits: tuple[str, str]) -> Path:
    """A build folder around pair.v; each edit, a text and its replacement, breaks it."""
    verilog = DESIGN.read_text()
    for sound, broken in edits:
        assert verilog.count(sound) == 1, f"{sound!r} is not unique in {DESIGN.name}"
        verilog = verilog.replace(sound, broken)
    manifest = {
        "name": "pair",
        "input": {"positions": POSITIONS, "lanes": 2, "container": "int8"},
        "output": {"positions": POSITIONS, "lanes": 2, "container": "int16"},
        "timing": {"latency": 2, "interval": POSITIONS},
        "links": [link("sum", 9, first=1), link("mix", 11, first=2)],
    }
    for name in ("rtl", "vectors/links", "bench/simulators"):
        (folder / name).mkdir(parents=True)
    (folder / "rtl" / "pair.v").write_text(verilog)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for name, words in pair_words().items():
        np.save(folder / "vectors" / f"{name}.npy", words)
    for name in ("run", "simulate", "test_stream"):
        shutil.copy(PACKAGE / "build" / "bench" / f"{name}.py", folder / "bench")
    for name in ("simulator", "icarus", "verilator"):
        shutil.copy(PACKAGE / "sim" / f"{name}.py", folder / "bench" / "simulators")
    return folder


def told(played: Played) -> str:
    """The message of a run that failed."""
    assert (played.code, played.result["equal"]) == (1, False)
    assert f"{played.result['simulator']}: {FRAMES} frames, 48 words: {played.result['message']}" == played.line
    return str(played.result["message"])


def test_a_sound_design_passes(tmp_path: Path) -> None:
    """The result holds what was measured, and beside it stand the words that left the hardware."""
    folder = write_pair(tmp_path / "pair")
    played = play(folder, "icarus")

    assert (played.code, played.line) == (0, "icarus: 6 frames, 48 words: all equal")
    result = {key: played.result[key] for key in ("equal", "frames", "words", "latency", "interval", "mismatch")}
    assert result == {"equal": True, "frames": 6, "words": 48, "latency": 2, "interval": 4, "mismatch": None}
    assert played.result["links"] == {"sum": 1, "mix": 2}
    assert played.result["cycles"] > FRAMES * POSITIONS
    assert np.array_equal(pair_words()["output"], np.load(folder / "sim_build" / "icarus" / "result.npy"))


WRONG_SUM = ("minus <= a - b;", "minus <= taken == 13 ? a - b - 1 : a - b;")
"""A fault of beat 13 (frame 3, position 1) in lane 1 of the first link; both lanes of the second differ too."""


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.slow)])
def test_the_first_wrong_word_is_named(simulator: str, tmp_path: Path) -> None:
    """Not the output's but the link's where it arose, in numbers and as its wires hold it."""
    played = play(write_pair(tmp_path / "pair", WRONG_SUM), simulator)
    right = pair_words()
    wrong = int(right["links/sum"][3, 1, 1]) - 1
    out = int(right["output"][3, 1, 0])

    assert told(played) == (
        f"layer sum, frame 3, position 1, channel 1: expected {wrong + 1}, simulated {wrong} "
        f"(seen at the output frame 3, position 1, channel 0: expected {out}, simulated {out - 2})"
    )
    mismatch = played.result["mismatch"]
    assert (wrong + 1, wrong) == (mismatch["expected"], mismatch["simulated"])
    wires = [f"0x{word % 2**9:03x}" for word in (wrong + 1, wrong)]
    assert wires == [mismatch["expected_hex"], mismatch["simulated_hex"]]


LATER_LAYER = ("mix1 <= minus - (plus <<< 1);", "mix1 <= minus - (plus <<< 1) + 1;")
IGNORED = ("wire sum_ready = ~mix_valid | mix_ready;", "wire sum_ready = 1'b1;")
IGNORED_INSIDE = (
    "else if (~sum_valid | sum_ready) begin\n      sum_valid",
    "else if (sum_valid | ~sum_valid) begin\n      sum_valid",
)
LOST = ("sum_valid <= s_axis_tvalid;", "sum_valid <= s_axis_tvalid & taken != 9;")
REPEATED = ("mix_valid <= sum_valid;", "mix_valid <= sum_valid | taken == 24;")
UNKNOWN_WORD = ("plus <= a + b;", "plus <= taken == 9 ? 9'sbx : a + b;")


@pytest.mark.parametrize(
    ("edit", "begins"),
    [
        pytest.param(LATER_LAYER, "layer mix, frame 0, position 0, channel 1: expected 512, simulated 513", id="later"),
        pytest.param(IGNORED, "layer mix, frame 0, position 1, channel 0: ", id="ready-ignored"),
        pytest.param(IGNORED_INSIDE, "layer sum, frame ", id="ready-ignored-inside"),
        pytest.param(LOST, "layer sum, frame 2, position 1, channel 0: ", id="lost"),
        pytest.param(
            REPEATED, "layer mix, frame 6, position 0, channel 0: expected no word, simulated ", id="too-many"
        ),
        pytest.param(
            UNKNOWN_WORD,
            "layer sum, frame 2, position 1, channel 0: expected {sum}, simulated xxxxxxxxx "
            "(seen at the output frame 2, position 1: expected 0x{beat:08x}, simulated unknown bits ",
            id="unknown-word",
        ),
    ],
)
def test_a_wrong_stream_is_told(edit: tuple[str, str], begins: str, tmp_path: Path) -> None:
    """One fault each, of value or of flow, in a stage or at the edge."""
    right = pair_words()
    low, high = (int(word) % 2**16 for word in right["output"][2, 1])
    begins = begins.format(sum=right["links/sum"][2, 1, 0], beat=high << 16 | low)
    message = told(play(write_pair(tmp_path / "pair", edit), "icarus"))

    assert message.lower().startswith(begins.lower())


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(("position == 3;", "position == 2;"), "position 2: tlast is 1, not 0", id="tlast-early"),
        pytest.param(("position == 3;", "1'b0;"), "position 3: tlast is 0, not 1", id="tlast-never"),
        pytest.param(("position == 3;", "position == 3 ? 1'b1 : 1'bx;"), "position 0: tlast is X, not 0", id="tlast-x"),
        pytest.param(
            ("m_axis_tvalid = mix_valid;", "m_axis_tvalid = taken == 1 ? 1'bx : mix_valid;"),
            "position 0: tvalid is unknown (X)",
            id="tvalid-x",
        ),
        pytest.param(
            ("m_axis_tvalid = mix_valid;", "m_axis_tvalid = mix_valid & (m_axis_tready | since[0]);"),
            "tvalid was withdrawn before tready took the word",
            id="tvalid-withdrawn",
        ),
        pytest.param(
            ("mix1, {5{mix0[10]}}, mix0};", "mix1, {5{mix0[10]}}, mix0 ^ {11{~m_axis_tready}}};"),
            "the word changed while tready was low",
            id="word-changed",
        ),
    ],
)
def test_a_broken_protocol_is_told(edit: tuple[str, str], message: str, tmp_path: Path) -> None:
    """AXI4-Stream's rules at the output; no link is at fault, so that none is named."""
    found = told(play(write_pair(tmp_path / "pair", edit), "icarus"))

    assert found.startswith("output frame ")
    assert found.endswith(message)


def test_a_stalled_design_is_told_and_no_hang(tmp_path: Path) -> None:
    """After six words the second stage takes no more; it is named, with the word that it owes."""
    closed = ("wire sum_ready = ~mix_valid | mix_ready;", "wire sum_ready = (~mix_valid | mix_ready) & taken < 7;")
    empty = ("else if (sum_ready) begin", "else if (taken == 7 & mix_ready) mix_valid <= 0; else if (sum_ready) begin")
    message = told(play(write_pair(tmp_path / "pair", closed, empty), "icarus"))

    assert message.startswith(
        "layer mix, frame 1, position 2: the word never comes (seen at the output frame 1, position 2: stalled, "
    )
    assert message.endswith("s_axis_tready is 0 after 7 input beats)")


def test_a_fault_of_full_speed_is_told(tmp_path: Path) -> None:
    """Wrong only if frames follow each other without a gap: stalls would hide it, and it is traced all the same."""
    hasty = ("minus <= a - b;", "minus <= taken == 8 & since == 8 ? a - b - 1 : a - b;")
    message = told(play(write_pair(tmp_path / "pair", hasty), "icarus"))

    assert message.startswith("layer sum, frame 2, position 0, channel 1: expected ")
    assert message.endswith(", without stalls)")


@pytest.mark.parametrize(("timing", "first"), [pytest.param(3, 1, id="interval"), pytest.param(4, 2, id="first")])
def test_a_wrong_claim_is_told(timing: int, first: int, tmp_path: Path) -> None:
    """The words are right, and a stated cycle count is not."""
    folder = write_pair(tmp_path / "pair")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["timing"]["interval"], manifest["links"][0]["first"] = timing, first
    (folder / "manifest.json").write_text(json.dumps(manifest))
    name, stated, measured = ("interval", 3, 4) if timing == 3 else ("sum", 2, 1)

    assert told(play(folder, "icarus")) == (
        f"{name}: the manifest states {stated} cycles, simulation measures {measured}"
    )


@pytest.mark.slow
def test_unknown_bits_are_random_in_verilator(tmp_path: Path) -> None:
    """It knows no X: what would be one has a random value, and is no lucky zero."""
    never_set = substitute(r"plus <= a \+ b;", "", DESIGN.read_text())
    folder = write_pair(tmp_path / "pair")
    (folder / "rtl" / "pair.v").write_text(never_set)
    words = pair_words()["links/sum"]
    words[..., 0] = 0
    np.save(folder / "vectors" / "links" / "sum.npy", words)
    plus, minus = words[..., 0], words[..., 1]
    np.save(folder / "vectors" / "output.npy", np.stack([plus + 2 * minus, minus - 2 * plus], axis=-1))

    assert told(play(folder, "verilator")).startswith(
        "layer sum, frame 0, position 0, channel 0: expected 0, simulated "
    )
