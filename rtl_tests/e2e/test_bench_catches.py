"""The bench is worth what it catches: hardware broken in one place fails, and the message names the place."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtl_tests.e2e import faults
from rtl_tests.e2e.faults import Edit
from rtl_tests.e2e.simulators import Played, play
from rtl_tests.e2e.subjects import compile_model, tiny_cnn

CONV, DENSE = "Conv_5", "MatMul_12"
"""The two layers, by the names of their links."""

PIPELINE, BUFFER = f"{CONV}_1", f"{CONV}_2"
"""Components of the convolution: the window comes first, then its adders, then the buffer that drives its link."""

TOP = "tiny.v"
VALUE_FAULTS = {
    "a sign flipped": (f"tiny_{CONV}_product.v", faults.flip_a_sign, CONV),
    "a shift off by one": (f"tiny_{CONV}_product.v", faults.shift_one_too_far, CONV),
    "a rounding constant off by one": (f"tiny_{CONV}_requantize.v", faults.round_one_lower(1), CONV),
    "a register left out": (f"tiny_{CONV}_product.v", faults.leave_a_register_out, CONV),
    "ready ignored": (TOP, faults.always_ready(PIPELINE), CONV),
    "a sign flipped in the last layer": (f"tiny_{DENSE}_product.v", faults.flip_a_sign, DENSE),
}
"""By what is wrong: the file, its edit, and the layer that must be named."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build folder with nothing wrong; 16 frames of 3×3 positions with 3 channels come out."""
    return compile_model(tiny_cnn(), tmp_path_factory.mktemp("sound"))


def broken(sound: Path, folder: Path, file: str, edit: Edit) -> Path:
    """A copy of the build folder with one Verilog file edited."""
    copy = Path(shutil.copytree(sound, folder / "broken", ignore=shutil.ignore_patterns("sim_build")))
    rtl = copy / "rtl" / file
    rtl.write_text(edit(rtl.read_text()))
    return copy


def link_words(folder: Path, layer: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """What must cross a layer's link: (frames, positions, channels)."""
    found: np.ndarray[Any, np.dtype[np.int64]] = np.load(folder / "vectors" / "links" / f"{layer}.npy")
    return found


def assert_names_a_wrong_word(played: Played, folder: Path, layer: str) -> None:
    """The message names the layer and a place in it, and what it expected there is the vector's word."""
    found = played.result["mismatch"]
    place = found["frame"], found["position"], found["channel"]

    assert (played.code, played.result["equal"], found["layer"]) == (1, False, layer)
    assert found["expected"] == link_words(folder, layer)[place] != found["simulated"]
    assert (
        f"layer {layer}, frame {place[0]}, position {place[1]}, channel {place[2]}: "
        f"expected {found['expected']}, simulated {found['simulated']} (seen at the output frame "
    ) in played.line


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.slow)])
def test_sound_hardware_passes(simulator: str, sound: Path) -> None:
    """The other tests here would prove nothing on a bench that always fails."""
    played = play(sound, simulator)

    assert (played.code, played.line) == (0, f"{simulator}: 16 frames, 432 words: all equal")
    assert played.result["equal"]


@pytest.mark.parametrize("fault", VALUE_FAULTS)
def test_a_wrong_word_is_caught(fault: str, sound: Path, tmp_path: Path) -> None:
    """Each fault changes words of one layer; later layers differ too, and are not the ones named."""
    file, edit, layer = VALUE_FAULTS[fault]
    folder = broken(sound, tmp_path, file, edit)

    assert_names_a_wrong_word(play(folder, "icarus"), folder, layer)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["a sign flipped", "ready ignored"])
def test_a_wrong_word_is_caught_by_verilator_too(fault: str, sound: Path, tmp_path: Path) -> None:
    """The same bench over another simulator's signals: one fault of arithmetic, one of flow."""
    file, edit, layer = VALUE_FAULTS[fault]
    folder = broken(sound, tmp_path, file, edit)

    assert_names_a_wrong_word(play(folder, "verilator"), folder, layer)


def test_the_channel_named_is_the_broken_one(sound: Path, tmp_path: Path) -> None:
    """A rounding constant belongs to one channel."""
    folder = broken(sound, tmp_path, f"tiny_{CONV}_requantize.v", faults.round_one_lower(1))

    assert play(folder, "icarus").result["mismatch"]["channel"] == 1


def test_a_lost_word_is_caught_where_it_was_lost(sound: Path, tmp_path: Path) -> None:
    """Frame, position and channel are those at which the stream without the word first differs from the whole one."""
    lost = 31
    folder = broken(sound, tmp_path, TOP, faults.lose_word(BUFFER, lost))
    whole = link_words(folder, CONV)
    stream = whole.reshape(-1, whole.shape[-1])
    shorter = np.delete(stream, lost, axis=0)
    word, channel = np.argwhere(stream[:-1] != shorter)[0].tolist()
    frame, position = divmod(word, whole.shape[1])
    played = play(folder, "icarus")

    assert_names_a_wrong_word(played, folder, CONV)
    found = played.result["mismatch"]
    assert (frame, position, channel) == (found["frame"], found["position"], found["channel"])
    assert shorter[word, channel] == found["simulated"]


def test_an_unknown_bit_is_caught(sound: Path, tmp_path: Path) -> None:
    """X is neither 0 nor 1, and equals nothing: the first word of the channel is named, with its bits."""
    folder = broken(sound, tmp_path, f"tiny_{CONV}_requantize.v", faults.leave_a_lane_unknown(1))
    played = play(folder, "icarus")
    found = played.result["mismatch"]

    assert played.code == 1
    assert (CONV, 0, 0, 1) == tuple(found[key] for key in ("layer", "frame", "position", "channel"))
    assert set(found["simulated"].lower()) == {"x"}
    assert "simulated unknown bits" in found["output"]


def test_a_moved_tlast_is_caught(sound: Path, tmp_path: Path) -> None:
    """Every word is right, and the frame ends one position early: the message names the edge, for no layer is wrong."""
    played = play(broken(sound, tmp_path, TOP, faults.one_position_early), "icarus")

    assert (1, "icarus: 16 frames, 432 words: output frame 0, position 7: tlast is 1, not 0") == (
        played.code,
        played.line,
    )


def test_a_missing_buffer_is_caught_by_its_cycle(sound: Path, tmp_path: Path) -> None:
    """No word is wrong, but the design is one cycle faster than it says: a claimed latency is a measured one."""
    latency = json.loads((sound / "manifest.json").read_text())["timing"]["latency"]
    played = play(broken(sound, tmp_path, TOP, faults.bypass(BUFFER)), "icarus")

    assert played.code == 1
    assert f"latency: the manifest states {latency} cycles, simulation measures {latency - 1}" in played.line
    assert played.result["mismatch"] is None


@pytest.mark.parametrize("claim", ["latency", "interval", CONV, DENSE])
def test_a_wrong_claim_is_caught(claim: str, sound: Path, tmp_path: Path) -> None:
    """The hardware is right, and one cycle count in the manifest is not: the design's, or a link's first transfer."""
    folder = Path(shutil.copytree(sound, tmp_path / "broken", ignore=shutil.ignore_patterns("sim_build")))
    manifest = json.loads((folder / "manifest.json").read_text())
    firsts = {link["name"]: link for link in manifest["links"]}
    place, key = (firsts[claim], "first") if claim in firsts else (manifest["timing"], claim)
    place[key] += 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    played = play(folder, "icarus")

    assert played.code == 1
    assert (
        f"{claim}: the manifest states {place[key]} cycles, simulation measures {place[key] - 1}"
        == played.result["message"]
    )


def test_a_wrong_vector_is_caught(sound: Path, tmp_path: Path) -> None:
    """One expected word off by one, in the last frame: every word of every frame is compared."""
    folder = Path(shutil.copytree(sound, tmp_path / "broken", ignore=shutil.ignore_patterns("sim_build")))
    expected = np.load(folder / "vectors" / "output.npy")
    expected[-1, -1, -1] += 1
    np.save(folder / "vectors" / "output.npy", expected)
    played = play(folder, "icarus")

    assert played.code == 1
    assert (
        f"output frame 15, position 8, channel 2: expected {expected[-1, -1, -1]}, simulated {expected[-1, -1, -1] - 1}"
        in played.line
    )
